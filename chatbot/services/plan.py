"""Planning on the direct path: ask the server what would happen, and whether somebody must look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain import story
from chatbot.domain.change import (
    Change,
    FieldConflict,
    ObjectAction,
    Operation,
    Plan,
    PlannedObject,
)
from chatbot.domain.diff import equal, normalise, plan_digest, unified_diff
from chatbot.domain.environment import Environment
from chatbot.domain.events import SYSTEM
from chatbot.domain.lifecycle import Event
from chatbot.domain.offers import touched
from chatbot.ports import Cluster, Clusters, DryRun
from chatbot.services.ledger import Ledger
from chatbot.services.operations import dry_run, restart_time
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
        """What would happen now. Its digest covers what is live, what would be, and whose fields
        that takes over: asked without force even after somebody agreed to it, so that the plan
        they agreed to can be recognised, and fields of yet another manager are no part of it."""
        environment = self.environments[change.request.environment]
        cluster = self.clusters(environment.context)
        answers = dry_run(cluster, change, force=False)
        conflicts = tuple(conflict for answer in answers for conflict in answer.conflicts)
        if conflicts:
            answers = dry_run(cluster, change, force=True)
        return Plan(
            objects=tuple(_planned(answer) for answer in answers),
            conflicts=conflicts,
            warnings=tuple(self._warnings(cluster, change)),
            digest=_digest(change, answers, conflicts),
        )

    def _warnings(self, cluster: Cluster, change: Change) -> list[str]:
        if change.request.operation is not Operation.SCALE:
            return []
        return [
            f"HorizontalPodAutoscaler {name} scales {target} and would undo this. "
            "Change its minReplicas and maxReplicas instead, or go on if you know why."
            for target in change.request.targets
            for name in cluster.autoscalers(target)
        ]


def timed(ledger: Ledger, change: Change) -> Change | None:
    """Decide a restart's time and store it before it is sent; None when nothing is to decide."""
    if change.request.operation is not Operation.RESTART or change.progress.restarted_at:
        return None
    at = restart_time(ledger.clock.now())
    return ledger.note(change, "restart.timed", data={"restartedAt": at}, restarted_at=at)


def _planned(answer: DryRun) -> PlannedObject:
    live, result = answer.live, answer.result
    if equal(live, result):
        action = ObjectAction.NOTHING
    elif live is None:
        action = ObjectAction.CREATE
    elif result is None:
        action = ObjectAction.DELETE
    else:
        action = ObjectAction.CHANGE
    return PlannedObject(
        target=answer.target,
        action=action,
        diff=unified_diff(live, result),
        resource_version=live["metadata"].get("resourceVersion", "") if live else "",
    )


def _digest(change: Change, answers: Sequence[DryRun], conflicts: tuple[FieldConflict, ...]) -> str:
    request = change.request
    return plan_digest(
        {
            "operation": request.operation.value,
            "environment": request.environment,
            "targets": [target.key for target in request.targets],
            "live": [normalise(answer.live) if answer.live else None for answer in answers],
            "wanted": [normalise(answer.result) if answer.result else None for answer in answers],
            "conflicts": [conflict.model_dump(mode="json") for conflict in conflicts],
        }
    )
