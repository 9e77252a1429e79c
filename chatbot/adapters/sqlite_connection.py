"""Connections to the database: one for each thread, and the one place where SQLite's errors
become ours.

`synchronous=FULL`, because a row that says "about to merge" must outlive a power cut that
follows it: in WAL mode, NORMAL keeps the file sound but may forget the last commits, and with
them an intent whose effect is already out in the world.
"""

import errno
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pydantic_core import PydanticSerializationError
from sqlite_utils import Database

from chatbot.domain.errors import Permanent, RedlightError, RetryLater

_RETRY = {
    "SQLITE_BUSY": "is busy: another writer has held it for too long",
    "SQLITE_LOCKED": "is busy: another writer has held it for too long",
    "SQLITE_FULL": "cannot grow: its disk is full",
    "SQLITE_IOERR": "could not be read or written: its disk reports an error",
    "SQLITE_NOMEM": "could not be used: memory is short",
}
_GIVE_UP = {
    "SQLITE_CORRUPT": ("is damaged", "Stop Redlight and restore the last backup."),
    "SQLITE_NOTADB": (
        "is not a Redlight database, or it is damaged",
        "Check REDLIGHT_DB, or restore the last backup.",
    ),
    "SQLITE_READONLY": ("is read-only", "Let Redlight's user write the file and its folder."),
    "SQLITE_PERM": ("may not be opened", "Let Redlight's user write the file and its folder."),
    "SQLITE_CANTOPEN": (
        "cannot be opened",
        "Check that REDLIGHT_DB names a file in a folder that Redlight's user may write.",
    ),
}
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN}
_WAL_POLL = 0.02
"""Seconds between tries to switch a new file to WAL, which SQLite does not wait for itself."""


def translate(error: sqlite3.Error | OSError, path: Path) -> RedlightError:
    """`RetryLater` for what passes by itself or with room on the disk, `Permanent` for the rest."""
    if isinstance(error, OSError):
        sentence = f"The files beside the database {path} cannot be used: {error.strerror}."
        return RetryLater(sentence) if error.errno in _PASSING else Permanent(sentence)
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    if name in _RETRY:
        return RetryLater(f"The database {path} {_RETRY[name]}.")
    if name in _GIVE_UP:
        what, remedy = _GIVE_UP[name]
        return Permanent(f"The database {path} {what}.", remedy=remedy)
    return Permanent(f"The database {path} refused: {error}.")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let no error of SQLite or the file system out but as one of ours."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise translate(error, path) from error
    except (UnicodeEncodeError, PydanticSerializationError) as error:
        raise Permanent("A text that is not Unicode cannot be stored.") from error


class _Connection:
    """Closes the database when its thread ends and nobody else holds it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def __del__(self) -> None:
        self.db.close()


class Connections:
    """Transactions on one database file, from any thread.

    The file must be on a local disk: WAL shares memory between processes.
    """

    def __init__(self, path: Path, busy_timeout: timedelta = timedelta(seconds=5)) -> None:
        self.path = path
        self._timeout = busy_timeout.total_seconds()
        self._local = threading.local()
        self._all: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._guard = threading.Lock()
        self._writer = threading.Lock()
        self._closed = False
        with translated(path):
            if not path.exists() and path.parent.is_dir():
                path.touch(mode=0o600)
            self._use_wal()

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One snapshot for all queries inside."""
        with translated(self.path):
            db = self._database()
            db.execute("BEGIN")
            try:
                yield db
            finally:
                _roll_back(db)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Database]:
        """One write transaction: committed at the end, rolled back when anything is raised.

        `durable=False` is for rows that mean nothing after a power cut; it spares the wait for
        the disk. The next durable commit of anybody makes those rows durable too.

        Raises `RetryLater` when another writer holds the database for too long.
        """
        with translated(self.path), self._turn():
            db = self._database()
            db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                _roll_back(db)

    @contextmanager
    def idle(self) -> Iterator[Database]:
        """This thread's connection outside any transaction, for what brings its own."""
        with translated(self.path):
            yield self._database()

    def close(self) -> None:
        """Close every thread's connection. Threads must have stopped using them."""
        with self._guard:
            self._closed = True
            for connection in list(self._all):
                connection.db.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Threads queue here: SQLite would let them poll the file, and the unlucky starve."""
        if not self._writer.acquire(timeout=self._timeout):
            raise RetryLater(f"The database {self.path} {_RETRY['SQLITE_BUSY']}.")
        try:
            yield
        finally:
            self._writer.release()

    def _database(self) -> Database:
        connection: _Connection | None = getattr(self._local, "connection", None)
        with self._guard:
            if self._closed:
                raise Permanent(f"The database {self.path} is closed: Redlight is stopping.")
            if connection is None:
                connection = _Connection(self._connect())
                self._all.add(connection)
                self._local.connection = connection
        return connection.db

    def _connect(self) -> Database:
        # `close` runs in another thread than the one that opened it; nothing else crosses.
        conn = sqlite3.connect(
            self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        conn.row_factory = sqlite3.Row
        db = Database(conn, execute_plugins=False)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        return db

    def _use_wal(self) -> None:
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                self._database().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(_WAL_POLL)
            else:
                return


def _roll_back(db: Database) -> None:
    if db.conn.in_transaction:
        db.execute("ROLLBACK")
