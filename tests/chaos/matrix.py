"""One round of the crash matrix: a change, a death at one call, and the same final world.

The points come from a rehearsal without a death. A point is a call by name and occurrence, not by
a number over all calls: the threads of the bot race, their order differs from run to run. How often
a rollout or a pull request is looked at depends on time; only as many looks count as each of two
rehearsals had.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatbot.domain.change import Change
from sandbox.cluster import LocalCluster
from tests.chaos.scenarios import Scenario
from tests.chaos.stage import Person, Point, Stage, told
from tests.support.call_names import is_effect
from tests.support.forge import running_forge
from tests.support.proxy import Call
from tests.support.slack import SlackWorkspace
from tests.support.world import World

_MAY_REPEAT = ("request.refused", "step.delayed")
"""A second click is refused, an outside that was cut off is waited for: no effects."""


@dataclass(frozen=True)
class Rehearsal:
    """What happens without a death: how often each call, what is told, what is recorded."""

    calls: dict[str, int]
    told: dict[str, int]
    events: list[str]

    def points(self) -> list[Point]:
        """Before and after every call."""
        return [
            Point(Call(name, occurrence), when)
            for name, count in sorted(self.calls.items())
            for occurrence in range(1, count + 1)
            for when in ("before", "after")
        ]

    def effects(self) -> list[str]:
        """The kinds of calls that change something outside."""
        return sorted(filter(is_effect, self.calls))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.__dict__))

    @classmethod
    def read(cls, path: Path) -> "Rehearsal":
        return cls(**json.loads(path.read_text()))


@contextmanager
def stage(folder: Path, slack: SlackWorkspace, cluster: LocalCluster) -> Iterator[Stage]:
    """A fresh world to play in."""
    folder.mkdir()
    cluster.clear()
    cluster.seed()
    with ExitStack() as parts:
        forge = parts.enter_context(running_forge(folder / "forge"))
        world = World(folder, slack, cluster, forge)
        parts.callback(world.store.close)
        playing = Stage(world, folder)
        parts.callback(playing.close)
        yield playing


def rehearse(playing: Stage, scenario: Scenario, *, times: int) -> Rehearsal:
    """Play it without a death."""
    first, *others = (_rehearse_once(playing, scenario) for _ in range(times))
    assert all(count == 1 for count in first.told.values()), first.told
    least = Counter(first.calls)
    for other in others:
        assert (other.told, other.events) == (first.told, first.events)
        least &= Counter(other.calls)
    return Rehearsal(dict(least), first.told, first.events)


def play(
    playing: Stage, scenario: Scenario, rehearsal: Rehearsal, points: Sequence[Point]
) -> list[Call]:
    """Play it with a death at each point and compare the final worlds; AssertionError says how
    they differ. Returns the calls that did not come, so that nobody died there."""
    change, number = _round(playing, scenario, points)
    missing = playing.proxy.pending()
    _compare(playing, scenario, change, number)
    assert dict(told(playing, scenario.environment, change)) == rehearsal.told
    assert _events(playing, change) == rehearsal.events
    return missing


def _rehearse_once(playing: Stage, scenario: Scenario) -> Rehearsal:
    change, number = _round(playing, scenario, ())
    _compare(playing, scenario, change, number)
    return Rehearsal(
        calls=dict(Counter(call.name for call in playing.proxy.calls())),
        told=dict(told(playing, scenario.environment, change)),
        events=_events(playing, change),
    )


def _round(playing: Stage, scenario: Scenario, points: Sequence[Point]) -> tuple[Change, int]:
    number = len(playing.world.store.changes(limit=10_000)) + 1
    playing.prepare(points)
    person = Person(
        playing,
        scenario.environment,
        scenario.text(number),
        scenario.fields(number),
        scenario.ends,
    )
    return person.see_it_through(), number


def _compare(playing: Stage, scenario: Scenario, change: Change, number: int) -> None:
    world = playing.world
    assert change.number == number, "a change too many"
    assert change.state is scenario.ends
    assert world.store.check_audit().reason == ""
    pulls = [pull for pull in world.repo.get_pulls(state="all") if pull.head.ref == change.branch]
    if scenario.paid_back:
        [pull] = pulls
        assert (pull.merged, pull.commits) == (True, 1)
        assert [label.name for label in pull.labels] == ["redlight"]
        assert world.file(f"mcp-ocs/changes/{change.id}.yaml")
    else:
        assert pulls == []
    assert change.branch not in [branch.name for branch in world.repo.get_branches()]
    scenario.objects(world, change, number)
    late = "acknowledged after"  # how fast it is, on a loaded machine, is measured elsewhere
    assert [broken for broken in world.slack.violations() if late not in broken] == []


def _events(playing: Stage, change: Change) -> list[str]:
    kinds = [event.entry.kind for event in playing.world.store.events(change.number)]
    return [kind for kind in kinds if kind not in _MAY_REPEAT]
