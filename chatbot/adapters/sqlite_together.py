"""Writes that wait at the same instant are committed together: the disk is waited for once for all
of them, and each succeeds or fails by itself."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlite_utils import Database

from chatbot.adapters.sqlite_connection import Connections, translated

T = TypeVar("T")


class SharedWrites:
    """Shares write transactions among callers. Safe from many threads."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._guard = Lock()
        self._waiting: list[_Write] = []

    def write(self, work: Callable[[Database], T]) -> T:
        """What `work` gives, once all that it wrote is on the disk. What it raises; then nothing
        that it wrote is there.

        `work` may run on another caller's thread, so it must use nothing but the database that it
        is given. Raises `RetryLater` when another writer holds the database for too long.
        """
        mine = _Write(work)
        with self._guard:
            self._waiting.append(mine)
            first = len(self._waiting) == 1
        if first:  # the others wait for us, and whoever comes when we have begun is first again
            self._write_all()
        result: T = mine.outcome.result()
        return result

    def _write_all(self) -> None:
        """Write for everybody who waits by the time our turn comes."""
        together: list[_Write] = []
        try:
            with self._connections.writing() as db:
                together = self._those_waiting()
                for each in together:
                    each.run(db, self._connections.path)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it
            for each in together or self._those_waiting():
                each.failed(error)
        else:
            for each in together:
                each.committed()

    def _those_waiting(self) -> "list[_Write]":
        with self._guard:
            together, self._waiting = self._waiting, []
        return together


class _Write:
    """What one caller wants written, and the outcome that it waits for."""

    def __init__(self, work: Callable[[Database], Any]) -> None:
        self.outcome: Future[Any] = Future()
        self._work = work
        self._result: Any = None
        self._error: Exception | None = None

    def run(self, db: Database, path: Path) -> None:
        """Do it; an error undoes it, and nothing beside it. Raises only what made SQLite give up
        the whole transaction, for instance a full disk."""
        db.execute("SAVEPOINT one")
        try:
            with translated(path):
                self._result = self._work(db)
        except Exception as error:
            if not db.conn.in_transaction:
                raise
            db.execute("ROLLBACK TO one")
            self._error = error
        db.execute("RELEASE one")

    def committed(self) -> None:
        """Let the caller go on."""
        if self._error is None:
            self.outcome.set_result(self._result)
        else:
            self.outcome.set_exception(self._error)

    def failed(self, error: BaseException) -> None:
        """Nothing was written. Let the caller know why."""
        self.outcome.set_exception(self._error or error)
