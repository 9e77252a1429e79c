"""Freezes in the store's tables: what stops changes where, and whether people were shown."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from chatbot.adapters import sqlite_announcements
from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.announcement import Announcement
from chatbot.domain.events import AuditEntry
from chatbot.domain.freeze import Freeze, KnownFreeze, Phase

_ADD = """
    INSERT INTO freezes (id, environments, starts_at, ends_at, author, shown, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"""

_LIFT = """
    UPDATE freezes SET ends_at = :at, lifted_by = :actor
    WHERE id IN (SELECT value FROM json_each(:ids)) AND (ends_at IS NULL OR ends_at > :at)
    RETURNING id"""

_KNOWN = "SELECT * FROM freezes WHERE shown <> 'over' ORDER BY starts_at, rowid"


class FreezeTable:
    """The part of the store that keeps freezes."""

    _connections: Connections

    def add_freeze(self, freeze: Freeze, entry: AuditEntry) -> None:
        """See `Store`."""
        values = (
            freeze.id,
            json.dumps(freeze.environments),
            rows.to_text(freeze.start),
            None if freeze.end is None else rows.to_text(freeze.end),
            freeze.by,
            Phase.AHEAD,
            freeze.reason,
        )
        with self._connections.writing() as db:
            if db.execute(_ADD, values).rowcount:
                rows.append(db, entry)

    def lift_freezes(self, ids: Sequence[str], at: datetime, entry: AuditEntry) -> list[str]:
        """See `Store`."""
        wanted = {"ids": json.dumps(list(ids)), "at": rows.to_text(at), "actor": entry.actor}
        with self._connections.writing() as db:
            lifted = [row["id"] for row in db.execute(_LIFT, wanted).fetchall()]
            if lifted:
                rows.append(db, entry)
            return sorted(lifted)

    def freezes(self) -> list[KnownFreeze]:
        """See `Store`."""
        with self._connections.reading() as db:
            return [_to_freeze(row) for row in db.execute(_KNOWN).fetchall()]

    def freeze_shown(
        self,
        freeze: str,
        phase: Phase,
        entries: Sequence[AuditEntry] = (),
        announcements: Sequence[Announcement] = (),
    ) -> None:
        """See `Store`."""
        with self._connections.writing() as db:
            moved = db.execute(
                "UPDATE freezes SET shown = ? WHERE id = ? AND shown <> ?", (phase, freeze, phase)
            ).rowcount
            if not moved:
                return
            for entry in entries:
                rows.append(db, entry)
            sqlite_announcements.insert(db, announcements)


def _to_freeze(row: sqlite3.Row) -> KnownFreeze:
    return KnownFreeze(
        freeze=Freeze(
            id=row["id"],
            environments=tuple(json.loads(row["environments"])),
            start=row["starts_at"],
            end=row["ends_at"],
            reason=row["reason"],
            by=row["author"],
        ),
        shown=Phase(row["shown"]),
        lifted_by=row["lifted_by"],
    )
