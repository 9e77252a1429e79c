"""A world whose bot reaches everything outside through the proxy, can be killed at a call, and is
started again; and the persistent person who does again what had no effect."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from sandbox.children import Child
from tests.chaos.hatchery import Hatchery
from tests.support import call_names
from tests.support.proxy import Call, Fault, Proxy
from tests.support.world import CHANNELS, REQUESTER, World

ROUND_SECONDS = 120.0
LOOK_SECONDS = 0.1
ANSWER_SECONDS = 12.0
"""How long Slack, or the test's hand on it, takes at most to say that nobody answered."""

PATIENCE = 3.0
"""Seconds that a person waits before they look whether to do it again."""


@dataclass(frozen=True)
class Point:
    """Where the bot dies."""

    call: Call
    when: str
    """`before` the request reaches the outside, or `after` the outside has answered."""

    def __str__(self) -> str:
        return f"{self.when} {self.call.name} #{self.call.occurrence}"


class Stage:
    """One world for many rounds: in each, a fresh bot brings one change to its end."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self._parts = ExitStack()
        self.proxy = self._parts.enter_context(Proxy())
        self._hatchery = Hatchery(folder)
        self._parts.callback(self._hatchery.close)
        self._bot: Child | None = None
        self._parts.callback(self.crash)
        config = folder / "redlight.toml"
        config.write_text(
            world.config.read_text().replace(
                "pull_requests_seconds = 2", "pull_requests_seconds = 1"
            )
        )
        self._environ = {
            **world.environ,
            "REDLIGHT_CONFIG": str(config),
            "SLACK_API_URL": f"{self.proxy.listen(world.slack.url, call_names.slack)}/api/",
            "GITHUB_API_URL": self.proxy.listen(world.forge.url, call_names.forge),
            "KUBECONFIG": str(self._kubeconfig(folder)),
        }

    def close(self) -> None:
        """Kill the bot, end the proxy."""
        self._parts.close()

    def start(self) -> None:
        """Start a bot and wait until it is connected, or dead."""
        self._bot = self._hatchery.hatch(self._environ)
        self.until(lambda: not self.alive() or "redlight.ready" in self.said(), "a bot")

    def crash(self) -> None:
        """kill -9, and wait until it is dead."""
        if self._bot is not None:
            self._bot.kill()

    def alive(self) -> bool:
        """Whether the bot runs."""
        return self._bot is not None and self._bot.alive()

    def said(self) -> str:
        """What the bot wrote since it was started last."""
        return self._bot.printed() if self._bot else ""

    def prepare(self, points: Sequence[Point] = ()) -> None:
        """An empty Slack, a fresh bot, and death at each of the points."""
        self.crash()
        slack = self.world.slack
        self.until(lambda: slack.connections() == 0, "the end of the old connection")
        slack.reset()
        self.proxy.rewind()
        for point in points:
            death = Fault(before=self.crash) if point.when == "before" else Fault(after=self.crash)
            self.proxy.at(point.call, death)
        self.start()

    def until(self, look: Callable[[], Any], what: str, seconds: float = ROUND_SECONDS) -> Any:
        """Poll until `look` gives something true."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{self.said()[-3000:]}"
            time.sleep(LOOK_SECONDS)
        return found

    def settled(self) -> bool:
        """Whether nothing is left to be told in Slack."""
        with self.world.store._connections.reading() as db:
            return not db.execute("SELECT 1 FROM deliveries").fetchone()

    def _kubeconfig(self, folder: Path) -> Path:
        """The bot's kubeconfig with the server's address replaced; the proxy speaks TLS for it."""
        document = yaml.safe_load(self.world.cluster.bot_kubeconfig.read_text())
        [entry] = document["clusters"]
        authority = entry["cluster"].pop("certificate-authority", None)
        entry["cluster"]["server"] = self.proxy.listen(
            entry["cluster"]["server"],
            call_names.cluster,
            authority=Path(authority) if authority else None,
        )
        path = folder / "kubeconfig.yaml"
        path.write_text(yaml.safe_dump(document))
        return path


class Person:
    """Asks for one change and sees it through. Looks at Slack alone; whatever had no effect within
    a moment is done again, as people do."""

    def __init__(
        self,
        stage: Stage,
        environment: str,
        command: str,
        fields: dict[str, str],
        ends: State,
    ) -> None:
        self._stage = stage
        self._slack = stage.world.slack
        self._channel = CHANNELS[environment]
        self._command = command
        self._fields = fields
        self._ends = ends

    def see_it_through(self) -> Change:
        """Until the card says how it ended and nothing is left to tell; the change."""
        stage = self._stage
        deadline = time.monotonic() + ROUND_SECONDS
        while True:
            assert time.monotonic() < deadline, f"never {self._ends}: {stage.said()[-3000:]}"
            if not stage.alive():
                stage.start()
                continue
            cards = self._cards()
            assert len(cards) <= 1, f"two cards: {[card['text'] for card in cards]}"
            if self._state() == self._ends.value and stage.settled() and stage.alive():
                return stage.world.store.changes(limit=1)[0]
            try:
                self._act()
            except AssertionError:
                continue  # Slack did not answer in time: look again what there is to do

    def _act(self) -> None:
        state = self._state()
        if state is None:
            self._ask()
        elif state == State.AWAITING_CONFIRMATION.value:
            ts = self._cards()[0]["ts"]
            self._do(lambda: self._slack.click(REQUESTER, self._channel, ts, "confirm_diff"))
            self._wait(lambda: self._state() != state)
        elif state == State.PR_OPEN.value and self._channel == CHANNELS["test"]:
            self._merge()
            self._wait(lambda: self._state() != state)
        else:
            self._wait(lambda: self._state() != state)

    def _ask(self) -> None:
        if not self._form_is_open():
            self._do(
                lambda: self._slack.command(REQUESTER, self._channel, "/change", self._command)
            )
            self._wait(self._form_is_open)
        if self._form_is_open():
            self._do(lambda: self._slack.submit(REQUESTER, self._fields))
            self._wait(lambda: self._state() is not None)

    def _form_is_open(self) -> bool:
        try:
            self._slack.view(REQUESTER, "change_request", timeout=0)
        except AssertionError:
            return False
        return True

    def _merge(self) -> None:
        for pull in self._stage.world.repo.get_pulls(state="open"):
            pull.merge()

    def _cards(self) -> list[dict[str, Any]]:
        return [
            message
            for message in self._slack.messages(self._channel)
            if (message.get("metadata") or {}).get("event_payload", {}).get("key") == "card"
        ]

    def _state(self) -> str | None:
        """What the card says, None without a card."""
        cards = self._cards()
        return cards[0]["text"].rsplit(" ", 1)[-1] if cards else None

    def _do(self, act: Callable[[], object]) -> None:
        """Until Slack has an answer for the person, or there is no bot to give one."""
        answered = threading.Event()

        def acting() -> None:
            with contextlib.suppress(AssertionError, requests.RequestException):
                act()
            answered.set()

        threading.Thread(target=acting, daemon=True).start()
        self._wait(answered.is_set, ANSWER_SECONDS)

    def _wait(self, look: Callable[[], Any], seconds: float = PATIENCE) -> None:
        """For an effect, for the bot's death, or until patience ends."""
        deadline = time.monotonic() + seconds
        while not look() and self._stage.alive() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)


def told(stage: Stage, environment: str, change: Change) -> Counter[str]:
    """How often each message of the change stands in Slack, by place and key; keys without the
    revision that some end with."""
    slack = stage.world.slack
    channel = CHANNELS[environment]
    found: Counter[str] = Counter()
    places = {"channel": slack.messages(channel), "direct": slack.direct_messages(REQUESTER)}
    for card in list(places["channel"]):
        places["thread"] = [*places.get("thread", []), *slack.thread(channel, card["ts"])]
    for place, messages in places.items():
        for message in messages:
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("change") == change.id:
                found[f"{place} {payload['key'].split(':')[0]}"] += 1
            elif message.get("bot_id"):
                found[f"{place} without a key: {message['text']}"] += 1
    return found
