"""The persistent people who see a change through: whatever had no effect, they do again."""

import contextlib
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import TERMINAL, State
from tests.chaos.stage import LOOK_SECONDS, ROUND_SECONDS, Stage
from tests.support.world import (
    INCIDENTS,
    OTHER_SENIOR,
    REQUESTER,
    SENIOR,
    buttons,
    everything,
)

ANSWER_SECONDS = 12.0
"""How long Slack, or the test's hand on it, takes at most to say that nobody answered."""

PATIENCE = 3.0
"""Seconds that a person waits before they look whether to do it again."""

_STUCK = {*TERMINAL, State.BLOCKED, State.FAILED, State.HELD}
"""What nothing leaves unless somebody does something."""

_VARYING = re.compile(r":(\d+|[0-9a-f]{7,}|CHG-\d+)(?=:|$)")
"""Parts of a key that differ from round to round."""

PEOPLE = (REQUESTER, SENIOR, OTHER_SENIOR)

NEWS = {"news": "#status"}
"""Where else is told of changes."""


@dataclass(frozen=True)
class Slash:
    """A command that a change is asked for by."""

    name: str
    form: str
    """The modal that it opens."""
    card_in: str = ""
    """The channel of its cards, if it is not the environment's."""


CHANGE = Slash("/change", "change_request")
BREAK_GLASS = Slash("/breakglass", "breakglass_request", INCIDENTS)


@dataclass(frozen=True)
class Asked:
    """How somebody asks for a change."""

    slash: Slash
    text: str
    """What is typed after it."""
    channel: str
    """Where it is typed."""
    card_in: str
    """Where its card comes to stand."""
    fields: Mapping[str, str]
    """What is filled in besides."""


Deed = Callable[["Person"], None]
"""What people do at one state of the card."""


def press(action_id: str, user: str = REQUESTER) -> Deed:
    """Somebody presses a button of the card."""
    return lambda person: person.press(action_id, user)


def merge(person: "Person") -> None:
    """Somebody merges the pull request at GitHub."""
    for pull in person.stage.world.repo.get_pulls(state="open"):
        pull.merge()


class Person:
    """Asks for one change, `CHG-n`, and sees it through. Looks at Slack alone; whatever had no
    effect within a moment is done again, as people do. What others have to do on the way is done
    here too."""

    def __init__(
        self,
        stage: Stage,
        change: str,
        asked: Asked,
        deeds: Mapping[State, Deed],
        ends: State,
    ) -> None:
        self.stage = stage
        self.change = change
        self._slack = stage.world.slack
        self._asked = asked
        self._deeds = {state.value: deed for state, deed in deeds.items()}
        self._ends = ends
        self._has_asked = False
        """Whether Slack has said that the form was taken: then the card will come."""
        ways_on = {*deeds, ends}
        self._dead_ends = {state.value for state in _STUCK if state not in ways_on}

    def see_it_through(self) -> Change:
        """Until the card says how it ended and nothing is left to tell; the change."""
        stage = self.stage
        deadline = time.monotonic() + ROUND_SECONDS
        while True:
            assert time.monotonic() < deadline, f"never {self._ends}: {stage.said()[-3000:]}"
            if not stage.alive():
                stage.start()
                continue
            cards = self._cards()
            assert len(cards) <= 1, f"two cards: {[card['text'] for card in cards]}"
            assert self._state() not in self._dead_ends, f"{self._state()}: {stage.said()[-3000:]}"
            if self._state() == self._ends.value and stage.settled() and stage.alive():
                return stage.world.store.changes(limit=1)[0]
            try:
                self._act()
            except AssertionError:
                continue  # Slack did not answer in time: look again what there is to do

    def press(self, action_id: str, user: str = REQUESTER) -> None:
        """Press a button of the card, or below it; the newest that is there. None may be, when the
        card has just changed."""
        found = [each["ts"] for each in self._read() if action_id in buttons(each)]
        if found:
            self._do(lambda: self._slack.click(user, self._asked.card_in, found[-1], action_id))

    def offers(self, action_id: str) -> bool:
        """Whether the card, or what is told below it, has this button."""
        return any(action_id in buttons(message) for message in self._read())

    def reads(self, words: str) -> bool:
        """Whether the card says so."""
        return any(words in everything(card) for card in self._cards())

    def hears(self, words: str) -> bool:
        """Whether it is told below the card."""
        return any(words in everything(message) for message in self._read())

    def fill_in(self, form: str, fields: Mapping[str, str]) -> bool:
        """The requester fills in this form, if it opens; whether it was taken."""
        self.wait(lambda: self._is_open(form))
        if self._is_open(form):
            return self._do(lambda: self._submit(fields))
        return False

    def _submit(self, fields: Mapping[str, str]) -> None:
        submitted = self._slack.submit(REQUESTER, fields)
        assert not submitted.errors

    def _act(self) -> None:
        state, seen = self._state(), self._seen()
        if state is None and not self._has_asked:
            self._ask()
            return
        if state in self._deeds:
            self._deeds[state](self)
        self.wait(lambda: self._seen() != seen)

    def _ask(self) -> None:
        asked = self._asked
        if not self._is_open(asked.slash.form):
            self._do(
                lambda: self._slack.command(REQUESTER, asked.channel, asked.slash.name, asked.text)
            )
        self._has_asked = self.fill_in(asked.slash.form, asked.fields)
        self.wait(lambda: self._state() is not None)

    def _is_open(self, form: str) -> bool:
        try:
            self._slack.view(REQUESTER, form, timeout=0)
        except AssertionError:
            return False
        return True

    def _seen(self) -> list[str]:
        """What the card asks for: its state, every button, and what it waits for."""
        waits = [line for card in self._cards() for line in everything(card).splitlines()]
        return [
            str(self._state()),
            *(line for line in waits if "Waiting since" in line),
            *(button for message in self._read() for button in buttons(message)),
        ]

    def _read(self) -> list[dict[str, Any]]:
        """The card, and what is told below it."""
        card_in = self._asked.card_in
        cards = self._cards()
        below = [
            each for card in cards for each in self._slack.thread(card_in, card["ts"], glance=True)
        ]
        return [*cards, *below]

    def _cards(self) -> list[dict[str, Any]]:
        wanted = {"change": self.change, "key": "card"}
        return [
            message
            for message in self._slack.messages(self._asked.card_in, glance=True)
            if wanted.items() <= (message.get("metadata") or {}).get("event_payload", {}).items()
        ]

    def _state(self) -> str | None:
        """What the card says, None without a card."""
        cards = self._cards()
        return cards[0]["text"].rsplit(" ", 1)[-1] if cards else None

    def _do(self, act: Callable[[], object]) -> bool:
        """Until Slack has an answer for the person, or there is no bot to give one; whether the
        answer is that it is done."""
        answered, done = threading.Event(), threading.Event()

        def acting() -> None:
            with contextlib.suppress(AssertionError, requests.RequestException):
                act()
                done.set()
            answered.set()

        threading.Thread(target=acting, daemon=True).start()
        self.wait(answered.is_set, ANSWER_SECONDS)
        return done.is_set()

    def wait(self, look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """For an effect, for the bot's death, or until patience ends; what was found last."""
        deadline = time.monotonic() + seconds
        while not (found := look()) and self.stage.alive() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return found


def told(stage: Stage, channel: str, change: Change) -> Counter[str]:
    """How often each message of the change, and of the one before it, stands in Slack, by place and
    key; keys without the revision or digest that some have. None stands twice with the same whole
    key."""
    slack = stage.world.slack
    found: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    places = {f"direct {user}": slack.direct_messages(user) for user in PEOPLE}
    rooms = {"channel": channel, **NEWS}
    for room in slack._channels():
        if room["name"].startswith("inc-"):
            rooms["incident"] = room["id"]
    places |= {place: slack.messages(room) for place, room in rooms.items()}
    for card in list(places["channel"]):
        places["thread"] = [*places.get("thread", []), *slack.thread(channel, card["ts"])]
    for place, messages in places.items():
        for message in messages:
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload:
                named = payload["change"] or payload["key"].partition(change.id)[1]
                whose = "its" if named == change.id else "the original's"
                whole[f"{place} {whose} {payload['key']}"] += 1
                found[f"{place} {whose} {_VARYING.sub('', payload['key'])}"] += 1
            elif message.get("bot_id"):
                found[f"{place} without a key: {message['text']}"] += 1
    assert all(count == 1 for count in whole.values()), whole
    return found
