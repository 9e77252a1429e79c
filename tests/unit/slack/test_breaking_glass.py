"""`/breakglass`, the lights, their form and the sign-off, over real services; a Bolt app is
played."""

import json
from typing import Any, cast

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.blocks import card as card_blocks
from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path
from chatbot.domain.errors import InvalidInput
from chatbot.domain.form import Form
from chatbot.domain.lifecycle import State
from chatbot.domain.red_lights import passed
from chatbot.services.requests import Requests
from chatbot.slack import breaking_glass, views
from tests.support.builders import REQUESTER
from tests.support.cards import plan
from tests.support.emergencies import request
from tests.unit.services.approving import FIRST, GUEST, PEER
from tests.unit.services.glass import TARGET, Glass
from tests.unit.services.parts import Hand, Slack

TYPED = {
    "environment": "prod",
    "operation": "scale",
    "namespace": "shop",
    "kind": "deploy",
    "name": "web",
    "replicas": "3",
    "criterion": "service_down",
    "justification": "503",
    "blast_radius": "all",
    "rollback_plan": "scale back",
}


class Reads:
    """An intake that is told what it reads."""

    def __init__(self) -> None:
        self.forms: list[Form] = []
        self.error: InvalidInput | None = None

    def read_emergency(self, form: Form) -> Any:
        self.forms.append(form)
        if self.error:
            raise self.error
        return request()


class Listeners:
    """Stands for the Bolt app and for Slack."""

    def __init__(self, glass: Glass) -> None:
        self.glass, self.reads = glass, Reads()
        self.commands: dict[str, Any] = {}
        self.actions: list[tuple[Any, Any]] = []
        self.submitted: dict[str, Any] = {}
        self.views: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.answers: list[str] = []
        self.acks: list[dict[str, Any]] = []
        object.__setattr__(glass.break_glass, "intake", self.reads)
        for listeners in (breaking_glass, views):
            listeners.register(cast("Any", self), cast("Any", Desk(glass)))

    def command(self, name: str) -> Any:
        return lambda listener: self.commands.setdefault(name, listener)

    def action(self, constraint: Any) -> Any:
        def hang(listener: Any) -> Any:
            self.actions.append((constraint, listener))
            return listener

        return hang

    def view(self, name: str) -> Any:
        return lambda listener: self.submitted.setdefault(name, listener)

    def views_open(self, *, trigger_id: str, view: dict[str, Any]) -> None:
        assert trigger_id
        self.views.append(view)

    def views_update(self, **update: Any) -> None:
        self.updates.append(update)

    def ack(self, **answer: Any) -> None:
        self.acks.append(answer)

    def respond(self, text: str, **_: Any) -> None:
        self.answers.append(text)

    def say(self, text: str, user: str = REQUESTER) -> None:
        command = {"user_id": user, "text": text, "trigger_id": "T1"}
        listener = self.commands["/breakglass"]
        listener(ack=self.ack, command=command, client=self, respond=self.respond)

    def press(
        self, user: str, action_id: str, change: Change, *, value: str = "", block: str = ""
    ) -> None:
        """Press a button of the card as it looks with this change."""
        shown = Card(change=change, environment=self.glass.environments["prod"])
        [row] = [block for block in card_blocks.blocks(shown) if block["type"] == "actions"]
        [found] = [one for one in row["elements"] if one["action_id"] == action_id]
        action = {**found, "block_id": block or row["block_id"], "value": value or found["value"]}
        wanted = {
            "ack": self.ack,
            "body": {"user": {"id": user}, "trigger_id": "T1"},
            "action": action,
            "client": self,
            "respond": self.respond,
        }
        [listener] = [one for constraint, one in self.actions if constraint == action_id]
        names = listener.__code__.co_varnames[: listener.__code__.co_argcount]
        listener(**{name: wanted[name] for name in names})

    def submit(self, user: str, values: dict[str, str | None]) -> dict[str, Any]:
        """Submit the form that was opened last; what it was acknowledged with."""
        view = self.views[-1]
        state = {"values": {name: {name: _element(view, name, v)} for name, v in values.items()}}
        filled = {**view, "id": "V1", "state": state}
        listener = self.submitted[view["callback_id"]]
        listener(ack=self.ack, body={"user": {"id": user}}, view=filled)
        return self.acks[-1]


def _element(view: dict[str, Any], name: str, value: str | None) -> dict[str, Any]:
    [block] = [one for one in view["blocks"] if one.get("block_id") == name]
    chosen = block["element"]["type"] == "static_select"
    return {"selected_option": {"value": value}} if chosen else {"value": value}


class Desk:
    """What the listeners need of the real one."""

    def __init__(self, glass: Glass) -> None:
        self.break_glass, self.sign_offs = glass.break_glass, glass.sign_offs
        self.environments = glass.environments
        self.requests = Requests(
            store=glass.store,
            ledger=glass.ledger,
            people=glass.people,
            intake=cast("Any", None),
            environments=glass.environments,
            decisions=glass.approvals.decisions,
        )


@pytest.fixture
def glass(store: SqliteStore, clock: Hand, slack: Slack) -> Glass:
    return Glass(store, clock, slack)


@pytest.fixture
def listeners(glass: Glass) -> Listeners:
    return Listeners(glass)


def fields(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


def test_the_command_opens_the_form_also_where_changes_are_closed(listeners: Listeners) -> None:
    listeners.say("scale prod deploy/web 3")
    [view] = listeners.views
    assert view["callback_id"] == "breakglass_request"
    assert set(fields(view)) == {*TYPED, "incident_id"}
    assert json.loads(view["private_metadata"])["change"] == ""


def test_the_words_may_be_an_environment_alone_or_nothing(listeners: Listeners) -> None:
    for text in ("", "prod", "mars"):
        listeners.say(text)
        assert fields(listeners.views[-1]) == ["environment", "operation"]
    initial = listeners.views[1]["blocks"][1]["element"]["initial_option"]["value"]
    assert initial == "prod"
    listeners.say("help")
    listeners.say("prod deploy/web")
    assert "Three red lights" in listeners.answers[0]
    assert "is no operation" in listeners.answers[1]


def test_who_may_not_request_gets_no_form(listeners: Listeners) -> None:
    listeners.say("prod", GUEST)
    assert listeners.views == []
    assert "Guests" in listeners.answers[0]


def test_the_form_asks_on_when_the_place_is_known(listeners: Listeners) -> None:
    listeners.say("prod")
    answer = listeners.submit(REQUESTER, {"environment": "prod", "operation": "scale"})
    assert answer["response_action"] == "update"
    assert set(fields(answer["view"])) == {*TYPED, "incident_id"}


def test_choosing_a_place_in_either_form_shows_that_form_again(listeners: Listeners) -> None:
    listeners.say("prod")
    [chosen] = [one for constraint, one in listeners.actions if isinstance(constraint, dict)][:1]
    state = {"values": {"environment": {"environment": {"selected_option": {"value": "prod"}}}}}
    view = {**listeners.views[0], "id": "V1", "hash": "h", "state": state}
    chosen(ack=listeners.ack, body={"view": view}, client=listeners)
    assert listeners.updates[0]["view"]["callback_id"] == "breakglass_request"


def test_the_form_becomes_an_emergency_once(listeners: Listeners, glass: Glass) -> None:
    listeners.say("scale prod deploy/web 3")
    assert listeners.submit(REQUESTER, dict(TYPED)) == {}
    assert listeners.submit(REQUESTER, dict(TYPED)) == {}
    [change] = glass.store.changes()
    assert (change.path, change.requester) == (Path.EMERGENCY, REQUESTER)
    assert listeners.reads.forms[0].blast_radius == "all"


def test_mistakes_stand_at_their_fields(listeners: Listeners) -> None:
    listeners.say("scale prod deploy/web 3")
    listeners.reads.error = InvalidInput({"criterion": "Choose one.", "manifest": "Gone."})
    answer = listeners.submit(REQUESTER, dict(TYPED))
    assert answer["errors"] == {"criterion": "Choose one.", "environment": "Gone."}


def test_the_lights_are_passed_on_the_card_and_in_the_form(
    listeners: Listeners, glass: Glass
) -> None:
    change = glass.planned()
    listeners.press(REQUESTER, "red_light_1", change)
    listeners.press(REQUESTER, "red_light_2", glass.now(change))
    [view] = listeners.views
    assert view["callback_id"] == "red_light_typed"
    assert json.loads(view["private_metadata"])["change"] == "CHG-1"
    wrong = listeners.submit(REQUESTER, {"confirmation": "prod/shop/deployment/api"})
    assert TARGET in wrong["errors"]["confirmation"]
    assert listeners.submit(REQUESTER, {"confirmation": TARGET}) == {}
    assert glass.now(change).state is State.AWAITING_APPROVAL
    assert listeners.answers == []


def test_a_form_that_was_closed_is_opened_again(listeners: Listeners, glass: Glass) -> None:
    change = glass.planned()
    listeners.press(REQUESTER, "red_light_1", change)
    for _ in range(2):
        listeners.press(REQUESTER, "red_light_2", glass.now(change))
    assert len(listeners.views) == 2
    assert len(passed(glass.now(change))) == 2


def test_a_form_of_other_content_says_so_and_lights_nothing(
    listeners: Listeners, glass: Glass
) -> None:
    change = glass.planned()
    listeners.press(REQUESTER, "red_light_1", change)
    listeners.press(REQUESTER, "red_light_2", glass.now(change))
    glass.ledger.note(glass.now(change), "test.replanned", plan=plan(digest="e" * 64))
    answer = listeners.submit(REQUESTER, {"confirmation": TARGET})
    assert answer["response_action"] == "push"
    assert glass.now(change).state is State.AWAITING_CONFIRMATION


def test_buttons_from_elsewhere_light_nothing(listeners: Listeners, glass: Glass) -> None:
    change = glass.planned()
    listeners.press(PEER, "red_light_1", change)
    listeners.press(REQUESTER, "red_light_1", change, value="CHG-404")
    listeners.press(REQUESTER, "red_light_1", change, block="elsewhere")
    assert len(listeners.answers) == len(glass.refusals()) == 3
    assert passed(glass.now(change)) == ()


def test_the_sign_off_says_what_came_of_it(listeners: Listeners, glass: Glass) -> None:
    change = glass.lit()
    listeners.press(REQUESTER, "sign_off", change)
    listeners.press(FIRST, "sign_off", change)
    assert "You requested it" in listeners.answers[0]
    assert listeners.answers[1] == "Your sign-off of CHG-1 counts: it is being applied."
    assert glass.now(change).state is State.APPLYING
