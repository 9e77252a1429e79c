"""`Retry-After` for every thread of this process, and not only for the one that was told.

Due times in the rows hold back the change whose call was refused; other changes and the jobs know
nothing of those.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock

from chatbot.domain.errors import RetryLater


class Patience:
    """Keeps calls from an outside for as long as it asked. Safe from many threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._until = 0.0
        self._because = ""

    @contextmanager
    def honoured(self) -> Iterator[None]:
        """Around calls. Raises `RetryLater` with what is left of the time, and none is made; a
        `RetryLater` with a time that comes out of the block starts it."""
        with self._lock:
            left, because = self._until - self._now(), self._because
        if left > 0:
            raise RetryLater(because, after=timedelta(seconds=left))
        try:
            yield
        except RetryLater as error:
            if error.after is not None:
                self._start(error, error.after)
            raise

    def _start(self, error: RetryLater, after: timedelta) -> None:
        with self._lock:
            until = self._now() + after.total_seconds()
            if until > self._until:
                self._until, self._because = until, str(error)
