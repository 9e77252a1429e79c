"""How long an outside that is busy wants to be left alone."""

import math
from datetime import timedelta


def retry_after(said: str | float | None) -> timedelta | None:
    """A `Retry-After` in seconds. None when there is none, or when it is no number of seconds (a
    date is allowed, and our own delays are as good)."""
    try:
        seconds = float(said or 0)
    except ValueError:
        return None
    return timedelta(seconds=seconds) if seconds > 0 and math.isfinite(seconds) else None
