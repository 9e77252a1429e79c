"""Pods as manifests: what is created for a workload, what a kubelet reports, and its events."""

import hashlib
from typing import Any, Final

from sandbox.kubelet.rollout import HASH_LABEL, Mode

Manifest = dict[str, Any]

COMPONENT: Final = "sandbox-kubelet"
_EVENT_SUFFIX_LENGTH: Final = 16


def new_pod(workload: Manifest, name: str, template_hash: str) -> Manifest:
    """A pod of a workload's template, owned by the workload."""
    template = workload["spec"]["template"]
    metadata = template.get("metadata") or {}
    owner = {
        "apiVersion": "apps/v1",
        "kind": workload["kind"],
        "name": workload["metadata"]["name"],
        "uid": workload["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    claims = workload["spec"].get("volumeClaimTemplates") or ()
    volumes = [
        {
            "name": claim["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": f"{claim['metadata']['name']}-{name}"},
        }
        for claim in claims
    ]
    spec = {
        **template["spec"],
        "volumes": [*(template["spec"].get("volumes") or ()), *volumes],
        # There is no token controller, and nothing in these pods would use a token.
        "automountServiceAccountToken": False,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": workload["metadata"]["namespace"],
            "labels": {**(metadata.get("labels") or {}), HASH_LABEL: template_hash},
            "annotations": metadata.get("annotations") or {},
            "ownerReferences": [owner],
        },
        "spec": spec,
    }


def pod_status(pod: Manifest, mode: Mode, now: str) -> Manifest:
    """What a kubelet would report of a pod in this mode; `now` is RFC 3339."""
    is_running, is_scheduled = mode is Mode.RUNNING, mode is not Mode.UNSCHEDULABLE
    scheduled = _condition("PodScheduled", now, holds=is_scheduled)
    if not is_scheduled:
        scheduled |= {"reason": "Unschedulable", "message": _NO_NODE}
    status: Manifest = {
        "phase": "Running" if mode in {Mode.RUNNING, Mode.CRASHING} else "Pending",
        "conditions": [
            scheduled,
            _condition("Initialized", now, holds=is_scheduled),
            _condition("ContainersReady", now, holds=is_running),
            _condition("Ready", now, holds=is_running),
        ],
    }
    if is_scheduled:
        containers = pod["spec"]["containers"]
        status["startTime"] = now
        status["containerStatuses"] = [_container(row, mode, now) for row in containers]
    return status


_NO_NODE: Final = "0/1 nodes are available: 1 Insufficient cpu."


def _condition(kind: str, now: str, *, holds: bool) -> Manifest:
    return {"type": kind, "status": "True" if holds else "False", "lastTransitionTime": now}


def _container(container: Manifest, mode: Mode, now: str) -> Manifest:
    is_running = mode is Mode.RUNNING
    waiting = {
        Mode.STARTING: {"reason": "ContainerCreating"},
        Mode.BAD_IMAGE: {
            "reason": "ImagePullBackOff",
            "message": f'Back-off pulling image "{container["image"]}"',
        },
        Mode.CRASHING: {
            "reason": "CrashLoopBackOff",
            "message": f"back-off 10s restarting failed container={container['name']}",
        },
    }
    state = {"running": {"startedAt": now}} if is_running else {"waiting": waiting[mode]}
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": is_running,
        "started": is_running,
        "restartCount": 1 if mode is Mode.CRASHING else 0,
        "state": state,
    }


def events(pod: Manifest, mode: Mode, now: str) -> list[Manifest]:
    """The warning events of a pod that does not come up; none for one that does. Their names
    follow from their content, so that a repeated one is refused as already there."""
    image = pod["spec"]["containers"][0]["image"]
    name = pod["spec"]["containers"][0]["name"]
    rows = {
        Mode.BAD_IMAGE: [
            ("Failed", f'Failed to pull image "{image}": not found'),
            ("BackOff", f'Back-off pulling image "{image}"'),
        ],
        Mode.CRASHING: [("BackOff", f"Back-off restarting failed container {name}")],
        Mode.UNSCHEDULABLE: [("FailedScheduling", _NO_NODE)],
    }
    return [_event(pod, reason, message, now) for reason, message in rows.get(mode, [])]


def _event(pod: Manifest, reason: str, message: str, now: str) -> Manifest:
    metadata = pod["metadata"]
    digest = hashlib.sha256(f"{metadata['uid']}/{reason}/{message}".encode()).hexdigest()
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name']}.{digest[:_EVENT_SUFFIX_LENGTH]}",
            "namespace": metadata["namespace"],
        },
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "source": {"component": COMPONENT},
    }
