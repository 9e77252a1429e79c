"""The `Store` port on SQLite: one file, one writer at a time, every write whole or not at all.

What is waiting to be done is found through indexes that hold only what is waiting, so that a
tick costs the same after a hundred thousand finished changes as after none.
"""

import json
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, closing
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from chatbot.adapters import sqlite_announcements as announcing
from chatbot.adapters import sqlite_changes as changes
from chatbot.adapters import sqlite_incidents as happening
from chatbot.adapters import sqlite_obligations as owing
from chatbot.adapters import sqlite_rows as rows
from chatbot.adapters import sqlite_search as search
from chatbot.adapters.sqlite_announcements import AnnouncementTable
from chatbot.adapters.sqlite_claims import Claims
from chatbot.adapters.sqlite_connection import Connections, translated
from chatbot.adapters.sqlite_delegations import DelegationTable
from chatbot.adapters.sqlite_freezes import FreezeTable
from chatbot.adapters.sqlite_holds import HoldTable
from chatbot.adapters.sqlite_incidents import IncidentTable
from chatbot.adapters.sqlite_obligations import ObligationTable
from chatbot.adapters.sqlite_postmortems import PostmortemTable
from chatbot.adapters.sqlite_promotions import PromotionQueries
from chatbot.adapters.sqlite_rollbacks import RollbackQueries
from chatbot.adapters.sqlite_schema import LIVE, is_current, migrate
from chatbot.adapters.sqlite_timeline import TimelineTable
from chatbot.adapters.sqlite_together import SharedWrites
from chatbot.domain.announcement import Announcement
from chatbot.domain.change import Change, MessageRef, format_change_id
from chatbot.domain.errors import NotFound, Permanent
from chatbot.domain.events import AuditCheck, AuditEntry, AuditEvent, ChainLink, check_chain
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Delivery, Notice
from chatbot.domain.obligation import Obligation
from chatbot.ports import CardRow, NewChange, Store

_DUE = "SELECT number FROM changes WHERE due_at <= ? ORDER BY due_at, number LIMIT ?"

_DELIVERIES_DUE = "SELECT change FROM deliveries WHERE due_at <= ? ORDER BY due_at, change LIMIT ?"

_IN_STATES = f"""
    SELECT number FROM changes
    WHERE {LIVE} AND state IN (SELECT value FROM json_each(:states))
        AND (:environment = '' OR environment = :environment)
    ORDER BY number"""  # noqa: S608 - ours

_WAITING_IN_LINE = f"""
    SELECT * FROM changes INDEXED BY changes_live
    WHERE {LIVE} AND environment = ? AND json_array_length(progress, '$.waiting.behind') > 0
    ORDER BY json_extract(progress, '$.waiting.since'), number LIMIT ?"""  # noqa: S608 - ours

_LIVE_COUNTS = f"SELECT state, count(*) AS count FROM changes WHERE {LIVE} GROUP BY state"  # noqa: S608 - ours


class SqliteStore(
    AnnouncementTable,
    DelegationTable,
    FreezeTable,
    HoldTable,
    IncidentTable,
    ObligationTable,
    PostmortemTable,
    PromotionQueries,
    RollbackQueries,
    TimelineTable,
    Store,
):
    """The tables in the file at `path`, made or brought up to date when the store is built.

    Raises `Permanent` when the file is no database of ours, is damaged, or was written by a
    newer version; `RetryLater` when it stays locked for `busy_timeout`.
    """

    def __init__(self, path: Path | str, *, busy_timeout: timedelta = timedelta(seconds=5)) -> None:
        self._connections = Connections(Path(path).resolve(), busy_timeout)
        try:
            with self._connections.reading() as db:
                current = is_current(db)
            if not current:
                with self._connections.writing() as db:
                    migrate(db)
            self._claims = Claims(self._connections)
            self._writes = SharedWrites(self._connections)
        except BaseException:
            self._connections.close()
            raise

    def close(self) -> None:
        """Close the file and let go of every claim. Workers must have stopped."""
        self._connections.close()
        self._claims.close()

    # --- changes ---------------------------------------------------------------------------

    def create_change(
        self, new: NewChange, entry: AuditEntry, notices: Sequence[Notice] = ()
    ) -> Change:
        """See `Store`."""
        return self._writes.write(lambda db: changes.create(db, new, entry, notices))

    def save(
        self,
        change: Change,
        entries: Sequence[AuditEntry],
        notices: Sequence[Notice] = (),
        *,
        obligations: Sequence[Obligation] = (),
        announcements: Sequence[Announcement] = (),
        incident: bool = False,
        paid: Obligation | None = None,
    ) -> Change:
        """See `Store`."""

        def write(db: Database) -> Change:
            if incident:
                happening.insert(db, change)
            saved = changes.save(db, change, entries, notices)
            owing.insert(db, obligations)
            if paid is not None:
                owing.update(db, paid)
            announcing.insert(db, announcements)
            return saved

        return self._writes.write(write)

    def change(self, number: int) -> Change:
        """See `Store`."""
        with self._connections.reading() as db:
            return rows.to_change(changes.require(db, number))

    def due(self, now: datetime, limit: int = 100) -> list[int]:
        """See `Store`."""
        return self._numbers(_DUE, (rows.to_text(now), limit))

    def deliveries_due(self, now: datetime, limit: int = 100) -> list[int]:
        """See `Store`."""
        return self._numbers(_DELIVERIES_DUE, (rows.to_text(now), limit))

    def live_counts(self) -> dict[State, int]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_LIVE_COUNTS).fetchall()
        return {State(row["state"]): row["count"] for row in found}

    def changes(
        self,
        *,
        requester: str = "",
        environment: str = "",
        text: str = "",
        open_only: bool = False,
        limit: int = 10,
    ) -> list[Change]:
        """See `Store`. `text` is a change id, or words that must all occur, in whatever case and
        also as parts of longer words."""
        sql, parameters = search.query(
            requester=requester,
            environment=environment,
            text=text,
            open_only=open_only,
            limit=limit,
        )
        with self._connections.reading() as db:
            return [rows.to_change(row) for row in db.execute(sql, parameters).fetchall()]

    def waiting_in_line(self, environment: str, limit: int = 10) -> list[Change]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(_WAITING_IN_LINE, (environment, limit)).fetchall()
        return [rows.to_change(row) for row in found]

    def in_states(self, states: Collection[State], environment: str = "") -> list[int]:
        """See `Store`."""
        wanted: dict[str, object] = {
            "states": json.dumps(sorted(states)),
            "environment": environment,
        }
        return self._numbers(_IN_STATES, wanted)

    def claim(self, change: int, task: str) -> AbstractContextManager[bool]:
        """See `Store`."""
        return self._claims.claim(change, task)

    def _numbers(self, sql: str, parameters: tuple[object, ...] | dict[str, object]) -> list[int]:
        with self._connections.reading() as db:
            return [row[0] for row in db.execute(sql, parameters).fetchall()]

    # --- the audit log ---------------------------------------------------------------------

    def record(self, entry: AuditEntry) -> None:
        """See `Store`."""
        with self._connections.writing() as db:
            rows.append(db, entry)

    def events(self, change: int | None = None) -> list[AuditEvent]:
        """See `Store`."""
        with self._connections.reading() as db:
            if change is None:
                found = db.execute("SELECT * FROM audit ORDER BY sequence")
            else:
                found = db.execute(
                    "SELECT * FROM audit WHERE change = ? ORDER BY sequence", (change,)
                )
            return [rows.to_event(row) for row in found.fetchall()]

    def check_audit(self) -> AuditCheck:
        """See `Store`."""
        with self._connections.reading() as db:
            head = db.execute("SELECT sequence, hash FROM audit_head").fetchone()
            if head is None:
                return AuditCheck(events=0, broken=1, reason="The head of the log is missing.")
            links = map(rows.to_link, db.execute("SELECT * FROM audit ORDER BY sequence"))
            return check_chain(links, ChainLink(head["sequence"], None, head["hash"]))

    # --- cards and notices -----------------------------------------------------------------

    def card(self, change: int) -> CardRow:
        """See `Store`. Raises `NotFound`."""
        with self._connections.reading() as db:
            row = db.execute("SELECT * FROM cards WHERE change = ?", (change,)).fetchone()
            if row is None:
                raise NotFound(f"There is no {format_change_id(change)}.")
            return CardRow(
                change=change,
                message=rows.to_message(row["channel"], row["ts"]),
                shown_revision=row["shown_revision"],
                attempted=bool(row["attempted"]),
            )

    def card_attempted(self, change: int) -> None:
        """See `Store`."""
        with self._connections.writing() as db:
            db.execute("UPDATE cards SET attempted = 1 WHERE change = ?", (change,))

    def card_shown(self, change: int, message: MessageRef, revision: int) -> None:
        """See `Store`."""
        with self._connections.writing() as db:
            db.execute(
                "UPDATE cards SET attempted = 1, channel = ?, ts = ?, shown_revision = ?"
                " WHERE change = ?",
                (message.channel, message.ts, revision, change),
            )
            changes.settle_delivery(db, change)

    def pending_notices(self, change: int) -> list[Delivery]:
        """See `Store`."""
        with self._connections.reading() as db:
            found = db.execute(
                "SELECT * FROM notices WHERE change = ? AND ts IS NULL ORDER BY rowid", (change,)
            ).fetchall()
        return [
            Delivery(
                change=change,
                notice=Notice.model_validate_json(row["notice"]),
                attempted=bool(row["attempted"]),
            )
            for row in found
        ]

    def notice_attempted(self, change: int, key: str) -> None:
        """See `Store`."""
        with self._connections.writing() as db:
            db.execute(
                "UPDATE notices SET attempted = 1 WHERE change = ? AND key = ?", (change, key)
            )

    def notice_sent(self, change: int, key: str, message: MessageRef | None) -> None:
        """See `Store`. Nobody to be reached is stored as an empty place."""
        channel, ts = (message.channel, message.ts) if message else ("", "")
        with self._connections.writing() as db:
            db.execute(
                "UPDATE notices SET attempted = 1, channel = ?, ts = ?"
                " WHERE change = ? AND key = ?",
                (channel, ts, change, key),
            )
            changes.settle_delivery(db, change)

    def delay_delivery(self, change: int, until: datetime) -> None:
        """See `Store`. A later save does not shorten the delay."""
        with self._connections.writing() as db:
            db.execute(
                "UPDATE deliveries SET due_at = ? WHERE change = ?", (rows.to_text(until), change)
            )

    # --- the file --------------------------------------------------------------------------

    def backup(self, path: Path | str) -> None:
        """Copy the database to `path` while it is in use. The copy is one whole file; an older
        one at `path` is replaced only once the new one is complete.

        Raises `RetryLater` or `Permanent` as every write does.
        """
        target = Path(path).resolve()
        if target == self._connections.path:
            raise Permanent(f"{target} is the database itself; name another file for its backup.")
        unfinished = target.with_name(f"{target.name}.unfinished")
        with translated(target):
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
            with closing(sqlite3.connect(unfinished)) as copy:
                with self._connections.idle() as db:
                    db.conn.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            unfinished.replace(target)
