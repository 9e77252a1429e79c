"""The promises of the `Store` port about rollbacks, on real SQLite."""

import sqlite3
from datetime import timedelta
from pathlib import Path

from chatbot.adapters.sqlite import SqliteStore
from chatbot.adapters.sqlite_rollbacks import _ROLLBACKS_OF
from chatbot.domain.change import Change, Operation
from chatbot.domain.lifecycle import State
from tests.support.builders import NOW, entry, new_change, target
from tests.support.store import add_change, make_store, move


def applied(store: SqliteStore, *, after: int, **request: object) -> Change:
    """A change that wrote so many minutes later."""
    change = add_change(store, **request)
    at = NOW + timedelta(minutes=after)
    progress = change.progress.model_copy(update={"applied_at": at})
    return move(store, change, State.COMPLETED, progress=progress, updated_at=at)


def rollback(store: SqliteStore, of: Change) -> Change:
    return add_change(store, operation=Operation.ROLLBACK, replicas=None, rolls_back=of.number)


def test_the_rollbacks_of_a_change_are_found_in_whatever_state(store: SqliteStore) -> None:
    first, second = add_change(store), add_change(store)
    given_up = move(store, rollback(store, first), State.CANCELLED)
    again = rollback(store, first)
    other = rollback(store, second)
    assert store.rollbacks_of(first.number) == [given_up, again]
    assert store.rollbacks_of(second.number) == [other]
    assert store.rollbacks_of(again.number) == []


def test_rollbacks_are_found_without_reading_every_change(tmp_path: Path) -> None:
    make_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "redlight.db") as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {_ROLLBACKS_OF}", (1,)).fetchall()
    db.close()
    assert any("USING INDEX changes_rolls_back" in row[3] for row in plan)


def test_who_wrote_to_the_same_objects_since_is_told_in_that_order(store: SqliteStore) -> None:
    change = applied(store, after=0)
    second, first = applied(store, after=9), applied(store, after=5)
    applied(store, after=-5)
    applied(store, after=5, environment="test")
    applied(store, after=5, targets=(target("db"),))
    applied(store, after=5, targets=(target(kind="StatefulSet"),))
    both = applied(store, after=12, targets=(target("db"), target()))
    add_change(store)
    assert store.writers_since(change) == [first, second, both]


def test_nobody_wrote_since_a_change_that_wrote_nothing(store: SqliteStore) -> None:
    change = add_change(store)
    applied(store, after=5)
    assert store.writers_since(change) == []


def test_a_submission_is_known_by_the_change_it_made(store: SqliteStore) -> None:
    new = new_change(submission="V7")
    assert store.submitted("V7") is None
    change = store.create_change(new, entry())
    assert store.submitted("V7") == change


def test_who_wrote_since_another_moment_is_told_too(store: SqliteStore) -> None:
    change = add_change(store)
    applied(store, after=3)
    later = applied(store, after=5)
    assert store.writers_since(change, NOW + timedelta(minutes=4)) == [later]
