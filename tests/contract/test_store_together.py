"""Writes that wait at the same instant share a transaction, and nothing else."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlite_utils import Database

from chatbot.adapters.sqlite import SqliteStore
from chatbot.adapters.sqlite_connection import Connections
from chatbot.domain.errors import Permanent, RetryLater, StaleChange
from chatbot.domain.lifecycle import State
from tests.support import builders
from tests.support.store import add_change, move

AT_ONCE = 12
SECONDS = 30


@contextmanager
def held_back(store: SqliteStore, writes: list[Callable[[], Any]]) -> Iterator[list[Future[Any]]]:
    """All of these writes, at the moment when every one of them waits for its turn."""
    with ThreadPoolExecutor(len(writes)) as pool:
        with store._connections.writing():
            futures = [pool.submit(write) for write in writes]
            while len(store._writes._waiting) < len(writes):
                assert not any(future.done() for future in futures)
        yield futures


def commits(connections: Connections) -> list[str]:
    """Collects a line for each transaction from now on."""
    seen: list[str] = []
    begin = connections._turn

    @contextmanager
    def counted() -> Iterator[None]:
        with begin():
            yield
        seen.append("transaction")

    connections._turn = counted  # type: ignore[method-assign]
    return seen


def test_changes_that_are_made_at_once_are_committed_together(store: SqliteStore) -> None:
    seen = commits(store._connections)
    with held_back(store, [lambda: add_change(store)] * AT_ONCE) as made:
        numbers = [future.result(SECONDS).number for future in made]
    assert sorted(numbers) == list(range(1, AT_ONCE + 1))
    assert store.check_audit().events == AT_ONCE
    assert len(seen) == 2, "what held them back, and one for all of them"


def test_whoever_fails_among_them_fails_alone(store: SqliteStore) -> None:
    old = add_change(store)
    move(store, old, State.APPLYING)
    writes = [
        lambda: add_change(store),
        lambda: move(store, old, State.CANCELLED),
        lambda: add_change(store, rollback_plan="half a pair \ud800"),
        lambda: add_change(store),
    ]
    with held_back(store, writes) as (first, stale, unstorable, last):
        assert sorted(future.result(SECONDS).number for future in (first, last)) == [2, 3]
        assert isinstance(stale.exception(SECONDS), StaleChange)
        assert isinstance(unstorable.exception(SECONDS), Permanent)
    assert [change.number for change in store.changes()] == [3, 2, 1]
    assert store.change(1).state is State.APPLYING
    assert store.check_audit().events == 4


def test_the_same_submission_twice_among_them_makes_one_change(store: SqliteStore) -> None:
    new = builders.new_change()
    twice = [lambda: store.create_change(new, builders.entry())] * 2
    with held_back(store, twice) as (one, other):
        assert one.result(SECONDS) == other.result(SECONDS)
    assert store.check_audit().events == 1


def test_all_of_them_hear_when_the_disk_takes_nothing(store: SqliteStore) -> None:
    """As SQLite does when a disk is full: the whole transaction is gone, not one statement."""

    def gives_up(db: Database) -> None:
        db.execute("ROLLBACK")
        raise RetryLater("The disk is full.")

    writes: list[Callable[[], Any]] = [
        lambda: add_change(store),
        lambda: store._writes.write(gives_up),
        lambda: add_change(store),
    ]
    with held_back(store, writes) as futures:
        assert all(isinstance(future.exception(SECONDS), RetryLater) for future in futures)
    assert store.changes() == []
    assert add_change(store).number == 1


def test_nobody_waits_for_ever_while_another_process_writes(store: SqliteStore) -> None:
    store._connections._timeout = 0.1
    path = store._connections.path
    with ThreadPoolExecutor(AT_ONCE) as pool:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        made = [pool.submit(add_change, store) for _ in range(AT_ONCE)]
        assert all(isinstance(future.exception(SECONDS), RetryLater) for future in made)
        other.execute("ROLLBACK")
        other.close()
    assert add_change(store).number == 1
