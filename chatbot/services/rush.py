"""Acknowledgements first: while Slack waits for some, other work makes way for them.

Slack gives up on a command, a modal or a button after three seconds. When many people act at
once, the work that their first requests cause would compete with the acknowledgements of the
rest, so it waits until none is owed, or for a moment at most.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, local

MAKE_WAY_SECONDS = 0.5
"""The longest that work makes way: far less than the three seconds that a form may take to open."""


class Rush:
    """Counts the acknowledgements that are owed. Safe from many threads."""

    def __init__(self, make_way_seconds: float = MAKE_WAY_SECONDS) -> None:
        self._make_way_seconds = make_way_seconds
        self._owed = 0
        self._changed = Condition()
        self._mine = local()

    @contextmanager
    def owing(self) -> Iterator[None]:
        """Around the handling of one request until its acknowledgement is there."""
        with self._changed:
            self._owed += 1
        self._mine.owing = True
        try:
            yield
        finally:
            self._mine.owing = False
            with self._changed:
                self._owed -= 1
                if not self._owed:
                    self._changed.notify_all()

    def make_way(self) -> None:
        """Wait until no acknowledgement is owed. A thread that owes one itself never waits."""
        if getattr(self._mine, "owing", False):
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._owed, self._make_way_seconds)
