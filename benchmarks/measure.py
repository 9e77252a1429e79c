"""What a row of the table is, and how noise is kept out of it.

The machine may be busy with other things. Ours and the anchor therefore take turns, round by
round, each goes first equally often, and a row's ratio is the median of the ratios of the rounds.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.002


@dataclass(frozen=True)
class Row:
    """One measured promise. Values are in `unit`; `ratio` is ours divided by the anchor."""

    what: str
    ours: float
    unit: str
    goal: str
    met: bool
    anchor_name: str = ""
    anchor: float | None = None
    ratio: float | None = None
    notes: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Scale:
    """How much is measured: everything, or just enough to see that the harness works."""

    quick: bool = False
    soak_seconds: float = 120.0

    def of(self, whole: int, quick: int) -> int:
        """The count for this run."""
        return quick if self.quick else whole


@dataclass(frozen=True)
class Pairs:
    """What ours and the anchor took in each round."""

    ours: Sequence[float]
    anchor: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        rounds = zip(self.ours, self.anchor, strict=True)
        return statistics.median(ours / anchor for ours, anchor in rounds)

    def row(self, what: str, unit: str, goal: str, anchor_name: str, *, most: float) -> Row:
        """A row whose goal is a ratio of at most `most`; values are seconds, shown in `unit`."""
        factor = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
        return Row(
            what=what,
            ours=statistics.median(self.ours) * factor,
            anchor=statistics.median(self.anchor) * factor,
            unit=unit,
            goal=goal,
            anchor_name=anchor_name,
            ratio=self.ratio,
            met=self.ratio <= most,
        )


def interleaved(rounds: int, ours: Callable[[int], float], anchor: Callable[[int], float]) -> Pairs:
    """Let both measure themselves `rounds` times, in turns; they are given the round's number."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        order = ((0, ours), (1, anchor)) if number % 2 else ((1, anchor), (0, ours))
        for side, measure in order:
            taken[side].append(measure(number))
    return Pairs(*taken)


def until(look: Callable[[], T | None], seconds: float = 120.0) -> T:
    """Look again and again until there is something; what is found. Raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain")
        time.sleep(_LOOK_SECONDS)
    return found


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
