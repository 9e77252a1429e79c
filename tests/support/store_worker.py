"""A second process on the same database. Run as a module with a task and the database's path;
it says on standard output how far it got, and a line on standard input lets it go on."""

import sys
from collections.abc import Callable

from chatbot.adapters import sqlite_rows
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.lifecycle import State
from tests.support import builders
from tests.support.store import add_change, move


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def hold_claim(store: SqliteStore) -> None:
    """Claim change 1 and keep it."""
    with store.claim(1, "reconcile") as mine:
        _say(mine)
        sys.stdin.readline()
    _say("released")
    sys.stdin.readline()


def create(store: SqliteStore) -> None:
    """Create 25 changes, once told to."""
    _say("ready")
    sys.stdin.readline()
    for _ in range(25):
        submission = f"other-process-{_}"
        new = builders.new_change(submission=submission)
        _say(store.create_change(new, builders.entry()).number)


def stop_inside_a_transaction(store: SqliteStore) -> None:
    """Write half of a save: the state and its event, but no commit."""
    with store._connections.writing() as db:
        db.execute("UPDATE changes SET state = 'applying', version = version + 1")
        sqlite_rows.append(db, builders.entry("change.confirmed", change=1))
        _say("inside")
        sys.stdin.readline()


def save_without_end(store: SqliteStore) -> None:
    """Create changes and move them on until killed; say each version that was saved."""
    while True:
        change = add_change(store)
        for state in (State.APPLYING, State.VALIDATING, State.RECONCILING):
            change = move(store, change, state)
            _say(f"{change.number} {change.version}")


TASKS: dict[str, Callable[[SqliteStore], None]] = {
    task.__name__: task
    for task in (hold_claim, create, stop_inside_a_transaction, save_without_end)
}

if __name__ == "__main__":
    TASKS[sys.argv[1]](SqliteStore(sys.argv[2]))
