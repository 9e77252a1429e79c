"""What people added to timelines, in the store's tables."""

import sqlite3
from datetime import datetime

from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.change import MessageRef
from chatbot.domain.events import AuditEntry
from chatbot.domain.timeline_note import TimelineNote

_ADD = """
    INSERT INTO timeline (change, channel, ts, at, note) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (change, channel, ts) DO NOTHING"""

_OF_CHANGE = "SELECT note FROM timeline WHERE change = ? AND NOT deleted ORDER BY at, ts"

_OF_MESSAGE = "SELECT note FROM timeline WHERE channel = ? AND ts = ? AND NOT deleted"

_REWORD = """
    UPDATE timeline SET deleted = ?, note = ? WHERE change = ? AND channel = ? AND ts = ?"""


class TimelineTable:
    """The part of the store that keeps notes."""

    _connections: Connections

    def add_note(self, note: TimelineNote, entry: AuditEntry) -> bool:
        """See `Store`."""
        source, at = note.source, rows.to_text(note.at)
        values = (note.change, source.channel, source.ts, at, note.model_dump_json())
        with self._connections.writing() as db:
            added = db.execute(_ADD, values).rowcount > 0
            if added:
                rows.append(db, entry)
        return added

    def notes(self, change: int) -> list[TimelineNote]:
        """See `Store`."""
        with self._connections.reading() as db:
            return [_to_note(row) for row in db.execute(_OF_CHANGE, (change,)).fetchall()]

    def reword_note(self, source: MessageRef, text: str | None, at: datetime, actor: str) -> bool:
        """See `Store`. Most messages are in no timeline: those cost one look and no write."""
        place = source.channel, source.ts
        with self._connections.reading() as db:
            if db.execute(_OF_MESSAGE, place).fetchone() is None:
                return False
        reworded = False
        with self._connections.writing() as db:
            for row in db.execute(_OF_MESSAGE, place).fetchall():
                note = _to_note(row)
                if text == note.text:
                    continue
                after = note if text is None else note.model_copy(update={"text": text})
                values = (text is None, after.model_dump_json(), note.change, *place)
                db.execute(_REWORD, values)
                rows.append(db, _entry(after, at, actor, gone=text is None))
                reworded = True
        return reworded


def _entry(note: TimelineNote, at: datetime, actor: str, *, gone: bool) -> AuditEntry:
    message = note.source.model_dump()
    return AuditEntry(
        kind="timeline.removed" if gone else "timeline.reworded",
        actor=actor,
        change=note.change,
        at=at,
        data=message if gone else {**message, "text": note.text},
    )


def _to_note(row: sqlite3.Row) -> TimelineNote:
    return TimelineNote.model_validate_json(row["note"])
