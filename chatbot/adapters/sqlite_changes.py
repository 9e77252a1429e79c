"""Writing changes: each function runs inside the caller's write transaction."""

import sqlite3
from collections.abc import Sequence

from sqlite_utils import Database

from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters import sqlite_search as search
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.errors import NotFound, StaleChange
from chatbot.domain.events import AuditEntry
from chatbot.domain.lifecycle import HOLDING, State
from chatbot.domain.notice import Notice
from chatbot.ports import NewChange

_UNDELIVERED = """
    SELECT 1 FROM changes JOIN cards ON cards.change = number
    WHERE number = :change AND (shown_revision < revision
        OR EXISTS (SELECT 1 FROM notices WHERE notices.change = number AND ts IS NULL))"""


def create(db: Database, new: NewChange, entry: AuditEntry, notices: Sequence[Notice]) -> Change:
    """See `Store.create_change`."""
    made = db.execute("SELECT * FROM changes WHERE submission = ?", (new.submission,)).fetchone()
    if made:
        return rows.to_change(made)
    number = db.execute("SELECT ifnull(max(number), 0) + 1 FROM changes").fetchone()[0]
    change = Change(
        number=number,
        path=new.path,
        requester=new.requester,
        request=new.request,
        state=State.REQUESTED,
        created_at=entry.at,
        updated_at=entry.at,
        due_at=entry.at,
        version=1,
    )
    _insert_change(db, change, new)
    rows.append(db, entry.model_copy(update={"change": number}))
    _insert_notices(db, number, notices)
    settle_delivery(db, number)
    return change


def add_notices(db: Database, number: int, notices: Sequence[Notice]) -> None:
    """Notices of a change whose own row stays as it is."""
    _insert_notices(db, number, notices)
    settle_delivery(db, number)


def show_anew(db: Database, number: int) -> None:
    """Something that the card shows has changed beside the row. Whoever works on the change from
    an older look at it is stale: what they saw may have changed, too."""
    db.execute(
        "UPDATE changes SET version = version + 1, revision = revision + 1 WHERE number = ?",
        (number,),
    )
    settle_delivery(db, number)


def save(
    db: Database, change: Change, entries: Sequence[AuditEntry], notices: Sequence[Notice]
) -> Change:
    """See `Store.save`. What was asked never changes: only state, progress, times and attempts are
    written, and the change that is returned is what the row now says."""
    row = db.execute(
        "UPDATE changes SET version = version + 1, revision = ?, state = ?, attempts = ?,"
        " updated_at = ?, due_at = ?, progress = ?"
        " WHERE number = ? AND version = ? RETURNING *",
        (
            change.revision,
            change.state,
            change.attempts,
            rows.to_text(change.updated_at),
            None if change.due_at is None else rows.to_text(change.due_at),
            change.progress.model_dump_json(),
            change.number,
            change.version,
        ),
    ).fetchall()
    if not row:
        require(db, change.number)
        raise StaleChange(f"{change.id} has moved on since version {change.version}")
    for entry in entries:
        rows.append(db, entry)
    if change.state not in HOLDING:
        db.execute("DELETE FROM holds WHERE change = ?", (change.number,))
    _insert_notices(db, change.number, notices)
    settle_delivery(db, change.number)
    return rows.to_change(row[0])


def refuse_stale(db: Database, change: Change) -> None:
    """Raise `StaleChange` when the row has moved on since the change was read."""
    if require(db, change.number)["version"] != change.version:
        raise StaleChange(f"{change.id} has moved on since version {change.version}")


def require(db: Database, number: int) -> sqlite3.Row:
    """The row of a change. Raises `NotFound`."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM changes WHERE number = ?", (number,)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no {format_change_id(number)}.")
    return row


def _insert_change(db: Database, change: Change, new: NewChange) -> None:
    at = rows.to_text(change.created_at)
    db.execute(
        "INSERT INTO changes (number, version, revision, state, path, requester, environment,"
        " attempts, created_at, updated_at, due_at, submission, progress, request)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            change.number,
            change.version,
            change.revision,
            change.state,
            change.path,
            change.requester,
            change.request.environment,
            change.attempts,
            at,
            at,
            at,
            new.submission,
            change.progress.model_dump_json(),
            change.request.model_dump_json(),
        ),
    )
    db.execute(
        "INSERT INTO changes_text (rowid, words) VALUES (?, ?)",
        (change.number, search.words_of(change)),
    )
    db.execute("INSERT INTO cards (change) VALUES (?)", (change.number,))


def _insert_notices(db: Database, change: int, notices: Sequence[Notice]) -> None:
    db.conn.executemany(
        "INSERT INTO notices (change, key, notice) VALUES (?, ?, ?)"
        " ON CONFLICT (change, key) DO NOTHING",
        [(change, notice.key, notice.model_dump_json()) for notice in notices],
    )


def settle_delivery(db: Database, change: int) -> None:
    """Keep a row in `deliveries` exactly while something is to be delivered. One that is there
    keeps its due time: Slack's absence outlasts our next step."""
    if db.execute(_UNDELIVERED, {"change": change}).fetchone():
        db.execute(
            "INSERT INTO deliveries (change, due_at)"
            " SELECT number, updated_at FROM changes WHERE number = ?"
            " ON CONFLICT (change) DO NOTHING",
            (change,),
        )
    else:
        db.execute("DELETE FROM deliveries WHERE change = ?", (change,))
