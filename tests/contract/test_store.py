"""The promises of the `Store` port, on real SQLite."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Failure, Progress
from chatbot.domain.errors import NotFound, Permanent, StaleChange
from chatbot.domain.lifecycle import State
from tests.support import builders
from tests.support.builders import NOW
from tests.support.store import add_change, move

LATER = NOW + timedelta(hours=1)


def settle(store: SqliteStore, number: int) -> None:
    """Show the card as the change stands, so that only the change itself can be due."""
    store.card_shown(number, builders.message(), store.change(number).version)


# --- creating ------------------------------------------------------------------------------


def test_a_new_change_is_requested_due_at_once_and_on_record(store: SqliteStore) -> None:
    change = store.create_change(builders.new_change(), builders.entry(), [builders.notice()])
    assert (change.id, change.state, change.due_at) == ("CHG-1", State.REQUESTED, NOW)
    assert store.change(1) == change
    assert store.due(NOW) == [1]
    assert [(event.sequence, event.entry.change) for event in store.events()] == [(1, 1)]
    assert [delivery.notice for delivery in store.pending_notices(1)] == [builders.notice()]


def test_the_same_submission_makes_one_change(store: SqliteStore) -> None:
    new = builders.new_change()
    first = store.create_change(new, builders.entry(), [builders.notice("a")])
    again = store.create_change(new, builders.entry(), [builders.notice("b")])
    assert again == first
    assert len(store.events()) == 1
    assert len(store.pending_notices(1)) == 1


def test_a_submission_without_an_id_is_refused(store: SqliteStore) -> None:
    with pytest.raises(Permanent):
        store.create_change(builders.new_change(submission=""), builders.entry())
    assert store.changes() == []


def test_a_failed_creation_leaves_no_gap_and_no_trace(store: SqliteStore) -> None:
    add_change(store)
    unstorable = builders.entry(data={"text": "half a pair \ud800"})
    with pytest.raises(Permanent, match="not Unicode"):
        store.create_change(builders.new_change(), unstorable)
    with pytest.raises(Permanent, match="not Unicode"):
        add_change(store, rollback_plan="half a pair \ud800")
    assert add_change(store).number == 2
    assert len(store.events()) == 2
    assert store.check_audit().broken is None


def test_numbers_from_eight_threads_have_no_gaps_and_no_repeats(store: SqliteStore) -> None:
    start = Barrier(8)

    def create(_: int) -> list[int]:
        start.wait()
        return [add_change(store).number for _ in range(12)]

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for numbers in pool.map(create, range(8)) for number in numbers]
    assert sorted(numbers) == list(range(1, 97))
    assert store.check_audit().events == 96


# --- saving --------------------------------------------------------------------------------


def test_a_save_writes_state_progress_and_event_together(store: SqliteStore) -> None:
    change = add_change(store)
    progress = Progress(failure=Failure(sentence="The pods crash.", at=NOW))
    saved = move(
        store, change, State.FAILED, progress=progress, due_at=None, attempts=3, updated_at=LATER
    )
    assert saved.version == change.version + 1
    assert store.change(1) == saved
    assert (saved.progress, saved.attempts, saved.updated_at) == (progress, 3, LATER)
    assert store.events(1)[-1].entry.kind == "change.failed"


def test_a_save_from_an_older_version_is_refused_and_writes_nothing(store: SqliteStore) -> None:
    change = add_change(store)
    move(store, change, State.APPLYING)
    events = store.events()
    with pytest.raises(StaleChange, match="CHG-1"):
        store.save(
            change.model_copy(update={"state": State.CANCELLED}),
            [builders.entry(change=1)],
            [builders.notice()],
        )
    assert store.change(1).state is State.APPLYING
    assert store.events() == events
    assert store.pending_notices(1) == []


def test_of_eight_saves_at_once_one_wins_and_seven_are_stale(store: SqliteStore) -> None:
    for _ in range(5):
        change = add_change(store)
        start = Barrier(8)

        def save(_: int, change: Change = change, start: Barrier = start) -> bool:
            start.wait()
            try:
                move(store, change, State.APPLYING)
            except StaleChange:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(save, range(8))) == 1
        assert store.change(change.number).version == change.version + 1
        assert len(store.events(change.number)) == 2


def test_a_save_whose_event_cannot_be_written_changes_no_state(store: SqliteStore) -> None:
    change = add_change(store)
    moved = change.model_copy(update={"state": State.APPLYING})
    bad = builders.entry(change=99)
    with pytest.raises(Permanent):
        store.save(moved, [builders.entry(change=1), bad])
    assert store.change(1) == change
    assert len(store.events()) == 1


def test_what_was_asked_never_changes(store: SqliteStore) -> None:
    change = add_change(store)
    other = builders.change_request(replicas=300)
    saved = move(store, change, State.APPLYING, request=other)
    assert saved.request == change.request
    assert store.change(1).request == change.request


def test_a_number_that_was_never_given_is_not_found(store: SqliteStore) -> None:
    with pytest.raises(NotFound, match="CHG-7"):
        store.change(7)
    with pytest.raises(NotFound, match="CHG-7"):
        store.card(7)
    with pytest.raises(NotFound, match="CHG-7"):
        store.save(builders.change(number=7), [])


def test_an_event_without_a_change_of_state_is_recorded(store: SqliteStore) -> None:
    add_change(store)
    store.record(builders.entry("approval.refused", change=1, data={"why": "own change"}))
    store.record(builders.entry("environment.frozen"))
    assert [event.entry.kind for event in store.events(1)] == [
        "change.requested",
        "approval.refused",
    ]
    assert [event.sequence for event in store.events()] == [1, 2, 3]


# --- what is due ---------------------------------------------------------------------------


def test_a_change_is_due_from_its_time_on_and_the_oldest_comes_first(store: SqliteStore) -> None:
    for minutes in (30, 10, 20):
        change = add_change(store)
        move(store, change, State.APPLYING, due_at=NOW + timedelta(minutes=minutes))
        settle(store, change.number)
    assert store.due(NOW) == []
    assert store.due(NOW + timedelta(minutes=20)) == [2, 3]
    assert store.due(LATER) == [2, 3, 1]
    assert store.due(LATER, limit=1) == [2]


def test_a_change_that_waits_for_people_is_not_due(store: SqliteStore) -> None:
    move(store, add_change(store), State.AWAITING_CONFIRMATION, due_at=None)
    settle(store, 1)
    assert store.due(LATER) == []


def test_a_card_that_is_behind_is_due_until_it_is_shown(store: SqliteStore) -> None:
    ended = move(store, add_change(store), State.CANCELLED, due_at=None)
    assert store.deliveries_due(NOW) == [1]
    store.card_shown(1, builders.message(), ended.revision - 1)
    assert store.deliveries_due(NOW) == [1]
    store.card_shown(1, builders.message(), ended.revision)
    assert store.deliveries_due(LATER) == []


def test_an_unsent_notice_is_due_until_it_is_sent(store: SqliteStore) -> None:
    change = add_change(store)
    ended = change.model_copy(update={"state": State.CANCELLED, "due_at": None})
    store.save(ended, [], [builders.notice("a"), builders.notice("b")])
    settle(store, 1)
    store.notice_sent(1, "a", builders.message())
    assert store.deliveries_due(NOW) == [1]
    store.notice_sent(1, "b", builders.message())
    assert store.deliveries_due(LATER) == []


def test_a_delayed_delivery_is_due_again_at_its_time_whatever_is_saved(store: SqliteStore) -> None:
    change = move(store, add_change(store), State.APPLYING, due_at=None)
    store.delay_delivery(1, LATER)
    move(store, change, State.VALIDATING, due_at=None)
    assert store.deliveries_due(LATER - timedelta(microseconds=1)) == []
    assert store.deliveries_due(LATER) == [1]


def test_a_delay_of_the_card_does_not_delay_the_change(store: SqliteStore) -> None:
    add_change(store)
    store.delay_delivery(1, LATER)
    assert (store.due(NOW), store.deliveries_due(NOW)) == ([1], [])


# --- cards and notices ---------------------------------------------------------------------


def test_a_card_remembers_the_try_the_message_and_the_revision(store: SqliteStore) -> None:
    add_change(store)
    assert (store.card(1).message, store.card(1).attempted) == (None, False)
    store.card_attempted(1)
    assert (store.card(1).message, store.card(1).attempted) == (None, True)
    store.card_shown(1, builders.message(), 1)
    row = store.card(1)
    assert (row.message, row.shown_revision) == (builders.message(), 1)


def test_notices_wait_in_the_order_written_and_a_key_is_sent_once(store: SqliteStore) -> None:
    change = store.create_change(
        builders.new_change(), builders.entry(), [builders.notice("z"), builders.notice("a")]
    )
    store.notice_attempted(1, "z")
    assert [(d.notice.key, d.attempted) for d in store.pending_notices(1)] == [
        ("z", True),
        ("a", False),
    ]
    store.notice_sent(1, "z", builders.message())
    store.save(change, [], [builders.notice("z"), builders.notice("b")])
    assert [d.notice.key for d in store.pending_notices(1)] == ["a", "b"]


# --- lists ---------------------------------------------------------------------------------


def test_live_changes_are_counted_by_state(store: SqliteStore) -> None:
    for state in (State.APPLYING, State.APPLYING, State.FAILED, State.COMPLETED):
        move(store, add_change(store), state)
    assert store.live_counts() == {State.APPLYING: 2, State.FAILED: 1}


def test_open_pull_requests_are_found_whatever_the_path(store: SqliteStore) -> None:
    for state in (State.PR_OPEN, State.APPLYING, State.PR_OPEN, State.COMPLETED):
        move(store, add_change(store), state)
    assert store.in_states({State.PR_OPEN}) == [1, 3]


def test_a_list_is_newest_first_and_filtered(store: SqliteStore) -> None:
    other = builders.new_change(requester="U0OTHER")
    store.create_change(other, builders.entry())
    add_change(store, environment="prod")
    move(store, add_change(store), State.COMPLETED)
    add_change(store)

    def numbers(**filters: Any) -> list[int]:
        return [change.number for change in store.changes(**filters)]

    assert numbers() == [4, 3, 2, 1]
    assert numbers(limit=2) == [4, 3]
    assert numbers(requester="U0OTHER") == [1]
    assert numbers(environment="prod") == [2]
    assert numbers(open_only=True) == [4, 2, 1]
    assert numbers(open_only=True, requester=builders.REQUESTER, environment="dev") == [4]


@pytest.mark.parametrize("open_only", [False, True])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("chg-1", [1]),
        ("CHG-12", [12]),
        ("checkout", [2]),
        ("CHECK", [2]),
        ("deployment/check", [2]),
        ("payments", [3]),
        ("INC-77", [4]),
        ("größe", [5]),
        ("GRÖSSE", [5]),
        ("100% \"sure\" AND NOT 'x'; --", [6]),
        ("q!", [7]),
        ("sure 100%", [6]),
        ("sure payments", []),
        ("zz", []),
        ("nul\0byte", []),
        ("\ud800 half a pair", []),
    ],
)
def test_text_finds_id_target_namespace_justification_and_incident(
    store: SqliteStore, text: str, found: list[int], open_only: bool
) -> None:
    add_change(store)
    add_change(store, targets=(builders.target("checkout"),))
    add_change(store, namespace="payments")
    add_change(store, incident_id="INC-77")
    add_change(store, justification="mehr Größe")
    add_change(store, justification="100% \"sure\" AND NOT 'x'; --")
    add_change(store, justification="why q!")
    for _ in range(5):
        add_change(store)
    assert [c.number for c in store.changes(text=text, open_only=open_only)] == found
