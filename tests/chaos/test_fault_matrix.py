"""Whatever comes back from one call (429 with `Retry-After`, 500, nothing at all, a connection that
is cut; with the work done or not), the bot lives on and the world ends the same, with nothing lost
and nothing done twice. See `matrix.py` for what a round is, `faults.py` for the kinds."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from sandbox.cluster import LocalCluster
from tests.chaos.faults import KINDS, Case, hasty, impatient, is_acknowledgement, kinds_at
from tests.chaos.matrix import Rehearsal, play
from tests.chaos.plugin import RecordProperty, Tally
from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.theatre import STARTING, Theatre, rehearsed, tell
from tests.support.proxy import Call
from tests.support.slack import SlackWorkspace

TOGETHER = 5
"""How many faults one round of the full matrix has at most, spread over it; when it fails, each is
played alone."""

ATTEMPTS = 3
SAMPLED = 4
"""Rounds of the short matrix, not counting the burst."""


def every(rehearsal: Rehearsal, *, starting: bool) -> list[list[Case]]:
    """Each call with each kind of fault; those of one kind that are far apart share a round."""
    calls = [call for call in rehearsal.calls() if starting or call.name not in STARTING]
    rounds: list[list[Case]] = []
    kinds = {weather.name: weather for call in calls for weather in kinds_at(call.name)}
    for weather in kinds.values():
        cases = [Case(call, weather) for call in calls if weather in kinds_at(call.name)]
        count = -(-len(cases) // TOGETHER)
        rounds += [cases[first::count] for first in range(count)]
    return rounds


def sample(scenario: Scenario) -> list[list[Case]]:
    """Each kind of effect with two kinds of faults. Without acknowledgements: that a socket is gone
    takes ten seconds to be noticed."""
    rounds: list[list[Case]] = [[] for _ in range(SAMPLED)]
    names = [name for name in scenario.effects if not is_acknowledgement(name)]
    for place, name in enumerate(names):
        kinds = kinds_at(name)
        for turn in range(2):
            weather = kinds[(place + turn * 3) % len(kinds)]
            rounds[(place + turn * 2) % SAMPLED].append(Case(Call(name, 1), weather))
    return rounds


def burst(scenario: Scenario) -> list[Case]:
    """The first effect of the scenario fails again and again, each time in another way."""
    name = scenario.effects[0]
    return [Case(Call(name, place), weather) for place, weather in enumerate(KINDS, start=1)]


class Round:
    """Plays cases of one scenario."""

    def __init__(self, theatre: Theatre, scenario: Scenario, rehearsal: Rehearsal) -> None:
        self._theatre = theatre
        self._scenario = scenario
        self._rehearsal = rehearsal

    def complaints(self, cases: Sequence[Case]) -> dict[str, str]:
        """What is wrong, by case; empty when the world ends the same each time. What goes wrong
        together is played one by one."""
        complaint = self._complaint(cases)
        if not complaint:
            return {}
        alone = {str(case): self._complaint([case]) for case in cases} if len(cases) > 1 else {}
        said = {where: what for where, what in alone.items() if what}
        return said or {", ".join(map(str, cases)): complaint}

    def _complaint(self, cases: Sequence[Case]) -> str:
        left = {case.call: case for case in cases}
        try:
            for _ in range(ATTEMPTS):
                stage = self._theatre.stage()
                faults = {call: case.fault for call, case in left.items()}
                missing = play(stage, self._scenario, self._rehearsal, faults)
                assert stage.starts == 1, "the bot ended"
                assert impatient(stage.proxy.arrivals()) == []
                left = {call: left[call] for call in missing}
                if not left:
                    return ""
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the round did not hold
            self._theatre.close()
            return f"{type(error).__name__}: {error}"
        return f"these calls never came: {list(left)}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parts that can run beside each other; without `--full` only some of the scenarios."""
    full = metafunc.config.getoption("--full")
    shares = 4 if full else 1
    names = [name for name, scenario in SCENARIOS.items() if full or scenario.sampled]
    metafunc.parametrize("name", names)
    metafunc.parametrize("share", [f"{part}/{shares}" for part in range(1, shares + 1)])


@pytest.mark.timeout(3600)
def test_a_fault_at_any_call_brings_the_change_to_the_same_end(
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
    tally = Tally(record_property, "fault matrix")
    theatre = Theatre(tmp_path, slack, local, hasty(scenario.setting))
    request.addfinalizer(theatre.close)
    full = bool(request.config.getoption("--full"))
    rehearsal = rehearsed(shared_folder, scenario, theatre, times=2 if full else 1)
    first = scenario is next(iter(SCENARIOS.values()))
    rounds = every(rehearsal, starting=first) if full else sample(scenario)
    rounds.append(burst(scenario))
    part, parts = map(int, share.split("/"))
    mine = rounds[part - 1 :: parts]
    wrong: dict[str, str] = {}
    playing = Round(theatre, scenario, rehearsal)
    for count, cases in enumerate(mine, start=1):
        where = ", ".join(map(str, cases))
        started = time.monotonic()
        complaints = playing.complaints(cases)
        tally.good += len(cases) - len(complaints)
        tally.played += len(cases)
        wrong.update(complaints)
        verdict = "; ".join(said.splitlines()[0][:200] for said in complaints.values())
        seconds = time.monotonic() - started
        line = f"{name} {share}: {count}/{len(mine)} {seconds:4.1f} s {where}: "
        tell(request, line + (verdict or "same world"))
    tally.finish()
    assert not wrong, "\n\n".join(f"{where}:\n{complaint}" for where, complaint in wrong.items())
