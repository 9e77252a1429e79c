"""The store's file: durable, copied while in use, and refused when it is no good."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.domain.lifecycle import TERMINAL, State
from tests.support.store import add_change, make_store, move


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    first = make_store(tmp_path)
    change = add_change(first)
    first.close()
    second = make_store(tmp_path)
    assert second.change(1) == change
    second.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["redlight.db"]


def test_the_file_is_for_its_user_only(store: SqliteStore, tmp_path: Path) -> None:
    assert (tmp_path / "redlight.db").stat().st_mode & 0o777 == 0o600


def test_every_thread_commits_durably_and_checks_references(store: SqliteStore) -> None:
    def pragmas(_: int) -> tuple[int, ...]:
        with store._connections.idle() as db:
            names = ("synchronous", "foreign_keys")
            return tuple(db.execute(f"PRAGMA {name}").fetchone()[0] for name in names)

    full, on = 2, 1
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(pragmas, range(6))) == {(full, on)}
    with store.claim(1, "reconcile"):
        pass
    add_change(store)
    assert pragmas(0) == (full, on)


def test_a_thread_that_ended_leaves_no_connection_open(store: SqliteStore) -> None:
    for _ in range(20):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(store.changes).result(10)
    assert len(store._connections._all) <= 2


def test_a_backup_taken_in_use_verifies_and_works(store: SqliteStore, tmp_path: Path) -> None:
    change = add_change(store)
    copy = tmp_path / "backup.db"
    with store.claim(1, "reconcile"):
        store.backup(copy)
    move(store, change, State.CANCELLED)
    assert not list(tmp_path.glob("*.unfinished*"))
    restored = SqliteStore(copy)
    assert restored.change(1) == change
    assert restored.check_audit().events == 1
    with restored.claim(1, "reconcile") as mine:
        assert mine
    assert add_change(restored).number == 2
    restored.close()


def test_a_backup_replaces_an_older_one_but_never_the_database(
    store: SqliteStore, tmp_path: Path
) -> None:
    copy = tmp_path / "backup.db"
    store.backup(copy)
    add_change(store)
    store.backup(copy)
    restored = SqliteStore(copy)
    assert restored.change(1) == store.change(1)
    restored.close()
    with pytest.raises(Permanent, match="the database itself"):
        store.backup(tmp_path / "redlight.db")


def test_a_database_from_before_delegations_becomes_todays(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    change = add_change(store)
    store.close()
    with sqlite3.connect(tmp_path / "redlight.db") as raw:
        raw.execute("DROP TABLE delegations")
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = '0004_delegations'")
    raw.close()
    store = make_store(tmp_path)
    assert store.delegations() == []
    assert store.change(1) == change
    store.close()


def test_what_an_earlier_version_left_in_hand_is_free(tmp_path: Path) -> None:
    with closing(make_store(tmp_path)) as store:
        gone, at_work = add_change(store), add_change(store)
        gone = move(store, gone, State.CANCELLED)
        move(store, at_work, State.APPLYING)
    with sqlite3.connect(tmp_path / "redlight.db") as raw:
        held = [("dev", "old", gone.number), ("dev", "new", at_work.number)]
        raw.executemany("INSERT INTO holds VALUES (?, ?, ?)", held)
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = '0013_left_holds'")
    raw.close()
    with closing(make_store(tmp_path)):
        raw = sqlite3.connect(tmp_path / "redlight.db")
        assert raw.execute("SELECT object FROM holds").fetchall() == [("new",)]
        raw.close()


def test_a_newer_database_is_refused_with_the_way_out(tmp_path: Path) -> None:
    make_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "redlight.db") as raw:
        raw.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('redlight', '9999_future', '')"
        )
    raw.close()
    with pytest.raises(Permanent, match=r"newer Redlight .*9999_future") as refusal:
        make_store(tmp_path)
    assert "backup" in refusal.value.remedy


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "redlight.db").write_text("not a database, but long enough to look at\n" * 50)
    with pytest.raises(Permanent, match="not a Redlight database") as refusal:
        make_store(tmp_path)
    assert refusal.value.remedy


def test_a_damaged_page_is_reported_as_damage(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    add_change(store)
    store.close()
    path = tmp_path / "redlight.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(Permanent, match="is damaged") as refusal:
        make_store(tmp_path)
    assert "backup" in refusal.value.remedy


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="cannot be opened"):
        SqliteStore(tmp_path / "missing" / "redlight.db")


def test_a_database_that_stays_locked_is_for_later(tmp_path: Path) -> None:
    make_store(tmp_path).close()
    impatient = SqliteStore(tmp_path / "redlight.db", busy_timeout=timedelta(milliseconds=50))
    raw = sqlite3.connect(tmp_path / "redlight.db", isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryLater, match="is busy"):
        add_change(impatient)
    raw.execute("ROLLBACK")
    raw.close()
    assert add_change(impatient).number == 1
    impatient.close()


def test_a_full_disk_is_for_later_and_loses_nothing(store: SqliteStore) -> None:
    change = add_change(store)
    with store._connections.idle() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(RetryLater, match="disk is full"):
            add_change(store, justification="long " * 100_000)
        db.execute("PRAGMA max_page_count = 1000000")
    assert store.changes() == [change]
    assert add_change(store).number == 2


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    store.close()
    with pytest.raises(Permanent, match="is closed"):
        store.changes()


def test_the_live_index_leaves_out_exactly_the_terminal_states(store: SqliteStore) -> None:
    with store._connections.reading() as db:
        sql = db.execute("SELECT sql FROM sqlite_master WHERE name = 'changes_live'").fetchone()[0]
    assert {state for state in State if f"'{state}'" in sql} == TERMINAL
