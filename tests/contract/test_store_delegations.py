"""The promises of the `Store` port about delegations, on real SQLite."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.delegation import Delegation
from tests.support import builders
from tests.support.approvals import FIRST, PEER, SECOND, THIRD, delegation
from tests.support.builders import NOW
from tests.support.store import make_store

GIVEN = builders.entry("delegation.given")
TAKEN_BACK = builders.entry("delegation.taken_back")


def kinds(store: SqliteStore) -> list[str]:
    return [event.entry.kind for event in store.events()]


def test_a_delegation_is_kept_with_its_audit_entry(store: SqliteStore) -> None:
    assert store.delegations() == []
    assert store.delegate(delegation(), GIVEN) is None
    assert store.delegations() == [delegation()]
    assert kinds(store) == ["delegation.given"]


def test_a_delegation_is_there_after_a_restart(tmp_path: Path) -> None:
    first = make_store(tmp_path)
    first.delegate(delegation(), GIVEN)
    first.close()
    second = make_store(tmp_path)
    assert second.delegations() == [delegation()]
    second.close()


def test_a_senior_lends_to_one_person_at_a_time(store: SqliteStore) -> None:
    store.delegate(delegation(FIRST, PEER), GIVEN)
    assert store.delegate(delegation(FIRST, THIRD), GIVEN) is None
    assert store.delegations() == [delegation(FIRST, THIRD)]
    assert kinds(store) == ["delegation.given"] * 2


def test_lending_again_to_the_same_person_moves_the_end(store: SqliteStore) -> None:
    store.delegate(delegation(), GIVEN)
    longer = delegation(until=NOW + timedelta(days=5))
    assert store.delegate(longer, GIVEN) is None
    assert store.delegations() == [longer]


def test_nobody_speaks_for_two_at_once(store: SqliteStore) -> None:
    held = delegation(FIRST, PEER)
    store.delegate(held, GIVEN)
    assert store.delegate(delegation(SECOND, PEER), GIVEN) == held
    assert store.delegations() == [held]
    assert kinds(store) == ["delegation.given"]


def test_what_is_over_hinders_nobody(store: SqliteStore) -> None:
    over = delegation(FIRST, PEER, until=delegation().since)
    store.delegate(over, GIVEN)
    assert store.delegate(delegation(SECOND, PEER), GIVEN) is None
    assert store.delegations() == [over, delegation(SECOND, PEER)]


def test_taking_back_is_recorded_once(store: SqliteStore) -> None:
    store.delegate(delegation(), GIVEN)
    assert store.undelegate(delegation(), TAKEN_BACK)
    assert not store.undelegate(delegation(), TAKEN_BACK)
    assert store.delegations() == []
    assert kinds(store) == ["delegation.given", "delegation.taken_back"]


def test_taking_back_what_was_replaced_meanwhile_writes_nothing(store: SqliteStore) -> None:
    store.delegate(delegation(FIRST, PEER), GIVEN)
    store.delegate(delegation(FIRST, THIRD), GIVEN)
    assert not store.undelegate(delegation(FIRST, PEER), TAKEN_BACK)
    assert store.delegations() == [delegation(FIRST, THIRD)]


def test_of_two_seniors_who_lend_to_one_person_at_once_one_is_told(store: SqliteStore) -> None:
    start = Barrier(2)

    def lend(senior: str) -> Delegation | None:
        start.wait()
        return store.delegate(delegation(senior, PEER), GIVEN)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lend, (FIRST, SECOND)))
    [stored] = store.delegations()
    assert sorted(outcomes, key=bool) == [None, stored]
    assert store.check_audit().events == 1
