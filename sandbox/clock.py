"""The sandbox's time: a clock that can be told to run fast, so that a day of reminders is seen in
minutes.

How fast it runs stands in a file, so that whoever runs the sandbox tells it while the bot works,
and a bot that is started anew goes on at the time that was shown.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatbot.ports import Clock

FASTEST = 3600.0
"""An hour in a second; the bot looks once a second what is due."""


@dataclass(frozen=True)
class Pace:
    """From the real time `since` on, `shown` is the time, and it passes `speed` times as fast."""

    since: str
    shown: str
    speed: float

    def at(self, real: datetime) -> datetime:
        """The sandbox's time at a real time."""
        passed = (real - datetime.fromisoformat(self.since)).total_seconds()
        return datetime.fromisoformat(self.shown) + timedelta(seconds=passed * self.speed)


class SandboxClock(Clock):
    """The time as the file at `path` has it; the machine's as long as there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        """Now, in UTC."""
        return _now(self._path, datetime.now(UTC))


def set_speed(path: Path, speed: float) -> None:
    """From now on time passes so many times as fast; it never jumps. Raises `ValueError` unless
    that is from 1 to `FASTEST`."""
    if not 1 <= speed <= FASTEST:
        raise ValueError(f"The clock runs from 1 to {FASTEST:.0f} times as fast.")
    real = datetime.now(UTC)
    _write(path, real, shown=_now(path, real), speed=speed)


def skip(path: Path, span: timedelta) -> None:
    """Let so much time pass at once, then go on at the pace of every day."""
    real = datetime.now(UTC)
    _write(path, real, shown=_now(path, real) + span, speed=1)


def _write(path: Path, real: datetime, *, shown: datetime, speed: float) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(Pace(real.isoformat(), shown.isoformat(), speed))))
    fresh.replace(path)


def _now(path: Path, real: datetime) -> datetime:
    try:
        pace = Pace(**json.loads(path.read_text()))
    except FileNotFoundError:
        return real
    return pace.at(real)
