"""Whether a workload has finished rolling out, in the words of `kubectl rollout status`.

People know those sentences from their terminals, and the rules behind them are what "it is out"
means in the trade. Two differences: kinds that do not roll out are done at once, and so is a
workload that waits for a person by its own configuration (paused, `OnDelete`), because waiting
for it would end in a needless rollback.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_DEADLINE = "ProgressDeadlineExceeded"


@dataclass(frozen=True)
class RolloutStatus:
    """`failed` means it will not finish without a further change; `message` is one sentence."""

    done: bool
    failed: bool
    message: str


def judge(manifest: Mapping[str, Any]) -> RolloutStatus:
    """How far the rollout of a live object is, by its `spec`, `status` and generation."""
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    rule = _RULES.get((group, str(manifest.get("kind", ""))))
    if rule is None:
        kind = str(manifest.get("kind", "object")).lower()
        return _done(f'{kind} "{_name(manifest)}" is in place')
    return rule(manifest)


def judge_gone(manifest: Mapping[str, Any] | None) -> RolloutStatus:
    """How far an object is that has to go; None when it is not there any more."""
    if manifest is None:
        return _done("gone, as wanted")
    return _waiting(f'Waiting for {str(manifest.get("kind")).lower()} "{_name(manifest)}" to go')


def _deployment(manifest: Mapping[str, Any]) -> RolloutStatus:
    name, spec, status = _name(manifest), _part(manifest, "spec"), _part(manifest, "status")
    if not _observed(manifest):
        return _waiting("Waiting for deployment spec update to be observed...")
    if spec.get("paused"):
        return _done(f'deployment "{name}" is paused: nothing rolls out until it is resumed')
    if _condition(status, "Progressing").get("reason") == _DEADLINE:
        return _failed(f'deployment "{name}" exceeded its progress deadline')
    unfinished = _replicas_message(spec, status)
    if unfinished:
        return _waiting(f'Waiting for deployment "{name}" rollout to finish: {unfinished}')
    return _done(f'deployment "{name}" successfully rolled out')


def _deployment_config(manifest: Mapping[str, Any]) -> RolloutStatus:
    name, spec, status = _name(manifest), _part(manifest, "spec"), _part(manifest, "status")
    if not _observed(manifest):
        return _waiting(
            "Waiting for latest deployment config spec to be observed by the controller loop..."
        )
    if spec.get("paused"):
        return _done(f'deployment config "{name}" is paused: nothing rolls out until it is resumed')
    if not _number(status, "latestVersion"):
        return _waiting(f'Deployment config "{name}" waiting on its first deployment')
    controller = f"{name}-{_number(status, 'latestVersion')}"
    progressing = _condition(status, "Progressing")
    if progressing.get("reason") == _DEADLINE or progressing.get("status") == "False":
        return _failed(f'replication controller "{controller}" has failed progressing')
    unfinished = _replicas_message(spec, status)
    if unfinished:
        return _waiting(f"Waiting for rollout to finish: {unfinished}")
    return _done(f'replication controller "{controller}" successfully rolled out')


def _replicas_message(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """What is still missing, empty when nothing is."""
    wanted = _number(spec, "replicas", default=1)
    updated, total = _number(status, "updatedReplicas"), _number(status, "replicas")
    available = _number(status, "availableReplicas")
    if updated < wanted:
        return f"{updated} out of {wanted} new replicas have been updated..."
    if total > updated:
        return f"{total - updated} old replicas are pending termination..."
    if available < updated:
        return f"{available} of {updated} updated replicas are available..."
    return ""


def _stateful_set(manifest: Mapping[str, Any]) -> RolloutStatus:
    name, spec, status = _name(manifest), _part(manifest, "spec"), _part(manifest, "status")
    if not _observed(manifest):
        return _waiting("Waiting for statefulset spec update to be observed...")
    strategy = _part(spec, "updateStrategy")
    if strategy.get("type") == "OnDelete":
        return _done(f'statefulset "{name}" updates a pod when somebody deletes it (OnDelete)')
    wanted, ready = _number(spec, "replicas", default=1), _number(status, "readyReplicas")
    updated = _number(status, "updatedReplicas")
    if ready < wanted:
        return _waiting(f"Waiting for {wanted - ready} pods to be ready...")
    partition = _number(_part(strategy, "rollingUpdate"), "partition")
    return _partitioned(updated, wanted - partition) if partition else _revisions(status)


def _partitioned(updated: int, due: int) -> RolloutStatus:
    if updated < due:
        return _waiting(
            "Waiting for partitioned roll out to finish: "
            f"{updated} out of {due} new pods have been updated..."
        )
    return _done(f"partitioned roll out complete: {updated} new pods have been updated...")


def _revisions(status: Mapping[str, Any]) -> RolloutStatus:
    revision, updated = status.get("updateRevision"), _number(status, "updatedReplicas")
    if revision != status.get("currentRevision"):
        return _waiting(
            "waiting for statefulset rolling update to complete "
            f"{updated} pods at revision {revision}..."
        )
    current = _number(status, "currentReplicas")
    return _done(f"statefulset rolling update complete {current} pods at revision {revision}...")


def _daemon_set(manifest: Mapping[str, Any]) -> RolloutStatus:
    name, status = _name(manifest), _part(manifest, "status")
    if not _observed(manifest):
        return _waiting("Waiting for daemon set spec update to be observed...")
    if _part(_part(manifest, "spec"), "updateStrategy").get("type") == "OnDelete":
        return _done(f'daemon set "{name}" updates a pod when somebody deletes it (OnDelete)')
    desired = _number(status, "desiredNumberScheduled")
    updated = _number(status, "updatedNumberScheduled")
    available = _number(status, "numberAvailable")
    prefix = f'Waiting for daemon set "{name}" rollout to finish:'
    if updated < desired:
        return _waiting(f"{prefix} {updated} out of {desired} new pods have been updated...")
    if available < desired:
        return _waiting(f"{prefix} {available} of {desired} updated pods are available...")
    return _done(f'daemon set "{name}" successfully rolled out')


def _custom_resource_definition(manifest: Mapping[str, Any]) -> RolloutStatus:
    name, status = _name(manifest), _part(manifest, "status")
    if _condition(status, "Established").get("status") == "True":
        return _done(f'custom resource definition "{name}" is established')
    accepted = _condition(status, "NamesAccepted")
    if accepted.get("status") == "False":
        return _failed(
            f'custom resource definition "{name}": {accepted.get("message", "names conflict")}'
        )
    return _waiting(f'Waiting for custom resource definition "{name}" to be established...')


_RULES: dict[tuple[str, str], Callable[[Mapping[str, Any]], RolloutStatus]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps.openshift.io", "DeploymentConfig"): _deployment_config,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _custom_resource_definition,
}


def _observed(manifest: Mapping[str, Any]) -> bool:
    """Whether the status speaks of the spec as it is now, and not of an earlier one."""
    generation = _number(_part(manifest, "metadata"), "generation")
    return 0 < generation <= _number(_part(manifest, "status"), "observedGeneration")


def _condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    for condition in status.get("conditions") or ():
        if condition.get("type") == kind:
            return dict(condition)
    return {}


def _name(manifest: Mapping[str, Any]) -> str:
    return str(_part(manifest, "metadata").get("name", ""))


def _part(manifest: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = manifest.get(key)
    return part if isinstance(part, Mapping) else {}


def _number(part: Mapping[str, Any], key: str, *, default: int = 0) -> int:
    value = part.get(key)
    return default if value is None else int(value)


def _done(message: str) -> RolloutStatus:
    return RolloutStatus(done=True, failed=False, message=message)


def _waiting(message: str) -> RolloutStatus:
    return RolloutStatus(done=False, failed=False, message=message)


def _failed(message: str) -> RolloutStatus:
    return RolloutStatus(done=False, failed=True, message=message)
