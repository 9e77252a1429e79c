"""The promises of the `Store` port about what emergencies owe, on real SQLite."""

from datetime import timedelta
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.announcement import Announcement
from chatbot.domain.errors import StaleChange
from chatbot.domain.obligation import Kind, Obligation
from tests.support.builders import NOW, REQUESTER, entry, message, notice
from tests.support.store import add_change


def owed(change: int, kind: Kind = Kind.POSTMORTEM, **fields: Any) -> Obligation:
    """Owed by the requester since now, for a day."""
    defaults = {"owner": REQUESTER, "since": NOW, "due_at": NOW + timedelta(hours=24)}
    return Obligation(change=change, kind=kind, **{**defaults, **fields})


def test_what_is_owed_is_written_with_the_state_that_it_follows_from(store: SqliteStore) -> None:
    change = add_change(store)
    both = [owed(change.number, kind) for kind in Kind]
    store.save(change, [entry(change=change.number)], obligations=both)
    assert store.obligations(change.number) == both
    assert store.obligation(change.number, Kind.RECONCILIATION) == both[1]
    with pytest.raises(StaleChange):
        store.save(change, [], obligations=[owed(change.number, owner="U1")])
    assert store.obligations() == both


def test_what_is_owed_already_stays_as_it_is(store: SqliteStore) -> None:
    change = add_change(store)
    saved = store.save(change, [], obligations=[owed(change.number)])
    store.save(saved, [], obligations=[owed(change.number, owner="U1")])
    assert store.obligations() == [owed(change.number)]


def test_what_is_met_is_open_no_more_and_stays_on_the_record(store: SqliteStore) -> None:
    late, soon = add_change(store), add_change(store)
    store.save(late, [], obligations=[owed(late.number, due_at=NOW + timedelta(hours=30))])
    store.save(soon, [], obligations=[owed(soon.number)])
    assert [each.change for each in store.obligations()] == [soon.number, late.number]
    met = owed(soon.number, met_at=NOW)
    saved = store.save_obligation(met, [entry("postmortem.accepted", change=soon.number)])
    assert [each.change for each in store.obligations()] == [late.number]
    assert store.obligation(soon.number, Kind.POSTMORTEM) == saved
    assert saved.met_at == NOW
    assert [event.entry.kind for event in store.events(soon.number)][-1] == "postmortem.accepted"


def test_what_is_paid_is_so_with_the_save_that_says_it_or_not_at_all(store: SqliteStore) -> None:
    change = add_change(store)
    saved = store.save(change, [], obligations=[owed(change.number)])
    met = owed(change.number, met_at=NOW)
    with pytest.raises(StaleChange):
        store.save(change, [entry("reconciliation.met", change=change.number)], paid=met)
    store.save_obligation(owed(change.number, owner="U1"), [])
    with pytest.raises(StaleChange):
        store.save(saved, [entry("reconciliation.met", change=change.number)], paid=met)
    [open_still] = store.obligations()
    assert (open_still.owner, store.change(change.number)) == ("U1", saved)
    paid = open_still.model_copy(update={"met_at": NOW})
    store.save(saved, [entry("reconciliation.met", change=change.number)], paid=paid)
    assert store.obligations() == []
    kinds = [event.entry.kind for event in store.events(change.number)]
    assert kinds.count("reconciliation.met") == 1


def test_of_two_writers_one_reads_again(store: SqliteStore) -> None:
    change = add_change(store)
    store.save(change, [], obligations=[owed(change.number)])
    store.save_obligation(owed(change.number, owner="U1"), [])
    with pytest.raises(StaleChange):
        store.save_obligation(owed(change.number, owner="U2"), [entry()])
    assert [each.owner for each in store.obligations()] == ["U1"]
    assert "change.requested" not in [event.entry.kind for event in store.events()][1:]


def test_what_is_said_about_it_waits_to_be_sent(store: SqliteStore) -> None:
    change = add_change(store)
    store.save(change, [], obligations=[owed(change.number)])
    news = Announcement(key="breach", channel="#incidents", text="Overdue.", at=NOW)
    store.save_obligation(owed(change.number), [], [notice("owed:1")], [news])
    assert "owed:1" in [each.notice.key for each in store.pending_notices(change.number)]
    assert change.number in store.deliveries_due(NOW + timedelta(days=1))
    assert [each.announcement for each in store.announcements_due(NOW)] == [news]


def test_a_change_announces_with_its_state(store: SqliteStore) -> None:
    news = Announcement(key="signed", channel="#incidents", text="Signed off.", at=NOW)
    change = add_change(store)
    store.save(change, [], announcements=[news])
    assert [each.announcement for each in store.announcements_due(NOW)] == [news]


def test_what_is_owed_is_looked_at_when_its_time_has_come(store: SqliteStore) -> None:
    change = add_change(store)
    both = [owed(change.number, kind) for kind in Kind]
    store.save(change, [], obligations=both)
    assert store.obligations_due(NOW - timedelta(seconds=1)) == []
    assert store.obligations_due(NOW) == both
    later = store.save_obligation(owed(change.number, next_at=NOW + timedelta(hours=12)), [])
    assert store.obligations_due(NOW) == both[1:]
    assert later in store.obligations_due(NOW + timedelta(hours=12))
    store.save_obligation(later.model_copy(update={"met_at": NOW}), [])
    assert store.obligations_due(NOW + timedelta(days=9)) == both[1:]


def test_a_rung_is_climbed_once(store: SqliteStore) -> None:
    change = add_change(store)
    store.save(change, [], obligations=[owed(change.number)])
    climbed = store.save_obligation(owed(change.number), [], rung="breach")
    with pytest.raises(StaleChange):
        store.save_obligation(climbed, [entry()], [notice("owed:again")], rung="breach")
    assert store.obligation(change.number, Kind.POSTMORTEM) == climbed
    assert "owed:again" not in [each.notice.key for each in store.pending_notices(change.number)]
    store.save_obligation(climbed, [], rung="1h after")
    assert store.rungs(change.number, Kind.POSTMORTEM) == ["breach", "1h after"]
    assert store.rungs(change.number, Kind.RECONCILIATION) == []


def test_what_is_recorded_of_a_debt_shows_on_the_card_and_outdates_other_writers(
    store: SqliteStore,
) -> None:
    change = store.save(add_change(store), [], obligations=[owed(1)])
    store.card_shown(change.number, message(), change.revision)
    for each in store.pending_notices(change.number):
        store.notice_sent(change.number, each.notice.key, message())
    assert store.deliveries_due(NOW + timedelta(days=1)) == []
    saved = store.save_obligation(owed(1, owner="U1"), [])
    assert store.change(change.number) == change
    store.save_obligation(saved, [entry("obligation.breached", change=1)])
    assert store.deliveries_due(NOW + timedelta(days=1)) == [change.number]
    assert store.change(change.number).revision == change.revision + 1
    with pytest.raises(StaleChange):
        store.save(change, [])
