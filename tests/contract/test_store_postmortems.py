"""The promises of the `Store` port about postmortems, on real SQLite."""

from datetime import timedelta
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.announcement import Announcement
from chatbot.domain.errors import StaleChange
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.postmortem import Draft, Postmortem, PostmortemState, PostmortemText
from tests.support.builders import NOW, REQUESTER, entry, notice
from tests.support.store import add_change

TEXT = PostmortemText(summary="It was down. 😀", action_items="one\ntwo")


def written(change: int, **fields: Any) -> Postmortem:
    draft = Draft(text=PostmortemText(summary="Half"), at=NOW)
    return Postmortem(change=change, text=TEXT, drafts={REQUESTER: draft}, **fields)


def test_a_postmortem_is_stored_as_it_is_with_all_that_is_said(store: SqliteStore) -> None:
    change = add_change(store)
    assert store.postmortem(change.number) is None
    news = Announcement(key="p", channel="#incidents", text="Written.", at=NOW)
    saved = store.save_postmortem(
        written(change.number, state=PostmortemState.SUBMITTED),
        [entry("postmortem.submitted", change=change.number)],
        [notice("postmortem:1")],
        [news],
    )
    assert saved.version == 1
    assert store.postmortem(change.number) == saved
    assert "postmortem:1" in [each.notice.key for each in store.pending_notices(change.number)]
    assert [each.announcement for each in store.announcements_due(NOW)] == [news]
    assert store.events(change.number)[-1].entry.kind == "postmortem.submitted"
    assert store.change(change.number).revision == change.revision + 1


def test_of_two_writers_one_reads_the_postmortem_again(store: SqliteStore) -> None:
    change = add_change(store)
    saved = store.save_postmortem(written(change.number), [])
    for stale in (written(change.number), saved.model_copy(update={"version": 7})):
        with pytest.raises(StaleChange):
            store.save_postmortem(stale, [entry("postmortem.submitted")])
    assert store.postmortem(change.number) == saved
    again = store.save_postmortem(saved.model_copy(update={"author": "U1"}), [])
    assert again.version == 2
    assert "postmortem.submitted" not in [event.entry.kind for event in store.events()]


def test_what_has_something_to_do_is_found_by_its_time(store: SqliteStore) -> None:
    late, soon, never = (add_change(store).number for _ in range(3))
    store.save_postmortem(written(late, due_at=NOW + timedelta(minutes=1)), [])
    store.save_postmortem(written(soon, due_at=NOW), [])
    store.save_postmortem(written(never), [])
    assert store.postmortems_due(NOW) == [soon]
    assert store.postmortems_due(NOW + timedelta(hours=1)) == [soon, late]
    assert store.postmortems_due(NOW + timedelta(hours=1), limit=1) == [soon]


def test_it_is_accepted_and_paid_or_neither(store: SqliteStore) -> None:
    change = add_change(store)
    owed = Obligation(
        change=change.number,
        kind=Kind.POSTMORTEM,
        owner=REQUESTER,
        since=NOW,
        due_at=NOW + timedelta(days=1),
    )
    store.save(change, [], obligations=[owed])
    store.save_obligation(owed.model_copy(update={"owner": "U1"}), [])
    saved = store.save_postmortem(written(change.number), [])
    accepted = saved.model_copy(update={"state": PostmortemState.ACCEPTED})
    paid = owed.model_copy(update={"met_at": NOW})
    with pytest.raises(StaleChange):
        store.save_postmortem(accepted, [], paid=paid)
    assert store.postmortem(change.number) == saved
    store.save_postmortem(accepted, [], paid=paid.model_copy(update={"version": 1, "owner": "U1"}))
    assert store.obligations() == []
    found = store.obligation(change.number, Kind.POSTMORTEM)
    assert found is not None
    assert found.met_at == NOW
