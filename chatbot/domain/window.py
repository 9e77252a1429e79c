"""Maintenance windows and other times as people type them, in their own time zone; and whether a
window is open."""

from datetime import UTC, datetime
from enum import Enum, auto
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatbot.domain.change import TimeWindow
from chatbot.domain.duration import parse_duration
from chatbot.domain.errors import InvalidInput
from chatbot.domain.mrkdwn import shorten


class Gate(Enum):
    """Whether a change may start now, as far as its maintenance window goes."""

    EARLY = auto()
    OPEN = auto()
    OVER = auto()


def gate(window: TimeWindow, now: datetime) -> Gate:
    """Start inclusive, end exclusive."""
    if now < window.start:
        return Gate.EARLY
    return Gate.OPEN if now < window.end else Gate.OVER


_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S")
_SHOWN = 60


def parse_until(text: str, time_zone: str, now: datetime) -> datetime:
    """A time to come: one like those of a window, or a length of time from now (`4h`, `1d12h`).

    Raises `InvalidInput` on `until`.
    """
    lasting = parse_duration(text)
    until = now + lasting if lasting else _parse("until", text, time_zone)
    if until <= now:
        raise InvalidInput({"until": f"{shorten(text, _SHOWN)} is over already."})
    return until


def parse_window(start: str, end: str, time_zone: str, now: datetime) -> TimeWindow | None:
    """A window from two typed times, or None when neither was typed.

    Without an offset a time is read in `time_zone` (an IANA name; UTC if unknown). An empty start
    means now. Raises `InvalidInput` on `window_start` or `window_end`.
    """
    if not start and not end:
        return None
    if not end:
        raise InvalidInput({"window_end": "A window that starts must end; say when at the latest."})
    opens = _parse("window_start", start, time_zone) if start else now
    closes = _parse("window_end", end, time_zone)
    if closes <= opens:
        raise InvalidInput({"window_end": "The window ends before it starts."})
    if closes <= now:
        raise InvalidInput({"window_end": "This window is over already."})
    return TimeWindow(start=opens, end=closes)


def _parse(field: str, text: str, time_zone: str) -> datetime:
    """Raises `InvalidInput` also for an hour that the clocks skip: whoever types it means another
    one, and we cannot know which."""
    parsed = _read(text)
    if parsed is None:
        raise InvalidInput(
            {field: f"“{shorten(text, _SHOWN)}” is no time. Write it like 2026-12-01 22:00."}
        )
    try:
        zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=_zone(time_zone))
        at = zoned.astimezone(UTC)
        exists = at.astimezone(zoned.tzinfo).replace(tzinfo=None) == zoned.replace(tzinfo=None)
    except OverflowError:
        raise InvalidInput(
            {field: "This year is out of reach. Write it like 2026-12-01."}
        ) from None
    if not exists:
        raise InvalidInput(
            {field: f"In {time_zone} the clocks skip this hour. Choose one before or after it."}
        )
    return at


def _read(text: str) -> datetime | None:
    """A date alone is no time: whether its midnight begins or ends the day is anybody's guess."""
    for form in _FORMS:
        try:
            return datetime.strptime(text.strip(), form)  # noqa: DTZ007 - the zone is added by the caller
        except ValueError:
            continue
    if ":" not in text:
        return None
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return ZoneInfo("UTC")
