"""Cron schedules as Argo CD's sync windows use them: five fields, or `@daily` and its kin. Pure.

Minutes are walked one by one: windows last hours, so that is a few hundred comparisons.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_FIELDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Cron:
    """A schedule: the values that each field takes."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    either_day: bool
    """Both kinds of day are restricted: one of them is enough."""

    def fires_at(self, local: datetime) -> bool:
        """Whether it fires in this minute of wall-clock time."""
        if local.minute not in self.minutes or local.hour not in self.hours:
            return False
        if local.month not in self.months:
            return False
        day, weekday = local.day in self.days, local.isoweekday() % 7 in self.weekdays
        return (day or weekday) if self.either_day else (day and weekday)

    def last_before(self, at: datetime, within: timedelta) -> datetime | None:
        """The last time it fired in (`at` - `within`, `at`], in the time zone of `at`."""
        minute = at.replace(second=0, microsecond=0)
        while minute > at - within:
            if self.fires_at(minute):
                return minute
            minute -= _MINUTE
        return None


def parse_cron(text: str) -> Cron:
    """Read a schedule; raises `ValueError` with one sentence."""
    parts = _DESCRIPTORS.get(text.strip().lower(), text).split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f"the schedule {text!r} does not have five fields")
    try:
        minutes, hours, days, months, weekdays = (
            _field(part, index) for index, part in enumerate(parts)
        )
    except ValueError as error:
        raise ValueError(f"the schedule {text!r} cannot be read") from error
    restricted = [not parts[index].startswith(("*", "?")) for index in (2, 4)]
    sundays_once = frozenset(day % 7 for day in weekdays)
    return Cron(minutes, hours, days, months, sundays_once, either_day=all(restricted))


def _field(text: str, index: int) -> frozenset[int]:
    low, high = _FIELDS[index]
    found: set[int] = set()
    for part in text.lower().split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in ("*", "?"):
            start, end = low, high
        else:
            start = _value(first, index)
            end = _value(last, index) if dash else high if slash else start
        every = int(step) if slash else 1
        if not (low <= start <= end <= high and every > 0):
            raise ValueError(part)
        found.update(range(start, end + 1, every))
    return frozenset(found)


def _value(text: str, index: int) -> int:
    if index == 3 and text in _MONTHS:
        return _MONTHS.index(text) + 1
    if index == 4 and text in _DAYS:
        return _DAYS.index(text)
    return int(text)
