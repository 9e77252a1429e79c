"""How soon a senior's click becomes a merge: from the click in Slack to the moment at which the
request to merge arrives at the Git host.

In between ours writes down who said yes to what, and asks again whether that counts, whether the
pull request is still what was approved, and whether window, freeze and line let it start. The
anchor is a Bolt app that merges at the click and asks nothing.
"""

import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from github.Repository import Repository

from benchmarks.bare_merge import connected
from benchmarks.measure import Pairs, Row, Scale, interleaved, percentile, until
from benchmarks.stage import REQUESTER, Stage, stage
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.lifecycle import State
from sandbox.world import FORGE_TOKEN
from tests.support import call_names
from tests.support.forge_work import commit_files
from tests.support.proxy import Proxy
from tests.support.slack_forms import pressed
from tests.support.slack_messages import buttons

SENIOR = "U0SENIOR1"
CHANNEL = "C0PROD"
MERGE = "forge PUT pulls/{n}/merge"
GOAL_SECONDS = 1.0
"""Ours: a senior looks at the card for about that long after the click."""
_FORM = {
    "justification": "More visitors.",
    "rollback_plan": "Scale back.",
    "affected_services": "shop",
}


def rows(folder: Path, scale: Scale) -> list[Row]:
    """The median round, and the slowest."""
    rounds = scale.of(11, 1)
    with stage(folder) as on, Proxy() as proxy:
        forge = proxy.listen(on.forge, call_names.forge)
        on.redlight(GITHUB_API_URL=forge)
        on.start("bare", ["benchmarks.bare_merge"], "bare merge ready", GITHUB_API_URL=forge)
        clicks = _Clicks(on, proxy, connected(on.forge, FORGE_TOKEN))
        clicks.ours(-1)  # connections, caches and code are cold in it
        clicks.bare(-1)
        pairs = interleaved(rounds, clicks.ours, clicks.bare)
    return [_row("median", pairs, 0.5), _row("slowest", pairs, 1.0)]


def _row(which: str, pairs: Pairs, share: float) -> Row:
    ours, bare = percentile(pairs.ours, share), percentile(pairs.anchor, share)
    return Row(
        what=f"approve click to merge request sent, {which} of {len(pairs.ours)}",
        ours=ours * 1e3,
        unit="ms",
        goal=f"≤ {GOAL_SECONDS * 1e3:.0f} ms",
        met=ours <= GOAL_SECONDS,
        anchor_name="a Bolt app that merges at the click and asks nothing",
        anchor=bare * 1e3,
        ratio=ours / bare,
    )


@dataclass
class _Clicks:
    """Makes something that waits for a click, clicks, and waits for the merge."""

    on: Stage
    proxy: Proxy
    repo: Repository
    replicas: int = 4
    approve: tuple[str, dict[str, Any]] = ("", {})
    """The button of our newest card: where its message stands, and what a click on it says."""

    def ours(self, _round: int) -> float:
        """A change of prod that needs one yes; it is seen through to its end."""
        self.on.aim("ours")
        self.replicas = 5 if self.replicas == 4 else 4
        self.on.slack.command(
            REQUESTER, CHANNEL, "/change", f"scale prod deploy/web {self.replicas}"
        )
        self.on.slack.view(REQUESTER, "change_request")
        self.on.slack.submit(REQUESTER, _FORM)
        self._until_only(State.AWAITING_APPROVAL)
        self.approve = ts, action = until(self._approvable)
        took = self._clicked(ts, action)
        self._until_only(None)
        return took

    def bare(self, _round: int) -> float:
        """A pull request whose number the button carries."""
        ts, action = self.approve  # of a card of ours, which came before
        branch = f"bench-{uuid.uuid4().hex}"
        commit_files(self.repo, branch, {f"bench/{branch}.txt": "An edit\n"})
        pull = self.repo.create_pull(base="main", head=branch, title="An edit", body="")
        self.on.aim("bare")
        return self._clicked(ts, {**action, "value": str(pull.number)})

    def _clicked(self, ts: str, action: dict[str, Any]) -> float:
        self.on.quiet()
        self.proxy.rewind()
        clicked = time.monotonic()
        self.on.slack.send_click(SENIOR, CHANNEL, ts, action)
        return until(self._merged_at) - clicked

    def _approvable(self) -> tuple[str, dict[str, Any]] | None:
        card = self.on.slack.messages(CHANNEL)[-1]
        if "approve" not in buttons(card):
            return None
        return card["ts"], pressed(card["blocks"], "approve", None)

    def _merged_at(self) -> float | None:
        return next((each.at for each in self.proxy.arrivals() if each.call.name == MERGE), None)

    def _until_only(self, state: State | None) -> None:
        """Wait until the one live change is in this state; None: until there is none."""
        store = SqliteStore(self.on.database("ours"))
        try:
            wanted = [] if state is None else [state]
            until(lambda: list(store.live_counts()) == wanted or None)
        finally:
            store.close()
        self.on.quiet()
