"""The tables, as migrations: a database of any earlier version becomes today's at the start.

A migration that has shipped is never edited; what comes later is a new one at the end. Columns
stand from small to large, because SQLite reads a row from its front.
"""

from collections.abc import Callable

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from chatbot.domain.errors import Permanent
from chatbot.domain.events import GENESIS

LIVE = "state NOT IN ('cancelled', 'completed', 'expired', 'rejected', 'rolled_back')"
"""The states that are not `lifecycle.TERMINAL`. A query uses the partial index only when it
repeats the index's own words, so they are written down here once."""

_CHANGES = (
    """CREATE TABLE changes (
        number INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        state TEXT NOT NULL,
        path TEXT NOT NULL,
        requester TEXT NOT NULL,
        environment TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        due_at TEXT,
        submission TEXT NOT NULL UNIQUE CHECK (submission <> ''),
        progress TEXT NOT NULL,
        request TEXT NOT NULL
    ) STRICT""",
    f"CREATE INDEX changes_live ON changes (number, state) WHERE {LIVE}",
    "CREATE INDEX changes_due ON changes (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX changes_requester ON changes (requester)",
    "CREATE INDEX changes_environment ON changes (environment)",
    # One change at a time has an object. Rows go when their change lets go, so the table is as
    # small as the work at hand.
    """CREATE TABLE holds (
        environment TEXT NOT NULL,
        object TEXT NOT NULL,
        change INTEGER NOT NULL REFERENCES changes (number),
        PRIMARY KEY (environment, object)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX holds_change ON holds (change)",
    # Any part of a word finds a change: trigrams keep that fast on a long history.
    "CREATE VIRTUAL TABLE changes_text USING fts5(words, tokenize = 'trigram')",
)

_AUDIT = (
    """CREATE TABLE audit (
        sequence INTEGER PRIMARY KEY,
        change INTEGER REFERENCES changes (number),
        kind TEXT NOT NULL,
        actor TEXT NOT NULL,
        at TEXT NOT NULL,
        hash TEXT NOT NULL,
        data TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX audit_change ON audit (change)",
    """CREATE TABLE audit_head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        sequence INTEGER NOT NULL,
        hash TEXT NOT NULL
    ) STRICT""",
    f"INSERT INTO audit_head VALUES (1, 0, '{GENESIS}')",  # noqa: S608 - a constant of ours
    # The insert trigger also stops INSERT OR REPLACE, which fires no delete trigger by default.
    """CREATE TRIGGER audit_insert BEFORE INSERT ON audit
        WHEN NEW.sequence <> (SELECT sequence + 1 FROM audit_head)
        BEGIN SELECT RAISE(ABORT, 'the audit log only grows at its end'); END""",
    """CREATE TRIGGER audit_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_delete BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    """CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head
        WHEN NEW.sequence <> OLD.sequence + 1
        BEGIN SELECT RAISE(ABORT, 'the head of the audit log only moves on'); END""",
    """CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head
        BEGIN SELECT RAISE(ABORT, 'the head of the audit log only moves on'); END""",
)

_DELIVERY = (
    """CREATE TABLE cards (
        change INTEGER PRIMARY KEY REFERENCES changes (number),
        shown_revision INTEGER NOT NULL DEFAULT -1,
        attempted INTEGER NOT NULL DEFAULT 0,
        channel TEXT,
        ts TEXT
    ) STRICT""",
    """CREATE TABLE notices (
        change INTEGER NOT NULL REFERENCES changes (number),
        key TEXT NOT NULL,
        attempted INTEGER NOT NULL DEFAULT 0,
        channel TEXT,
        ts TEXT,
        notice TEXT NOT NULL,
        PRIMARY KEY (change, key)
    ) STRICT""",
    "CREATE INDEX notices_unsent ON notices (change) WHERE ts IS NULL",
    # One row for each change whose card is behind or whose notices are unsent, and no other.
    """CREATE TABLE deliveries (
        change INTEGER PRIMARY KEY REFERENCES changes (number),
        due_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX deliveries_due ON deliveries (due_at)",
    """CREATE TABLE claims (
        change INTEGER NOT NULL,
        task TEXT NOT NULL,
        owner TEXT NOT NULL,
        PRIMARY KEY (change, task)
    ) STRICT, WITHOUT ROWID""",
)

_DELEGATIONS = (
    # A senior lends their say to one person at a time. Rows that are over stay until the senior
    # lends anew, so that a delegate can be told what ended.
    """CREATE TABLE delegations (
        senior TEXT PRIMARY KEY,
        delegate TEXT NOT NULL,
        since TEXT NOT NULL,
        until TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

_FREEZES = (
    # `environments` is a JSON list of names; an empty one means all. Rows stay when they are over.
    """CREATE TABLE freezes (
        id TEXT PRIMARY KEY,
        environments TEXT NOT NULL,
        starts_at TEXT NOT NULL,
        ends_at TEXT,
        author TEXT NOT NULL,
        lifted_by TEXT NOT NULL DEFAULT '',
        shown TEXT NOT NULL CHECK (shown IN ('ahead', 'begun', 'over')),
        reason TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX freezes_to_show ON freezes (starts_at) WHERE shown <> 'over'",
)

_ROLLBACKS = (
    """CREATE INDEX changes_rolls_back ON changes (json_extract(request, '$.rolls_back'))
        WHERE json_extract(request, '$.rolls_back') IS NOT NULL""",
)

_ANNOUNCEMENTS = (
    # One row for each that is still to be made, and no other.
    """CREATE TABLE announcements (
        key TEXT NOT NULL,
        channel TEXT NOT NULL,
        due_at TEXT NOT NULL,
        attempted INTEGER NOT NULL DEFAULT 0,
        announcement TEXT NOT NULL,
        PRIMARY KEY (key, channel)
    ) STRICT""",
)

_PROMOTIONS = (
    """CREATE INDEX changes_content
        ON changes (environment, json_extract(progress, '$.review.content'))
        WHERE state = 'completed' AND json_extract(progress, '$.review.content') IS NOT NULL""",
)

_OBLIGATIONS = (
    # Rows stay when they are met: a breach stays on the record. What is open is found by its time.
    """CREATE TABLE obligations (
        change INTEGER NOT NULL REFERENCES changes (number),
        kind TEXT NOT NULL,
        version INTEGER NOT NULL DEFAULT 0,
        due_at TEXT NOT NULL,
        met_at TEXT,
        obligation TEXT NOT NULL,
        PRIMARY KEY (change, kind)
    ) STRICT""",
    "CREATE INDEX obligations_open ON obligations (due_at, change) WHERE met_at IS NULL",
)

_CHASE = (
    # When an obligation is looked at again; empty: at once. What is met is not in the index.
    "ALTER TABLE obligations ADD COLUMN next_at TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX obligations_next ON obligations (next_at, change) WHERE met_at IS NULL",
    # A rung of the ladder is climbed once: its row is written with what is said there.
    """CREATE TABLE reminders (
        change INTEGER NOT NULL,
        kind TEXT NOT NULL,
        rung TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (change, kind, rung),
        FOREIGN KEY (change, kind) REFERENCES obligations (change, kind)
    ) STRICT""",
    """CREATE TABLE postmortems (
        change INTEGER PRIMARY KEY REFERENCES changes (number),
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        due_at TEXT,
        postmortem TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX postmortems_due ON postmortems (due_at) WHERE due_at IS NOT NULL",
)

_INCIDENTS = (
    # `place` is the channel or the issue. A row that rests has no `due_at`; its next event gives
    # it one.
    """CREATE TABLE incidents (
        change INTEGER NOT NULL REFERENCES changes (number),
        side TEXT NOT NULL,
        version INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        closed INTEGER NOT NULL DEFAULT 0,
        due_at TEXT,
        place TEXT,
        incident TEXT NOT NULL,
        PRIMARY KEY (change, side)
    ) STRICT""",
    "CREATE INDEX incidents_due ON incidents (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX incidents_place ON incidents (place) WHERE place IS NOT NULL",
)

_TIMELINE = (
    # A message that was deleted keeps its row, so that adding it again is no news.
    """CREATE TABLE timeline (
        change INTEGER NOT NULL REFERENCES changes (number),
        channel TEXT NOT NULL,
        ts TEXT NOT NULL,
        deleted INTEGER NOT NULL DEFAULT 0,
        at TEXT NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (change, channel, ts)
    ) STRICT""",
    "CREATE INDEX timeline_message ON timeline (channel, ts)",
)

_LEFT_HOLDS = (
    # Versions before this one could leave objects in the hands of a change that was cancelled.
    f"DELETE FROM holds WHERE change NOT IN (SELECT number FROM changes WHERE {LIVE})",  # noqa: S608 - ours
)


def _run(statements: tuple[str, ...]) -> Callable[[Database], None]:
    def migration(db: Database, /) -> None:
        for statement in statements:
            db.execute(statement)

    return migration


_STEPS = {
    "0001_changes": _run(_CHANGES),
    "0002_audit": _run(_AUDIT),
    "0003_delivery": _run(_DELIVERY),
    "0004_delegations": _run(_DELEGATIONS),
    "0005_freezes": _run(_FREEZES),
    "0006_rollbacks": _run(_ROLLBACKS),
    "0007_announcements": _run(_ANNOUNCEMENTS),
    "0008_promotions": _run(_PROMOTIONS),
    "0009_obligations": _run(_OBLIGATIONS),
    "0010_chase": _run(_CHASE),
    "0011_incidents": _run(_INCIDENTS),
    "0012_timeline": _run(_TIMELINE),
    "0013_left_holds": _run(_LEFT_HOLDS),
}


def _migrations() -> Migrations:
    migrations = Migrations("redlight")
    for name, step in _STEPS.items():
        migrations(name=name)(step)
    return migrations


def is_current(db: Database) -> bool:
    """Whether nothing is left to migrate. Raises `Permanent` when the database is newer than
    this code: writing to it could lose what the newer version keeps there."""
    migrations = _migrations()
    newer = [step.name for step in migrations.applied(db) if step.name not in _STEPS]
    if newer:
        raise Permanent(
            f"The database was written by a newer Redlight (it has {', '.join(newer)}).",
            remedy="Start that version again, or restore a backup from before it.",
        )
    return not migrations.pending(db)


def migrate(db: Database) -> None:
    """Bring the tables up to date. Inside a write transaction, so that of two processes that
    start at once one does it."""
    if not is_current(db):
        _migrations().apply(db)
