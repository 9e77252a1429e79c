"""The real clock."""

from datetime import UTC, datetime

from chatbot.ports import Clock


class SystemClock(Clock):
    """The machine's time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)
