"""How soon a command, a modal and a button are acknowledged when fifty come at once.

What is timed is the line itself: from the instant at which the envelopes are handed to the bot to
the arrival of each acknowledgement. The bot does its real work meanwhile: commands open the form,
modals are checked against the cluster and stored, planned and shown on a card, buttons cancel
those changes. The anchor only acknowledges.
"""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.measure import Pairs, Row, Scale, percentile
from benchmarks.stage import CHANNEL, REQUESTER, Stage, stage
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.lifecycle import State

GOAL_RATIO, GOAL_MS = 1.5, 250.0
NAMESPACE = "shop-test"
WARM_UP = 1
"""Rounds that are not counted: connections, caches and code are cold in them."""

Deed = Callable[[], object]


def rows(folder: Path, scale: Scale) -> list[Row]:
    """A row each for commands, modals (all for one object, and each for another) and buttons."""
    at_once, rounds = scale.of(50, 3), scale.of(7, 1)
    with stage(folder) as on:
        _deploy(on, at_once)
        on.redlight()
        on.bare_bolt()
        bursts = _Bursts(on, at_once)
        for number in range(rounds + WARM_UP):
            bursts.round(number, counted=number >= WARM_UP)
    return [_row(f"ack of {at_once} {kind}, p99", *took) for kind, took in bursts.all()]


@dataclass(frozen=True)
class _Kind:
    """What people do: each deed makes one envelope, of which the bot gets some copies."""

    name: str
    prepare: Callable[[], Sequence[Deed]]
    copies: int = 1
    differ_in: str = ""


class _Bursts:
    """Rounds of bursts; in each, the modals of the round make the cards of its buttons."""

    def __init__(self, on: Stage, at_once: int) -> None:
        self._on = on
        self._at_once = at_once
        self._took: dict[str, tuple[list[list[float]], list[list[float]]]] = {}

    def all(self) -> list[tuple[str, tuple[list[list[float]], list[list[float]]]]]:
        return list(self._took.items())

    def round(self, number: int, *, counted: bool) -> None:
        bots = ("ours", "bare") if number % 2 else ("bare", "ours")
        presses = cache(self._presses)  # both bots are shown the same clicks
        forms: dict[str, Any] = {"prepare": self._filled_form, "copies": self._at_once}
        for kind in (
            _Kind("commands at once", lambda: [self._type] * self._at_once),
            _Kind("modals at once", **forms),
            _Kind("modals at once, each for another object", **forms, differ_in="name"),
            _Kind("buttons at once", presses),
        ):
            for bot in bots:
                took = self._on.burst(
                    bot, kind.prepare(), copies=kind.copies, differ_in=kind.differ_in
                )
                self._settle()
                if counted:
                    both = self._took.setdefault(kind.name, ([], []))
                    both[bots.index(bot) ^ (bots[0] != "ours")].append(took)

    def _type(self) -> None:
        self._on.command("request scale test deploy/web 3")

    def _filled_form(self) -> list[Deed]:
        """Open the form, and give what fills it in and sends it."""
        self._on.aim("ours")
        self._on.slack.command(REQUESTER, CHANNEL, "/change", "scale test deploy/web 3")
        self._on.slack.view(REQUESTER, "change_request")
        return [lambda: self._on.slack.submit(REQUESTER, {"justification": "More visitors."})]

    def _presses(self) -> list[Deed]:
        """Cancel on as many cards as a burst has; ours really cancels them."""
        cards = [card for card in self._on.slack.messages(CHANNEL) if _cancel(card)]
        chosen = cards[-self._at_once :]
        if len(chosen) < self._at_once:
            raise RuntimeError(f"only {len(chosen)} cards can be cancelled")
        return [self._press(card) for card in chosen]

    def _press(self, card: dict[str, Any]) -> Deed:
        return lambda: self._on.control(
            "interact",
            channel=CHANNEL,
            messageTs=card["ts"],
            user=REQUESTER,
            action=_cancel(card),
        )

    def _settle(self) -> None:
        """Wait until every change waits for a person and every card says so."""
        store = SqliteStore(self._on.database("ours"))
        try:
            working = {State.REQUESTED}
            self._on.slack.wait_for(lambda: not working & set(store.live_counts()), timeout=60)
        finally:
            store.close()
        self._on.quiet()


def _deploy(on: Stage, count: int) -> None:
    """A Deployment for each modal that names another than `web`."""
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
    }
    made = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": f"web-{number}", "namespace": NAMESPACE},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
        }
        for number in range(1, count)
    ]
    on.cluster.kubectl(
        "apply",
        "--filename=-",
        stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}),
    )


def _cancel(card: dict[str, Any]) -> dict[str, Any] | None:
    for block in card.get("blocks", []):
        for element in block.get("elements", []):
            if element.get("action_id") == "cancel":
                return {
                    "type": "button",
                    "action_id": "cancel",
                    "block_id": block["block_id"],
                    "value": element["value"],
                    "text": element["text"],
                }
    return None


def _row(what: str, ours: list[list[float]], bare: list[list[float]]) -> Row:
    pairs = Pairs(
        [percentile(burst, 0.99) for burst in ours], [percentile(burst, 0.99) for burst in bare]
    )
    milliseconds = statistics.median(pairs.ours) * 1e3
    row = pairs.row(
        what, "ms", "≤ 1.5 × and ≤ 250 ms", "a bare Bolt app that only acknowledges", most=1.5
    )
    met = row.met and milliseconds <= GOAL_MS
    return Row(**{**vars(row), "met": met})
