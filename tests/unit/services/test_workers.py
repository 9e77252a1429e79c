import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from structlog.testing import capture_logs

from chatbot.services.workers import WorkerPool

SECONDS = 10.0


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


class Gate:
    """Work that stands in front of a gate until the test opens it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.started: list[int] = []
        self.running: Counter[int] = Counter()
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, number: int) -> None:
        with self._lock:
            self.started.append(number)
            self.running[number] += 1
            self.most = max(self.most, self.running[number])
        assert self.open.wait(SECONDS)
        with self._lock:
            self.running[number] -= 1


@contextmanager
def pool(work: Callable[[int], None], size: int = 2) -> Iterator[WorkerPool]:
    made = WorkerPool("test", work, size)
    try:
        yield made
    finally:
        made.stop()


def test_waking_what_waits_already_is_free() -> None:
    gate = Gate()
    with pool(gate, size=1) as workers:
        workers.wake(1)
        until(lambda: gate.started == [1])
        for _ in range(10):
            workers.wake(2)
        gate.open.set()
        until(workers.idle)
        assert gate.started == [1, 2]


def test_waking_what_is_worked_on_has_it_worked_on_once_more_and_never_at_once() -> None:
    gate = Gate()
    with pool(gate, size=4) as workers:
        workers.wake(1)
        until(lambda: gate.started == [1])
        for _ in range(10):
            workers.wake(1)
        gate.open.set()
        until(workers.idle)
        assert gate.started == [1, 1]
        assert gate.most == 1


def test_different_numbers_are_worked_on_side_by_side_up_to_the_size() -> None:
    gate = Gate()
    with pool(gate, size=2) as workers:
        for number in (1, 2, 3):
            workers.wake(number)
        until(lambda: len(gate.started) == 2)
        assert not workers.idle()
        gate.open.set()
        until(workers.idle)
        assert sorted(gate.started) == [1, 2, 3]


def test_work_that_breaks_is_logged_and_the_worker_goes_on() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 1:
            raise ZeroDivisionError
        done.append(number)

    with capture_logs() as logs, pool(work, size=1) as workers:
        workers.wake(1)
        workers.wake(2)
        until(workers.idle)
    assert done == [2]
    assert [(log["event"], log["change"]) for log in logs] == [("worker.failed", 1)]


def test_stopping_finishes_what_runs_and_drops_what_waits() -> None:
    gate = Gate()
    workers = WorkerPool("test", gate, 1)
    workers.wake(1)
    until(lambda: gate.started == [1])
    workers.wake(1)
    workers.wake(2)
    stopping = threading.Thread(target=workers.stop)
    stopping.start()
    until(lambda: workers._stopped)
    gate.open.set()
    stopping.join(SECONDS)
    assert not stopping.is_alive()
    assert gate.started == [1]
    assert gate.running[1] == 0
    workers.wake(3)
    assert gate.started == [1]
