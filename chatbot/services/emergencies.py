"""Planning an emergency: what would happen, and what that goes past. Then the requester has so much
time for the red lights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatbot.domain import story_break_glass as story
from chatbot.domain.change import Change, Plan
from chatbot.domain.environment import Environment
from chatbot.domain.lifecycle import Event
from chatbot.domain.offers import touched
from chatbot.domain.red_lights import pass_by
from chatbot.services.bypasses import Bypasses
from chatbot.services.ledger import Ledger
from chatbot.services.plan import timed


@dataclass(frozen=True)
class Emergencies:
    """Makes plans of emergencies, and lets old ones expire."""

    environments: Mapping[str, Environment]
    ledger: Ledger
    preview: Callable[[Change], Plan]
    bypasses: Bypasses
    channel: Callable[[Change], str]
    """Where the card stands."""

    def plan(self, change: Change) -> Change:
        """Step `requested`. Every plan starts with red lights, also one that says the same as the
        plan before it."""
        if (decided := timed(self.ledger, change)) is not None:
            return decided
        plan, bypassed = self.preview(change), self.bypasses.of(change)
        rules = self.environments[change.request.environment].emergency
        return self.ledger.advance(
            change,
            Event.PLANNED,
            "change.planned",
            data={
                "digest": plan.digest,
                "objects": {str(planned.target): planned.action.value for planned in plan.objects},
                "conflicts": [conflict.model_dump(mode="json") for conflict in plan.conflicts],
                "warnings": list(plan.warnings),
                "bypassed": list(bypassed),
            },
            notices=story.planned(change, self.channel(change)),
            due_in=None if touched(change) else rules.timeout,
            plan=plan,
            bypassed=bypassed,
            lights=(),
            approvals=(),
        )

    def expire(self, change: Change) -> Change:
        """Step `awaiting_confirmation`: an emergency whose lights are not passed in time is none.
        What has touched the cluster does not expire; somebody has to end it."""
        if touched(change):
            return self.ledger.rest(change, None)
        until = pass_by(change, self.environments[change.request.environment].emergency)
        left = until - self.ledger.clock.now()
        if left.total_seconds() > 0:
            return self.ledger.rest(change, left)
        return self.ledger.advance(
            change, Event.EXPIRED, "change.expired", notices=story.expired(change), due_in=None
        )
