"""Whatever comes back from one call (429 with `Retry-After`, 500, nothing at all, a connection that
is cut; with the work done or not), the bot lives on and the world ends the same, with nothing lost
and nothing done twice. See `matrix.py` for what a round is, `faults.py` for the kinds."""

import pytest

from tests.chaos.faults import (
    KINDS,
    SHORT_TIMEOUTS,
    Case,
    impatient,
    is_acknowledgement,
    kinds_at,
)
from tests.chaos.matrix import Rehearsal
from tests.chaos.programme import ON_TIME, Programme, Share, calls_of
from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.stage import Stage
from tests.support.proxy import Call

TOGETHER = 15
"""How many faults one round of the full matrix has at most, spread over it; when it fails, each is
played alone."""


UNAWAITED = ("cluster PATCH applications",)
"""What an emergency tries, and goes on without: it does not come again until it works."""


def every(rehearsal: Rehearsal, scenario: Scenario) -> list[list[Case]]:
    """Each call with each kind of fault; those of one kind that are far apart share a round."""
    calls = calls_of(rehearsal, scenario)
    rounds: list[list[Case]] = []
    kinds = {weather.name: weather for call in calls for weather in kinds_at(call.name)}
    for weather in kinds.values():
        cases = [Case(call, weather) for call in calls if weather in kinds_at(call.name)]
        count = -(-len(cases) // TOGETHER)
        rounds += [cases[first::count] for first in range(count)]
    return rounds


def sample(scenario: Scenario) -> list[Case]:
    """The round of the short matrix: each kind of effect with one kind of fault, in turns. Without
    acknowledgements: that a socket is gone takes ten seconds to be noticed."""
    names = [name for name in scenario.effects if not is_acknowledgement(name)]
    kinds = [kinds_at(name) for name in names]
    return [
        Case(Call(name, 1), among[place % len(among)])
        for place, (name, among) in enumerate(zip(names, kinds, strict=True))
    ]


def burst(rehearsal: Rehearsal, scenario: Scenario) -> list[Case]:
    """An effect of the scenario fails again and again, each time in another way."""
    passed_over = (*ON_TIME, *(UNAWAITED if scenario.is_emergency else ()))
    others = [name for name in rehearsal.effects() if name not in passed_over]
    name = (scenario.effects or others)[0]
    return [Case(Call(name, place), weather) for place, weather in enumerate(KINDS, start=1)]


def lived_on_and_was_patient(stage: Stage) -> None:
    assert stage.starts == 1, "the bot ended"
    hasty = impatient(stage.proxy.arrivals())
    assert hasty == [], "; ".join(hasty)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parts that can run beside each other; without `--full` only some of the scenarios."""
    full = metafunc.config.getoption("--full")
    shares = 4 if full else 1
    names = [name for name, scenario in SCENARIOS.items() if full or scenario.sampled]
    metafunc.parametrize("name", names)
    metafunc.parametrize("share", [f"{part}/{shares}" for part in range(1, shares + 1)])


@pytest.mark.timeout(3600)
def test_a_fault_at_any_call_brings_the_change_to_the_same_end(
    name: str, share: str, programme: Programme
) -> None:
    scenario = SCENARIOS[name]

    def rounds(rehearsal: Rehearsal) -> list[list[Case]]:
        most = every(rehearsal, scenario) if programme.full else [sample(scenario)]
        is_short = scenario.brief and not programme.full
        return most if is_short else [*most, burst(rehearsal, scenario)]

    tally = programme.run(
        Share(
            line="fault matrix emergency" if scenario.is_emergency else "fault matrix",
            scenario=scenario,
            part=share,
            rounds=rounds,
            rules=SHORT_TIMEOUTS,
            check=lived_on_and_was_patient,
            one_by_one=True,
        )
    )
    assert tally.good == tally.played > 0
