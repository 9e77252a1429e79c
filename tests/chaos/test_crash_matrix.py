"""Whenever the bot dies, the world ends the same: one pull request with one commit, one card, every
sentence told once, the same objects. See `matrix.py` for what a round is."""

import fcntl
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.cluster import LocalCluster
from tests.chaos.matrix import Point, Rehearsal, play, rehearse, stage
from tests.chaos.scenarios import SCENARIOS, Scenario
from tests.chaos.stage import Stage
from tests.support.slack import SlackWorkspace

SHARES = 4
"""Parts of a scenario's points that can run beside each other."""

ATTEMPTS = 3
"""How often a call that depends on time (one look more at a rollout) is waited for."""


class Theatre:
    """The stage to play on; a new one after a round that failed."""

    def __init__(self, folder: Path, slack: SlackWorkspace, cluster: LocalCluster) -> None:
        self._make = lambda name: stage(folder / name, slack, cluster)
        self._parts = ExitStack()
        self._stage: Stage | None = None
        self._count = 0

    def stage(self) -> Stage:
        if self._stage is None:
            self._count += 1
            self._stage = self._parts.enter_context(self._make(f"stage-{self._count}"))
        return self._stage

    def close(self) -> None:
        self._parts.close()
        self._parts, self._stage = ExitStack(), None


def rehearsed(shared: Path, scenario: Scenario, theatre: Theatre) -> Rehearsal:
    """The rehearsal of a scenario: made by the first worker that needs it, read by the others."""
    written = shared / f"rehearsal-{scenario.name}.json"
    with (shared / f"rehearsal-{scenario.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not written.exists():
            rehearse(theatre.stage(), scenario).write(written)
        return Rehearsal.read(written)


def held(theatre: Theatre, scenario: Scenario, rehearsal: Rehearsal, point: Point) -> str:
    """Empty when the final world is the same; otherwise what is wrong."""
    try:
        for _ in range(ATTEMPTS):
            if play(theatre.stage(), scenario, rehearsal, point):
                return ""
    except AssertionError as error:
        theatre.close()
        return str(error)
    return "the call never came"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_bot_killed_at_any_call_brings_the_change_to_the_same_end(
    name: str,
    share: int,
    tmp_path: Path,
    shared_folder: Path,
    slack: SlackWorkspace,
    local: LocalCluster,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    scenario = SCENARIOS[name]
    theatre = Theatre(tmp_path, slack, local)
    request.addfinalizer(theatre.close)
    rehearsal = rehearsed(shared_folder, scenario, theatre)
    everything = request.config.getoption("--full")
    points = (rehearsal.points() if everything else rehearsal.effects())[share::SHARES]
    wrong = {}
    for count, point in enumerate(points, start=1):
        started = time.monotonic()
        complaint = held(theatre, scenario, rehearsal, point)
        if complaint:
            wrong[str(point)] = complaint
        seconds = time.monotonic() - started
        verdict = complaint.splitlines()[0][:200] if complaint else "same world"
        sys.stderr.write(
            f"{name} {share + 1}/{SHARES} {count}/{len(points)} {seconds:4.1f} s "
            f"{point}: {verdict}\n"
        )
    record_property("crash_matrix_direct", [len(points) - len(wrong), len(points)])
    assert not wrong, "\n\n".join(f"{point}:\n{complaint}" for point, complaint in wrong.items())
