import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain import change as changes
from chatbot.domain.backoff import LONGEST_DELAY
from chatbot.domain.change import Change
from chatbot.domain.errors import Conflict, NotFound, Permanent, RetryLater, StaleChange
from chatbot.domain.lifecycle import Event, State, allows
from chatbot.services.ledger import Ledger
from chatbot.services.reconcile import DueWork, Reconciler, touch
from tests.support.store import add_change, make_store, move
from tests.unit.services.parts import Hand

Step = Callable[[Change], Change]
WORKED_ON = [
    State.REQUESTED,
    State.APPLYING,
    State.VALIDATING,
    State.RECONCILING,
    State.PR_OPEN,
    State.ROLLING_BACK,
]


class Bench:
    """A reconciler whose steps a test writes."""

    def __init__(self, store: SqliteStore, clock: Hand, ledger: Ledger) -> None:
        self.store, self.clock, self.ledger = store, clock, ledger
        self.steps: dict[tuple[changes.Path, State], Step] = {}
        self.shown: list[int] = []
        self.seen: list[tuple[str, str]] = []
        self.reconciler = Reconciler(
            store=store,
            clock=clock,
            ledger=ledger,
            steps=self.steps,
            shown=self.shown.append,
            observe=lambda state, outcome: self.seen.append((state, outcome)),
        )

    def at(self, state: State, step: Step) -> None:
        self.steps[changes.Path.DIRECT, state] = step

    def in_state(self, state: State) -> Change:
        change = add_change(self.store)
        if state is State.REQUESTED:
            return change
        return move(self.store, change, state, due_at=self.clock.time)

    def run(self, change: Change) -> Change:
        self.reconciler.reconcile(change.number)
        return self.store.change(change.number)

    def kinds(self, change: Change) -> list[str]:
        return [event.entry.kind for event in self.store.events(change.number)]


@pytest.fixture
def bench(store: SqliteStore, clock: Hand, ledger: Ledger) -> Bench:
    return Bench(store, clock, ledger)


def raises(error: Exception) -> Step:
    def step(_: Change) -> Change:
        raise error

    return step


def test_who_is_told_to_stop_finishes_the_step_at_hand_and_leaves_the_rest_due(
    bench: Bench,
) -> None:
    told = threading.Event()

    def confirmed(change: Change) -> Change:
        told.set()
        return bench.ledger.advance(change, Event.CONFIRMED, "change.confirmed")

    bench.at(State.REQUESTED, confirmed)
    bench.at(State.APPLYING, lambda c: bench.ledger.advance(c, Event.APPLIED, "change.applied"))
    change = bench.in_state(State.REQUESTED)
    bench.reconciler = dataclasses.replace(bench.reconciler, stopping=told.is_set)
    assert bench.run(change).state is State.APPLYING
    assert bench.store.due(bench.clock.time) == [change.number]


def test_steps_follow_each_other_until_one_waits(bench: Bench) -> None:
    bench.at(
        State.REQUESTED, lambda c: bench.ledger.advance(c, Event.CONFIRMED, "change.confirmed")
    )
    bench.at(State.APPLYING, lambda c: bench.ledger.advance(c, Event.APPLIED, "change.applied"))
    bench.at(State.VALIDATING, lambda c: bench.ledger.rest(c, timedelta(seconds=1)))
    change = bench.run(bench.in_state(State.REQUESTED))
    assert change.state is State.VALIDATING
    assert bench.shown == [change.number] * 3
    assert bench.seen == [("requested", "done"), ("applying", "done"), ("validating", "done")]


def test_what_is_not_due_is_left_alone(bench: Bench) -> None:
    bench.at(State.REQUESTED, raises(AssertionError("worked on")))
    change = bench.ledger.rest(bench.in_state(State.REQUESTED), timedelta(seconds=1))
    assert bench.run(change) == change
    assert bench.shown == []


def test_a_state_without_a_step_rests_until_somebody_wakes_it(bench: Bench) -> None:
    change = bench.run(bench.in_state(State.AWAITING_CONFIRMATION))
    assert (change.state, change.due_at) == (State.AWAITING_CONFIRMATION, None)
    assert bench.kinds(change) == ["change.requested", "change.awaiting_confirmation"]


@pytest.mark.parametrize("state", WORKED_ON)
def test_retry_later_keeps_the_state_and_says_what_is_waited_for(
    bench: Bench, state: State
) -> None:
    bench.at(state, raises(RetryLater("GitHub is not well (status 500)")))
    change = bench.run(bench.in_state(state))
    assert (change.state, change.attempts) == (state, 1)
    assert change.progress.waiting is not None
    assert change.progress.waiting.reason == "GitHub is not well (status 500)"
    assert change.progress.waiting.since == bench.clock.time
    assert change.progress.failure is None
    assert change.due_at is not None
    assert timedelta(seconds=0.5) <= change.due_at - bench.clock.time <= timedelta(seconds=1)
    assert bench.kinds(change)[-1] == "step.delayed"
    assert bench.seen == [(state, "delayed")]


@pytest.mark.parametrize("error", [Permanent, NotFound, Conflict])
@pytest.mark.parametrize("state", WORKED_ON)
def test_a_permanent_error_stands_still_and_tells_requester_and_thread(
    bench: Bench, state: State, error: type[Permanent]
) -> None:
    bench.at(state, raises(error("It is not there.", remedy="Make it.")))
    change = bench.run(bench.in_state(state))
    ends = {
        State.REQUESTED: State.BLOCKED,
        State.APPLYING: State.FAILED,
        State.VALIDATING: State.FAILED,
    }
    assert change.state is ends.get(state, state)
    assert change.due_at is None
    assert change.progress.waiting is None
    failure = change.progress.failure
    assert failure is not None
    assert (failure.sentence, failure.remedy) == ("It is not there.", "Make it.")
    told = [delivery.notice for delivery in bench.store.pending_notices(change.number)]
    assert [notice.user for notice in told] == ["", change.requester]
    assert all("It is not there." in notice.text for notice in told)
    assert all("Make it." in notice.text for notice in told)
    assert bench.store.events(change.number)[-1].entry.data["because"] == "It is not there."
    assert bench.seen == [(state, "failed")]


def test_every_state_that_an_error_ends_has_a_way_on(bench: Bench) -> None:
    for state in (State.BLOCKED, State.FAILED):
        assert allows(state, Event.RETRIED)


def test_an_error_that_nobody_foresaw_is_tried_again_and_named_without_its_text(
    bench: Bench,
) -> None:
    bench.at(State.APPLYING, raises(KeyError("xoxb-a-secret")))
    change = bench.run(bench.in_state(State.APPLYING))
    assert (change.state, change.attempts) == (State.APPLYING, 1)
    assert change.progress.waiting is not None
    assert "KeyError" in change.progress.waiting.reason
    assert "xoxb" not in change.model_dump_json()
    assert bench.seen == [("applying", "broke")]


def test_a_row_that_moved_on_is_read_again_and_decided_anew(bench: Bench) -> None:
    tries: list[int] = []

    def step(change: Change) -> Change:
        tries.append(change.version)
        if len(tries) == 1:
            bench.ledger.note(change, "somebody.else")
        return bench.ledger.advance(change, Event.CANCELLED, "change.cancelled", due_in=None)

    bench.at(State.REQUESTED, step)
    change = bench.run(bench.in_state(State.REQUESTED))
    assert change.state is State.CANCELLED
    assert tries == [1, 2]
    assert change.attempts == 0


def test_an_error_after_somebody_else_moved_the_change_does_not_touch_the_new_state(
    bench: Bench,
) -> None:
    def step(change: Change) -> Change:
        bench.ledger.advance(change, Event.CANCELLED, "change.cancelled", due_in=None)
        raise Permanent("Too late.")

    bench.at(State.REQUESTED, step)
    change = bench.run(bench.in_state(State.REQUESTED))
    assert change.state is State.CANCELLED
    assert change.progress.failure is None
    assert bench.kinds(change)[-1] == "change.cancelled"


def test_what_a_step_saved_before_it_failed_is_kept(bench: Bench) -> None:
    def step(change: Change) -> Change:
        bench.ledger.note(change, "branch.based", base_sha="abc")
        raise RetryLater("GitHub does not answer")

    bench.at(State.RECONCILING, step)
    change = bench.run(bench.in_state(State.RECONCILING))
    assert (change.progress.base_sha, change.attempts) == ("abc", 1)


def test_tries_come_ever_later_up_to_five_minutes_and_are_told_once(bench: Bench) -> None:
    bench.at(State.APPLYING, raises(RetryLater("The API server does not answer")))
    change = bench.in_state(State.APPLYING)
    since = bench.clock.time
    delays: list[timedelta] = []
    for _ in range(12):
        change = bench.run(change)
        assert change.due_at is not None
        delays.append(change.due_at - bench.clock.time)
        bench.clock.time = change.due_at
    for tried, delay in enumerate(delays):
        longest = min(timedelta(seconds=2**tried), LONGEST_DELAY)
        assert longest / 2 <= delay <= longest
    assert change.attempts == 12
    assert change.progress.waiting is not None
    assert change.progress.waiting.since == since
    assert bench.kinds(change).count("step.delayed") == 1


def test_retry_after_is_honoured(bench: Bench) -> None:
    limit = RetryLater("GitHub limits how often we may call", after=timedelta(minutes=20))
    bench.at(State.PR_OPEN, raises(limit))
    change = bench.run(bench.in_state(State.PR_OPEN))
    assert change.due_at == bench.clock.time + timedelta(minutes=20)


def test_waiting_starts_anew_after_a_step_that_worked(bench: Bench) -> None:
    bench.at(State.RECONCILING, raises(RetryLater("GitHub does not answer")))
    change = bench.run(bench.in_state(State.RECONCILING))
    change = bench.ledger.note(change, "branch.based", base_sha="abc")
    bench.clock.move(minutes=5)
    change = bench.run(change)
    assert change.progress.waiting is not None
    assert change.progress.waiting.since == bench.clock.time
    assert change.attempts == 1


def test_a_change_that_another_worker_has_is_left_to_it(bench: Bench) -> None:
    bench.at(State.REQUESTED, raises(AssertionError("worked on twice")))
    change = bench.in_state(State.REQUESTED)
    with bench.store.claim(change.number, "reconcile") as mine:
        assert mine
        assert bench.run(change) == change


def test_a_change_that_another_process_has_is_left_to_it(bench: Bench, tmp_path: Path) -> None:
    bench.at(State.REQUESTED, raises(AssertionError("worked on twice")))
    change = bench.in_state(State.REQUESTED)
    other = make_store(tmp_path)
    try:
        with other.claim(change.number, "reconcile") as mine:
            assert mine
            assert bench.run(change) == change
    finally:
        other.close()


def test_claims_are_given_back_even_when_a_step_breaks(bench: Bench) -> None:
    bench.at(State.REQUESTED, raises(StaleChange("always")))
    change = bench.in_state(State.REQUESTED)
    bench.reconciler = Reconciler(
        **{**vars(bench.reconciler), "shown": raises(RuntimeError("out"))}
    )
    with pytest.raises(RuntimeError):
        bench.run(change)
    with bench.store.claim(change.number, "reconcile") as mine:
        assert mine


def test_due_work_wakes_what_is_due_and_what_is_to_be_told(
    store: SqliteStore, clock: Hand, ledger: Ledger
) -> None:
    due = add_change(store)
    later = ledger.rest(add_change(store, justification="later"), timedelta(minutes=1))
    woken: list[int] = []
    delivered: list[int] = []
    work = DueWork(store, clock, woken.append, delivered.append)
    work.wake()
    assert woken == [due.number]
    assert delivered == [due.number, later.number]
    clock.move(minutes=1)
    work.wake()
    assert woken == [due.number, due.number, later.number]


def test_touching_makes_a_change_due_and_forgives_one_that_just_moved(
    store: SqliteStore, ledger: Ledger, clock: Hand
) -> None:
    change = ledger.rest(add_change(store), None)
    touch(store, ledger, change.number)
    assert store.change(change.number).due_at == clock.time
    touch(store, ledger, 404)


def test_touching_does_not_disturb_a_step_that_runs(bench: Bench) -> None:
    change = bench.in_state(State.PR_OPEN)
    runs: list[int] = []

    def step(change: Change) -> Change:
        runs.append(change.version)
        touch(bench.store, bench.ledger, change.number)  # a poll that is quicker than the step
        return bench.ledger.rest(change, None)

    bench.at(State.PR_OPEN, step)
    bench.run(change)
    assert len(runs) == 1


def test_touching_does_not_cut_a_delay_short(bench: Bench) -> None:
    change = bench.in_state(State.PR_OPEN)

    def limited(change: Change) -> Change:
        raise RetryLater("GitHub limits how often we may call", after=timedelta(minutes=7))

    bench.at(State.PR_OPEN, limited)
    waiting = bench.run(change)
    touch(bench.store, bench.ledger, change.number)
    assert bench.store.change(change.number) == waiting
    assert waiting.due_at == bench.clock.time + timedelta(minutes=7)
