from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Failure, Waiting
from chatbot.domain.errors import InvalidTransition, StaleChange
from chatbot.domain.events import SYSTEM
from chatbot.domain.lifecycle import Event, State
from chatbot.services.ledger import Ledger
from tests.support import builders
from tests.support.store import add_change
from tests.unit.services.parts import Hand


def test_an_event_writes_state_step_audit_and_notices_together(
    store: SqliteStore, ledger: Ledger, clock: Hand
) -> None:
    change = add_change(store)
    clock.move(seconds=3)
    after = ledger.advance(
        change,
        Event.CONFIRMED,
        "change.confirmed",
        actor=builders.REQUESTER,
        data={"digest": "d"},
        notices=[builders.notice("confirmed")],
        confirmed_digest="d",
    )
    assert after == store.change(change.number)
    assert (after.state, after.progress.confirmed_digest) == (State.APPLYING, "d")
    assert [(step.name, step.at) for step in after.progress.steps] == [("applying", clock.time)]
    assert (after.updated_at, after.due_at) == (clock.time, clock.time)
    entry = store.events(change.number)[-1].entry
    assert (entry.kind, entry.actor, entry.at) == (
        "change.confirmed",
        builders.REQUESTER,
        clock.time,
    )
    assert entry.data == {"state": "applying", "digest": "d"}
    assert [d.notice.key for d in store.pending_notices(change.number)] == ["confirmed"]


def test_an_event_that_the_table_does_not_list_writes_nothing(
    store: SqliteStore, ledger: Ledger
) -> None:
    change = add_change(store)
    with pytest.raises(InvalidTransition):
        ledger.advance(change, Event.PR_MERGED, "x", notices=[builders.notice()])
    assert store.change(change.number) == change
    assert len(store.events(change.number)) == 1
    assert store.pending_notices(change.number) == []


def test_a_writer_that_read_an_older_row_is_refused(store: SqliteStore, ledger: Ledger) -> None:
    change = add_change(store)
    ledger.note(change, "first")
    with pytest.raises(StaleChange):
        ledger.note(change, "second")
    assert [e.entry.kind for e in store.events(change.number)][1:] == ["first"]


def test_a_new_state_wipes_failure_waiting_and_attempts(
    store: SqliteStore, ledger: Ledger, clock: Hand
) -> None:
    change = ledger.rest(
        add_change(store),
        None,
        attempts=4,
        failure=Failure(sentence="no", at=clock.time),
        waiting=Waiting(reason="it", since=clock.time),
    )
    after = ledger.advance(change, Event.CANCELLED, "change.cancelled", due_in=None)
    assert (after.attempts, after.due_at) == (0, None)
    assert after.progress.failure is None
    assert after.progress.waiting is None


def test_a_note_keeps_the_state_and_is_our_own_doing_unless_said(
    store: SqliteStore, ledger: Ledger
) -> None:
    change = ledger.note(add_change(store), "snapshot.taken", data={"new": []}, base_sha="abc")
    assert (change.state, change.progress.base_sha) == (State.REQUESTED, "abc")
    entry = store.events(change.number)[-1].entry
    assert (entry.kind, entry.actor, entry.data) == ("snapshot.taken", SYSTEM, {"new": []})


def test_resting_leaves_no_trace_in_the_audit_log(
    store: SqliteStore, ledger: Ledger, clock: Hand
) -> None:
    change = ledger.rest(add_change(store), timedelta(seconds=7))
    assert change.due_at == clock.time + timedelta(seconds=7)
    assert [e.entry.kind for e in store.events()] == ["change.requested"]


def test_only_what_a_reader_would_notice_makes_the_card_be_drawn_anew(
    store: SqliteStore, ledger: Ledger
) -> None:
    change = ledger.rest(add_change(store), timedelta(seconds=1))
    assert change.revision == 0
    change = ledger.rest(change, timedelta(seconds=1), rollout=("1 of 2 updated",))
    assert change.revision == 1
    change = ledger.rest(change, timedelta(seconds=1), rollout=("1 of 2 updated",))
    assert change.revision == 1
    assert ledger.advance(change, Event.CANCELLED, "change.cancelled").revision == 2


def test_a_refusal_is_recorded_with_who_wanted_what_and_why_not(
    store: SqliteStore, ledger: Ledger
) -> None:
    change = add_change(store)
    ledger.refuse(change.number, "U1", "confirm", "only the requester confirms")
    entry = store.events(change.number)[-1].entry
    assert (entry.kind, entry.actor) == ("request.refused", "U1")
    assert entry.data == {"action": "confirm", "because": "only the requester confirms"}
