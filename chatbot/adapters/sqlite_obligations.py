"""Obligations in the store's tables: what emergencies owe, open or met."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from chatbot.adapters import sqlite_announcements as announcing
from chatbot.adapters import sqlite_changes as changes
from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.announcement import Announcement
from chatbot.domain.errors import StaleChange
from chatbot.domain.events import AuditEntry
from chatbot.domain.notice import Notice
from chatbot.domain.obligation import Kind, Obligation

_OPEN = "SELECT obligation, version FROM obligations WHERE met_at IS NULL ORDER BY due_at, change"

_OF_CHANGE = "SELECT obligation, version FROM obligations WHERE change = ? ORDER BY due_at, kind"

_DUE = """
    SELECT obligation, version FROM obligations INDEXED BY obligations_next
    WHERE met_at IS NULL AND next_at <= ? ORDER BY next_at, change, kind LIMIT ?"""

_RUNGS = "SELECT rung FROM reminders WHERE change = ? AND kind = ? ORDER BY rowid"

_UPDATE = """
    UPDATE obligations
    SET version = version + 1, due_at = ?, met_at = ?, next_at = ?, obligation = ?
    WHERE change = ? AND kind = ? AND version = ?"""


def insert(db: Database, obligations: Sequence[Obligation]) -> None:
    """What is owed already stays as it is. Inside the caller's write transaction."""
    for each in obligations:
        db.execute(
            "INSERT INTO obligations (change, kind, due_at, next_at, obligation)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (change, kind) DO NOTHING",
            (each.change, each.kind, rows.to_text(each.due_at), _next(each), _text(each)),
        )


def update(db: Database, obligation: Obligation) -> None:
    """What became of one. Inside the caller's write transaction. Raises `StaleChange`."""
    met = None if obligation.met_at is None else rows.to_text(obligation.met_at)
    columns = (rows.to_text(obligation.due_at), met, _next(obligation), _text(obligation))
    key = obligation.change, obligation.kind, obligation.version
    if not db.execute(_UPDATE, (*columns, *key)).rowcount:
        raise _moved_on(obligation)


class ObligationTable:
    """The part of the store that keeps obligations."""

    _connections: Connections

    def obligation(self, change: int, kind: Kind) -> Obligation | None:
        """See `Store`."""
        return next((each for each in self.obligations(change) if each.kind is kind), None)

    def obligations(self, change: int | None = None) -> list[Obligation]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_OPEN) if change is None else db.execute(_OF_CHANGE, (change,))
            return [_to_obligation(row) for row in found.fetchall()]

    def obligations_due(self, now: datetime, limit: int = 100) -> list[Obligation]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_DUE, (rows.to_text(now), limit)).fetchall()
        return [_to_obligation(row) for row in found]

    def rungs(self, change: int, kind: Kind) -> list[str]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_RUNGS, (change, kind)).fetchall()
        return [row["rung"] for row in found]

    def save_obligation(
        self,
        obligation: Obligation,
        entries: Sequence[AuditEntry],
        notices: Sequence[Notice] = (),
        announcements: Sequence[Announcement] = (),
        *,
        rung: str = "",
    ) -> Obligation:
        """See `Store`."""
        with self._connections.writing() as db:
            update(db, obligation)
            if rung:
                _climb(db, obligation, rung)
            for entry in entries:
                rows.append(db, entry)
            if entries:
                changes.show_anew(db, obligation.change)
            changes.add_notices(db, obligation.change, notices)
            announcing.insert(db, announcements)
        return obligation.model_copy(update={"version": obligation.version + 1})


def _climb(db: Database, obligation: Obligation, rung: str) -> None:
    at = rows.to_text(obligation.reminded_for or obligation.due_at)
    written = db.execute(
        "INSERT INTO reminders (change, kind, rung, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (change, kind, rung) DO NOTHING",
        (obligation.change, obligation.kind, rung, at),
    ).rowcount
    if not written:
        raise _moved_on(obligation)


def _moved_on(obligation: Obligation) -> StaleChange:
    return StaleChange(f"the {obligation.kind} of {obligation.change_id} has moved on")


def _next(obligation: Obligation) -> str:
    return rows.to_text(obligation.next_at or obligation.since)


def _text(obligation: Obligation) -> str:
    return obligation.model_dump_json(exclude={"version"})


def _to_obligation(row: sqlite3.Row) -> Obligation:
    read = Obligation.model_validate_json(row["obligation"])
    return read.model_copy(update={"version": row["version"]})
