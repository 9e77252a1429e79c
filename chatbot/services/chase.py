"""The chase of what is owed. Each look derives from the rows what is due now; what is said is
written with the rung that is climbed, so that it is said once, whoever looks how often and whatever
the clock does meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from chatbot.domain import story_debt as story
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.chase import Ladder, Role, Rung, due_rung, next_rung, skippable
from chatbot.domain.errors import Permanent, RetryLater, StaleChange
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.obligation import Obligation
from chatbot.domain.obligations import breached
from chatbot.logs import about_change
from chatbot.ports import Clock, Store
from chatbot.services.people import People

log = structlog.get_logger()

UNREACHABLE_DELAY = timedelta(seconds=5)
"""How soon Slack is asked again who is to be told, after it did not say."""

_TRIES = 20
"""How often an obligation is read again because it moved on meanwhile."""


@dataclass(frozen=True)
class Chase:
    """Reminds of what is owed, and records what was not met in time."""

    store: Store
    clock: Clock
    people: People
    ladder: Ladder
    refuses_requests: bool
    channel: Callable[[Change], str]
    """Where a change's incident is told of."""
    shown: Callable[[int], None]
    """Told the number of a change that has something to deliver."""

    def run(self) -> None:
        """One look at every obligation whose time has come. Safe to repeat, and from two schedulers
        at once: of two that see the same rung, one writes it and the other reads again."""
        self._look_at(self.store.obligations_due(self.clock.now()))

    def look_at_all(self) -> None:
        """One look at everything that is owed: the ladder may be another than before the start."""
        self._look_at(self.store.obligations())

    def _look_at(self, obligations: Sequence[Obligation]) -> None:
        for obligation in obligations:
            try:
                self._look(obligation)
            except Exception:
                # It stays due; the others are chased all the same.
                log.exception("chase.broke", change=obligation.change_id, kind=obligation.kind)

    def _look(self, obligation: Obligation) -> None:
        with about_change(format_change_id(obligation.change)):
            for _ in range(_TRIES):
                try:
                    self._tend(obligation)
                    break
                except StaleChange:
                    read = self.store.obligation(obligation.change, obligation.kind)
                    if read is None or not read.is_open:
                        break
                    obligation = read
            self.shown(obligation.change)

    def _tend(self, obligation: Obligation) -> None:
        """Record a breach, and climb the rung that is due. Raises `StaleChange`."""
        obligation = self._recorded(obligation)
        try:
            self._climb(obligation)
        except (RetryLater, Permanent) as error:
            # Who is to be told is not known now.
            log.warning("chase.postponed", kind=obligation.kind, because=str(error))
            after = error.after if isinstance(error, RetryLater) else None
            again = self.clock.now() + (after or UNREACHABLE_DELAY)
            self.store.save_obligation(obligation.model_copy(update={"next_at": again}), [])

    def _recorded(self, obligation: Obligation) -> Obligation:
        """With its breach on the record, if its time is over. By itself: whether Slack can say who
        is to be told or not."""
        now = self.clock.now()
        if obligation.breached_at is not None or not obligation.is_overdue(now):
            return obligation
        late, entry = breached(obligation, now)
        return self.store.save_obligation(late, [entry], story.breached(obligation))

    def _climb(self, obligation: Obligation) -> None:
        now = self.clock.now()
        rung = due_rung(obligation, self.ladder, now)
        if rung is None:
            following = next_rung(obligation, self.ladder).at
            if following != obligation.next_at:
                self.store.save_obligation(obligation.model_copy(update={"next_at": following}), [])
            return
        climbed = obligation.model_copy(update={"reminded_for": rung.at})
        following = next_rung(climbed, self.ladder).at
        climbed = climbed.model_copy(update={"next_at": following})
        reminder = self._reminder(climbed, rung, now)
        notices, news = story.told(reminder, now)
        entry = AuditEntry(
            kind="obligation.reminded",
            actor=SYSTEM,
            change=obligation.change,
            at=now,
            data={
                "kind": obligation.kind.value,
                "rung": rung.name,
                "users": sorted(reminder.users),
                "channel": reminder.channel,
            },
        )
        self.store.save_obligation(climbed, [entry], notices, news, rung=rung.name)

    def _reminder(self, obligation: Obligation, rung: Rung, now: datetime) -> story.Reminder:
        change = self.store.change(obligation.change)
        seniors = self.people.seniors() if Role.SENIORS in rung.roles else frozenset[str]()
        managers = self.people.managers() if Role.MANAGERS in rung.roles else frozenset[str]()
        can_snooze = obligation.snoozed is None and not rung.is_overdue
        return story.Reminder(
            change=change,
            obligation=obligation,
            rung=rung,
            users={obligation.owner} | seniors | managers,
            seniors=seniors,
            channel=self.channel(change),
            refuses_requests=self.refuses_requests,
            can_snooze=can_snooze and skippable(obligation, self.ladder, now) is not None,
            until=next_rung(obligation, self.ladder).at,
        )
