"""Memory after the start and under steady work: small, and flat.

The work is whole changes: a form in Slack, an apply of one more ConfigMap in dev, its pull
request, its merge, the card. They follow each other as fast as one person can ask.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from benchmarks.measure import Row, Scale
from benchmarks.stage import REQUESTER, Stage, stage
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.lifecycle import State
from sandbox.children import Child

GOAL_MB = 200.0
GOAL_GROWTH = 0.05
IN_FLIGHT = 8
"""Changes at work at a time; a person who asks for more waits."""

OBJECTS = 40
"""Names that the changes go round in, so that cluster and repository stay as large as they are."""

NAMESPACE, CHANNEL = "shop-dev", "C0DEV"


def rows(folder: Path, scale: Scale) -> list[Row]:
    """Memory after the start (against a bare Bolt app), and after the soak."""
    seconds = 8.0 if scale.quick else scale.soak_seconds
    with stage(folder) as on:
        bare = _megabytes(on.bare_bolt())
        bot = on.redlight()
        on.aim("ours")
        on.quiet()
        started = _megabytes(bot)
        soak = _Soak(on, bot)
        soak.run(seconds)
    anchor_name = "a bare Bolt app after its start"
    after = median(soak.last_quarter)
    growth = after / median(soak.second_quarter) - 1
    worked = f"{soak.completed} changes in {seconds:,.0f} s"
    return [
        Row(
            what="memory (RSS) after the start",
            ours=started,
            unit="MB",
            goal="≤ 200 MB",
            met=started <= GOAL_MB,
            anchor_name=anchor_name,
            anchor=bare,
            ratio=started / bare,
        ),
        Row(
            what=f"memory (RSS) after {worked}",
            ours=after,
            unit="MB",
            goal="≤ 200 MB",
            met=after <= GOAL_MB,
            anchor_name=anchor_name,
            anchor=bare,
            ratio=after / bare,
        ),
        Row(
            what="growth of memory from the second quarter of that time to the last",
            ours=growth * 100,
            unit="%",
            goal="flat: ≤ 5 %",
            met=growth <= GOAL_GROWTH,
        ),
    ]


def _megabytes(child: Child) -> float:
    """Resident memory of the process itself; a render it starts for 40 ms is not counted."""
    return float(psutil.Process(child.process.pid).memory_info().rss / 1024**2)


@dataclass
class _Soak:
    """Work for some time; memory is read before each request and while one has to wait."""

    on: Stage
    bot: Child
    readings: list[tuple[float, float]] = field(default_factory=list)
    """Share of the time that has passed, and megabytes."""
    completed: int = 0

    @property
    def second_quarter(self) -> list[float]:
        """Megabytes when caches and pools have filled."""
        return [megabytes for share, megabytes in self.readings if 0.25 <= share < 0.5]

    @property
    def last_quarter(self) -> list[float]:
        """Megabytes in the end."""
        return [megabytes for share, megabytes in self.readings if share >= 0.75]

    def run(self, seconds: float) -> None:
        """Ask for changes until the time is over, then let the last ones end."""
        store = SqliteStore(self.on.database("ours"))
        try:
            started, number = time.monotonic(), 0

            def room() -> bool:
                self._read((time.monotonic() - started) / seconds)
                return _live(store) < IN_FLIGHT

            while time.monotonic() - started < seconds:
                self.on.slack.wait_for(room, timeout=60)
                self._request(number)
                number += 1
            self.on.slack.wait_for(lambda: not _live(store), timeout=120)
            self.completed = len(store.changes(limit=1_000_000))
            others = [
                change.state
                for change in store.changes(limit=1_000_000)
                if change.state is not State.COMPLETED
            ]
            if others:
                raise RuntimeError(f"{len(others)} changes ended as {sorted(set(others))}")
        finally:
            store.close()

    def _read(self, share: float) -> None:
        self.readings.append((share, _megabytes(self.bot)))

    def _request(self, number: int) -> None:
        name = f"soak-{number % OBJECTS}"
        manifest = (
            "apiVersion: v1\nkind: ConfigMap\n"
            f"metadata:\n  name: {name}\n  namespace: {NAMESPACE}\ndata:\n  round: '{number}'\n"
        )
        slack = self.on.slack
        slack.command(REQUESTER, CHANNEL, "/change", "apply dev")
        slack.view(REQUESTER, "change_request")
        answer = slack.submit(REQUESTER, {"manifest": manifest, "justification": "Steady work."})
        if answer.errors:
            raise RuntimeError(f"the form was refused: {answer.errors}")


def _live(store: SqliteStore) -> int:
    return sum(store.live_counts().values())
