"""Whenever the bot dies, the world ends the same: one pull request with one commit, one card, every
sentence told once, the same objects. See `matrix.py` for what a round is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.cluster import LocalCluster
from tests.chaos.matrix import Rehearsal, play
from tests.chaos.plugin import RecordProperty, Tally
from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.theatre import STARTING, Theatre, rehearsed, tell
from tests.support.proxy import Call, Fault
from tests.support.slack import SlackWorkspace

ATTEMPTS = 3
"""How often a call that depends on time (one look more at a rollout) is waited for."""


@dataclass(frozen=True)
class Point:
    """Where the bot dies."""

    call: Call
    when: str
    """`before` the request reaches the outside, or `after` the outside has answered."""

    def __str__(self) -> str:
        return f"{self.when} {self.call.name} #{self.call.occurrence}"


def rounds(rehearsal: Rehearsal, scenario: Scenario, *, full: bool) -> list[list[Point]]:
    """The points at which the bot dies in each round: one in each, or, in the short matrix, one
    round with a death before, and one with a death after each kind of effect."""
    unknown = set(rehearsal.effects()) - {
        name for each in SCENARIOS.values() for name in each.effects
    }
    assert not unknown, f"name these in the effects of {scenario.name}: {sorted(unknown)}"
    whens = ("before", "after")
    if full:
        first = scenario is next(iter(SCENARIOS.values()))
        calls = [call for call in rehearsal.calls() if first or call.name not in STARTING]
        return [[Point(call, when)] for call in calls for when in whens]
    return [[Point(Call(name, 1), when) for name in scenario.effects] for when in whens]


def held(
    theatre: Theatre, scenario: Scenario, rehearsal: Rehearsal, points: Sequence[Point]
) -> str:
    """Empty when the final world is the same; otherwise what is wrong."""
    try:
        for _ in range(ATTEMPTS):
            stage = theatre.stage()
            deaths = {
                point.call: Fault(before=stage.crash)
                if point.when == "before"
                else Fault(after=stage.crash)
                for point in points
            }
            missing = play(stage, scenario, rehearsal, deaths)
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
    record_property: RecordProperty,
) -> None:
    scenario = SCENARIOS[name]
    tally = Tally(record_property, f"crash matrix {scenario.matrix}")
    theatre = Theatre(tmp_path, slack, local, scenario.setting)
    request.addfinalizer(theatre.close)
    full = bool(request.config.getoption("--full"))
    # What is looked at once in one rehearsal and twice in the next depends on time.
    rehearsal = rehearsed(shared_folder, scenario, theatre, times=2 if full else 1)
    part, parts = map(int, share.split("/"))
    mine = rounds(rehearsal, scenario, full=full)[part - 1 :: parts]
    wrong: dict[str, str] = {}
    for count, points in enumerate(mine, start=1):
        where = ", ".join(map(str, points))
        started = time.monotonic()
        complaint = held(theatre, scenario, rehearsal, points)
        tally.good += 0 if complaint else len(points)
        tally.played += len(points)
        if complaint:
            wrong[where] = complaint
        verdict = complaint.splitlines()[0][:200] if complaint else "same world"
        seconds = time.monotonic() - started
        tell(request, f"{name} {share}: {count}/{len(mine)} {seconds:4.1f} s {where}: {verdict}")
    tally.finish()
    assert not wrong, "\n\n".join(f"{where}:\n{complaint}" for where, complaint in wrong.items())
