"""Real stores for tests, and short ways to put changes into them."""

from pathlib import Path
from typing import Any

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support import builders


def make_store(tmp_path: Path) -> SqliteStore:
    """The store in `redlight.db` below `tmp_path`; call it twice for a second worker's."""
    return SqliteStore(tmp_path / "redlight.db")


def add_change(store: SqliteStore, **request: Any) -> Change:
    """Create a change whose request has these fields."""
    new = builders.new_change(builders.change_request(**request))
    return store.create_change(new, builders.entry())


def move(store: SqliteStore, change: Change, state: State, **fields: Any) -> Change:
    """Save `change` in another state, whatever the lifecycle says, with an entry about it."""
    moved = change.model_copy(update={"state": state, "revision": change.revision + 1, **fields})
    entry = builders.entry(f"change.{state}", change=change.number)
    return store.save(moved, [entry])
