from pathlib import Path

import pytest
import sqlite_utils

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import SnapshotEntry
from chatbot.domain.errors import NotFound
from chatbot.services.audit import export, verify
from chatbot.services.ledger import Ledger
from tests.support import builders
from tests.support.store import add_change


def test_a_whole_log_holds_and_says_how_long_it_is(store: SqliteStore, ledger: Ledger) -> None:
    assert verify(store).sentence == "0 events: the chain holds."
    change = add_change(store)
    assert verify(store).sentence == "1 event: the chain holds."
    ledger.note(change, "x")
    assert verify(store).holds


def test_an_altered_event_is_named(store: SqliteStore, ledger: Ledger, tmp_path: Path) -> None:
    change = add_change(store)
    for kind in ("second", "third"):
        change = ledger.note(change, kind)
    db = sqlite_utils.Database(tmp_path / "redlight.db")
    db.execute("DROP TRIGGER audit_update")
    with db.conn:
        db.execute("UPDATE audit SET actor = 'U9' WHERE sequence = 2")
    db.close()
    found = verify(store)
    assert (found.holds, found.broken, found.events) == (False, 2, 1)
    assert found.sentence.startswith("The chain breaks at event 2.")


def test_an_export_tells_the_whole_story_of_one_change(store: SqliteStore, ledger: Ledger) -> None:
    change = ledger.note(add_change(store), "x")
    add_change(store)
    store.card_shown(change.number, builders.message(), 0)
    story = export(store, change.number)
    assert story["id"] == change.id
    assert story["change"]["request"]["justification"] == change.request.justification
    assert story["card"] == {"channel": "C0DEV", "ts": builders.message().ts}
    assert [event["entry"]["kind"] for event in story["events"]] == ["change.requested", "x"]
    assert all(len(event["hash"]) == 64 for event in story["events"])
    assert story["verification"]["holds"]
    assert story["verification"]["events"] == 3


def test_an_export_of_no_change_says_so(store: SqliteStore) -> None:
    with pytest.raises(NotFound):
        export(store, 404)


def test_a_secret_that_was_ever_in_a_snapshot_keeps_its_values(
    store: SqliteStore, ledger: Ledger
) -> None:
    target = builders.target("tokens", api_version="v1", kind="Secret")
    manifest = {"kind": "Secret", "data": {"token": "aHVudGVyMg=="}, "stringData": {"a": "b"}}
    settings = builders.target("settings", api_version="v1", kind="ConfigMap")
    ledger.note(
        add_change(store),
        "snapshot.taken",
        snapshot=(
            SnapshotEntry(target=target, manifest=manifest),
            SnapshotEntry(target=settings, manifest={"kind": "ConfigMap", "data": {"k": "v"}}),
            SnapshotEntry(target=builders.target("new"), manifest=None),
        ),
    )
    secret, plain, new = export(store, 1)["change"]["progress"]["snapshot"]
    assert secret["manifest"]["data"] == {"token": "***"}
    assert secret["manifest"]["stringData"] == {"a": "***"}
    assert plain["manifest"]["data"] == {"k": "v"}
    assert new["manifest"] is None
