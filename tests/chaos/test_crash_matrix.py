"""Whenever the bot dies, the world ends the same: one pull request with one commit, one card, every
sentence told once, the same objects. See `matrix.py` for what a round is."""

from dataclasses import dataclass

import pytest

from tests.chaos.matrix import Rehearsal
from tests.chaos.programme import ON_TIME, Programme, Share, calls_of
from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.stage import Stage
from tests.support.proxy import Call, Fault

WHENS = ("before", "after")
DEATHS = 4
"""How many one round of the full matrix has at most; when it fails, each is played alone."""


@dataclass(frozen=True)
class Point:
    """Where the bot dies."""

    call: Call
    when: str
    """`before` the request reaches the outside, or `after` the outside has answered."""

    def fault(self, stage: Stage) -> Fault:
        return Fault(**{self.when: stage.crash})

    def __str__(self) -> str:
        return f"{self.when} {self.call.name} #{self.call.occurrence}"


def rounds(rehearsal: Rehearsal, scenario: Scenario, *, full: bool) -> list[list[Point]]:
    """The points at which the bot dies in each round: a few, far apart, or, in the short matrix,
    one round with a death before, and one with a death after each kind of effect; of what is to
    be brief one round, with both in turns."""
    named = {name for each in SCENARIOS.values() for name in (*each.effects, *each.spared)}
    unknown = set(rehearsal.effects()) - named - set(ON_TIME)
    assert not unknown, f"name these in the effects of {scenario.name}: {sorted(unknown)}"
    if full:
        points = [Point(call, when) for call in calls_of(rehearsal, scenario) for when in WHENS]
        count = -(-len(points) // DEATHS)
        return [points[first::count] for first in range(count)]
    calls = [*(Call(name, 1) for name in scenario.effects), *scenario.also]
    if scenario.brief:
        return [[Point(call, WHENS[place % 2]) for place, call in enumerate(calls)]]
    return [[Point(call, when) for call in calls] for when in WHENS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parts of a scenario that can run beside each other; without `--full` only of those that
    have something to kill at."""
    full = metafunc.config.getoption("--full")
    shares = 4 if full else 1
    names = [name for name, each in SCENARIOS.items() if full or each.effects or each.also]
    metafunc.parametrize("name", names)
    metafunc.parametrize("share", [f"{part}/{shares}" for part in range(1, shares + 1)])


@pytest.mark.timeout(3600)
def test_a_bot_killed_at_any_call_brings_the_change_to_the_same_end(
    name: str, share: str, programme: Programme
) -> None:
    scenario = SCENARIOS[name]
    tally = programme.run(
        Share(
            line=f"crash matrix {scenario.matrix}",
            scenario=scenario,
            part=share,
            rounds=lambda rehearsal: rounds(rehearsal, scenario, full=programme.full),
            one_by_one=programme.full,
        )
    )
    assert tally.good == tally.played > 0
