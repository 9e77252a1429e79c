"""What the store promises when several processes share it, and when one of them is killed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.lifecycle import State
from tests.support import builders
from tests.support.store import add_change, make_store

ROOT = Path(__file__).parents[2]


class Worker:
    """Another process at work on the same database."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def hear(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def worker(task: str, folder: Path) -> Iterator[Worker]:
    command = [sys.executable, "-m", "tests.support.store_worker", task]
    with subprocess.Popen(
        [*command, str(folder / "redlight.db")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


def sidecars(folder: Path) -> list[Path]:
    return list(folder.glob("redlight.db.owner-*.lock"))


# --- claims --------------------------------------------------------------------------------


def test_a_claim_is_held_by_one_worker_of_one_store(store: SqliteStore) -> None:
    held, done = Event(), Event()

    def hold() -> bool:
        with store.claim(1, "reconcile") as mine:
            held.set()
            done.wait(10)
            return mine

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert held.wait(10)
        with store.claim(1, "reconcile") as mine, store.claim(2, "reconcile") as other:
            assert (mine, other) == (False, True)
        done.set()
        assert holder.result(10)
    with store.claim(1, "reconcile") as mine:
        assert mine


def test_a_claim_is_given_back_when_its_work_fails(store: SqliteStore) -> None:
    with pytest.raises(RuntimeError, match="work failed"), store.claim(1, "reconcile"):
        raise RuntimeError("work failed")
    with store.claim(1, "reconcile") as mine:
        assert mine


def test_a_claim_is_held_across_two_stores(store: SqliteStore, tmp_path: Path) -> None:
    second = make_store(tmp_path)
    with (
        store.claim(1, "reconcile"),
        second.claim(1, "reconcile") as stolen,
        second.claim(2, "reconcile") as free,
    ):
        assert (stolen, free) == (False, True)
    with second.claim(1, "reconcile") as mine:
        assert mine
    second.close()


def test_a_claim_of_a_living_process_is_refused_and_then_given_back(
    store: SqliteStore, tmp_path: Path
) -> None:
    with worker("hold_claim", tmp_path) as other:
        assert other.hear() == "True"
        with store.claim(1, "reconcile") as mine:
            assert not mine
        other.go_on()
        assert other.hear() == "released"
        with store.claim(1, "reconcile") as mine:
            assert mine


def test_a_claim_of_a_killed_process_is_free_at_once(store: SqliteStore, tmp_path: Path) -> None:
    with worker("hold_claim", tmp_path) as other:
        assert other.hear() == "True"
        other.kill()
        assert len(sidecars(tmp_path)) == 1
        with store.claim(1, "reconcile") as mine:
            assert mine
            assert len(sidecars(tmp_path)) == 1  # ours; the dead one's is cleared away


def test_what_a_killed_process_left_is_swept_at_the_next_start(tmp_path: Path) -> None:
    with worker("hold_claim", tmp_path) as dead, worker("hold_claim", tmp_path) as alive:
        heard = {dead.hear(), alive.hear()}
        assert heard == {"True", "False"}
        dead.kill()
        store = make_store(tmp_path)
        assert len(sidecars(tmp_path)) == 1
        store.close()
        alive.kill()
    make_store(tmp_path).close()
    assert sidecars(tmp_path) == []


def test_a_claim_that_could_not_be_given_back_is_ours_again(store: SqliteStore) -> None:
    with store.claim(1, "reconcile"):
        pass
    owner = store._claims._owner
    with store._connections.writing() as db:
        db.execute("INSERT INTO claims VALUES (1, 'reconcile', ?)", (owner,))
    with store.claim(1, "reconcile") as mine:
        assert mine


def test_a_store_that_claims_nothing_leaves_no_lock_file(
    store: SqliteStore, tmp_path: Path
) -> None:
    add_change(store)
    assert sidecars(tmp_path) == []


# --- two writers ---------------------------------------------------------------------------


def test_two_processes_give_numbers_without_gaps(store: SqliteStore, tmp_path: Path) -> None:
    with worker("create", tmp_path) as one, worker("create", tmp_path) as two:
        assert {one.hear(), two.hear()} == {"ready"}
        one.go_on()
        two.go_on()
        mine = [add_change(store).number for _ in range(25)]
        theirs = [[int(each.hear()) for _ in range(25)] for each in (one, two)]
    # Both sent the same submissions, so both were told the same numbers.
    assert theirs[0] == theirs[1]
    assert sorted(mine + theirs[0]) == list(range(1, 51))
    assert store.check_audit().events == 50


def test_two_processes_may_start_on_a_new_database_at_once(tmp_path: Path) -> None:
    with worker("create", tmp_path) as one, worker("create", tmp_path) as two:
        assert {one.hear(), two.hear()} == {"ready"}
    store = make_store(tmp_path)
    assert add_change(store).number == 1
    store.close()


# --- kill -9 -------------------------------------------------------------------------------


def test_a_process_killed_inside_a_transaction_changes_nothing(
    store: SqliteStore, tmp_path: Path
) -> None:
    change = add_change(store)
    with worker("stop_inside_a_transaction", tmp_path) as other:
        assert other.hear() == "inside"
        assert store.change(1) == change
        other.kill()
    assert store.change(1) == change
    assert store.check_audit().events == 1
    assert add_change(store).number == 2


def test_what_a_killed_process_saved_is_there_whole(tmp_path: Path) -> None:
    for saves in (3, 10, 17):
        with worker("save_without_end", tmp_path) as other:
            for _ in range(saves):
                number, version = map(int, other.hear().split())
            other.kill()
        store = make_store(tmp_path)
        assert store.change(number).version >= version
        check = store.check_audit()
        assert check.broken is None
        changes = store.changes(limit=1000)
        assert [change.number for change in changes] == list(range(len(changes), 0, -1))
        # Every write of a change has its event, no more and no fewer.
        assert check.events == sum(change.version for change in changes)
        for change in changes:
            assert len(store.events(change.number)) == change.version
        store.close()


def test_a_save_of_another_process_is_seen_at_once(store: SqliteStore, tmp_path: Path) -> None:
    with worker("save_without_end", tmp_path) as other:
        number, version = map(int, other.hear().split())
        assert store.change(number).version >= version
        assert store.change(number).state is not State.REQUESTED
    assert store.change(number).requester == builders.REQUESTER
