"""The scheduler's tick: its cost must follow what is due, not history."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.history import add_due, history
from benchmarks.measure import Row, Scale, interleaved
from chatbot.adapters.clock import SystemClock
from chatbot.adapters.sqlite import SqliteStore
from chatbot.services.reconcile import DueWork

DUE = 10


def rows(folder: Path, scale: Scale) -> list[Row]:
    """A tick on a long history against one on a short history; ten changes are due in both."""
    closed, opened = scale.of(100_000, 2_000), scale.of(1_000, 100)
    short = scale.of(1_000, 200)
    with _tick(folder / "old", closed, opened) as old, _tick(folder / "young", short, 0) as young:
        pairs = interleaved(scale.of(400, 20), lambda _: old(), lambda _: young())
    return [
        pairs.row(
            f"scheduler tick with {closed:,} closed and {opened:,} open changes, {DUE} due",
            "µs",
            "≤ 1.2 ×",
            f"a tick with {short:,} closed, {DUE} due",
            most=1.2,
        )
    ]


@contextmanager
def _tick(folder: Path, closed: int, opened: int) -> Iterator["_Ticking"]:
    folder.mkdir(parents=True)
    history(folder / "redlight.db", closed=closed, opened=opened)
    add_due(folder / "redlight.db", DUE)
    store = SqliteStore(folder / "redlight.db")
    try:
        yield _Ticking(store)
    finally:
        store.close()


class _Ticking:
    """Runs the job as the scheduler does; what it would wake is counted instead."""

    def __init__(self, store: SqliteStore) -> None:
        self._woken: list[int] = []
        self._due = DueWork(store, SystemClock(), self._woken.append, lambda _: None)
        self()

    def __call__(self) -> float:
        self._woken.clear()
        started = time.perf_counter()
        self._due.wake()
        took = time.perf_counter() - started
        if len(self._woken) != DUE:
            raise RuntimeError(f"the tick woke {len(self._woken)} changes, not {DUE}")
        return took
