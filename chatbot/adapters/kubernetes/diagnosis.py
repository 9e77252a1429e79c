"""Why a workload does not come up, in the words of its pods' statuses and of warning events."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chatbot.adapters.kubernetes.api import Manifest
from chatbot.adapters.kubernetes.objects import Objects
from chatbot.domain.change import Target
from chatbot.domain.errors import NotFound
from chatbot.ports import Kind

SENTENCES = 10
"""More would not be read."""

PODS_ASKED = 5
"""Failing pods whose events are read; replicas of one template fail alike."""

_PODS = Kind("v1", "Pod", "pods", namespaced=True, scalable=False)
_EVENTS = Kind("v1", "Event", "events", namespaced=True, scalable=False)
_OWNED_THROUGH = {
    ("apps", "Deployment"): (
        Kind("apps/v1", "ReplicaSet", "replicasets", namespaced=True, scalable=True),
        "deployment.kubernetes.io/revision",
    ),
    ("apps.openshift.io", "DeploymentConfig"): (
        Kind("v1", "ReplicationController", "replicationcontrollers", True, True),  # noqa: FBT003
        "openshift.io/deployment-config.latest-version",
    ),
}
"""Kinds that keep their pods through another object, and where that one has its revision."""

_FINE_WAITING = frozenset({"ContainerCreating", "PodInitializing"})


def failing_pods(objects: Objects, target: Target) -> list[str]:
    """See `Cluster.failing_pods`: only pods of the newest revision, those that fail alike in one
    sentence, the workload's own warnings last, at most `SENTENCES`."""
    workload = objects.get(target)
    if workload is None:
        return []
    owner = _newest_owner(objects, target, workload)
    sentences = _told(objects, _pods_of(objects, target, workload, owner))
    for thing in [workload] if owner is None else [owner, workload]:
        label = f"{str(thing['kind']).lower()} {thing['metadata']['name']}"
        sentences += [f"{label}: {reason}" for reason in _warnings(objects, thing)]
    return list(dict.fromkeys(sentences))[:SENTENCES]


def _told(objects: Objects, pods: Sequence[Manifest]) -> list[str]:
    """A sentence for each way in which pods fail: the first such pod, and how many more."""
    first: dict[tuple[str, ...], str] = {}
    more: Counter[tuple[str, ...]] = Counter()
    asked = 0
    for pod in pods:
        reasons = list(_pod_reasons(pod))
        if not reasons and _ready(pod):
            continue
        way = tuple(_head(reason) for reason in reasons)
        if way not in first and asked < PODS_ASKED:
            asked += 1
            reasons += [event for event in _warnings(objects, pod) if not _said(event, reasons)]
            way = way or tuple(_head(reason) for reason in reasons)
        if way in first:
            more[way] += 1
        elif reasons:
            first[way] = f"pod {pod['metadata']['name']}: {'; '.join(reasons)}"
    return [f"{sentence}{_and_more(more[way])}" for way, sentence in first.items()]


def _head(reason: str) -> str:
    """What replicas that fail alike have in common: the reason without its message."""
    parts = reason.split(": ")
    return ": ".join(parts[:2] if parts[0].startswith("container ") else parts[:1])


def _said(event: str, reasons: Sequence[str]) -> bool:
    """Whether a warning only repeats what the pod's status says: that the kubelet backs off, or
    the same message."""
    reason, _, message = event.partition(": ")
    repeated = message.removeprefix("Error: ")
    return bool(reasons) and (reason == "BackOff" or any(repeated in told for told in reasons))


def _and_more(pods: int) -> str:
    return "" if not pods else f" (and {pods} more pod{'s' if pods > 1 else ''})"


def autoscalers(objects: Objects, target: Target) -> list[str]:
    """Names of the autoscalers that point at this object, whichever version of them is served."""
    try:
        kind = objects.discovery.kind("horizontalpodautoscalers.autoscaling")
    except NotFound:
        return []
    return [
        item["metadata"]["name"]
        for item in objects.list(kind, target.namespace)
        if _scales(item, target)
    ]


def _scales(autoscaler: Manifest, target: Target) -> bool:
    reference = (autoscaler.get("spec") or {}).get("scaleTargetRef") or {}
    group, slash, _ = str(reference.get("apiVersion", "")).rpartition("/")
    return (
        reference.get("kind") == target.kind
        and reference.get("name") == target.name
        and (group if slash else "") == target.group
    )


def _newest_owner(objects: Objects, target: Target, workload: Manifest) -> Manifest | None:
    """The ReplicaSet or ReplicationController of the newest revision, if the kind has them."""
    through = _OWNED_THROUGH.get((target.group, target.kind))
    if through is None:
        return None
    kind, revision = through
    uid = workload["metadata"]["uid"]
    owned = [item for item in objects.list(kind, target.namespace) if _is_owned(item, uid)]
    return max(owned, key=lambda item: _revision(item, revision), default=None)


def _revision(item: Manifest, annotation: str) -> int:
    text = str((item["metadata"].get("annotations") or {}).get(annotation, ""))
    return int(text) if text.isdigit() else 0


def _pods_of(
    objects: Objects, target: Target, workload: Manifest, owner: Manifest | None
) -> list[Manifest]:
    selector = _selector((workload.get("spec") or {}).get("selector") or {})
    if not selector:
        return []
    pods = objects.list(_PODS, target.namespace, query={"labelSelector": selector})
    pods = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    uid = (owner or workload)["metadata"]["uid"]
    if any(pod["metadata"].get("ownerReferences") for pod in pods):
        return [pod for pod in pods if _is_owned(pod, uid)]
    return pods


def _selector(selector: Mapping[str, Any]) -> str:
    """A label selector as the list call takes it; DeploymentConfigs have a plain map."""
    if not ("matchLabels" in selector or "matchExpressions" in selector):
        return ",".join(f"{key}={value}" for key, value in selector.items())
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    terms += [_term(term) for term in selector.get("matchExpressions") or ()]
    return ",".join(terms)


def _term(term: Mapping[str, Any]) -> str:
    key, operator = term["key"], term["operator"]
    values = ",".join(term.get("values") or ())
    match operator:
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
        case "In":
            return f"{key} in ({values})"
    return f"{key} notin ({values})"


def _is_owned(item: Manifest, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in item["metadata"].get("ownerReferences") or ())


def _ready(pod: Manifest) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _pod_reasons(pod: Manifest) -> Iterator[str]:
    status = pod.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield _sentence(condition.get("reason"), condition.get("message"))
    if status.get("phase") == "Failed":
        yield _sentence(status.get("reason") or "Failed", status.get("message"))
    containers: Sequence[Mapping[str, Any]] = [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]
    for container in containers:
        reason = _container_reason(container)
        if reason:
            yield f"container {container['name']}: {reason}"


def _container_reason(container: Mapping[str, Any]) -> str:
    state, last = container.get("state") or {}, container.get("lastState") or {}
    waiting, ended = state.get("waiting"), state.get("terminated")
    if waiting and waiting.get("reason") not in _FINE_WAITING:
        before = last.get("terminated")
        ending = f" (last end: {_ending(before)})" if before else ""
        return _sentence(waiting.get("reason"), waiting.get("message")) + ending
    if ended and ended.get("exitCode"):
        return _ending(ended)
    return ""


def _ending(terminated: Mapping[str, Any]) -> str:
    reason = _sentence(terminated.get("reason") or "Error", terminated.get("message"))
    return f"{reason}, exit code {terminated.get('exitCode')}"


def _warnings(objects: Objects, thing: Manifest) -> list[str]:
    metadata = thing["metadata"]
    fields = {
        "type": "Warning",
        "involvedObject.kind": thing["kind"],
        "involvedObject.name": metadata["name"],
        "involvedObject.uid": metadata["uid"],
    }
    selector = ",".join(f"{key}={value}" for key, value in fields.items())
    query = {"fieldSelector": selector}
    events = objects.list(_EVENTS, metadata["namespace"], query=query)
    events.sort(key=_seen, reverse=True)
    return list(dict.fromkeys(_sentence(e.get("reason"), e.get("message")) for e in events))[:3]


def _seen(event: Manifest) -> str:
    """When an event was last seen, as text that sorts; writers fill different fields."""
    return str(
        event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )


def _sentence(reason: Any, message: Any) -> str:
    return f"{reason}: {message}" if message else str(reason)
