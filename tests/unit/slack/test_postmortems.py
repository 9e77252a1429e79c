"""The postmortem's form and buttons over real services; a Bolt app is played."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.errors import Refused
from chatbot.domain.form import Form
from chatbot.slack import owing, postmortems
from tests.support.builders import REQUESTER, SENIOR, message
from tests.unit.services.owing import emergency
from tests.unit.services.parts import Hand, Slack
from tests.unit.slack.test_commands import desk_of

FIELDS = ("summary", "impact", "root_cause", "timeline", "action_items")


class Listeners:
    """Stands for the Bolt app and for Slack."""

    def __init__(self, store: SqliteStore, clock: Hand, slack: Slack) -> None:
        self.desk = desk_of(store, clock, slack)
        self.heard: dict[tuple[str, str], Any] = {}
        self.views: list[dict[str, Any]] = []
        self.answers: list[str] = []
        self.acks: list[dict[str, Any]] = []
        for each in (owing, postmortems):
            each.register(cast("Any", self), self.desk)

    def __getattr__(self, kind: str) -> Any:
        def named(name: str) -> Any:
            return lambda listener: self.heard.setdefault((kind, name), listener)

        return named

    def views_open(self, *, trigger_id: str, view: dict[str, Any]) -> None:
        assert trigger_id
        self.views.append(view)

    def say(self, text: str, user: str = REQUESTER) -> None:
        command = {"user_id": user, "text": text, "trigger_id": "T1"}
        self._call("command", "/postmortem", command=command)

    def press(self, action_id: str, block_id: str, user: str, value: str = "CHG-1") -> None:
        action = {"action_id": action_id, "block_id": block_id, "value": value}
        self._call("action", action_id, user, action=action)

    def fill(self, kind: str, user: str = REQUESTER, **typed: str) -> dict[str, Any]:
        """Submit or close the form that was opened last."""
        view = self.views[-1]
        values = {
            block["block_id"]: {block["block_id"]: self._shown(block["element"])}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        for name, text in typed.items():
            field = {"value": text}
            if name == "save_as":
                field = {"selected_option": {"value": text}}  # type: ignore[dict-item]
            values[name] = {name: field}
        shown = {**view, "id": "V1", "state": {"values": values}}
        self._call(kind, view["callback_id"], user, view=shown)
        return self.acks[-1]

    def _shown(self, element: dict[str, Any]) -> dict[str, Any]:
        if "options" in element:
            return {"selected_option": element["initial_option"]}
        return {"value": element.get("initial_value")}

    def _call(self, kind: str, name: str, user: str = REQUESTER, **given: Any) -> None:
        wanted = {
            "ack": lambda **answer: self.acks.append(answer),
            "body": {"user": {"id": user}, "trigger_id": "T1"},
            "client": self,
            "respond": lambda text, **_: self.answers.append(text),
            **given,
        }
        listener = self.heard[kind, name]
        names = listener.__code__.co_varnames[: listener.__code__.co_argcount]
        listener(**{each: wanted[each] for each in names})


@pytest.fixture
def listeners(store: SqliteStore, clock: Hand, slack: Slack) -> Listeners:
    return Listeners(store, clock, slack)


@pytest.fixture
def change(listeners: Listeners, store: SqliteStore, clock: Hand) -> Change:
    return emergency(store, clock)


def test_the_command_says_what_it_wants(listeners: Listeners, change: Change) -> None:
    for words, answer in (
        ("", "Write it like `/postmortem CHG-12`"),
        ("sausages", "names no change"),
        ("CHG-99", "There is no CHG-99."),
    ):
        listeners.say(words)
        assert answer in listeners.answers[-1]
    listeners.say("chg-1", "U1")
    assert "You can't write the postmortem of CHG-1." in listeners.answers[-1]
    assert listeners.views == []


def test_the_form_has_the_fields_of_the_contract(listeners: Listeners, change: Change) -> None:
    listeners.say("CHG-1")
    [view] = listeners.views
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    assert [block["block_id"] for block in inputs] == [*FIELDS, "save_as"]
    assert all(block["block_id"] == block["element"]["action_id"] for block in inputs)
    assert view["callback_id"] == "postmortem"
    assert view["notify_on_close"]


def test_whoever_closes_the_form_loses_nothing(
    listeners: Listeners, change: Change, store: SqliteStore
) -> None:
    listeners.say("CHG-1")
    listeners.fill("view_closed")
    assert store.postmortem(1) is None
    listeners.fill("view_closed", summary="Half a thought")
    written = store.postmortem(1)
    assert written is not None
    assert written.drafts[REQUESTER].text.summary == "Half a thought"
    listeners.say("CHG-1")
    assert "Half a thought" in str(listeners.views[-1])


def test_a_draft_is_kept_and_said_to_be(listeners: Listeners, change: Change) -> None:
    listeners.say("CHG-1")
    answer = listeners.fill("view", summary="Half a thought", save_as="draft")
    assert answer["response_action"] == "update"
    assert "Your draft is kept" in str(answer["view"])


def test_what_is_missing_is_said_at_its_field_and_then_it_is_handed_in(
    listeners: Listeners, change: Change, store: SqliteStore
) -> None:
    listeners.say("CHG-1")
    answer = listeners.fill("view", summary="It was down.")
    assert answer["response_action"] == "errors"
    assert set(answer["errors"]) == {"impact", "root_cause"}
    words = {"summary": "It was down.", "impact": "All.", "root_cause": "A limit."}
    assert listeners.fill("view", **words) == {}
    written = store.postmortem(1)
    assert written is not None
    assert written.text is not None
    seen = written.text.digest[:16]

    listeners.press("return_postmortem", f"about:{seen}", REQUESTER)
    assert "Only a senior does." in listeners.answers[-1]
    listeners.press("return_postmortem", f"about:{seen}", SENIOR)
    assert listeners.fill("view", SENIOR)["response_action"] == "errors"
    assert listeners.fill("view", SENIOR, reason="Why so late?") == {}
    listeners.press("accept_postmortem", f"about:{seen}", SENIOR)
    assert "It is returned" in listeners.answers[-1]


def test_a_snooze_asks_why_and_says_what_it_skips(
    listeners: Listeners, change: Change, store: SqliteStore
) -> None:
    listeners.press("snooze", "owed", SENIOR)
    assert f"Only <@{REQUESTER}>, who owns it, can." in listeners.answers[-1]
    listeners.press("snooze", "about:reconciliation", REQUESTER)
    assert "The reminder of the Git reconciliation at" in str(listeners.views[-1])
    assert listeners.fill("view", reason="")["response_action"] == "errors"
    assert listeners.fill("view", reason="I sleep.") == {}
    assert [bool(each.snoozed) for each in store.obligations(1)] == [False, True]
    listeners.press("snooze", "owed", REQUESTER)
    assert "The reminder of the postmortem at" in str(listeners.views[-1])
    assert listeners.fill("view", reason="I sleep.") == {}
    assert listeners.fill("view", reason="Again.")["response_action"] == "push"


def test_a_handover_is_accepted_or_declined_with_a_button(
    listeners: Listeners, change: Change, store: SqliteStore
) -> None:
    listeners.desk.obligations.offer(REQUESTER, 1, SENIOR)
    listeners.press("accept_handover", "about:postmortem", SENIOR)
    assert listeners.answers[-1].startswith("You own the postmortem of CHG-1 now.")
    listeners.press("decline_handover", "about:reconciliation", SENIOR)
    assert listeners.answers[-1] == "You declined the Git reconciliation of CHG-1."
    assert [each.owner for each in store.obligations(1)] == [SENIOR, REQUESTER]


def test_a_request_in_debt_is_refused_before_the_form_and_in_it(
    listeners: Listeners, change: Change, store: SqliteStore, clock: Hand
) -> None:
    store.card_shown(1, message(), 1)
    clock.time += timedelta(hours=24)
    desk = listeners.desk
    requests = replace(desk.requests, environments={}, refuse_debtor=desk.debtors.refuse)
    for ask in (
        lambda: requests.welcome(REQUESTER, "prod"),
        lambda: requests.submit(REQUESTER, "V1", Form(environment="prod", operation="scale")),
    ):
        with pytest.raises(Refused, match=r"the postmortem of <https://slack\.example.*CHG-1>"):
            ask()
    requests.welcome(REQUESTER, "dev")
    refusals = [event.entry for event in store.events() if event.entry.kind == "request.refused"]
    assert [each.data["action"] for each in refusals] == ["request", "request"]


def test_half_a_character_costs_nobody_their_words(
    listeners: Listeners, change: Change, store: SqliteStore
) -> None:
    listeners.say("CHG-1")
    listeners.fill("view_closed", summary="It was \ud83d down")
    written = store.postmortem(1)
    assert written is not None
    assert written.drafts[REQUESTER].text.summary == "It was ? down"
