"""How soon a senior's sign-off becomes a write: from the click in Slack to the moment at which the
request to apply arrives at the API server.

In between ours writes down who signed off what, asks the API server whether that still holds and
how the object is, stores it, and pauses Argo CD. What the API server itself takes for that is the
anchor, and is not ours to answer for.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, Scale, percentile, until
from benchmarks.stage import REQUESTER, Stage, stage
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from chatbot.domain.red_lights import typed_target
from tests.support.proxied import kubeconfig_through
from tests.support.proxy import Arrival, Proxy
from tests.support.slack_forms import pressed
from tests.support.slack_messages import buttons
from tests.support.world import INCIDENTS

SENIOR = "U0SENIOR1"
REPLICAS = 5
"""One more than Git has."""
APPLY = "cluster PATCH deployments/scale"
GOAL_SECONDS = 0.150
"""The design's, on top of the API server's own time."""
_FORM = {
    "criterion": "service_down",
    "justification": "Checkout answers with 503.",
    "blast_radius": "All of checkout.",
    "rollback_plan": "Scale back.",
}


def rows(folder: Path, scale: Scale) -> list[Row]:
    """The p99 of the rounds, and the median."""
    with stage(folder) as on, Proxy() as proxy:
        home = folder / "proxied"
        home.mkdir()
        kubeconfig = kubeconfig_through(proxy, on.cluster.bot_kubeconfig, home)
        on.redlight(KUBECONFIG=str(kubeconfig))
        on.aim("ours")
        glass = _Glass(on, proxy)
        glass.broken()  # connections, caches and code are cold in it
        rounds = [glass.broken() for _ in range(scale.of(100, 1))]
    return [_row("p99", rounds, 0.99), _row("median", rounds, 0.5)]


@dataclass(frozen=True)
class _Round:
    """Seconds of one round."""

    ours: float
    """From the click to the request, without the API server's own time."""
    servers: float


def _row(which: str, rounds: list[_Round], share: float) -> Row:
    ours = percentile([each.ours for each in rounds], share)
    servers = percentile([each.servers for each in rounds], share)
    return Row(
        what=f"sign-off click to apply request sent, {which} of {len(rounds)}",
        ours=ours * 1e3,
        unit="ms",
        goal=f"≤ {GOAL_SECONDS * 1e3:.0f} ms on top of the API server's own time",
        met=ours <= GOAL_SECONDS,
        anchor_name="the API server's own time for the calls before it",
        anchor=servers * 1e3,
        ratio=ours / servers,
    )


@dataclass
class _Glass:
    """Breaks it, and has it put back, again and again."""

    on: Stage
    proxy: Proxy
    store: SqliteStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = SqliteStore(self.on.database("ours"))

    def broken(self) -> _Round:
        """One emergency, undone and reconciled in the end; what lay between click and apply."""
        change = self._lit()
        card = self._card("sign_off")
        action = pressed(card["blocks"], "sign_off", None)
        self.on.quiet()
        self.proxy.rewind()
        clicked = time.monotonic()
        self.on.slack.send_click(SENIOR, INCIDENTS, card["ts"], action)
        apply = until(self._applied)
        before = [each for each in self.proxy.arrivals() if each.at < apply.at]
        servers = sum(each.answered - each.at for each in before if each.answered)
        until(lambda: self._in(change, State.RECONCILING, State.PR_OPEN))
        self._press("cancel", REQUESTER)
        self._until_recorded(change, "reconciliation.met")
        self.on.quiet()
        return _Round(apply.at - clicked - servers, servers)

    def _lit(self) -> Change:
        """An emergency whose three lights are passed."""
        known = self.store.changes(limit=1)
        slack = self.on.slack
        asked = f"scale prod deploy/web {REPLICAS}"
        slack.command(REQUESTER, INCIDENTS, "/breakglass", asked)
        slack.view(REQUESTER, "breakglass_request")
        slack.submit(REQUESTER, _FORM)
        change = until(lambda: self._newest(known))
        until(lambda: self._in(change, State.AWAITING_CONFIRMATION))
        for light in (1, 2):
            self._press(f"red_light_{light}", REQUESTER)
            self._until_recorded(change, f"red_light.{light}")
        slack.view(REQUESTER, "red_light_typed")
        target = typed_target(self.store.change(change.number))
        slack.submit(REQUESTER, {"confirmation": target})
        until(lambda: self._in(change, State.AWAITING_APPROVAL))
        return change

    def _newest(self, known: list[Change]) -> Change | None:
        newest = self.store.changes(limit=1)
        return newest[0] if newest and newest != known[:1] and newest[0] not in known else None

    def _in(self, change: Change, *states: State) -> Change | None:
        now = self.store.change(change.number)
        return now if now.state in states else None

    def _until_recorded(self, change: Change, kind: str) -> None:
        def recorded() -> bool | None:
            return kind in (event.entry.kind for event in self.store.events(change.number)) or None

        until(recorded)

    def _press(self, action_id: str, user: str) -> None:
        card = self._card(action_id)
        action = pressed(card["blocks"], action_id, None)
        self.on.slack.send_click(user, INCIDENTS, card["ts"], action)

    def _card(self, action_id: str) -> dict[str, Any]:
        """The newest message that has this button."""

        def found() -> dict[str, Any] | None:
            messages = reversed(self.on.slack.messages(INCIDENTS))
            return next((each for each in messages if action_id in buttons(each)), None)

        return until(found)

    def _applied(self) -> Arrival | None:
        return next((each for each in self.proxy.arrivals() if each.call.name == APPLY), None)
