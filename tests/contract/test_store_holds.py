"""The promises of the `Store` port about objects that changes have in hand, on real SQLite."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.errors import StaleChange
from chatbot.domain.lifecycle import HOLDING, State
from tests.support import builders
from tests.support.store import add_change, move


def test_objects_are_held_all_or_none(store: SqliteStore) -> None:
    web, db, api = (builders.target(name) for name in ("web", "db", "api"))
    first, second, third = (
        move(store, add_change(store, targets=targets), State.APPLYING)
        for targets in ((web, db), (db, api), (api,))
    )
    assert store.hold(first) == []
    assert store.hold(second) == [first.number]
    assert store.hold(third) == [], "the second holds nothing while it waits for one object"
    assert store.hold(second) == [first.number, third.number]


def test_holding_again_changes_nothing(store: SqliteStore) -> None:
    change = move(store, add_change(store), State.APPLYING)
    assert store.hold(change) == store.hold(change) == []


def test_an_object_is_the_same_in_another_api_version_and_not_in_another_environment(
    store: SqliteStore,
) -> None:
    older_version = builders.target("web", api_version="apps/v1beta1")
    first = move(store, add_change(store, targets=(builders.target("web"),)), State.APPLYING)
    store.hold(first)
    same = add_change(store, targets=(older_version,))
    elsewhere = add_change(store, targets=(builders.target("web"),), environment="test")
    assert (store.hold(same), store.hold(elsewhere)) == ([first.number], [])


@pytest.mark.parametrize("state", sorted(State))
def test_a_change_lets_go_of_its_objects_outside_the_holding_states(
    store: SqliteStore, state: State
) -> None:
    first, second = add_change(store), add_change(store)
    store.hold(first)
    move(store, first, state)
    assert store.hold(second) == ([first.number] if state in HOLDING else [])


def test_a_change_that_moved_on_meanwhile_takes_no_objects(store: SqliteStore) -> None:
    seen = move(store, add_change(store), State.APPLYING)
    move(store, seen, State.CANCELLED)
    with pytest.raises(StaleChange):
        store.hold(seen)
    assert store.hold(add_change(store)) == []


def test_seized_objects_change_hands_and_the_log_says_from_whom(store: SqliteStore) -> None:
    web, db = builders.target("web"), builders.target("db")
    first, second = (
        move(store, add_change(store, targets=targets), State.APPLYING)
        for targets in ((web, db), (web,))
    )
    entry = builders.entry("objects.seized", change=second.number)
    store.hold(first)
    assert store.hold(second, seize=entry) == [first.number]
    assert store.hold(second, seize=entry) == [], "repeating it seizes nothing more"
    assert store.hold(first) == [second.number], "who lost them waits"
    [seized] = [
        event.entry for event in store.events(second.number) if "seized" in event.entry.kind
    ]
    assert seized.data == {"objects": [web.key], "from": [first.id]}


def test_nothing_is_recorded_of_objects_that_nobody_had(store: SqliteStore) -> None:
    change = move(store, add_change(store), State.APPLYING)
    before = len(store.events())
    assert store.hold(change, seize=builders.entry("objects.seized")) == []
    assert len(store.events()) == before


def test_a_change_that_moved_on_meanwhile_seizes_nothing(store: SqliteStore) -> None:
    first, second = (move(store, add_change(store), State.APPLYING) for _ in range(2))
    store.hold(first)
    move(store, second, State.VALIDATING)
    with pytest.raises(StaleChange):
        store.hold(second, seize=builders.entry("objects.seized"))
    assert store.hold(first) == []


def test_a_change_can_let_go_of_its_objects_in_whatever_state(store: SqliteStore) -> None:
    first, second = (move(store, add_change(store), State.APPLYING) for _ in range(2))
    store.hold(first)
    for _ in range(2):
        store.let_go(first.number)
    assert store.hold(second) == []


def test_of_two_that_want_the_same_object_at_once_one_gets_it(store: SqliteStore) -> None:
    changes = [move(store, add_change(store), State.APPLYING) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(store.hold, changes))
    [winner] = [
        change.number for change, others in zip(changes, answers, strict=True) if not others
    ]
    assert all(others in ([], [winner]) for others in answers)
