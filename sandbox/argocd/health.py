"""Argo CD's built-in health checks, for the kinds that the sandbox runs. Pure."""

from collections.abc import Iterable
from typing import Any, Final

Manifest = dict[str, Any]
Verdict = tuple[str, str]
"""A health status and its message."""

_WORSE: Final = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")
_HEALTHY: Final = ("Healthy", "")
_WAITING: Final = "Waiting for rollout to finish:"


def worst(statuses: Iterable[str]) -> str:
    """The health of an Application: that of its unhealthiest object."""
    return max(statuses, key=_WORSE.index, default="Healthy")


def health(live: Manifest) -> Verdict | None:
    """The health of an object; None for kinds that have none."""
    if live["metadata"].get("deletionTimestamp"):
        return ("Progressing", "Pending deletion")
    match live["kind"]:
        case "Deployment":
            return _deployment(live)
        case "StatefulSet":
            return _stateful_set(live)
        case "DaemonSet":
            return _daemon_set(live)
        case "Service":
            return _HEALTHY
    return None


def _deployment(live: Manifest) -> Verdict:
    name, spec, status = live["metadata"]["name"], live["spec"], live.get("status") or {}
    if spec.get("paused"):
        return ("Suspended", "Deployment is paused")
    if not _observed(live):
        said = "observed deployment generation less than desired generation"
        return ("Progressing", f"{_WAITING} {said}")
    for condition in status.get("conditions") or ():
        if condition.get("reason") == "ProgressDeadlineExceeded":
            return ("Degraded", f'Deployment "{name}" exceeded its progress deadline')
    wanted, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    total, available = status.get("replicas", 0), status.get("availableReplicas", 0)
    if updated < wanted:
        said = f"{updated} out of {wanted} new replicas have been updated..."
        return ("Progressing", f"{_WAITING} {said}")
    if total > updated:
        said = f"{total - updated} old replicas are pending termination..."
        return ("Progressing", f"{_WAITING} {said}")
    if available < updated:
        said = f"{available} of {updated} updated replicas are available..."
        return ("Progressing", f"{_WAITING} {said}")
    return _HEALTHY


def _stateful_set(live: Manifest) -> Verdict:
    spec, status = live["spec"], live.get("status") or {}
    if not _observed(live):
        return ("Progressing", "Waiting for statefulset spec update to be observed...")
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    if ready < wanted:
        return ("Progressing", f"Waiting for {wanted - ready} pods to be ready...")
    if status.get("updateRevision") != status.get("currentRevision"):
        return ("Progressing", "waiting for statefulset rolling update to complete")
    return _HEALTHY


def _daemon_set(live: Manifest) -> Verdict:
    status = live.get("status") or {}
    if not _observed(live):
        return ("Progressing", "Waiting for daemon set spec update to be observed...")
    wanted = status.get("desiredNumberScheduled", 0)
    for word in ("updatedNumberScheduled", "numberAvailable"):
        if status.get(word, 0) < wanted:
            said = f"{status.get(word, 0)} of {wanted} updated pods are available..."
            return ("Progressing", f"Waiting for daemon set rollout to finish: {said}")
    return _HEALTHY


def _observed(live: Manifest) -> bool:
    observed: int = (live.get("status") or {}).get("observedGeneration", 0)
    return int(live["metadata"].get("generation", 0)) <= observed
