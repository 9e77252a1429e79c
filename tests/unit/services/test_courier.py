from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.card import Card
from chatbot.domain.change import Change, MessageRef
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.lifecycle import Event
from chatbot.domain.notice import Audience
from chatbot.services.courier import MISCONFIGURED_DELAY, UNREACHABLE_DELAY, Courier
from chatbot.services.ledger import Ledger
from tests.support import builders
from tests.support.store import add_change
from tests.unit.services.parts import Hand, Slack, environment


@pytest.fixture
def courier(store: SqliteStore, clock: Hand, slack: Slack) -> Courier:
    dev = environment()
    return Courier(
        store=store,
        clock=clock,
        chat=slack,
        draw=lambda change: Card(change=change, environment=dev),
        channel=lambda change: dev.channel,
    )


@pytest.fixture
def change(store: SqliteStore) -> Change:
    return add_change(store)


def card_of(store: SqliteStore, change: Change) -> MessageRef:
    message = store.card(change.number).message
    assert message is not None
    return message


def due(store: SqliteStore, clock: Hand) -> list[int]:
    return store.deliveries_due(clock.now())


def test_the_first_delivery_posts_the_card_and_nothing_is_owed_after(
    store: SqliteStore, clock: Hand, slack: Slack, courier: Courier, change: Change
) -> None:
    assert due(store, clock) == [change.number]
    courier.deliver(change.number)
    assert slack.texts() == ["requested"]
    assert card_of(store, change).channel == "C0DEV"
    assert due(store, clock) == []


def test_a_card_whose_post_was_not_recorded_is_found_by_its_metadata(
    store: SqliteStore, clock: Hand, slack: Slack, courier: Courier, change: Change
) -> None:
    slack.fail("post_card", RetryLater("the answer was lost"), after=True)
    courier.deliver(change.number)
    assert store.card(change.number).message is None
    clock.move(seconds=10)
    courier.deliver(change.number)
    [message] = slack.messages
    assert card_of(store, change) == message.ref


def test_a_first_post_that_never_happened_is_made_up_for(
    store: SqliteStore, clock: Hand, slack: Slack, courier: Courier, change: Change
) -> None:
    slack.fail("post_card", RetryLater("Slack does not answer"))
    courier.deliver(change.number)
    assert slack.messages == []
    courier.deliver(change.number)
    assert slack.texts() == ["requested"]
    assert slack.asked["find_card"] == 1


def test_the_card_is_drawn_anew_only_when_the_change_looks_different(
    store: SqliteStore, ledger: Ledger, slack: Slack, courier: Courier, change: Change
) -> None:
    courier.deliver(change.number)
    ledger.rest(change, timedelta(seconds=1))
    courier.deliver(change.number)
    assert slack.asked["update_card"] == 0
    moved = store.change(change.number)
    ledger.advance(moved, Event.CANCELLED, "change.cancelled", due_in=None)
    courier.deliver(change.number)
    courier.deliver(change.number)
    assert slack.asked["update_card"] == 1
    assert slack.texts() == ["cancelled"]
    assert len(slack.messages) == 1


def test_a_card_that_somebody_deleted_is_posted_anew_with_its_thread_below(
    store: SqliteStore, ledger: Ledger, slack: Slack, courier: Courier, change: Change
) -> None:
    courier.deliver(change.number)
    gone = card_of(store, change)
    slack.delete(gone)
    ledger.advance(
        change,
        Event.CANCELLED,
        "change.cancelled",
        notices=[builders.notice("cancelled", text="Cancelled.")],
    )
    courier.deliver(change.number)
    anew = card_of(store, change)
    assert anew != gone
    assert slack.texts() == ["cancelled"]
    assert slack.texts(anew.ts) == ["Cancelled."]


def test_a_card_posted_anew_whose_post_was_not_recorded_is_found_too(
    store: SqliteStore, ledger: Ledger, slack: Slack, courier: Courier, change: Change
) -> None:
    courier.deliver(change.number)
    slack.delete(card_of(store, change))
    ledger.advance(change, Event.CANCELLED, "change.cancelled")
    slack.fail("post_card", RetryLater("the answer was lost"), after=True)
    courier.deliver(change.number)
    courier.deliver(change.number)
    [message] = slack.messages
    assert card_of(store, change) == message.ref


def test_notices_are_sent_once_and_in_order(
    store: SqliteStore, ledger: Ledger, clock: Hand, slack: Slack, courier: Courier, change: Change
) -> None:
    notices = [
        builders.notice("one", text="1"),
        builders.notice("to-you", text="2", audience=Audience.DIRECT, user="U1"),
        builders.notice("three", text="3"),
    ]
    ledger.note(change, "x", notices=notices)
    courier.deliver(change.number)
    courier.deliver(change.number)
    assert [message.text for message in slack.messages] == ["requested", "1", "2", "3"]
    assert slack.texts(card_of(store, change).ts) == ["1", "3"]
    assert due(store, clock) == []


def test_a_notice_whose_sending_was_not_recorded_is_found_by_its_metadata(
    store: SqliteStore, ledger: Ledger, slack: Slack, courier: Courier, change: Change
) -> None:
    ledger.note(change, "x", notices=[builders.notice("one"), builders.notice("two")])
    slack.fail("send", RetryLater("the answer was lost"), after=True)
    courier.deliver(change.number)
    assert [d.notice.key for d in store.pending_notices(change.number)] == ["one", "two"]
    courier.deliver(change.number)
    assert [message.key for message in slack.messages] == ["card", "one", "two"]


def test_what_is_not_so_any_more_is_not_said(
    courier: Courier, change: Change, store: SqliteStore, slack: Slack, clock: Hand
) -> None:
    late = builders.notice("late", text="An hour left.", stale_at=clock.now())
    in_time = builders.notice("soon", text="Still so.", stale_at=clock.now() + timedelta(seconds=1))
    store.save(store.change(change.number), [], [late, in_time])
    courier.deliver(change.number)
    card = card_of(store, change)
    assert "An hour left." not in slack.texts(card.ts)
    assert "Still so." in slack.texts(card.ts)
    assert due(store, clock) == []


def test_a_notice_that_fails_keeps_those_behind_it_waiting(
    store: SqliteStore, ledger: Ledger, slack: Slack, courier: Courier, change: Change
) -> None:
    ledger.note(change, "x", notices=[builders.notice("one"), builders.notice("two")])
    slack.fail("send", RetryLater("Slack does not answer"))
    courier.deliver(change.number)
    assert [message.key for message in slack.messages] == ["card"]
    courier.deliver(change.number)
    assert [message.key for message in slack.messages] == ["card", "one", "two"]


def test_a_person_who_cannot_be_reached_does_not_hold_up_the_others(
    store: SqliteStore, ledger: Ledger, clock: Hand, slack: Slack, courier: Courier, change: Change
) -> None:
    slack.unreachable.add("U1")
    direct = builders.notice("to-you", audience=Audience.DIRECT, user="U1")
    ledger.note(change, "x", notices=[direct, builders.notice("after")])
    courier.deliver(change.number)
    assert [message.key for message in slack.messages] == ["card", "after"]
    assert due(store, clock) == []


def test_a_person_who_left_between_two_tries_does_not_hold_up_the_others(
    store: SqliteStore, ledger: Ledger, clock: Hand, slack: Slack, courier: Courier, change: Change
) -> None:
    direct = builders.notice("to-you", audience=Audience.DIRECT, user="U1")
    ledger.note(change, "x", notices=[direct, builders.notice("after")])
    slack.fail("send", RetryLater("limited"))
    courier.deliver(change.number)
    slack.unreachable.add("U1")
    courier.deliver(change.number)
    assert [message.key for message in slack.messages] == ["card", "after"]


@pytest.mark.parametrize("attempted", [False, True])
def test_a_notice_whose_card_was_deleted_brings_the_card_back(
    store: SqliteStore,
    ledger: Ledger,
    slack: Slack,
    courier: Courier,
    change: Change,
    attempted: bool,
) -> None:
    courier.deliver(change.number)
    slack.delete(card_of(store, change))
    ledger.note(change, "x", notices=[builders.notice("one", text="1")])
    if attempted:
        store.notice_attempted(change.number, "one")
    courier.deliver(change.number)
    assert [message.key for message in slack.messages] == ["card", "one"]
    assert slack.texts(card_of(store, change).ts) == ["1"]


def test_slack_that_asks_us_to_stay_away_is_left_alone_for_that_long(
    store: SqliteStore, clock: Hand, slack: Slack, courier: Courier, change: Change
) -> None:
    slack.fail("post_card", RetryLater("limited", after=timedelta(seconds=30)))
    courier.deliver(change.number)
    clock.move(seconds=29)
    assert due(store, clock) == []
    clock.move(seconds=1)
    assert due(store, clock) == [change.number]


@pytest.mark.parametrize(
    ("error", "delay"),
    [
        (RetryLater("Slack does not answer"), UNREACHABLE_DELAY),
        (Permanent("Slack said not_in_channel"), MISCONFIGURED_DELAY),
        (NotFound("Redlight is in no channel named #dev-changes"), MISCONFIGURED_DELAY),
    ],
)
def test_each_family_of_errors_has_its_own_patience(
    store: SqliteStore,
    clock: Hand,
    slack: Slack,
    courier: Courier,
    change: Change,
    error: Exception,
    delay: timedelta,
) -> None:
    slack.fail("post_card", error)
    courier.deliver(change.number)
    clock.time += delay - timedelta(milliseconds=1)
    assert due(store, clock) == []
    clock.move(milliseconds=1)
    assert due(store, clock) == [change.number]


def test_a_card_that_another_worker_is_delivering_is_left_to_it(
    store: SqliteStore, slack: Slack, courier: Courier, change: Change
) -> None:
    with store.claim(change.number, "deliver") as mine:
        assert mine
        courier.deliver(change.number)
    assert slack.messages == []
