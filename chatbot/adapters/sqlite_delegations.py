"""Delegations in the store's tables: who speaks for which senior, and until when."""

import sqlite3

from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.delegation import Delegation
from chatbot.domain.events import AuditEntry

_HELD = "SELECT * FROM delegations WHERE delegate = ? AND senior <> ? AND until > ?"

_LEND = """
    INSERT INTO delegations (senior, delegate, since, until) VALUES (?, ?, ?, ?)
    ON CONFLICT (senior) DO UPDATE SET
        delegate = excluded.delegate, since = excluded.since, until = excluded.until"""

_TAKE_BACK = "DELETE FROM delegations WHERE senior = ? AND delegate = ? AND since = ?"


class DelegationTable:
    """The part of the store that keeps delegations."""

    _connections: Connections

    def delegate(self, delegation: Delegation, entry: AuditEntry) -> Delegation | None:
        """See `Store`."""
        since, until = rows.to_text(delegation.since), rows.to_text(delegation.until)
        senior, delegate = delegation.senior, delegation.delegate
        with self._connections.writing() as db:
            held = db.execute(_HELD, (delegate, senior, since)).fetchone()
            if held is not None:
                return _to_delegation(held)
            db.execute(_LEND, (senior, delegate, since, until))
            rows.append(db, entry)
            return None

    def undelegate(self, delegation: Delegation, entry: AuditEntry) -> bool:
        """See `Store`."""
        key = delegation.senior, delegation.delegate, rows.to_text(delegation.since)
        with self._connections.writing() as db:
            if not db.execute(_TAKE_BACK, key).rowcount:
                return False
            rows.append(db, entry)
            return True

    def delegations(self) -> list[Delegation]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute("SELECT * FROM delegations ORDER BY senior").fetchall()
        return [_to_delegation(row) for row in found]


def _to_delegation(row: sqlite3.Row) -> Delegation:
    return Delegation.model_validate(dict(row))
