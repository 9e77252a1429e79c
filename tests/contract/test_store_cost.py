"""What a question costs follows what is live, not history.

Counted in steps of SQLite's virtual machine, which are the same on every machine; and the way
through the indexes is checked by name, so that a slower way shows even where it is still short.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.lifecycle import State
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.postmortem import Postmortem
from tests.support import builders
from tests.support.builders import NOW
from tests.support.freezes import freeze
from tests.support.store import add_change, make_store, move

Question = Callable[[SqliteStore], object]

QUESTIONS: dict[str, tuple[Question, set[str]]] = {
    "due": (lambda store: store.due(NOW), {"changes_due"}),
    "deliveries due": (lambda store: store.deliveries_due(NOW), {"deliveries_due"}),
    "hold": (lambda store: store.hold(store.change(2)), set()),
    "live counts": (lambda store: store.live_counts(), {"changes_live"}),
    "in_states": (
        lambda store: store.in_states({State.PR_OPEN}),
        {"changes_live"},
    ),
    "open": (lambda store: store.changes(open_only=True, limit=100), {"changes_live"}),
    "open in an environment": (
        lambda store: store.changes(open_only=True, environment="dev", limit=100),
        {"changes_live"},
    ),
    "open with a word": (
        lambda store: store.changes(open_only=True, text="visitors", limit=100),
        {"changes_live"},
    ),
    "newest": (lambda store: store.changes(), set()),
    "of a requester": (
        lambda store: store.changes(requester=builders.REQUESTER),
        {"changes_requester"},
    ),
    "in an environment": (lambda store: store.changes(environment="dev"), {"changes_environment"}),
    "in line": (lambda store: store.waiting_in_line("dev"), {"changes_live"}),
    "completed with": (
        lambda store: store.completed_with("dev", "content"),
        {"changes_content"},
    ),
    "freezes": (lambda store: store.freezes(), {"freezes_to_show"}),
    "obligations due": (
        lambda store: store.obligations_due(NOW + timedelta(days=9)),
        {"obligations_next"},
    ),
    "postmortems due": (lambda store: store.postmortems_due(NOW), {"postmortems_due"}),
    "pending notices": (lambda store: store.pending_notices(2), {"notices_unsent"}),
}


def with_history(folder: Path, closed: int) -> SqliteStore:
    """Five open changes, then as many closed copies of the first as wanted."""
    folder.mkdir()
    store = make_store(folder)
    store.add_freeze(freeze(), builders.entry())
    for state in (State.APPLYING, State.REQUESTED, State.PR_OPEN, State.HELD, State.BLOCKED):
        due_at = NOW + timedelta(hours=state is State.HELD)
        change = move(store, add_change(store), state, due_at=due_at)
        store.card_shown(change.number, builders.message(), change.revision)
    owed = Obligation(
        change=1, kind=Kind.POSTMORTEM, owner="U1", since=NOW, due_at=NOW + timedelta(days=1)
    )
    written = Postmortem(change=1, due_at=NOW)
    store.save(store.change(1), [], obligations=[owed])
    store.save_postmortem(written, [])
    with closing(sqlite3.connect(folder / "redlight.db")) as raw, raw:
        series = (
            "WITH RECURSIVE n (i) AS"
            f" (SELECT 6 UNION ALL SELECT i + 1 FROM n WHERE i < {closed + 5})"
        )
        raw.execute(
            f"INSERT INTO changes {series} SELECT i, version, revision, 'completed', path,"
            " requester, environment, 0, created_at, updated_at, NULL, 'copy-' || i, progress,"
            " request"
            " FROM n, changes WHERE number = 1"
        )
        raw.execute(
            f"INSERT INTO cards {series} SELECT i, shown_revision, 1, channel, ts"
            " FROM n, cards WHERE change = 1"
        )
        raw.execute(
            f"INSERT INTO notices {series} SELECT i, 'done', 1, 'C0DEV', '1.0', '{{}}' FROM n"
        )
        raw.execute(
            "INSERT INTO freezes (id, environments, starts_at, ends_at, author, shown, reason)"
            f" {series} SELECT i, '[]', i, i, 'U1', 'over', 'year end' FROM n"
        )
        raw.execute(
            "INSERT INTO obligations (change, kind, due_at, met_at, obligation)"
            f" {series} SELECT i, kind, due_at, due_at, obligation"
            " FROM n, obligations WHERE change = 1"
        )
        raw.execute(
            f"INSERT INTO postmortems {series} SELECT i, 1, 'accepted', NULL, postmortem"
            " FROM n, postmortems WHERE change = 1"
        )
        raw.execute(
            f"INSERT INTO changes_text (rowid, words) {series} SELECT i, words"
            " FROM n, changes_text WHERE changes_text.rowid = 1"
        )
    return store


def steps(store: SqliteStore, question: Question) -> int:
    """Steps of the virtual machine that the question takes."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    with store._connections.idle() as db:
        question(store)  # the schema is read once
        db.conn.set_progress_handler(step, 1)
        try:
            question(store)
        finally:
            db.conn.set_progress_handler(None, 1)
    return count


@pytest.fixture(scope="module")
def young_and_old(tmp_path_factory: pytest.TempPathFactory) -> list[SqliteStore]:
    folder = tmp_path_factory.mktemp("cost")
    return [with_history(folder / "young", 100), with_history(folder / "old", 5_000)]


@pytest.mark.parametrize("name", QUESTIONS)
def test_fifty_times_the_history_costs_no_step_more(
    young_and_old: list[SqliteStore], name: str
) -> None:
    question, _ = QUESTIONS[name]
    young, old = (steps(store, question) for store in young_and_old)
    assert 0 < old <= young * 1.05


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_goes_through_its_index(young_and_old: list[SqliteStore], name: str) -> None:
    question, indexes = QUESTIONS[name]
    store = young_and_old[0]
    asked: list[tuple[str, object]] = []
    with store._connections.idle() as db:
        with db.tracer(lambda sql, parameters: asked.append((sql, parameters))):
            question(store)
        plan = "\n".join(
            row["detail"]
            for sql, parameters in asked
            if sql.lstrip().startswith("SELECT")
            for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters or ()).fetchall()
        )
    assert {index for index in indexes if f"INDEX {index}" not in plan} == set(), plan
    if indexes:
        bare = [line for line in plan.splitlines() if line == "SCAN changes"]
        assert not bare, plan


def find(text: str, store: SqliteStore) -> object:
    return store.changes(text=text)


def test_a_word_is_found_in_a_long_history_by_its_index(young_and_old: list[SqliteStore]) -> None:
    for text in ("nowhere", "visitors"):
        young, old = (steps(store, partial(find, text)) for store in young_and_old)
        assert old <= young * 2


def test_the_right_things_are_found_in_a_long_history(young_and_old: list[SqliteStore]) -> None:
    old = young_and_old[1]
    assert old.due(NOW) == [1, 2, 3, 5]
    assert old.in_states({State.PR_OPEN}) == [3]
    assert [each.freeze.id for each in old.freezes()] == ["one"]
    assert [change.number for change in old.changes(open_only=True)] == [5, 4, 3, 2, 1]
