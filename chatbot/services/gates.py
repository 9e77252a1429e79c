"""The last gates before a merge: window, freeze, a held environment, other rollouts.

Whatever keeps a change here is on its card with since when; and when nothing does, it is looked at
once more whether what was approved is what would be merged.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import story_gitops as story
from chatbot.domain.approval import met
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.environment import Environment
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.window import Gate, gate
from chatbot.ports import Store
from chatbot.services.electorates import Electorates
from chatbot.services.freezes import Freezes
from chatbot.services.gitops import GitOps
from chatbot.services.ledger import AT_ONCE, Ledger
from chatbot.services.queue import queued, wait

ROLLOUT = "rollout"
"""What a change holds in its environment from before its merge until it is healthy."""


@dataclass(frozen=True)
class Gates:
    """Lets approved changes through."""

    environments: Mapping[str, Environment]
    store: Store
    ledger: Ledger
    gitops: GitOps
    electorates: Electorates
    freezes: Freezes

    def start(self, change: Change) -> Change:
        """Step `scheduled`."""
        seen = self.gitops.look(change)
        if (moved := self.gitops.moved(change, seen)) is not None:
            return moved
        if seen != change.progress.pull_request:
            return self.ledger.rest(change, AT_ONCE, pull_request=seen)
        # The environment may become held while the line is waited for.
        for closed in (self._window, self._freeze, self._held, self._line, self._held):
            if (waits := closed(change)) is not None:
                return waits
        if not met(change, self.electorates.of(change)):
            return self._unapproved(change)
        if (outdated := self.gitops.outdated(change, seen)) is not None:
            return outdated
        return self.ledger.advance(
            change, Event.WINDOW_OPENED, "change.started", notices=story.started(change)
        )

    def _window(self, change: Change) -> Change | None:
        window = change.request.maintenance_window
        if window is None:
            return None
        now = self.ledger.clock.now()
        match gate(window, now):
            case Gate.OPEN:
                return None
            case Gate.OVER:
                return self.ledger.advance(
                    change,
                    Event.EXPIRED,
                    "change.expired",
                    data={"because": "the maintenance window is over"},
                    notices=story.window_over(change),
                )
            case Gate.EARLY:
                reason = "for its maintenance window to open"
                return wait(self.ledger, change, reason, window.start - now)

    def _freeze(self, change: Change) -> Change | None:
        freeze = self.freezes.blocking(change)
        return None if freeze is None else self.freezes.wait(change, freeze)

    def _held(self, change: Change) -> Change | None:
        held = self.store.in_states({State.HELD}, change.request.environment)
        if not held:
            return None
        names = ", ".join(format_change_id(number) for number in held)
        reason = (
            f"{change.request.environment} is held since {names} had to be taken back; a senior "
            "releases it on that card"
        )
        return wait(self.ledger, change, reason, behind=held)

    def _line(self, change: Change) -> Change | None:
        return queued(
            self.store, self.ledger, change, also=(ROLLOUT,), what="the environment's rollout"
        )

    def _unapproved(self, change: Change) -> Change:
        """Somebody who said yes has lost their say since."""
        return self.ledger.advance(
            change,
            Event.OUTDATED,
            "approval.lapsed",
            notices=story.outdated(change),
            due_in=AT_ONCE,
        )
