"""A bounded pool that works on one number at a time by one worker, and once more if it was woken
meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import structlog

log = structlog.get_logger()


class WorkerPool:
    """Calls `work(number)` on a few threads. Waking a number that waits is free; waking one that
    is being worked on has it worked on again. `before` may hold a worker back for a moment."""

    def __init__(
        self,
        name: str,
        work: Callable[[int], None],
        size: int,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._before = before
        self._work = work
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix=name)
        self._lock = Lock()
        self._waiting: set[int] = set()
        self._working: set[int] = set()
        self._again: set[int] = set()
        self._stopped = False

    def wake(self, number: int) -> None:
        """Have a number worked on soon; never blocks."""
        with self._lock:
            if self._stopped or number in self._waiting:
                return
            if number in self._working:
                self._again.add(number)
                return
            self._waiting.add(number)
            self._threads.submit(self._run, number)

    def idle(self) -> bool:
        """Whether nothing is being worked on or waits."""
        with self._lock:
            return not (self._waiting or self._working)

    def stop(self) -> None:
        """Finish what is being worked on, drop what waits (its rows are still due)."""
        with self._lock:
            self._stopped = True
            self._again.clear()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, number: int) -> None:
        self._before()
        with self._lock:
            self._waiting.discard(number)
            self._working.add(number)
        try:
            self._work(number)
        except Exception:
            # The last line of defence: the row stays due, so the work is not lost.
            log.exception("worker.failed", change=number)
        finally:
            with self._lock:
                self._working.discard(number)
                again = number in self._again
                self._again.discard(number)
            if again:
                self.wake(number)
