"""Planning on the direct path: ask the server what would happen, and whether somebody must look."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import story
from chatbot.domain.change import Change, Operation, Plan
from chatbot.domain.environment import Environment
from chatbot.domain.events import SYSTEM
from chatbot.domain.lifecycle import Event
from chatbot.domain.offers import touched
from chatbot.ports import Clusters
from chatbot.services.ledger import Ledger
from chatbot.services.operations import restart_time
from chatbot.services.previews import ask_server
from chatbot.services.rollbacks import Rollbacks


@dataclass(frozen=True)
class Planner:
    """Makes plans."""

    environments: Mapping[str, Environment]
    clusters: Clusters
    ledger: Ledger
    rollbacks: Rollbacks

    def plan(self, change: Change) -> Change:
        """Step `requested`: dry run, diff, warnings; then confirmation by a person where the
        environment asks for it, or where conflicts and warnings do."""
        if (decided := timed(self.ledger, change) or self.rollbacks.decide(change)) is not None:
            return decided
        environment = self.environments[change.request.environment]
        plan = self.preview(change)
        data = {
            "digest": plan.digest,
            "objects": {str(planned.target): planned.action.value for planned in plan.objects},
            "conflicts": [conflict.model_dump(mode="json") for conflict in plan.conflicts],
            "warnings": list(plan.warnings),
        }
        if environment.rules.confirm or plan.warnings or plan.conflicts:
            return self.ledger.advance(
                change,
                Event.PLANNED,
                "change.planned",
                data=data,
                due_in=None if touched(change) else environment.approval_timeout,
                plan=plan,
            )
        return self.ledger.advance(
            change,
            Event.CONFIRMED,
            "change.planned",
            data=data,
            plan=plan,
            confirmed_digest=plan.digest,
            confirmed_by=SYSTEM,
        )

    def expire(self, change: Change) -> Change:
        """Step `awaiting_confirmation`, when nobody confirmed in time: an old diff is no ground to
        act on. What has touched the cluster does not expire; somebody has to end it."""
        return self.ledger.advance(
            change,
            Event.EXPIRED,
            "change.expired",
            notices=story.expired(change),
            due_in=None,
        )

    def preview(self, change: Change) -> Plan:
        """What would happen now, by the server's own answer."""
        environment = self.environments[change.request.environment]
        return ask_server(self.clusters(environment.context), change)


def timed(ledger: Ledger, change: Change) -> Change | None:
    """Decide a restart's time and store it before it is sent; None when nothing is to decide."""
    if change.request.operation is not Operation.RESTART or change.progress.restarted_at:
        return None
    at = restart_time(ledger.clock.now())
    return ledger.note(change, "restart.timed", data={"restartedAt": at}, restarted_at=at)
