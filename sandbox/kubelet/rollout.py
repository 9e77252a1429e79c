"""What a workload's pods should be now. Pure: from the workload, its pods, and how long ago its
wish changed.

A rollout's fate is said by the pod template: the annotation `sandbox.redlight.dev/rollout` is
`ok`, `fail` or `stall`; without it, an image tag with `broken` or `nope` in it fails.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Manifest = dict[str, Any]

ROLLOUT_ANNOTATION: Final = "sandbox.redlight.dev/rollout"
HASH_LABEL: Final = "pod-template-hash"

_BAD_TAGS: Final = ("broken", "nope")
_IN_PLACE: Final = frozenset({"StatefulSet", "DaemonSet"})
"""Kinds that replace a pod where it stands instead of putting a new one beside it."""
_HASH_LENGTH: Final = 10
_SUFFIX_LENGTH: Final = 5


@dataclass(frozen=True)
class Settings:
    """How the cluster behaves. Times in seconds."""

    ready_after: float = 0.5
    """From a new wish to ready pods."""
    fails_after: float = 3.0
    """From a new wish that fails to `ProgressDeadlineExceeded`."""
    nodes: int = 1
    """How many pods a DaemonSet has."""


class Fate(StrEnum):
    """How a rollout goes."""

    OK = "ok"
    FAIL = "fail"
    STALL = "stall"


class Mode(StrEnum):
    """How far a pod is."""

    STARTING = "starting"
    RUNNING = "running"
    BAD_IMAGE = "bad_image"
    CRASHING = "crashing"
    UNSCHEDULABLE = "unschedulable"


@dataclass(frozen=True)
class WantedPod:
    """A pod that should be there."""

    template_hash: str
    mode: Mode


def bad_image(template: Manifest) -> str | None:
    """The first image of a template that cannot be pulled, by its tag; None when all can."""
    spec = template.get("spec") or {}
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        image = str(container.get("image", ""))
        tag = image.rpartition("/")[2].partition(":")[2]
        if any(word in tag for word in _BAD_TAGS):
            return image
    return None


def fate(template: Manifest) -> Fate:
    """How the rollout of a template goes."""
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    asked = annotations.get(ROLLOUT_ANNOTATION, "")
    if asked in set(Fate):
        return Fate(asked)
    return Fate.FAIL if bad_image(template) else Fate.OK


def template_hash(workload: Manifest) -> str:
    """Tells one template from another; ten hexadecimal digits."""
    text = json.dumps(workload["spec"]["template"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def wanted_replicas(workload: Manifest, settings: Settings) -> int:
    """How many pods the workload asks for."""
    if workload["kind"] == "DaemonSet":
        return settings.nodes
    return int(workload["spec"].get("replicas", 1))


def is_expired(workload: Manifest, age: float, settings: Settings) -> bool:
    """Whether a rollout that does not come up has had its time."""
    if fate(workload["spec"]["template"]) is Fate.FAIL:
        return age >= settings.fails_after
    return age >= float(workload["spec"].get("progressDeadlineSeconds", 600))


def moments(workload: Manifest, settings: Settings) -> tuple[float, ...]:
    """Ages of a wish, in seconds, at which `wanted_pods` or `is_expired` may say something else
    without anything having been written."""
    deadline = float(workload["spec"].get("progressDeadlineSeconds", 600))
    return (settings.ready_after, settings.fails_after, deadline)


def wanted_pods(
    workload: Manifest, pods: Sequence[Manifest], age: float, settings: Settings
) -> dict[str, WantedPod]:
    """The pods that should be there, by name; `age` is seconds since the wish changed."""
    count = wanted_replicas(workload, settings)
    running = {pod["metadata"]["name"]: pod for pod in pods if mode_of(pod) is Mode.RUNNING}
    new_hash = template_hash(workload)
    old = {
        name: WantedPod(_hash_of(pod), Mode.RUNNING)
        for name, pod in sorted(running.items())
        if _hash_of(pod) != new_hash
    }
    is_good = fate(workload["spec"]["template"]) is Fate.OK
    if is_good and age >= settings.ready_after:
        return _new_pods(workload, range(count), Mode.RUNNING)
    mode = Mode.STARTING if is_good else _failure(workload)
    if workload["kind"] in _IN_PLACE:
        wanted = _in_place(workload, old, count, mode)
    else:
        kept = dict(list(old.items())[:count])
        surge = count if is_good or not kept else min(1, count)
        wanted = kept | _new_pods(workload, range(surge), mode)
    return {
        name: WantedPod(pod.template_hash, Mode.RUNNING)
        if name in running and _hash_of(running[name]) == pod.template_hash
        else pod
        for name, pod in wanted.items()
    }


def _in_place(
    workload: Manifest, old: Mapping[str, WantedPod], count: int, mode: Mode
) -> dict[str, WantedPod]:
    """A good rollout keeps old pods until the new ones are due; a bad one loses its last pod."""
    fresh = _new_pods(workload, range(count), mode)
    kept = {name: pod for name, pod in old.items() if name in fresh}
    if mode is Mode.STARTING or not fresh:
        return fresh | kept
    replaced = list(fresh)[-1] if kept else next(iter(fresh))
    return {**kept, replaced: fresh[replaced]}


def _new_pods(workload: Manifest, slots: range, mode: Mode) -> dict[str, WantedPod]:
    new_hash = template_hash(workload)
    return {_pod_name(workload, slot, new_hash): WantedPod(new_hash, mode) for slot in slots}


def _pod_name(workload: Manifest, slot: int, new_hash: str) -> str:
    metadata = workload["metadata"]
    if workload["kind"] == "StatefulSet":
        return f"{metadata['name']}-{slot}"
    digest = hashlib.sha256(f"{metadata['uid']}/{slot}".encode()).hexdigest()[:_SUFFIX_LENGTH]
    if workload["kind"] == "DaemonSet":
        return f"{metadata['name']}-{digest}"
    return f"{metadata['name']}-{new_hash}-{digest}"


def _failure(workload: Manifest) -> Mode:
    template = workload["spec"]["template"]
    if fate(template) is Fate.STALL:
        return Mode.UNSCHEDULABLE
    return Mode.BAD_IMAGE if bad_image(template) else Mode.CRASHING


def _hash_of(pod: Manifest) -> str:
    return str((pod["metadata"].get("labels") or {}).get(HASH_LABEL, ""))


_WAITING_MODES: Final[Mapping[str, Mode]] = {
    "ImagePullBackOff": Mode.BAD_IMAGE,
    "CrashLoopBackOff": Mode.CRASHING,
    "ContainerCreating": Mode.STARTING,
}


def mode_of(pod: Manifest) -> Mode | None:
    """How far a pod is by its status; None when nothing was reported yet."""
    status = pod.get("status") or {}
    conditions = {row["type"]: row for row in status.get("conditions") or ()}
    if conditions.get("Ready", {}).get("status") == "True":
        return Mode.RUNNING
    if conditions.get("PodScheduled", {}).get("reason") == "Unschedulable":
        return Mode.UNSCHEDULABLE
    for container in status.get("containerStatuses") or ():
        reason = ((container.get("state") or {}).get("waiting") or {}).get("reason", "")
        if reason in _WAITING_MODES:
            return _WAITING_MODES[reason]
    return None
