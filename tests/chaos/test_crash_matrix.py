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
from tests.chaos.matrix import Rehearsal, play, rehearse, stage
from tests.chaos.scenarios import SCENARIOS, Scenario
from tests.chaos.stage import Point, Stage
from tests.support.proxy import Call
from tests.support.slack import SlackWorkspace

ATTEMPTS = 3
"""How often a call that depends on time (one look more at a rollout) is waited for."""

STARTING = ("slack auth.test", "slack apps.connections.open", "cluster GET discovery")
"""What a bot asks while it starts, before any change: the same in all scenarios, so played once."""


class Theatre:
    """The stage to play on; a new one after a round that failed."""

    def __init__(self, folder: Path, slack: SlackWorkspace, cluster: LocalCluster) -> None:
        self._folder = folder
        self._slack = slack
        self._cluster = cluster
        self._parts = ExitStack()
        self._stage: Stage | None = None
        self._count = 0

    def stage(self) -> Stage:
        if self._stage is None:
            self._count += 1
            folder = self._folder / f"stage-{self._count}"
            self._stage = self._parts.enter_context(stage(folder, self._slack, self._cluster))
        return self._stage

    def close(self) -> None:
        self._parts.close()
        self._parts, self._stage = ExitStack(), None


def rehearsed(shared: Path, scenario: Scenario, theatre: Theatre, *, times: int) -> Rehearsal:
    """The rehearsal of a scenario: made by the first worker that needs it, read by the others."""
    written = shared / f"rehearsal-{scenario.name}.json"
    with (shared / f"rehearsal-{scenario.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not written.exists():
            rehearse(theatre.stage(), scenario, times=times).write(written)
        return Rehearsal.read(written)


def rounds(rehearsal: Rehearsal, scenario: Scenario, *, full: bool) -> list[list[Point]]:
    """The points at which the bot dies in each round: one in each, or, in the short matrix, one
    round with a death before, and one with a death after each kind of effect."""
    unknown = set(rehearsal.effects()) - {
        name for each in SCENARIOS.values() for name in each.effects
    }
    assert not unknown, f"name these in the effects of {scenario.name}: {sorted(unknown)}"
    if full:
        first = scenario is next(iter(SCENARIOS.values()))
        return [[point] for point in rehearsal.points() if first or point.call.name not in STARTING]
    return [
        [Point(Call(name, 1), when) for name in scenario.effects] for when in ("before", "after")
    ]


def held(theatre: Theatre, scenario: Scenario, rehearsal: Rehearsal, points: list[Point]) -> str:
    """Empty when the final world is the same; otherwise what is wrong."""
    try:
        for _ in range(ATTEMPTS):
            missing = play(theatre.stage(), scenario, rehearsal, points)
            if not missing:
                return ""
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the round did not hold
        theatre.close()
        return f"{type(error).__name__}: {error}"
    return f"these calls never came: {missing}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parts of a scenario that can run beside each other."""
    shares = 4 if metafunc.config.getoption("--full") else 2
    metafunc.parametrize("share", [f"{part}/{shares}" for part in range(1, shares + 1)])


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_bot_killed_at_any_call_brings_the_change_to_the_same_end(
    name: str,
    share: str,
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
    full = bool(request.config.getoption("--full"))
    # What is looked at once in one rehearsal and twice in the next depends on time.
    rehearsal = rehearsed(shared_folder, scenario, theatre, times=2 if full else 1)
    part, parts = map(int, share.split("/"))
    mine = rounds(rehearsal, scenario, full=full)[part - 1 :: parts]
    wrong: dict[str, str] = {}
    good = 0
    for count, points in enumerate(mine, start=1):
        where = ", ".join(map(str, points))
        started = time.monotonic()
        complaint = held(theatre, scenario, rehearsal, points)
        good += 0 if complaint else len(points)
        if complaint:
            wrong[where] = complaint
        verdict = complaint.splitlines()[0][:200] if complaint else "same world"
        seconds = time.monotonic() - started
        tell(request, f"{name} {share}: {count}/{len(mine)} {seconds:4.1f} s {where}: {verdict}")
    record_property("crash_matrix_direct", [good, sum(map(len, mine))])
    assert not wrong, "\n\n".join(f"{where}:\n{complaint}" for where, complaint in wrong.items())


def tell(request: pytest.FixtureRequest, line: str) -> None:
    """Progress that is seen while it happens, past pytest's capture: a full matrix takes long."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    if request.config.getoption("--full") and capture is not None:
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
