"""The promises of the `Store` port about incidents and timelines, on real SQLite."""

from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, MessageRef
from chatbot.domain.errors import StaleChange
from chatbot.domain.incident import Incident, IncidentRoom, Side, Ticket
from chatbot.domain.timeline_note import TimelineNote
from tests.support.builders import NOW, REQUESTER, SENIOR, entry, message, notice
from tests.support.store import add_change

LATER = NOW + timedelta(minutes=1)


def begun(store: SqliteStore) -> Change:
    """A change whose incident began with its sign-off."""
    change = add_change(store)
    return store.save(change, [entry("change.confirmed", change=change.number)], incident=True)


def side(store: SqliteStore, change: Change, which: Side = Side.CHANNEL) -> Incident:
    found = store.incident(change.number, which)
    assert found is not None
    return found


def resting(store: SqliteStore, change: Change) -> Incident:
    """The channel's side, with everything told."""
    last = store.events(change.number)[-1].sequence
    rest = side(store, change).model_copy(update={"told": last, "due_at": None})
    return store.save_incident(rest)


def test_both_sides_begin_with_the_save_and_know_nothing_of_before(store: SqliteStore) -> None:
    change = begun(store)
    assert store.incidents_due(NOW) == [
        (change.number, each) for each in (Side.CHANNEL, Side.ISSUE)
    ]
    first = side(store, change)
    assert [event.entry.kind for event in store.events() if event.sequence > first.told] == [
        "change.confirmed"
    ]


def test_an_incident_that_is_there_stays_as_it_is(store: SqliteStore) -> None:
    change = begun(store)
    rested = resting(store, change)
    store.save(change, [], incident=True)
    assert side(store, change) == rested


def test_a_save_that_is_refused_begins_none(store: SqliteStore) -> None:
    change = add_change(store)
    store.save(change, [])
    with pytest.raises(StaleChange):
        store.save(change, [], incident=True)
    assert store.incident(change.number, Side.ISSUE) is None
    assert store.incidents_due(LATER) == []


def test_one_that_rests_is_woken_by_the_next_event_of_its_change_and_no_other(
    store: SqliteStore,
) -> None:
    change, other = begun(store), add_change(store)
    resting(store, change)
    store.record(entry("rollout.finished", change=other.number))
    assert (change.number, Side.CHANNEL) not in store.incidents_due(LATER)
    store.record(entry("rollout.finished", change=change.number))
    assert (change.number, Side.CHANNEL) in store.incidents_due(NOW)


def test_an_event_during_the_work_is_not_slept_through(store: SqliteStore) -> None:
    change = begun(store)
    working = side(store, change)
    told = store.events(change.number)[-1].sequence
    store.record(entry("rollout.finished", change=change.number))
    store.save_incident(working.model_copy(update={"told": told, "due_at": None}))
    assert (change.number, Side.CHANNEL) in store.incidents_due(NOW)


def test_an_event_does_not_cut_a_delay_short(store: SqliteStore) -> None:
    change = begun(store)
    store.save_incident(side(store, change).model_copy(update={"due_at": LATER}))
    store.record(entry("rollout.finished", change=change.number))
    assert (change.number, Side.CHANNEL) not in store.incidents_due(NOW)
    assert (change.number, Side.CHANNEL) in store.incidents_due(LATER)


def test_what_is_closed_is_not_woken(store: SqliteStore) -> None:
    change = begun(store)
    closed = {"closed_at": NOW, "due_at": None}
    store.save_incident(side(store, change).model_copy(update=closed))
    store.record(entry("rollout.finished", change=change.number))
    assert (change.number, Side.CHANNEL) not in store.incidents_due(LATER)


def test_everything_is_read_back_and_counted(store: SqliteStore) -> None:
    change = begun(store)
    fields = {
        "room": IncidentRoom(id="C1", name="inc", ours=True, summary=message()),
        "ticket": Ticket(key="INC-1", url="https://jira.example", ours=False, links=("x",)),
        "attempting": ("summary",),
        "attempted_at": NOW,
        "failure": "no",
        "due_at": LATER,
        "attempts": 3,
    }
    saved = store.save_incident(side(store, change).model_copy(update=fields))
    assert side(store, change) == saved
    assert saved.model_dump(include=set(fields)) == Incident.model_validate(
        {**saved.model_dump(), **fields}
    ).model_dump(include=set(fields))
    with pytest.raises(StaleChange):
        store.save_incident(saved.model_copy(update={"version": 0}), [entry()])


def test_what_is_told_of_it_waits_to_be_sent(store: SqliteStore) -> None:
    change = begun(store)
    store.save_incident(side(store, change), [entry(change=change.number)], [notice("stuck")])
    assert "stuck" in [each.notice.key for each in store.pending_notices(change.number)]


def test_a_channel_leads_to_its_open_incident_before_the_newer_closed_one(
    store: SqliteStore,
) -> None:
    older, newer = begun(store), begun(store)
    room = {"room": IncidentRoom(id="C1", name="inc", ours=False)}
    for change in (older, newer):
        store.save_incident(side(store, change).model_copy(update=room))
    assert store.incident_in("C1") == newer.number
    store.save_incident(side(store, newer).model_copy(update={"closed_at": NOW}))
    assert store.incident_in("C1") == older.number
    assert store.incident_in("C2") is None


# --- notes in a timeline -----------------------------------------------------------------------


def note(change: Change, source: MessageRef | None = None, text: str = "It burns.") -> TimelineNote:
    return TimelineNote(
        change=change.number,
        source=source or message(),
        author=REQUESTER,
        added_by=SENIOR,
        at=NOW,
        text=text,
    )


def test_a_message_is_in_a_timeline_once(store: SqliteStore) -> None:
    change = add_change(store)
    added = entry("timeline.added", change=change.number)
    assert store.add_note(note(change), added)
    assert not store.add_note(note(change, text="other"), added)
    assert store.notes(change.number) == [note(change)]
    assert [each.entry.kind for each in store.events(change.number)].count("timeline.added") == 1


def test_notes_stand_in_the_order_of_their_times(store: SqliteStore) -> None:
    change = add_change(store)
    late = note(change, message("2.000001")).model_copy(update={"at": LATER})
    early = note(change, message("1.000001"))
    for each in (late, early):
        store.add_note(each, entry(change=change.number))
    assert store.notes(change.number) == [early, late]


def test_an_edit_is_followed_wherever_the_message_is(store: SqliteStore) -> None:
    first, second = add_change(store), add_change(store)
    for change in (first, second):
        store.add_note(note(change), entry(change=change.number))
    assert store.reword_note(message(), "It smokes.", LATER, REQUESTER)
    for change in (first, second):
        assert [each.text for each in store.notes(change.number)] == ["It smokes."]
        last = store.events(change.number)[-1].entry
        assert (last.kind, last.actor) == ("timeline.reworded", REQUESTER)
    assert not store.reword_note(message(), "It smokes.", LATER, REQUESTER)


def test_a_message_that_is_deleted_is_gone_and_does_not_come_back(store: SqliteStore) -> None:
    change = add_change(store)
    store.add_note(note(change), entry(change=change.number))
    assert store.reword_note(message(), None, LATER, REQUESTER)
    assert store.notes(change.number) == []
    assert store.events(change.number)[-1].entry.kind == "timeline.removed"
    assert not store.reword_note(message(), "again", LATER, REQUESTER)
    assert not store.add_note(note(change), entry(change=change.number))


def test_a_message_in_no_timeline_changes_nothing(store: SqliteStore) -> None:
    before = store.check_audit().events
    assert not store.reword_note(message(), "x", NOW, REQUESTER)
    assert store.check_audit().events == before
