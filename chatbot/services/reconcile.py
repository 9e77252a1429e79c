"""The reconciler: take a change, look at its state, perform the next step, record the result,
repeat until it must wait for a person, a clock or an outside system.

Steps are registered by (path, state). A step either returns the change as it saved it, or raises
one of the two error families; what an error means for the change is decided here, once.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from chatbot.domain.backoff import retry_delay
from chatbot.domain.change import Change, Failure, Path, Waiting, format_change_id
from chatbot.domain.errors import NotFound, Permanent, RetryLater, StaleChange
from chatbot.domain.lifecycle import Event, State, allows
from chatbot.domain.notice import Notice
from chatbot.domain.story import failure_notices
from chatbot.logs import about_change
from chatbot.ports import Clock, Store
from chatbot.services.ledger import Ledger

log = structlog.get_logger()

Step = Callable[[Change], Change]
Steps = Mapping[tuple[Path, State], Step]


@dataclass(frozen=True)
class Reconciler:
    """Moves one change as far as it goes."""

    store: Store
    clock: Clock
    ledger: Ledger
    steps: Steps
    shown: Callable[[int], None]
    """Told the number of a change whose card or notices are to be brought up to date."""
    observe: Callable[[str, str], None]
    """Told the state whose step ended, and how: done, delayed, failed, broke."""
    stopping: Callable[[], bool] = lambda: False
    """Whether Redlight is told to end: then the step at hand is the last."""

    def reconcile(self, number: int) -> None:
        """Work on a change until it waits, or until we are to stop: what is due stays due. Does
        nothing if another worker has it."""
        with (
            self.store.claim(number, "reconcile") as mine,
            about_change(format_change_id(number)),
        ):
            if not mine:
                return
            change = self.store.change(number)
            while self._is_due(change) and not self.stopping():
                change = self._next(change)
                self.shown(number)

    def _is_due(self, change: Change) -> bool:
        return change.due_at is not None and change.due_at <= self.clock.now()

    def _next(self, change: Change) -> Change:
        step = self.steps.get((change.path, change.state))
        try:
            if step is None:
                return self.ledger.rest(change, None)
            after = step(change)
        except StaleChange:
            return self.store.change(change.number)
        except (RetryLater, Permanent) as error:
            self.observe(change.state, "delayed" if isinstance(error, RetryLater) else "failed")
            return self._failed(change.number, change.state, error)
        except Exception as error:
            log.exception("step.broke", state=change.state)
            self.observe(change.state, "broke")
            sentence = f"Redlight itself stumbled ({type(error).__name__}); it is in its log"
            return self._failed(change.number, change.state, RetryLater(sentence))
        self.observe(change.state, "done")
        if after.state != change.state:
            log.info("change.moved", was=change.state, state=after.state)
        return after

    def _failed(self, number: int, state: State, error: RetryLater | Permanent) -> Change:
        # A step may have saved before it failed; what it saved is the truth to go on from.
        change = self.store.change(number)
        if change.state != state:
            return change
        try:
            if isinstance(error, RetryLater):
                return self._wait(change, error)
            return self._stand_still(change, error)
        except StaleChange:
            return self.store.change(number)

    def _wait(self, change: Change, error: RetryLater) -> Change:
        delay = retry_delay(change.attempts, random.random(), after=error.after)  # noqa: S311 - jitter
        log.warning("step.delayed", state=change.state, because=str(error), seconds=delay.seconds)
        waited = change.progress.waiting
        since = waited.since if waited and change.attempts else self.clock.now()
        waiting = Waiting(reason=str(error), since=since)
        attempts = change.attempts + 1
        if change.attempts:
            return self.ledger.rest(change, delay, attempts=attempts, waiting=waiting)
        return self.ledger.note(
            change,
            "step.delayed",
            data={"state": change.state.value, "because": str(error)},
            due_in=delay,
            attempts=attempts,
            waiting=waiting,
        )

    def _stand_still(self, change: Change, error: Permanent) -> Change:
        log.warning("step.failed", state=change.state, because=str(error))
        failure = Failure(sentence=str(error), remedy=error.remedy, at=self.clock.now())
        data = {"because": str(error), "remedy": error.remedy}
        notices: list[Notice] = failure_notices(change, failure)
        for event, kind in ((Event.BLOCKED, "change.blocked"), (Event.FAILED, "change.failed")):
            if change.state in _ENDED_BY_ERROR[change.path] and allows(change.state, event):
                return self.ledger.advance(
                    change, event, kind, data=data, notices=notices, due_in=None, failure=failure
                )
        return self.ledger.note(
            change,
            "step.failed",
            data=data,
            notices=notices,
            due_in=None,
            failure=failure,
            waiting=None,
        )


_ENDED_BY_ERROR: Mapping[Path, frozenset[State]] = {
    Path.DIRECT: frozenset({State.REQUESTED, State.APPLYING, State.VALIDATING}),
    Path.GITOPS: frozenset({State.REQUESTED}),
    Path.EMERGENCY: frozenset({State.REQUESTED, State.APPLYING}),
}
"""Where a permanent error changes the state. Elsewhere the change keeps its state, shows the error
and offers to try the same step again: a pull request is open, or live is changed already and Git
must still be paid; what an emergency wrote stays, whatever keeps us from watching it."""


@dataclass(frozen=True)
class DueWork:
    """Finds what is due and wakes it; each call derives everything from the rows."""

    store: Store
    clock: Clock
    reconcile: Callable[[int], None]
    deliver: Callable[[int], None]

    def wake(self) -> None:
        """Wake the changes whose time has come."""
        now = self.clock.now()
        for number in self.store.due(now):
            self.reconcile(number)
        for number in self.store.deliveries_due(now):
            self.deliver(number)


def touch(store: Store, ledger: Ledger, number: int) -> None:
    """Make a change due now that rests until somebody or something wakes it.

    One that is due is being worked on or will be at once: to write its row would have the step
    begin anew, and a poll that comes more often than a step takes would keep it from ever ending.
    One whose step is tried again later keeps its delay, and with it what an outside asked for.
    """
    try:
        change = store.change(number)
        due = change.due_at is not None and change.due_at <= ledger.clock.now()
        if not (due or change.attempts):
            ledger.rest(change, timedelta())
    except (StaleChange, NotFound):
        log.info("touch.unneeded", change=number)
