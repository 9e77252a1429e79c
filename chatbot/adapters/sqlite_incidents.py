"""Incidents in the store's tables: a row for each side of each."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from chatbot.adapters import sqlite_changes as changes
from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.change import Change
from chatbot.domain.errors import StaleChange
from chatbot.domain.events import AuditEntry
from chatbot.domain.incident import Incident, Side
from chatbot.domain.notice import Notice

_COLUMNS = frozenset({"due_at", "attempts", "version"})
"""Kept beside the JSON: what the store itself asks for or changes."""

_INSERT = """
    INSERT INTO incidents (change, side, due_at, incident) VALUES (?, ?, ?, ?)
    ON CONFLICT (change, side) DO NOTHING"""

_DUE = "SELECT change, side FROM incidents WHERE due_at <= ? ORDER BY due_at, change, side LIMIT ?"

_SAVE = """
    UPDATE incidents SET version = version + 1, attempts = :attempts, closed = :closed,
        place = :place, incident = :incident,
        due_at = CASE
            WHEN :due_at IS NULL AND NOT :closed AND EXISTS
                (SELECT 1 FROM audit WHERE audit.change = :change AND sequence > :told)
            THEN :now ELSE :due_at END
    WHERE change = :change AND side = :side AND version = :version
    RETURNING *"""

_IN_PLACE = """
    SELECT change FROM incidents WHERE place = ? AND side = 'channel'
    ORDER BY closed, change DESC LIMIT 1"""


def insert(db: Database, change: Change) -> None:
    """Both sides, due at once, with nothing told that happened before. Inside the caller's write
    transaction."""
    head = db.execute("SELECT sequence FROM audit_head").fetchone()["sequence"]
    for side in Side:
        begun = Incident(change=change.number, side=side, since=change.updated_at, told=head)
        values = (change.number, side, rows.to_text(change.updated_at), _text(begun))
        db.execute(_INSERT, values)


class IncidentTable:
    """The part of the store that keeps incidents."""

    _connections: Connections

    def incident(self, change: int, side: Side) -> Incident | None:
        """See `Store`."""
        with self._connections.reading() as db:
            row = db.execute(
                "SELECT * FROM incidents WHERE change = ? AND side = ?", (change, side)
            ).fetchone()
        return None if row is None else _to_incident(row)

    def incidents_due(self, now: datetime, limit: int = 100) -> list[tuple[int, Side]]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_DUE, (rows.to_text(now), limit)).fetchall()
        return [(row["change"], Side(row["side"])) for row in found]

    def save_incident(
        self,
        incident: Incident,
        entries: Sequence[AuditEntry] = (),
        notices: Sequence[Notice] = (),
    ) -> Incident:
        """See `Store`."""
        values = {
            "change": incident.change,
            "side": incident.side,
            "version": incident.version,
            "attempts": incident.attempts,
            "closed": incident.closed_at is not None,
            "place": incident.place or None,
            "due_at": None if incident.due_at is None else rows.to_text(incident.due_at),
            "told": incident.told,
            "now": rows.to_text(incident.since),
            "incident": _text(incident),
        }
        with self._connections.writing() as db:
            for entry in entries:
                rows.append(db, entry)
            saved = db.execute(_SAVE, values).fetchall()
            if not saved:
                raise StaleChange(f"the {incident.side} of CHG-{incident.change} has moved on")
            changes.add_notices(db, incident.change, notices)
        return _to_incident(saved[0])

    def incident_in(self, channel: str) -> int | None:
        """See `Store`."""
        with self._connections.reading() as db:
            row = db.execute(_IN_PLACE, (channel,)).fetchone()
        return None if row is None else int(row["change"])


def _text(incident: Incident) -> str:
    return incident.model_dump_json(exclude=set(_COLUMNS))


def _to_incident(row: sqlite3.Row) -> Incident:
    read = Incident.model_validate_json(row["incident"])
    due_at = None if row["due_at"] is None else datetime.fromisoformat(row["due_at"])
    columns = {"due_at": due_at, "attempts": row["attempts"], "version": row["version"]}
    return read.model_copy(update=columns)
