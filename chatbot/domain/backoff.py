"""How long to stay away from an outside system that said no for now."""

from datetime import timedelta

FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=5)


def retry_delay(attempts: int, jitter: float, *, after: timedelta | None = None) -> timedelta:
    """Delay before the next try, after `attempts` failed ones (0: this was the first).

    Doubles from one second up to five minutes; `jitter` in [0, 1) takes up to half of it off, so
    that many changes do not come back at once. Never shorter than what the system asked (`after`).
    """
    doubled = min(FIRST_DELAY * (1 << min(attempts, 20)), LONGEST_DELAY)
    delay = doubled * (1 - jitter / 2)
    return max(delay, after) if after else delay
