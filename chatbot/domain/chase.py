"""The ladder of reminders of what is owed: when each rung is due, and who is told.

Rungs stand at fixed moments: so many hours before the obligation is due, at the breach, and every
hour after it. Whoever climbs one stores its moment (`Obligation.reminded_for`); from then on only
later moments count, so that nothing is said twice when the clock steps back, and after a downtime
only the rung that is due now is climbed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from chatbot.domain.obligation import Obligation

SENIORS_FROM = timedelta(hours=4)
"""How long before the breach the seniors are told as well."""

EVERY = timedelta(hours=1)
"""How often after the breach."""

_AT_THE_BREACH = timedelta()


class Role(Enum):
    """Who is told by direct message. The incident's channel hears of every rung."""

    OWNER = "owner"
    SENIORS = "seniors"
    MANAGERS = "managers"


@dataclass(frozen=True)
class Rung:
    """One reminder of one obligation."""

    at: datetime
    """Its moment."""
    left: timedelta
    """How much time is left at that moment; zero at the breach, negative after it."""

    @property
    def name(self) -> str:
        """`12h before`, `breach`, `3h after`: the key under which it is climbed once."""
        if self.left == _AT_THE_BREACH:
            return "breach"
        hours = abs(self.left) / timedelta(hours=1)
        return f"{hours:g}h {'before' if self.left > _AT_THE_BREACH else 'after'}"

    @property
    def is_overdue(self) -> bool:
        """Whether the time is over at this rung."""
        return self.left <= _AT_THE_BREACH

    @property
    def roles(self) -> tuple[Role, ...]:
        """Who is told: the owner, then the seniors too, then the managers too."""
        if self.is_overdue:
            return (Role.OWNER, Role.SENIORS, Role.MANAGERS)
        return (Role.OWNER, Role.SENIORS) if self.left <= SENIORS_FROM else (Role.OWNER,)


@dataclass(frozen=True)
class Ladder:
    """When to remind before something is due."""

    before: tuple[timedelta, ...]

    @classmethod
    def of_hours(cls, hours: Iterable[float]) -> "Ladder":
        """As `[obligations] remind_before_hours` says."""
        return cls(tuple(timedelta(hours=each) for each in sorted(set(hours), reverse=True)))


def due_rung(obligation: Obligation, ladder: Ladder, now: datetime) -> Rung | None:
    """The rung whose time it is: the latest that has come, unless it or a later one was climbed.
    None: there is nothing to say now."""
    if not obligation.is_open:
        return None
    if obligation.due_at <= now:
        latest: Rung | None = _overdue(obligation, (now - obligation.due_at) // EVERY)
    else:
        come = [rung for rung in _ahead(obligation, ladder) if rung.at <= now]
        latest = come[-1] if come else None
    return latest if latest is not None and latest.at > _passed(obligation) else None


def next_rung(obligation: Obligation, ladder: Ladder) -> Rung:
    """The first rung that is still to be climbed. After the breach there is always another."""
    passed = _passed(obligation)
    for rung in (*_ahead(obligation, ladder), _overdue(obligation, 0)):
        if rung.at > passed:
            return rung
    return _overdue(obligation, (passed - obligation.due_at) // EVERY + 1)


def skippable(obligation: Obligation, ladder: Ladder, now: datetime) -> Rung | None:
    """The next reminder before the obligation is due: what a snooze skips. None when the next thing
    to come is the breach, which nobody skips."""
    passed = max(_passed(obligation), now)
    return next((rung for rung in _ahead(obligation, ladder) if rung.at > passed), None)


def _ahead(obligation: Obligation, ladder: Ladder) -> list[Rung]:
    """The reminders before it is due, in the order of time."""
    return [Rung(obligation.due_at - left, left) for left in ladder.before]


def _overdue(obligation: Obligation, hours: int) -> Rung:
    return Rung(obligation.due_at + hours * EVERY, -hours * EVERY)


def _passed(obligation: Obligation) -> datetime:
    """Up to which moment nothing is left to say. A reminder from before there was something to be
    reminded of is none."""
    snoozed = obligation.snoozed.until if obligation.snoozed else None
    moments = (obligation.since, obligation.reminded_for, snoozed)
    return max(each for each in moments if each is not None)
