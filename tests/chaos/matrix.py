"""One round of a matrix: a change, something bad at one call or a few, and the same final world.

The calls come from a rehearsal in which nothing bad happens. A call is known by name and
occurrence, not by a number over all calls: the threads of the bot race, their order differs from
run to run. How often a rollout or a pull request is looked at depends on time; only as many looks
count as each of two rehearsals had.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as File

from chatbot.domain.change import Change, Path
from tests.chaos.person import Person, told
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Stage
from tests.support.argocd_world import automate
from tests.support.call_names import is_effect
from tests.support.proxy import Call, Fault

_MAY_REPEAT = ("request.refused", "step.delayed")
"""A second click is refused, an outside that was cut off is waited for: no effects."""

_BESIDE = ("incident.", "postmortem.published")
_UNAWAITED = ("auto_sync.paused",)
"""What an emergency tries before it writes, and goes on without."""


@dataclass(frozen=True)
class Rehearsal:
    """What happens when nothing bad does: each call in order, what is told, what is recorded."""

    order: list[tuple[str, int]]
    told: dict[str, int]
    events: list[str]

    def calls(self) -> list[Call]:
        """Every call, in order of arrival."""
        return [Call(name, occurrence) for name, occurrence in self.order]

    def effects(self) -> list[str]:
        """The kinds of calls that change something outside."""
        return sorted(filter(is_effect, {name for name, _ in self.order}))

    def write(self, path: File) -> None:
        path.write_text(json.dumps(self.__dict__))

    @classmethod
    def read(cls, path: File) -> "Rehearsal":
        written = json.loads(path.read_text())
        return cls(**{**written, "order": [tuple(call) for call in written["order"]]})


def rehearse(playing: Stage, scenario: Scenario, *, times: int) -> Rehearsal:
    """Play it, and nothing bad happens."""
    first, *others = (_rehearse_once(playing, scenario) for _ in range(times))
    for other in others:
        assert (other.told, other.events) == (first.told, first.events)
    common = set(first.order).intersection(*(other.order for other in others))
    return replace(first, order=[call for call in first.order if call in common])


def play(
    playing: Stage,
    scenario: Scenario,
    rehearsal: Rehearsal,
    faults: Mapping[Call, Fault],
    rules: str = "",
) -> list[Call]:
    """Play it with the faults, and with these rules for the bot, and compare the final worlds;
    AssertionError says how they differ. Returns the calls that did not come, so that nothing
    happened there."""
    change, number = _round(playing, scenario, faults, rules)
    missing = playing.proxy.pending()
    _compare(playing, scenario, change, number)
    told_now, events_now = _told(playing, scenario, change), _events(playing, change)
    assert told_now == rehearsal.told, _apart(told_now, rehearsal.told)
    assert events_now == rehearsal.events, _apart(Counter(events_now), Counter(rehearsal.events))
    return missing


def _apart(found: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    """What is there more or less often than it should be."""
    keys = sorted(found.keys() | wanted.keys())
    counts = [(key, found.get(key, 0), wanted.get(key, 0)) for key in keys]
    said = [f"{key} {came} x instead of {due} x" for key, came, due in counts if came != due]
    return "; ".join(said) or "in another order"


def _rehearse_once(playing: Stage, scenario: Scenario) -> Rehearsal:
    change, number = _round(playing, scenario, {})
    _compare(playing, scenario, change, number)
    return Rehearsal(
        order=[(call.name, call.occurrence) for call in playing.proxy.calls()],
        told=_told(playing, scenario, change),
        events=_events(playing, change),
    )


def _round(
    playing: Stage, scenario: Scenario, faults: Mapping[Call, Fault], rules: str = ""
) -> tuple[Change, int]:
    automate(playing.world, "prod", automated=scenario.is_emergency)
    number = len(playing.world.store.changes(limit=10_000)) + 1
    if scenario.before is None:
        playing.prepare(faults, rules)
        return _person(playing, scenario, number).see_it_through(), number
    playing.prepare({}, rules)
    _person(playing, scenario.before, number).see_it_through()
    playing.arm(faults)
    return _person(playing, scenario, number + 1).see_it_through(), number + 1


def _person(playing: Stage, scenario: Scenario, number: int) -> Person:
    return Person(
        playing,
        f"CHG-{number}",
        scenario.asked(playing.world, number),
        scenario.deeds,
        scenario.ends,
    )


def _compare(playing: Stage, scenario: Scenario, change: Change, number: int) -> None:
    world = playing.world
    assert change.number == number, "a change too many"
    assert change.state is scenario.ends
    assert world.store.check_audit().reason == ""
    scenario.git(world, change)
    scenario.objects(world, change, number)
    late = "acknowledged after"  # how fast it is, on a loaded machine, is measured elsewhere
    assert [broken for broken in world.slack.violations() if late not in broken] == []


def _told(playing: Stage, scenario: Scenario, change: Change) -> dict[str, int]:
    card_in = scenario.asked(playing.world, change.number).card_in
    return dict(told(playing, card_in, change))


def _events(playing: Stage, change: Change) -> list[str]:
    """In their order; at the end, sorted, those of workers beside the reconciler: when they happen
    is up to them."""
    kinds = [event.entry.kind for event in playing.world.store.events(change.number)]
    counted = [kind for kind in kinds if kind not in _MAY_REPEAT]
    aside = (*_BESIDE, *_UNAWAITED) if change.path is Path.EMERGENCY else _BESIDE
    beside = sorted(kind for kind in counted if kind.startswith(aside))
    return [*(kind for kind in counted if not kind.startswith(aside)), *beside]
