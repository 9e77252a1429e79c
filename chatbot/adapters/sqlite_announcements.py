"""Announcements in the store's tables: only those that are still to be made."""

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.announcement import Announcement, Pending

_DUE = "SELECT * FROM announcements WHERE due_at <= ? ORDER BY due_at, key, channel LIMIT ?"
_ONE = "WHERE key = ? AND channel = ?"


def insert(db: Database, announcements: Sequence[Announcement]) -> None:
    """Due at once. Inside the caller's write transaction."""
    db.conn.executemany(
        "INSERT INTO announcements (key, channel, due_at, announcement) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (key, channel) DO NOTHING",
        [
            (each.key, each.channel, rows.to_text(each.at), each.model_dump_json())
            for each in announcements
        ],
    )


class AnnouncementTable:
    """The part of the store that keeps announcements."""

    _connections: Connections

    def announcements_due(self, now: datetime, limit: int = 100) -> list[Pending]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_DUE, (rows.to_text(now), limit)).fetchall()
        return [
            Pending(
                announcement=Announcement.model_validate_json(row["announcement"]),
                attempted=bool(row["attempted"]),
            )
            for row in found
        ]

    def announcement_attempted(self, announcement: Announcement) -> None:
        """See `Store`."""
        self._on(announcement, "UPDATE announcements SET attempted = 1")

    def announcement_done(self, announcement: Announcement) -> None:
        """See `Store`."""
        self._on(announcement, "DELETE FROM announcements")

    def delay_announcement(self, announcement: Announcement, until: datetime) -> None:
        """See `Store`."""
        self._on(announcement, "UPDATE announcements SET due_at = ?", rows.to_text(until))

    def _on(self, announcement: Announcement, statement: str, *values: str) -> None:
        with self._connections.writing() as db:
            key = (announcement.key, announcement.channel)
            db.execute(f"{statement} {_ONE}", (*values, *key))
