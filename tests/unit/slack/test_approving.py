"""The buttons and the form behind approval, over real services; a Bolt app is played."""

import json
from typing import Any, cast

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.blocks import card as card_blocks
from chatbot.domain.card import Card
from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from chatbot.services.requests import Requests
from chatbot.slack import actions, approving
from tests.support.cards import DIGEST
from tests.unit.services.approving import FIRST, PEER, SECOND, Council
from tests.unit.services.parts import Hand, Slack


class Listeners:
    """Stands for the Bolt app and for Slack: presses what a card shows, keeps what was answered."""

    def __init__(self, council: Council) -> None:
        self.council = council
        self.actions: dict[Any, Any] = {}
        self.submitted: dict[str, Any] = {}
        self.views: list[dict[str, Any]] = []
        self.answers: list[str] = []
        self.acks: list[dict[str, Any]] = []
        desk = cast("Any", Desk(council))
        for listeners in (actions, approving):
            listeners.register(cast("Any", self), desk)

    def action(self, name: str) -> Any:
        return lambda listener: self.actions.setdefault(name, listener)

    def view(self, name: str) -> Any:
        return lambda listener: self.submitted.setdefault(name, listener)

    def views_open(self, *, trigger_id: str, view: dict[str, Any]) -> None:
        assert trigger_id
        self.views.append(view)

    def ack(self, **answer: Any) -> None:
        self.acks.append(answer)

    def respond(self, text: str, **_: Any) -> None:
        self.answers.append(text)

    def press(self, user: str, action_id: str, change: Change, value: str = "") -> None:
        """Press a button of the card as it looks with this change."""
        shown = Card(change=change, environment=self.council.environments["prod"])
        [row] = [block for block in card_blocks.blocks(shown) if block["type"] == "actions"]
        [found] = [one for one in row["elements"] if one["action_id"] == action_id]
        wanted = {
            "ack": self.ack,
            "body": {"user": {"id": user}, "trigger_id": "T1"},
            "action": {**found, "block_id": row["block_id"], "value": value or found["value"]},
            "client": self,
            "respond": self.respond,
        }
        listener = self.actions[action_id]
        names = listener.__code__.co_varnames[: listener.__code__.co_argcount]
        listener(**{name: wanted[name] for name in names})

    def submit(self, user: str, reason: str | None) -> dict[str, Any]:
        """Submit the form that was opened last; what it was acknowledged with."""
        state = {"values": {"reason": {"reason": {"value": reason}}}}
        view = {**self.views[-1], "id": "V1", "state": state}
        self.submitted["reject_reason"](ack=self.ack, body={"user": {"id": user}}, view=view)
        return self.acks[-1]


class Desk:
    """What the listeners need of the real one."""

    def __init__(self, council: Council) -> None:
        self.approvals = council.approvals
        self.requests = Requests(
            store=council.store,
            ledger=council.ledger,
            people=council.people,
            intake=cast("Any", None),
            environments=council.environments,
            decisions=council.approvals.decisions,
        )


@pytest.fixture
def council(store: SqliteStore, clock: Hand, slack: Slack) -> Council:
    return Council(store, clock, slack, approvals=2)


@pytest.fixture
def listeners(council: Council) -> Listeners:
    return Listeners(council)


def test_a_yes_is_to_what_stood_above_the_button_and_says_what_came_of_it(
    listeners: Listeners, council: Council
) -> None:
    change = council.change()
    listeners.press(FIRST, "approve", change)
    listeners.press(SECOND, "approve", change)
    assert listeners.answers == [
        "Your yes to CHG-1 counts. 1 more is needed.",
        "Your yes to CHG-1 counts, and it is approved.",
    ]
    approvals = council.store.change(1).progress.approvals
    assert {one.digest for one in approvals} == {DIGEST}


def test_a_click_on_a_card_from_before_is_refused(listeners: Listeners, council: Council) -> None:
    change = council.change()
    plan = change.progress.plan
    assert plan
    moved = plan.model_copy(update={"digest": "e" * 64})
    council.ledger.note(change, "test.pushed", plan=moved)
    listeners.press(FIRST, "approve", change)
    assert "changed after this card was drawn" in listeners.answers[0]


def test_a_forged_value_is_refused_and_recorded(listeners: Listeners, council: Council) -> None:
    change = council.change()
    for forged in ("CHG-404", "CHG-1; DROP", "<!channel>"):
        listeners.press(FIRST, "approve", change, forged)
    assert len(council.refusals()) == len(listeners.answers) == 3
    assert council.store.change(1) == change


def test_a_no_opens_the_form_only_for_whoever_may(listeners: Listeners, council: Council) -> None:
    change = council.change()
    listeners.press(PEER, "reject", change)
    assert listeners.views == []
    assert "not among them" in listeners.answers[0]
    listeners.press(FIRST, "reject", change)
    [view] = listeners.views
    assert view["callback_id"] == "reject_reason"
    assert json.loads(view["private_metadata"]) == {"change": "CHG-1"}


def test_the_reason_ends_the_change(listeners: Listeners, council: Council) -> None:
    listeners.press(FIRST, "reject", council.change())
    assert listeners.submit(FIRST, "The quota is full.") == {}
    assert council.store.change(1).state is State.REJECTED


def test_no_reason_is_said_at_the_field(listeners: Listeners, council: Council) -> None:
    listeners.press(FIRST, "reject", council.change())
    for nothing in (None, "  "):
        answer = listeners.submit(FIRST, nothing)
        assert answer["response_action"] == "errors"
        assert "Say why" in answer["errors"]["reason"]


def test_a_form_that_somebody_else_overtook_says_so_and_stays(
    listeners: Listeners, council: Council
) -> None:
    change = council.change()
    listeners.press(FIRST, "reject", change)
    council.reject(SECOND, change)
    answer = listeners.submit(FIRST, "The quota is full.")
    assert answer["response_action"] == "push"
    assert "now: it is rejected" in str(answer["view"])


def test_a_hold_is_released_with_its_button(listeners: Listeners, council: Council) -> None:
    held = council.change(State.HELD)
    listeners.press(PEER, "release_hold", held)
    assert listeners.answers == ["You can't release CHG-1. Only a senior can."]
    listeners.press(FIRST, "release_hold", held)
    assert council.store.change(1).state is State.ROLLED_BACK
