"""Databases with a past: many closed changes, some open ones.

The store makes one change of each sort, with a plan, a snapshot and a pull request of real size;
SQL multiplies them, because a hundred thousand commits would take longer than what is measured.
Requesters, environments, object names and words vary from change to change. The audit log of the
copies is left out: neither a list nor a tick reads it.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain import change as domain
from chatbot.domain.change import MessageRef
from chatbot.domain.events import AuditEntry
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.ports import NewChange

REQUESTER = "U0REQUESTER"
NO_CARD = MessageRef(channel="C0TEST", ts="1767603600.000001")
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_OBJECTS = 3
_DIFF = "\n".join(f"-    line {number} before\n+    line {number} after" for number in range(12))


def history(database: Path, *, closed: int, opened: int, card: MessageRef = NO_CARD) -> None:
    """Make a database with so many completed changes, and so many open ones after them, every card
    at the same place."""
    store = SqliteStore(database)
    try:
        for state, count in ((State.COMPLETED, closed), (State.AWAITING_CONFIRMATION, opened)):
            if count:
                _multiply(database, _prototype(store, state, card), count - 1)
    finally:
        store.close()


def add_due(database: Path, count: int) -> None:
    """Add open changes whose time has come."""
    store = SqliteStore(database)
    try:
        for _ in range(count):
            _prototype(store, State.AWAITING_CONFIRMATION, NO_CARD, due=True)
    finally:
        store.close()


def _prototype(store: SqliteStore, state: State, card: MessageRef, *, due: bool = False) -> int:
    """A change as the real path leaves it in this state, its card shown; gives its number."""
    targets = tuple(
        domain.Target(
            api_version="apps/v1", kind="Deployment", namespace="shop-test", name=f"web-{index}"
        )
        for index in range(_OBJECTS)
    )
    request = domain.ChangeRequest(
        operation=domain.Operation.APPLY,
        environment="test",
        namespace="shop-test",
        targets=targets,
        manifest="\n---\n".join(_DIFF for _ in targets),
        justification="More visitors than two pods can serve, says ticket number 0.",
        risk_assessment=domain.RiskLevel.LOW,
        rollback_plan="Back to the snapshot.",
    )
    submission = f"V{datetime.now(UTC).timestamp()}-{state}"
    entry = AuditEntry(kind="change.requested", actor=REQUESTER, change=None, at=LONG_AGO, data={})
    made = store.create_change(
        NewChange(
            path=domain.Path.DIRECT, requester=REQUESTER, request=request, submission=submission
        ),
        entry,
    )
    due_at = LONG_AGO + timedelta(minutes=1) if due else None
    update = {"state": state, "progress": _progress(targets), "due_at": due_at}
    saved = store.save(made.model_copy(update=update), [])
    store.card_shown(saved.number, card, saved.revision)
    return saved.number


def _progress(targets: tuple[domain.Target, ...]) -> domain.Progress:
    planned = tuple(
        domain.PlannedObject(
            target=target, action=domain.ObjectAction.CHANGE, diff=_DIFF, resource_version="1"
        )
        for target in targets
    )
    return domain.Progress(
        plan=domain.Plan(objects=planned, digest="0" * 64),
        pull_request=PullRequest(
            number=1,
            url="https://github.example/acme/cluster-config/pull/1",
            branch="mcp-ocs/change-chg-1",
            head_sha="0" * 40,
            state=PullRequestState.MERGED,
            merge_sha="1" * 40,
        ),
    )


def _multiply(database: Path, number: int, copies: int) -> None:
    """Copies of a change and its card; every seventh is the requester's, every other in test."""
    if copies < 1:
        return
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("CREATE TEMP TABLE n (i INTEGER PRIMARY KEY)")
        raw.executemany("INSERT INTO n VALUES (?)", ((number + 1 + i,) for i in range(copies)))
        raw.execute(
            "INSERT INTO changes SELECT i, version, revision, state, path,"
            " CASE i % 7 WHEN 0 THEN requester ELSE 'U0OTHER' || (i % 50) END,"
            " CASE i % 2 WHEN 0 THEN 'test' ELSE 'dev' END,"
            " attempts, created_at, updated_at, due_at, 'copy-' || i, progress,"
            " replace(request, 'number 0', 'number ' || i) FROM n, changes WHERE number = ?",
            (number,),
        )
        raw.execute(
            "INSERT INTO changes_text (rowid, words) SELECT i, replace(words, 'number 0',"
            " 'number ' || i) FROM n, changes_text WHERE changes_text.rowid = ?",
            (number,),
        )
        raw.execute(
            "INSERT INTO cards (change, shown_revision, attempted, channel, ts)"
            " SELECT i, shown_revision, attempted, channel, ts"
            " FROM n, cards WHERE change = ?",
            (number,),
        )
