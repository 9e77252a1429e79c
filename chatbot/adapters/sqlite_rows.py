"""Rows to models and back: how a change, an audit event and a time are written down."""

import json
import sqlite3
from datetime import UTC, datetime

from sqlite_utils import Database

from chatbot.domain.change import Change, MessageRef, format_change_id
from chatbot.domain.errors import Permanent
from chatbot.domain.events import (
    AuditEntry,
    AuditEvent,
    ChainLink,
    canonical_json,
    chain_hash,
)

_WAKE_INCIDENT = """
    UPDATE incidents SET due_at = ? WHERE change = ? AND due_at IS NULL AND NOT closed"""
"""Whatever happens to a change is told where its incident is kept."""


def to_text(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds: every time is equally long, so text sorts as time."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def to_change(row: sqlite3.Row) -> Change:
    """A row of `changes`. Raises `Permanent` when it cannot be read."""
    try:
        return Change.model_validate(
            {
                "number": row["number"],
                "path": row["path"],
                "requester": row["requester"],
                "request": json.loads(row["request"]),
                "state": row["state"],
                "progress": json.loads(row["progress"]),
                "created_at": row["created_at"],
                "updated_at": row["updated_at"],
                "due_at": row["due_at"],
                "attempts": row["attempts"],
                "revision": row["revision"],
                "version": row["version"],
            }
        )
    except ValueError as error:
        raise Permanent(
            f"{format_change_id(row['number'])} is stored in a form that cannot be read.",
            remedy="Restore the last backup, or start the version that wrote it.",
        ) from error


def to_message(channel: str | None, ts: str | None) -> MessageRef | None:
    """Where a message stands, once it was posted."""
    return None if channel is None or ts is None else MessageRef(channel=channel, ts=ts)


def append(db: Database, entry: AuditEntry) -> None:
    """Put an entry at the end of the log. Inside the caller's write transaction."""
    # Stored times are UTC; the hash must cover what a reader will find.
    entry = entry.model_copy(update={"at": entry.at.astimezone(UTC)})
    head = db.execute("SELECT sequence, hash FROM audit_head").fetchone()
    sequence = head["sequence"] + 1
    digest = chain_hash(head["hash"], sequence, entry)
    data = canonical_json(entry.model_dump(mode="json")["data"])
    db.execute(
        "INSERT INTO audit (sequence, change, kind, actor, at, hash, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (sequence, entry.change, entry.kind, entry.actor, to_text(entry.at), digest, data),
    )
    db.execute("UPDATE audit_head SET sequence = ?, hash = ?", (sequence, digest))
    if entry.change is not None:
        db.execute(_WAKE_INCIDENT, (to_text(entry.at), entry.change))


def to_link(row: sqlite3.Row) -> ChainLink:
    """A row of `audit`, readable or not."""
    try:
        return ChainLink(row["sequence"], _to_entry(row), row["hash"])
    except ValueError:
        return ChainLink(row["sequence"], None, row["hash"])


def to_event(row: sqlite3.Row) -> AuditEvent:
    """A row of `audit`. Raises `Permanent` when it cannot be read."""
    try:
        return AuditEvent(sequence=row["sequence"], entry=_to_entry(row), hash=row["hash"])
    except ValueError as error:
        raise Permanent(
            f"Event {row['sequence']} of the audit log cannot be read.",
            remedy="Run `redlight audit verify`, and restore the last backup.",
        ) from error


def _to_entry(row: sqlite3.Row) -> AuditEntry:
    return AuditEntry(
        kind=row["kind"],
        actor=row["actor"],
        change=row["change"],
        at=row["at"],
        data=json.loads(row["data"]),
    )
