"""Who works on what: a claim on a task of a change is a row; that its owner lives, a locked file.

The kernel drops a `flock` with the process that held it, however it died, so no claim outlives
its worker and none waits for a timeout. Every look at another owner's file happens inside a write
transaction: two lookers cannot take each other for the owner.
"""

import fcntl
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.adapters.sqlite_connection import Connections


class Claims:
    """Claims of one store. Not for use across `fork`: the child would share the lock."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._database = connections.path
        self._owner = uuid.uuid4().hex
        self._lock_file: int | None = None
        self._held: set[tuple[int, str]] = set()
        self._guard = threading.Lock()
        if list(self._sidecars()):
            self._sweep()

    @contextmanager
    def claim(self, change: int, task: str) -> Iterator[bool]:
        """Hold a task of `change`; yields False when a living worker has it."""
        key = change, task
        with self._guard:
            mine = key not in self._held
            self._held.add(key)
        if not mine:
            yield False
            return
        try:
            taken = self._take(change, task)
            try:
                yield taken
            finally:
                if taken:
                    self._give_back(change, task)
        finally:
            with self._guard:
                self._held.discard(key)

    def close(self) -> None:
        """Let go of every claim. Workers must have stopped."""
        if self._lock_file is not None:
            self._sidecar(self._owner).unlink(missing_ok=True)
            os.close(self._lock_file)
            self._lock_file = None

    def _take(self, change: int, task: str) -> bool:
        with self._connections.writing(durable=False) as db:
            self._show_alive()
            row = db.execute(
                "SELECT owner FROM claims WHERE change = ? AND task = ?", (change, task)
            ).fetchone()
            # Our own row without a worker of ours is one that could not be given back.
            if row and row["owner"] != self._owner and not self._bury(row["owner"]):
                return False
            db.execute(
                "INSERT INTO claims (change, task, owner) VALUES (?, ?, ?)"
                " ON CONFLICT (change, task) DO UPDATE SET owner = excluded.owner",
                (change, task, self._owner),
            )
            return True

    def _give_back(self, change: int, task: str) -> None:
        with self._connections.writing(durable=False) as db:
            db.execute(
                "DELETE FROM claims WHERE change = ? AND task = ? AND owner = ?",
                (change, task, self._owner),
            )

    def _sweep(self) -> None:
        """Clear away what dead owners left."""
        with self._connections.writing(durable=False) as db:
            for sidecar in list(self._sidecars()):
                owner = sidecar.name.removesuffix(".lock").rpartition(".owner-")[2]
                if self._bury(owner):
                    db.execute("DELETE FROM claims WHERE owner = ?", (owner,))

    def _show_alive(self) -> None:
        """Lock our own file, on the first claim: a store that only reads leaves no trace."""
        if self._lock_file is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
            lock_file = os.open(self._sidecar(self._owner), flags, 0o600)
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock_file = lock_file

    def _bury(self, owner: str) -> bool:
        """Whether `owner` is dead; its file is removed then."""
        sidecar = self._sidecar(owner)
        try:
            lock_file = os.open(sidecar, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            sidecar.unlink(missing_ok=True)
            return True
        finally:
            os.close(lock_file)

    def _sidecars(self) -> Iterator[Path]:
        for path in self._database.parent.iterdir():
            name = path.name
            if name.startswith(f"{self._database.name}.owner-") and name.endswith(".lock"):
                yield path

    def _sidecar(self, owner: str) -> Path:
        return self._database.with_name(f"{self._database.name}.owner-{owner}.lock")
