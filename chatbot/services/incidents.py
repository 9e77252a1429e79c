"""Brings incidents to where they are kept: a channel in Slack, an issue in Jira.

Made like the reconciler of changes, and apart from it: a row for each side says what is done, a
look at the change says what should be, and the next thing that lacks is done and recorded. Neither
side waits for the other, and no change waits for either.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import structlog

from chatbot.domain.backoff import retry_delay
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.errors import Permanent, RetryLater, StaleChange
from chatbot.domain.incident import Incident, Side, is_over
from chatbot.domain.incident_text import stuck
from chatbot.domain.story import thread
from chatbot.logs import about_change
from chatbot.ports import Clock, Store
from chatbot.services.workers import WorkerPool

log = structlog.get_logger()

MISCONFIGURED_DELAY = timedelta(minutes=5)
"""A scope that lacks, a project that is not there: nothing changes until somebody mends it."""

IncidentStep = Callable[[Incident, Change], Incident | None]
"""Does the one thing that it is about and gives the row as it saved it; None: nothing lacks."""


@dataclass(frozen=True)
class Incidents:
    """Moves one side of incidents as far as it goes."""

    store: Store
    clock: Clock
    side: Side
    steps: Sequence[IncidentStep]
    """In the order in which they matter; the first that has something to do is next."""
    shown: Callable[[int], None]
    """Told the number of a change with something to deliver."""
    stopping: Callable[[], bool] = lambda: False
    """Whether this process is about to end: no other step begins."""

    def tend(self, number: int) -> None:
        """Work on the incident of a change until it waits. Does nothing if another worker has
        it, or if there is none."""
        with (
            self.store.claim(number, f"incident.{self.side}") as mine,
            about_change(format_change_id(number)),
        ):
            incident = self.store.incident(number, self.side) if mine else None
            while incident is not None and self._is_due(incident) and not self.stopping():
                incident = self._next(incident)

    def _is_due(self, incident: Incident) -> bool:
        return incident.due_at is not None and incident.due_at <= self.clock.now()

    def _next(self, incident: Incident) -> Incident | None:
        change = self.store.change(incident.change)
        try:
            for step in self.steps:
                if (after := step(incident, change)) is not None:
                    return after
            return self._rest(incident, change)
        except StaleChange:
            return self.store.incident(incident.change, self.side)
        except RetryLater as error:
            return self._wait(incident.change, error)
        except Permanent as error:
            return self._stand_still(incident.change, error)
        except Exception as error:
            log.exception("incident.broke", side=self.side)
            return self._wait(incident.change, RetryLater(f"a bug ({type(error).__name__})"))

    def _rest(self, incident: Incident, change: Change) -> Incident:
        """Nothing lacks: until the next event, or for good."""
        closed_at = self.clock.now() if is_over(change) else None
        rested = {"due_at": None, "attempts": 0, "failure": "", "closed_at": closed_at}
        return self.store.save_incident(incident.model_copy(update=rested))

    def _wait(self, number: int, error: RetryLater) -> Incident | None:
        # A step may have saved before it failed; what it saved is the truth to go on from.
        incident = self.store.incident(number, self.side)
        if incident is None:
            return None
        delay = retry_delay(incident.attempts, random.random(), after=error.after)  # noqa: S311 - jitter
        log.warning("incident.delayed", side=self.side, because=str(error), seconds=delay.seconds)
        later = {"due_at": self.clock.now() + delay, "attempts": incident.attempts + 1}
        return self.store.save_incident(incident.model_copy(update=later))

    def _stand_still(self, number: int, error: Permanent) -> Incident | None:
        """Said once under the card, and tried again now and then: who mends it tells nobody."""
        incident = self.store.incident(number, self.side)
        if incident is None:
            return None
        log.warning("incident.failed", side=self.side, because=str(error))
        sentence = str(error)
        later = {
            "due_at": self.clock.now() + MISCONFIGURED_DELAY,
            "attempts": incident.attempts + 1,
            "failure": sentence,
        }
        digest = sha256(sentence.encode()).hexdigest()[:12]
        text = stuck(self.side, sentence, error.remedy)
        notice = thread(f"incident:{self.side}:{digest}", text)
        saved = self.store.save_incident(incident.model_copy(update=later), notices=[notice])
        self.shown(number)
        return saved


@dataclass(frozen=True)
class IncidentWork:
    """Finds what is due and wakes it; each call derives everything from the rows."""

    store: Store
    clock: Clock
    workers: Mapping[Side, WorkerPool]

    def run(self) -> None:
        """Wake the sides whose time has come."""
        for number, side in self.store.incidents_due(self.clock.now()):
            self.workers[side].wake(number)

    def idle(self) -> bool:
        """Whether nothing is being worked on or waits."""
        return all(pool.idle() for pool in self.workers.values())

    def stop(self) -> None:
        """Finish what is being worked on, drop what waits (its rows are still due)."""
        for pool in self.workers.values():
            pool.stop()
