"""How a matrix is gone through: one share of its rounds after the other, counted and told."""

import fcntl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import pytest

from tests.chaos.matrix import Rehearsal, play, rehearse
from tests.chaos.plugin import RecordProperty, Tally
from tests.chaos.scenario import Scenario
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.stage import Stage
from tests.chaos.theatre import Theatre
from tests.support.call_names import is_effect
from tests.support.proxy import Call, Fault

STARTING = ("slack auth.test", "slack apps.connections.open", "cluster GET discovery")
"""What a bot asks while it starts, before any change: the same in all scenarios, so played once."""

ON_TIME = (
    "cluster PATCH applications (look)",
    "slack chat.update",
    "slack chat.update incident",
    "slack conversations.setTopic",
)
"""Effects that depend on time: Argo CD is asked for a look that it did not take by itself, and one
drawing may show several changes of a row."""

ATTEMPTS = 3
"""How often a call that depends on time (one look more at a rollout) is waited for."""


class Bad(Protocol):
    """Something bad at one call; its text says what and where."""

    @property
    def call(self) -> Call: ...

    def fault(self, stage: Stage) -> Fault: ...


Case = TypeVar("Case", bound=Bad)


@dataclass(frozen=True)
class Share(Generic[Case]):
    """One test's part of a matrix."""

    line: str
    """Under which it is counted, such as `crash matrix direct`."""
    scenario: Scenario
    part: str
    """Such as `2/4`."""
    rounds: Callable[[Rehearsal], list[list[Case]]]
    """The rounds of all parts; the cases of each happen in one play."""
    rules: str = ""
    """Sections for the end of the bot's `redlight.toml`."""
    check: Callable[[Stage], None] = lambda stage: None
    """Asserts what else must hold after a play."""
    one_by_one: bool = False
    """Whether the cases of a round that failed are played again, each alone."""


@dataclass(frozen=True)
class Programme:
    """What the test of a matrix plays on."""

    theatre: Theatre
    shared: Path
    """A folder of all workers."""
    request: pytest.FixtureRequest
    record: RecordProperty

    @property
    def full(self) -> bool:
        """Whether something bad is to happen at every call."""
        return bool(self.request.config.getoption("--full"))

    def run(self, share: Share[Case]) -> Tally:
        """Play the rounds of a share; fails with everything that is wrong. What was played."""
        tally = Tally(self.record, share.line)
        rehearsal = self._rehearsed(share.scenario)
        part, parts = map(int, share.part.split("/"))
        mine = share.rounds(rehearsal)[part - 1 :: parts]
        wrong: dict[str, str] = {}
        for count, cases in enumerate(mine, start=1):
            started = time.monotonic()
            verdicts = self._verdicts(share, rehearsal, cases)
            complaints = {str(case): complaint for case, complaint in verdicts.items() if complaint}
            tally.good += len(verdicts) - len(complaints)
            tally.played += len(verdicts)
            tally.looks_less += len(cases) - len(verdicts)
            wrong |= complaints
            said = "; ".join(sorted({each.splitlines()[0][:600] for each in complaints.values()}))
            self.tell(
                f"{share.line}: {share.scenario.name} {share.part}: {count}/{len(mine)} "
                f"{time.monotonic() - started:4.1f} s {', '.join(map(str, cases))}: "
                f"{said or ('same world' if verdicts else 'did not come')}"
            )
        tally.finish()
        assert not wrong, "\n\n".join(f"{where}:\n{said}" for where, said in wrong.items())
        return tally

    def tell(self, line: str) -> None:
        """Progress that is seen while it happens, past pytest's capture: a full matrix takes
        long."""
        capture = self.request.config.pluginmanager.getplugin("capturemanager")
        if self.full and capture is not None:
            with capture.global_and_fixture_disabled():
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()

    def _rehearsed(self, scenario: Scenario) -> Rehearsal:
        """The rehearsal of a scenario: made by the first worker that needs it, read by the rest.
        What is looked at once in one and twice in the next depends on time."""
        written = self.shared / f"rehearsal-{scenario.name}.json"
        with (self.shared / f"rehearsal-{scenario.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not written.exists():
                try:
                    made = rehearse(self.theatre.stage(), scenario, times=2 if self.full else 1)
                except Exception:
                    self.theatre.clear()
                    raise
                made.write(written)
            return Rehearsal.read(written)

    def _verdicts(
        self, share: Share[Case], rehearsal: Rehearsal, cases: Sequence[Case]
    ) -> dict[Case, str]:
        """What is wrong, by case; empty where the world ends the same. Without the cases at looks
        that did not come."""
        together = self._together(share, rehearsal, cases)
        if any(together.values()) and share.one_by_one and len(cases) > 1:
            alone: dict[Case, str] = {}
            for case in cases:
                alone |= self._together(share, rehearsal, [case])
            if any(alone.values()):
                return alone
        return together

    def _together(
        self, share: Share[Case], rehearsal: Rehearsal, cases: Sequence[Case]
    ) -> dict[Case, str]:
        left = {case.call: case for case in cases}
        try:
            for _ in range(ATTEMPTS):
                stage = self.theatre.stage()
                faults = {call: case.fault(stage) for call, case in left.items()}
                missing = play(stage, share.scenario, rehearsal, faults, share.rules)
                share.check(stage)
                left = {call: left[call] for call in missing}
                if not left:
                    break
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the round did not hold
            self.theatre.clear()
            return dict.fromkeys(cases, f"{type(error).__name__}: {error}")
        came = {case: "" for case in cases if case.call not in left}
        never = {case: "the call never came" for case in left.values() if _must_come(case.call)}
        return came | never


def _must_come(call: Call) -> bool:
    """Whatever changes something outside must; how often is looked depends on time."""
    return call.name not in ON_TIME and (is_effect(call.name) or call.occurrence == 1)


def calls_of(rehearsal: Rehearsal, scenario: Scenario) -> list[Call]:
    """The calls of a scenario at which something bad is to happen."""
    first = scenario is next(iter(SCENARIOS.values()))
    return [call for call in rehearsal.calls() if first or call.name not in STARTING]
