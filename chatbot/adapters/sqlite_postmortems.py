"""Postmortems in the store's tables, and what is paid with the acceptance of one."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from chatbot.adapters import sqlite_announcements as announcing
from chatbot.adapters import sqlite_changes as changes
from chatbot.adapters import sqlite_obligations as owing
from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.announcement import Announcement
from chatbot.domain.errors import StaleChange
from chatbot.domain.events import AuditEntry
from chatbot.domain.notice import Notice
from chatbot.domain.obligation import Obligation
from chatbot.domain.postmortem import Postmortem

_DUE = "SELECT change FROM postmortems WHERE due_at <= ? ORDER BY due_at, change LIMIT ?"

_INSERT = """
    INSERT INTO postmortems (state, due_at, postmortem, change, version) VALUES (?, ?, ?, ?, ? + 1)
    ON CONFLICT (change) DO NOTHING"""

_UPDATE = """
    UPDATE postmortems SET version = version + 1, state = ?, due_at = ?, postmortem = ?
    WHERE change = ? AND version = ?"""


class PostmortemTable:
    """The part of the store that keeps postmortems."""

    _connections: Connections

    def postmortem(self, change: int) -> Postmortem | None:
        """See `Store`."""
        with self._connections.reading() as db:
            row = db.execute("SELECT * FROM postmortems WHERE change = ?", (change,)).fetchone()
        return None if row is None else _to_postmortem(row)

    def postmortems_due(self, now: datetime, limit: int = 100) -> list[int]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_DUE, (rows.to_text(now), limit)).fetchall()
        return [row["change"] for row in found]

    def save_postmortem(
        self,
        postmortem: Postmortem,
        entries: Sequence[AuditEntry],
        notices: Sequence[Notice] = (),
        announcements: Sequence[Announcement] = (),
        *,
        paid: Obligation | None = None,
    ) -> Postmortem:
        """See `Store`."""
        with self._connections.writing() as db:
            _write(db, postmortem)
            if paid is not None:
                owing.update(db, paid)
            for entry in entries:
                rows.append(db, entry)
            if entries:
                changes.show_anew(db, postmortem.change)
            changes.add_notices(db, postmortem.change, notices)
            announcing.insert(db, announcements)
        return postmortem.model_copy(update={"version": postmortem.version + 1})


def _write(db: Database, postmortem: Postmortem) -> None:
    statement = _UPDATE if postmortem.version else _INSERT
    due = None if postmortem.due_at is None else rows.to_text(postmortem.due_at)
    text = postmortem.model_dump_json(exclude={"version"})
    values = (postmortem.state, due, text, postmortem.change, postmortem.version)
    if not db.execute(statement, values).rowcount:
        raise StaleChange(f"the postmortem of {postmortem.change_id} has moved on")


def _to_postmortem(row: sqlite3.Row) -> Postmortem:
    read = Postmortem.model_validate_json(row["postmortem"])
    return read.model_copy(update={"version": row["version"]})
