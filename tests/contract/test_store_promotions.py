"""The promises of the `Store` port about the order of environments, on real SQLite."""

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, RolledBack
from chatbot.domain.lifecycle import State
from tests.support.approvals import review
from tests.support.store import add_change, move


def been(store: SqliteStore, state: State = State.COMPLETED, place: str = "staging") -> Change:
    """A change with the content `same`."""
    change = add_change(store, environment=place)
    progress = change.progress.model_copy(update={"review": review(content="same")})
    return move(store, change, state, progress=progress)


def test_the_newest_that_completed_there_with_that_content_is_found(store: SqliteStore) -> None:
    assert store.completed_with("staging", "same") is None
    been(store)
    newest = been(store)
    been(store, State.SYNCING)
    been(store, State.HELD)
    been(store, place="prod")
    assert store.completed_with("staging", "same") == newest.number
    assert store.completed_with("staging", "other") is None


def test_what_was_rolled_back_since_does_not_count(store: SqliteStore) -> None:
    first, second = been(store), been(store)
    for link in (RolledBack(by=9), RolledBack(by=9, done=True)):
        assert store.completed_with("staging", "same") == second.number
        second = store.change(second.number)
        progress = second.progress.model_copy(update={"rolled_back": link})
        move(store, second, State.COMPLETED, progress=progress)
    assert store.completed_with("staging", "same") == first.number
