"""The promises of the `Store` port about freezes, on real SQLite."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.announcement import Announcement, Pending
from chatbot.domain.freeze import Freeze, KnownFreeze, Phase
from tests.support import builders
from tests.support.builders import NOW, SENIOR
from tests.support.freezes import freeze
from tests.support.store import add_change, make_store

BEGUN, LIFTED, OVER = (
    builders.entry(f"freeze.{kind}", actor=SENIOR) for kind in ("begun", "lifted", "over")
)

NEWS = Announcement(key="a", channel="#test-changes", text="Frozen.", at=NOW)
ELSEWHERE = NEWS.model_copy(update={"channel": "#prod-changes"})


def known(each: Freeze, shown: Phase = Phase.AHEAD, *, lifted_by: str = "") -> KnownFreeze:
    return KnownFreeze(freeze=each, shown=shown, lifted_by=lifted_by)


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
        known(freeze("a", end=NOW), lifted_by=SENIOR),
        known(freeze("b", end=NOW), lifted_by=SENIOR),
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


def test_announcements_are_due_with_the_phase_that_they_tell(store: SqliteStore) -> None:
    store.add_freeze(freeze(), BEGUN)
    store.freeze_shown("one", Phase.BEGUN, announcements=[NEWS, ELSEWHERE])
    store.freeze_shown("one", Phase.BEGUN, announcements=[NEWS.model_copy(update={"key": "b"})])
    assert store.announcements_due(NOW - timedelta(seconds=1)) == []
    assert store.announcements_due(NOW) == [
        Pending(announcement=ELSEWHERE, attempted=False),
        Pending(announcement=NEWS, attempted=False),
    ]
    assert len(store.announcements_due(NOW, limit=1)) == 1


def test_an_announcement_is_pending_until_it_is_done(store: SqliteStore) -> None:
    store.add_freeze(freeze(), BEGUN)
    store.freeze_shown("one", Phase.BEGUN, announcements=[NEWS, ELSEWHERE])
    store.announcement_done(ELSEWHERE)
    store.announcement_attempted(NEWS)
    assert store.announcements_due(NOW) == [Pending(announcement=NEWS, attempted=True)]
    later = NOW + timedelta(minutes=5)
    store.delay_announcement(NEWS, later)
    assert store.announcements_due(NOW) == []
    assert store.announcements_due(later) == [Pending(announcement=NEWS, attempted=True)]
    store.announcement_done(NEWS)
    store.announcement_done(NEWS)
    assert store.announcements_due(later) == []


def test_a_database_from_before_freezes_becomes_todays(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    change = add_change(store)
    store.close()
    with sqlite3.connect(tmp_path / "redlight.db") as raw:
        raw.execute("DROP TABLE freezes")
        raw.execute("DROP TABLE announcements")
        for name in ("0005_freezes", "0007_announcements"):
            raw.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (name,))
    raw.close()
    store = make_store(tmp_path)
    assert store.freezes() == []
    assert store.change(1) == change
    store.close()
