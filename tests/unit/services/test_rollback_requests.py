"""Who may ask for a rollback of what, and what is stored when they do."""

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Operation, Path
from chatbot.domain.errors import InvalidInput, NotFound, Refused
from chatbot.domain.lifecycle import State
from chatbot.services.decisions import Decisions
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.rollback_requests import RollbackRequests
from tests.support.builders import REQUESTER
from tests.support.cards import MERGED, SNAPSHOT
from tests.support.store import add_change, move
from tests.unit.services.parts import Hand, Slack, environment

ENVIRONMENTS = {"dev": environment(), "prod": environment("prod", "prod")}


class Office:
    """The use case over a real store, and what it woke."""

    def __init__(self, store: SqliteStore, clock: Hand, slack: Slack) -> None:
        slack.persons["UGUEST"] = slack.persons["U1"].model_copy(
            update={"id": "UGUEST", "is_guest": True}
        )
        self.store = store
        self.woken: list[int] = []
        ledger, people = Ledger(store, clock), People(slack, clock)
        freezes = Freezes(store, ledger, people, ENVIRONMENTS, ())
        decisions = Decisions(store, ledger, self.woken.append, self.woken.append, freezes.blocking)
        self.rollbacks = RollbackRequests(store, people, ENVIRONMENTS, decisions)

    def done(self, **request: object) -> Change:
        change = add_change(self.store, **request)
        taken = {"pull_request": MERGED, "snapshot": SNAPSHOT}
        progress = change.progress.model_copy(update=taken)
        return move(self.store, change, State.COMPLETED, progress=progress, due_at=None)

    def refusals(self) -> list[tuple[str, int | None, str]]:
        return [
            (event.entry.actor, event.entry.change, event.entry.data["action"])
            for event in self.store.events()
            if event.entry.kind == "request.refused"
        ]


@pytest.fixture
def office(store: SqliteStore, clock: Hand, slack: Slack) -> Office:
    return Office(store, clock, slack)


def test_a_rollback_is_a_change_of_its_own(office: Office) -> None:
    original = office.done()
    back = office.rollbacks.submit("U1", "V1", original.number, "It is slow.")
    assert (back.requester, back.path, back.state) == ("U1", Path.DIRECT, State.REQUESTED)
    assert (back.request.operation, back.request.rolls_back) == (Operation.ROLLBACK, 1)
    assert office.woken == [back.number]
    [asked] = [each.entry for each in office.store.events(back.number)]
    assert (asked.kind, asked.actor, asked.data["rolls_back"]) == ("change.requested", "U1", 1)
    assert office.rollbacks.submit("U1", "V1", original.number, "It is slow.") == back


def test_a_second_rollback_is_refused_while_the_first_is_open(office: Office) -> None:
    original = office.done()
    back = office.rollbacks.submit("U1", "V1", original.number, "It is slow.")
    with pytest.raises(Refused, match=f"{back.id} is about to roll it back; it is requested"):
        office.rollbacks.asked(REQUESTER, original.number)
    move(office.store, back, State.CANCELLED)
    assert office.rollbacks.asked(REQUESTER, original.number) == original
    assert office.refusals() == [(REQUESTER, original.number, "roll_back")]


def test_a_guest_may_not_roll_back(office: Office) -> None:
    original = office.done()
    with pytest.raises(Refused, match="Guests"):
        office.rollbacks.asked("UGUEST", original.number)
    with pytest.raises(Refused, match="Guests"):
        office.rollbacks.submit("UGUEST", "V1", original.number, "Because.")
    assert office.refusals() == [("UGUEST", original.number, "roll_back")] * 2
    assert office.woken == []


def test_a_reason_is_needed(office: Office) -> None:
    original = office.done()
    with pytest.raises(InvalidInput) as wanted:
        office.rollbacks.submit("U1", "V1", original.number, "")
    assert list(wanted.value.fields) == ["justification"]


def test_a_place_that_is_gone_or_closed_is_named(office: Office) -> None:
    for name, sentence in (("old", "no environment old any more"), ("prod", "argocd")):
        with pytest.raises(Refused, match=sentence):
            office.rollbacks.asked("U1", office.done(environment=name).number)
    with pytest.raises(NotFound):
        office.rollbacks.asked("U1", 404)
