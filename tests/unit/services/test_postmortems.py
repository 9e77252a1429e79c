"""Writing a postmortem, and saying yes or no to it: no words are lost, and one rule decides."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.errors import InvalidInput, Refused
from chatbot.domain.notice import Audience, Button
from chatbot.domain.obligation import Kind
from chatbot.domain.postmortem import PostmortemState, PostmortemText
from chatbot.domain.timeline import entries_of
from chatbot.services.postmortems import Postmortems
from tests.support.builders import REQUESTER
from tests.support.instant import at_once
from tests.unit.services.owing import (
    COLLEAGUE,
    GUEST,
    INCIDENTS,
    OTHER_SENIOR,
    SENIOR,
    Office,
    emergency,
)
from tests.unit.services.parts import Hand, Slack

TEXT = PostmortemText(
    summary="Checkout answered with errors.",
    impact="Every third order failed.",
    root_cause="A limit that was too low.",
    timeline="09:30 it began",
    action_items="- raise the limit\n\n* alert on it ",
)


class Desk:
    """An emergency, and everything that somebody may do about its postmortem."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.store = office.store
        self.change: Change = emergency(office.store, office.clock)
        self.number = self.change.number
        self.published: list[int] = []
        self.postmortems = Postmortems(
            office.ledger,
            office.people,
            lambda number: entries_of(self.store.events(number)),
            lambda _: INCIDENTS,
            self.published.append,
            office.shown.append,
        )

    def submit(self, user: str = REQUESTER, text: PostmortemText = TEXT) -> str:
        opened = self.postmortems.open(user, self.number)
        self.postmortems.submit(user, self.number, text, opened.seen)
        return text.digest[:16]

    @property
    def state(self) -> PostmortemState:
        written = self.store.postmortem(self.number)
        assert written is not None
        return written.state


@pytest.fixture
def desk(store: SqliteStore, clock: Hand, slack: Slack) -> Desk:
    return Desk(Office(store, clock, slack))


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return str(caught.value)


def test_whoever_begins_finds_what_happened_so_far(desk: Desk) -> None:
    opened = desk.postmortems.open(REQUESTER, desk.number)
    assert opened.text == PostmortemText(
        timeline="2026-03-02 09:30 UTC  U0REQUESTER: change requested"
    )
    assert (opened.seen, opened.note) == ("", "")


def test_a_draft_is_kept_and_gone_on_from_by_its_writer_and_by_others(desk: Desk) -> None:
    mine = PostmortemText(summary="Half a thought")
    desk.postmortems.save_draft(REQUESTER, desk.number, mine)
    assert desk.postmortems.open(REQUESTER, desk.number).text == mine
    theirs = desk.postmortems.open(SENIOR, desk.number)
    assert theirs.text == mine
    assert f"the draft that <@{REQUESTER}> saved" in theirs.note
    desk.postmortems.save_draft(SENIOR, desk.number, PostmortemText(summary="Another"))
    assert desk.postmortems.open(REQUESTER, desk.number).text == mine
    assert desk.state is PostmortemState.DRAFT
    assert desk.published == []


def test_what_is_missing_is_said_at_its_field(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as caught:
        desk.postmortems.submit(REQUESTER, desk.number, PostmortemText(summary="x"), "")
    assert list(caught.value.fields) == ["impact", "root_cause", "timeline"]


def test_the_same_text_handed_in_twice_is_told_once(desk: Desk) -> None:
    for _ in range(2):
        desk.submit()
    kinds = [event.entry.kind for event in desk.store.events(desk.number)]
    assert kinds.count("postmortem.submitted") == 1
    desk.postmortems.give_back(SENIOR, desk.number, TEXT.digest[:16], "Why did nobody notice?")
    desk.submit()
    assert desk.state is PostmortemState.SUBMITTED, "after a no it is an answer"


def test_what_is_handed_in_is_told_to_those_who_may_accept_it(desk: Desk) -> None:
    seen = desk.submit(SENIOR)
    told = desk.office.notices(desk.change, "submitted the postmortem")
    assert [(each.audience, each.user) for each in told] == [
        (Audience.THREAD, ""),
        (Audience.DIRECT, OTHER_SENIOR),
    ]
    assert {each.buttons for each in told} == {(Button.ACCEPT_POSTMORTEM, Button.RETURN_POSTMORTEM)}
    assert {each.about for each in told} == {seen}
    [news] = [each.announcement for each in desk.store.announcements_due(desk.office.clock.now())]
    assert news.channel == INCIDENTS
    assert f"was submitted by <@{SENIOR}>.\n> Checkout answered" in news.text
    assert desk.published == [desk.number]
    assert desk.store.postmortems_due(desk.office.clock.now()) == [desk.number]


def test_an_accepted_postmortem_is_paid_in_the_same_instant(desk: Desk) -> None:
    assert desk.postmortems.action_items(desk.change) == ()
    seen = desk.submit()
    assert desk.postmortems.action_items(desk.change) == ()
    desk.postmortems.accept(SENIOR, desk.number, seen)
    assert desk.state is PostmortemState.ACCEPTED
    assert desk.office.owed(desk.change).met_at == desk.office.clock.now()
    assert desk.office.owed(desk.change, Kind.RECONCILIATION).is_open
    assert [each["event"] for each in desk.office.events(desk.change, "postmortem.")] == [
        "postmortem.submitted",
        "postmortem.accepted",
    ]
    written = desk.store.postmortem(desk.number)
    assert written is not None
    assert written.text is not None
    assert desk.postmortems.action_items(desk.change) == ("raise the limit", "alert on it")
    assert "• raise the limit\n• alert on it" in "".join(
        each.text for each in desk.office.notices(desk.change, "accepted the postmortem")
    )
    assert "has accepted it" in refusal(lambda: desk.postmortems.open(REQUESTER, desk.number))


def test_a_postmortem_that_comes_too_late_is_a_breach_that_stays_on_the_record(desk: Desk) -> None:
    seen = desk.submit()
    desk.office.clock.move(hours=25)
    desk.postmortems.accept(SENIOR, desk.number, seen)
    owed = desk.office.owed(desk.change)
    assert owed.breached_at == owed.met_at == desk.office.clock.now()
    assert [each["event"] for each in desk.office.events(desk.change)] == ["obligation.breached"]


def test_one_that_is_returned_says_why_and_is_written_anew(desk: Desk) -> None:
    seen = desk.submit()
    with pytest.raises(InvalidInput):
        desk.postmortems.give_back(SENIOR, desk.number, seen, " ")
    desk.postmortems.give_back(SENIOR, desk.number, seen, "Why did nobody notice?")
    assert desk.state is PostmortemState.RETURNED
    assert desk.office.owed(desk.change).is_open
    [told] = [each for each in desk.office.notices(desk.change, "returned") if each.user]
    assert told.user == REQUESTER
    assert told.buttons == (Button.WRITE_POSTMORTEM,)
    assert "> Why did nobody notice?" in told.text
    opened = desk.postmortems.open(REQUESTER, desk.number)
    assert opened.text == TEXT
    assert f"<@{SENIOR}> returned it" in opened.note
    better = TEXT.model_copy(update={"root_cause": "A limit, and no alert."})
    again = desk.submit(text=better)
    assert "submitted another text" in refusal(
        lambda: desk.postmortems.accept(SENIOR, desk.number, seen)
    )
    desk.postmortems.accept(SENIOR, desk.number, again)


def test_two_who_hand_in_do_not_write_over_each_other(desk: Desk) -> None:
    mine = TEXT.model_copy(update={"summary": "Mine."})
    opened = desk.postmortems.open(REQUESTER, desk.number)
    desk.submit(SENIOR)
    said = refusal(lambda: desk.postmortems.submit(REQUESTER, desk.number, mine, opened.seen))
    assert f"<@{SENIOR}> submitted another text meanwhile. Yours is kept as a draft" in said
    again = desk.postmortems.open(REQUESTER, desk.number)
    assert again.text == mine
    assert "This is your draft; it replaces theirs." in again.note
    desk.postmortems.submit(REQUESTER, desk.number, mine, again.seen)
    written = desk.store.postmortem(desk.number)
    assert written is not None
    assert (written.author, written.authors) == (REQUESTER, (SENIOR, REQUESTER))


def test_who_may_write_and_who_may_decide(desk: Desk) -> None:
    said = refusal(lambda: desk.postmortems.open(COLLEAGUE, desk.number))
    assert said.startswith(
        f"You can't write the postmortem of CHG-1. Only <@{REQUESTER}>, who owes it, or a senior"
    )
    assert "Guests" in refusal(lambda: desk.postmortems.open(GUEST, desk.number))
    decide = desk.postmortems.accept
    assert "It is draft" in refusal(lambda: decide(SENIOR, desk.number, "x" * 16))
    seen = desk.submit(SENIOR)
    assert "Only a senior does." in refusal(lambda: decide(REQUESTER, desk.number, seen))
    assert "You wrote it" in refusal(lambda: decide(SENIOR, desk.number, seen))
    assert "submitted another text" in refusal(lambda: decide(OTHER_SENIOR, desk.number, ""))
    decide(OTHER_SENIOR, desk.number, seen)
    assert "It is accepted" in refusal(lambda: decide(OTHER_SENIOR, desk.number, seen))
    actions = [each["action"] for each in desk.office.events(desk.change, "request.refused")]
    assert actions == ["write_postmortem"] * 2 + ["accept_postmortem"] * 5


def test_whoever_owns_it_writes_it(desk: Desk) -> None:
    desk.office.obligations.offer(REQUESTER, desk.number, COLLEAGUE, Kind.POSTMORTEM)
    desk.office.obligations.accept(COLLEAGUE, desk.number)
    desk.submit(COLLEAGUE)
    assert desk.state is PostmortemState.SUBMITTED


def test_of_a_yes_and_a_no_at_once_one_counts(desk: Desk) -> None:
    seen = desk.submit()
    outcomes = at_once(
        lambda: desk.postmortems.accept(SENIOR, desk.number, seen),
        lambda: desk.postmortems.give_back(OTHER_SENIOR, desk.number, seen, "more"),
    )
    assert sum(isinstance(each, Refused) for each in outcomes) == 1
    paid = not desk.office.owed(desk.change).is_open
    assert paid == (desk.state is PostmortemState.ACCEPTED)


def test_a_change_that_owes_none_has_none(desk: Desk) -> None:
    other = emergency(desk.store, desk.office.clock, Kind.RECONCILIATION)
    assert "owes none" in refusal(lambda: desk.postmortems.open(REQUESTER, other.number))


def test_the_chase_goes_on_until_it_is_accepted(desk: Desk) -> None:
    seen = desk.submit()
    desk.office.tick(hours=24)
    assert desk.store.rungs(desk.number, Kind.POSTMORTEM) == ["breach"]
    desk.postmortems.accept(SENIOR, desk.number, seen)
    desk.office.tick(hours=1)
    assert desk.store.rungs(desk.number, Kind.POSTMORTEM) == ["breach"]
    assert desk.office.owed(desk.change).due_at - desk.change.created_at == timedelta(hours=24)
