"""The audit log against somebody with a SQLite shell, and the auditor's two questions."""

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Progress, SnapshotEntry
from chatbot.domain.errors import NotFound, Permanent
from chatbot.domain.events import GENESIS, chain_hash
from chatbot.domain.lifecycle import State
from chatbot.services import audit
from tests.support import builders
from tests.support.store import add_change, make_store, move
from tests.support.strategies import json_values, short_text, times

TRIGGERS = (
    "audit_insert",
    "audit_update",
    "audit_delete",
    "audit_head_update",
    "audit_head_delete",
)


@pytest.fixture
def log(store: SqliteStore) -> SqliteStore:
    """A store with five events, about two changes."""
    change = add_change(store)
    add_change(store)
    move(store, change, State.APPLYING)
    store.record(builders.entry("approval.refused", change=2, data={"why": "own change"}))
    store.record(builders.entry("environment.frozen", data={"until": "14:00"}))
    return store


def shell(folder: Path, *statements: str, triggers: bool = False) -> None:
    """What somebody with the file and a SQLite shell can do."""
    raw = sqlite3.connect(folder / "redlight.db")
    try:
        for name in () if triggers else TRIGGERS:
            raw.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            raw.execute(statement)
        raw.commit()
    finally:
        raw.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'U0FORGER' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 5",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE sequence = 3",
        "INSERT INTO audit SELECT 9, change, kind, actor, at, hash, data FROM audit LIMIT 1",
        "UPDATE audit_head SET sequence = 2",
        "UPDATE audit_head SET hash = ''",
        "DELETE FROM audit_head",
    ],
)
def test_the_log_only_grows_while_its_triggers_stand(
    log: SqliteStore, tmp_path: Path, statement: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="audit log"):
        shell(tmp_path, statement, triggers=True)
    assert audit.verify(log).sentence == "5 events: the chain holds."


@pytest.mark.parametrize("sequence", [1, 3, 5])
@pytest.mark.parametrize(
    "assignment",
    [
        "actor = 'U0FORGER'",
        "kind = 'change.approved'",
        "change = 2 - (change IS 2)",
        "at = '2020-01-01T00:00:00.000000+00:00'",
        """data = '{"why": "nothing"}'""",
        "data = 'no json'",
        "at = 'no time'",
        "hash = 'no hash'",
    ],
)
def test_an_altered_event_is_named(
    log: SqliteStore, tmp_path: Path, assignment: str, sequence: int
) -> None:
    shell(tmp_path, f"UPDATE audit SET {assignment} WHERE sequence = {sequence}")
    answer = audit.verify(log)
    assert (answer.events, answer.broken) == (sequence - 1, sequence)
    assert answer.sentence.startswith(f"The chain breaks at event {sequence}. ")


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_a_deleted_event_is_named(log: SqliteStore, tmp_path: Path, sequence: int) -> None:
    shell(tmp_path, f"DELETE FROM audit WHERE sequence = {sequence}")
    answer = audit.verify(log)
    assert answer.broken == sequence
    assert f"Event {sequence} is missing" in answer.sentence


def test_a_tail_cut_off_is_named_by_its_first_event(log: SqliteStore, tmp_path: Path) -> None:
    shell(tmp_path, "DELETE FROM audit WHERE sequence >= 3")
    answer = audit.verify(log)
    assert (answer.events, answer.broken) == (2, 3)
    assert "5 events were written" in answer.sentence


def test_an_emptied_log_is_broken_at_its_first_event(log: SqliteStore, tmp_path: Path) -> None:
    shell(tmp_path, "DELETE FROM audit")
    assert audit.verify(log).broken == 1


def test_of_two_swapped_events_the_first_is_named(log: SqliteStore, tmp_path: Path) -> None:
    shell(
        tmp_path,
        "UPDATE audit SET sequence = 99 WHERE sequence = 2",
        "UPDATE audit SET sequence = 2 WHERE sequence = 4",
        "UPDATE audit SET sequence = 4 WHERE sequence = 99",
    )
    assert audit.verify(log).broken == 2


def test_a_log_computed_anew_does_not_fit_its_head(log: SqliteStore, tmp_path: Path) -> None:
    previous, statements = GENESIS, []
    for event in log.events():
        entry = event.entry
        if event.sequence == 3:
            entry = entry.model_copy(update={"actor": "U0FORGER"})
        previous = chain_hash(previous, event.sequence, entry)
        statements.append(
            f"UPDATE audit SET actor = '{entry.actor}', hash = '{previous}'"
            f" WHERE sequence = {event.sequence}"
        )
    shell(tmp_path, *statements)
    assert not audit.verify(log).holds


def test_a_log_without_its_head_does_not_hold(log: SqliteStore, tmp_path: Path) -> None:
    shell(tmp_path, "DELETE FROM audit_head")
    assert not audit.verify(log).holds


def test_an_event_that_cannot_be_read_is_not_passed_over(log: SqliteStore, tmp_path: Path) -> None:
    shell(tmp_path, "UPDATE audit SET data = 'no json' WHERE sequence = 2")
    with pytest.raises(Permanent, match="Event 2 of the audit log cannot be read"):
        log.events()


def test_an_empty_log_holds(store: SqliteStore) -> None:
    assert audit.verify(store).sentence == "0 events: the chain holds."


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.dictionaries(short_text, json_values),
    kind=st.text(),
    at=times,
)
def test_whatever_an_entry_says_the_chain_holds(
    store: SqliteStore, data: dict[str, object], kind: str, at: object
) -> None:
    entry = builders.entry(kind, data=data, at=at)
    store.record(entry)
    stored = store.events()[-1].entry
    assert (stored.kind, stored.data, stored.at) == (kind, data, at)
    assert store.check_audit().broken is None


# --- export --------------------------------------------------------------------------------


def test_an_export_is_the_whole_story_of_one_change_as_json(log: SqliteStore) -> None:
    log.card_shown(1, builders.message(), 2)
    story = json.loads(json.dumps(audit.export(log, 1)))
    assert story["id"] == "CHG-1"
    assert story["change"]["request"]["justification"]
    assert story["change"]["state"] == "applying"
    assert story["card"] == {"channel": "C0DEV", "ts": "1772443800.000100"}
    assert [event["sequence"] for event in story["events"]] == [1, 3]
    assert story["events"][0]["hash"]
    assert story["verification"]["holds"] is True


def test_an_export_of_a_broken_log_says_so(log: SqliteStore, tmp_path: Path) -> None:
    shell(tmp_path, "DELETE FROM audit WHERE sequence = 5")
    verification = audit.export(log, 1)["verification"]
    assert (verification["holds"], verification["broken"]) == (False, 5)


def test_an_export_tells_no_secret(store: SqliteStore) -> None:
    secret = {"kind": "Secret", "data": {"password": "aHVudGVyMg=="}, "stringData": {"pin": "1234"}}
    snapshot = (
        SnapshotEntry(target=builders.target("key", kind="Secret"), manifest=secret),
        SnapshotEntry(target=builders.target(), manifest=None),
    )
    move(store, add_change(store), State.APPLYING, progress=Progress(snapshot=snapshot))
    text = json.dumps(audit.export(store, 1))
    assert "aHVudGVyMg==" not in text
    assert "1234" not in text
    assert "password" in text


def test_an_export_of_no_change_is_not_found(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    with pytest.raises(NotFound):
        audit.export(store, 1)
    store.close()
