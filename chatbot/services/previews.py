"""From what a change would do to its objects to the plan that a person agrees to."""

from collections.abc import Sequence

from chatbot.domain.change import (
    Change,
    FieldConflict,
    ObjectAction,
    Operation,
    Plan,
    PlannedObject,
)
from chatbot.domain.diff import equal, normalise, plan_digest, unified_diff
from chatbot.ports import Cluster, DryRun
from chatbot.services.operations import dry_run


def ask_server(cluster: Cluster, change: Change) -> Plan:
    """What would happen now. Its digest covers what is live, what would be, and whose fields
    that takes over: asked without force even after somebody agreed to it, so that the plan
    they agreed to can be recognised, and fields of yet another manager are no part of it."""
    answers = dry_run(cluster, change, force=False)
    conflicts = tuple(conflict for answer in answers for conflict in answer.conflicts)
    if conflicts:
        answers = dry_run(cluster, change, force=True)
    return plan_of(change, answers, conflicts, warnings(cluster, change))


def plan_of(
    change: Change,
    answers: Sequence[DryRun],
    conflicts: Sequence[FieldConflict],
    remarks: Sequence[str],
) -> Plan:
    """The plan with its digest: each answer says how an object is and how it would be."""
    return Plan(
        objects=tuple(_planned(answer) for answer in answers),
        conflicts=tuple(conflicts),
        warnings=tuple(remarks),
        digest=_digest(change, answers, conflicts),
    )


def warnings(cluster: Cluster, change: Change) -> list[str]:
    """Sentences to read before confirming, whoever worked the plan out."""
    if change.request.operation is not Operation.SCALE:
        return []
    return [
        f"HorizontalPodAutoscaler {name} scales {target} and would undo this. "
        "Change its minReplicas and maxReplicas instead, or go on if you know why."
        for target in change.request.targets
        for name in cluster.autoscalers(target)
    ]


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


def _digest(change: Change, answers: Sequence[DryRun], conflicts: Sequence[FieldConflict]) -> str:
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
