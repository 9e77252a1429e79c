"""The statuses of workloads, as the controller manager reports them. Pure."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.kubelet.rollout import Mode, WantedPod

Manifest = dict[str, Any]


def workload_status(
    workload: Manifest,
    pods: Mapping[str, WantedPod],
    *,
    count: int,
    template_hash: str,
    expired: bool,
    now: str,
) -> Manifest:
    """The status of a workload that wants `count` pods and has these."""
    counts = _Counts(pods.values(), count, template_hash)
    if workload["kind"] == "StatefulSet":
        return _stateful_set(workload, counts)
    if workload["kind"] == "DaemonSet":
        return _daemon_set(workload, counts)
    return _deployment(workload, counts, now, expired=expired)


class _Counts:
    """Pods by what a status counts."""

    def __init__(self, pods: Iterable[WantedPod], count: int, template_hash: str) -> None:
        rows = list(pods)
        self.wanted = count
        self.total = len(rows)
        self.updated = sum(pod.template_hash == template_hash for pod in rows)
        self.ready = sum(pod.mode is Mode.RUNNING for pod in rows)
        self.updated_and_ready = sum(
            pod.mode is Mode.RUNNING and pod.template_hash == template_hash for pod in rows
        )
        self.template_hash = template_hash

    @property
    def is_complete(self) -> bool:
        """Whether exactly the wanted pods are there and ready."""
        return self.total == self.updated_and_ready == self.wanted


def _deployment(workload: Manifest, counts: _Counts, now: str, *, expired: bool) -> Manifest:
    least = counts.wanted - _max_unavailable(workload, counts.wanted)
    replica_set = f'ReplicaSet "{workload["metadata"]["name"]}-{counts.template_hash}"'
    if counts.is_complete:
        message = f"{replica_set} has successfully progressed."
        progress = ("True", "NewReplicaSetAvailable", message)
    elif expired:
        progress = (
            "False",
            "ProgressDeadlineExceeded",
            f"{replica_set} has timed out progressing.",
        )
    else:
        progress = ("True", "ReplicaSetUpdated", f"{replica_set} is progressing.")
    if counts.ready >= least:
        available = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        message = "Deployment does not have minimum availability."
        available = ("False", "MinimumReplicasUnavailable", message)
    before = {row["type"]: row for row in (workload.get("status") or {}).get("conditions") or ()}
    return {
        "observedGeneration": workload["metadata"]["generation"],
        "replicas": counts.total,
        "updatedReplicas": counts.updated,
        "readyReplicas": counts.ready,
        "availableReplicas": counts.ready,
        "unavailableReplicas": max(0, counts.total - counts.ready),
        "conditions": [
            _condition("Available", available, before, now),
            _condition("Progressing", progress, before, now),
        ],
    }


def _max_unavailable(workload: Manifest, count: int) -> int:
    rolling = (workload["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    value = rolling.get("maxUnavailable", "25%")
    if isinstance(value, int):
        return value
    return math.floor(count * int(str(value).removesuffix("%")) / 100)


def _condition(
    kind: str, row: tuple[str, str, str], before: Mapping[str, Manifest], now: str
) -> Manifest:
    status, reason, message = row
    old = before.get(kind, {})
    if (old.get("status"), old.get("reason"), old.get("message")) == row:
        return old
    same = old.get("status") == status
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": now,
        "lastTransitionTime": old.get("lastTransitionTime", now) if same else now,
    }


def _stateful_set(workload: Manifest, counts: _Counts) -> Manifest:
    update = f"{workload['metadata']['name']}-{counts.template_hash}"
    current = (workload.get("status") or {}).get("currentRevision") or update
    return {
        "observedGeneration": workload["metadata"]["generation"],
        "replicas": counts.total,
        "readyReplicas": counts.ready,
        "availableReplicas": counts.ready,
        "updatedReplicas": counts.updated,
        "currentReplicas": counts.updated
        if counts.is_complete or current == update
        else counts.total - counts.updated,
        "currentRevision": update if counts.is_complete else current,
        "updateRevision": update,
    }


def _daemon_set(workload: Manifest, counts: _Counts) -> Manifest:
    return {
        "observedGeneration": workload["metadata"]["generation"],
        "desiredNumberScheduled": counts.wanted,
        "currentNumberScheduled": counts.total,
        "updatedNumberScheduled": counts.updated,
        "numberReady": counts.ready,
        "numberAvailable": counts.ready,
        "numberUnavailable": max(0, counts.wanted - counts.ready),
        "numberMisscheduled": 0,
    }
