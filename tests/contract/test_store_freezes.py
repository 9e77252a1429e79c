"""The promises of the `Store` port about freezes, on real SQLite."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.freeze import Freeze, KnownFreeze, Phase
from tests.support import builders
from tests.support.builders import NOW
from tests.support.freezes import freeze
from tests.support.store import add_change, make_store

BEGUN, LIFTED, OVER = (builders.entry(f"freeze.{kind}") for kind in ("begun", "lifted", "over"))


def known(each: Freeze, shown: Phase = Phase.AHEAD, *, lifted: bool = False) -> KnownFreeze:
    return KnownFreeze(freeze=each, shown=shown, lifted=lifted)


def kinds(store: SqliteStore) -> list[str]:
    return [event.entry.kind for event in store.events()]


def test_a_freeze_comes_back_as_it_was_also_after_a_restart(tmp_path: Path) -> None:
    first = make_store(tmp_path)
    later, endless = freeze("later"), freeze("endless", end=None, environments=())
    endless = endless.model_copy(update={"start": later.start - timedelta(hours=1)})
    for each in (later, endless):
        first.add_freeze(each, BEGUN)
    first.close()
    second = make_store(tmp_path)
    assert second.freezes() == [known(endless), known(later)]
    second.close()


def test_adding_a_freeze_twice_is_adding_it_once(store: SqliteStore) -> None:
    store.add_freeze(freeze(), BEGUN)
    store.add_freeze(freeze(reason="another"), BEGUN)
    assert store.freezes() == [known(freeze())]
    assert kinds(store) == ["freeze.begun"]


def test_lifting_ends_what_is_named_and_is_recorded_once(store: SqliteStore) -> None:
    for each in (freeze("a"), freeze("b", end=None), freeze("c"), freeze("gone", end=NOW)):
        store.add_freeze(each, BEGUN)
    assert store.lift_freezes(["b", "a", "gone", "never"], NOW, LIFTED) == ["a", "b"]
    assert store.lift_freezes(["a", "b"], NOW + timedelta(minutes=1), LIFTED) == []
    assert store.freezes() == [
        known(freeze("a", end=NOW), lifted=True),
        known(freeze("b", end=NOW), lifted=True),
        known(freeze("c")),
        known(freeze("gone", end=NOW)),
    ]
    assert kinds(store) == ["freeze.begun"] * 4 + ["freeze.lifted"]


def test_of_two_who_lift_at_once_one_did_it(store: SqliteStore) -> None:
    store.add_freeze(freeze(), BEGUN)
    with ThreadPoolExecutor(2) as pool:
        lifted = list(pool.map(lambda _: store.lift_freezes(["one"], NOW, LIFTED), range(2)))
    assert sorted(lifted) == [[], ["one"]]
    assert kinds(store) == ["freeze.begun", "freeze.lifted"]


def test_a_freeze_is_known_until_its_end_was_shown(store: SqliteStore) -> None:
    store.add_freeze(freeze(), BEGUN)
    store.freeze_shown("one", Phase.BEGUN)
    assert store.freezes() == [known(freeze(), Phase.BEGUN)]
    store.freeze_shown("one", Phase.OVER, [OVER])
    store.freeze_shown("one", Phase.OVER, [OVER])
    assert store.freezes() == []
    assert kinds(store) == ["freeze.begun", "freeze.over"]
    assert store.check_audit().broken is None


def test_a_database_from_before_freezes_becomes_todays(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    change = add_change(store)
    store.close()
    with sqlite3.connect(tmp_path / "redlight.db") as raw:
        raw.execute("DROP TABLE freezes")
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = '0005_freezes'")
    raw.close()
    store = make_store(tmp_path)
    assert store.freezes() == []
    assert store.change(1) == change
    store.close()
