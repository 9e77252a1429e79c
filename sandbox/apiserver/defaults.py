"""What the server fills in: the defaults that a reader of an object relies on."""

from collections.abc import Callable, Mapping
from typing import Any, Final

Manifest = dict[str, Any]


def with_defaults(kind: str, manifest: Manifest) -> Manifest:
    """The object of a built-in kind with its defaults; fields that are set stay."""
    filler = _FILLERS.get(kind)
    return filler(manifest) if filler else manifest


def _fill(value: Mapping[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    return {**defaults, **(value or {})}


def _deployment(manifest: Manifest) -> Manifest:
    spec = _fill(
        manifest.get("spec"), replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600
    )
    strategy = _fill(spec.get("strategy"), type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = _fill(
            strategy.get("rollingUpdate"), maxUnavailable="25%", maxSurge="25%"
        )
    return manifest | {"spec": _with_template(spec | {"strategy": strategy})}


def _stateful_set(manifest: Manifest) -> Manifest:
    spec = _fill(
        manifest.get("spec"),
        replicas=1,
        revisionHistoryLimit=10,
        podManagementPolicy="OrderedReady",
    )
    strategy = _fill(spec.get("updateStrategy"), type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = _fill(strategy.get("rollingUpdate"), partition=0)
    return manifest | {"spec": _with_template(spec | {"updateStrategy": strategy})}


def _daemon_set(manifest: Manifest) -> Manifest:
    spec = _fill(manifest.get("spec"), revisionHistoryLimit=10)
    strategy = _fill(spec.get("updateStrategy"), type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = _fill(
            strategy.get("rollingUpdate"), maxUnavailable=1, maxSurge=0
        )
    return manifest | {"spec": _with_template(spec | {"updateStrategy": strategy})}


def _replica_set(manifest: Manifest) -> Manifest:
    return manifest | {"spec": _with_template(_fill(manifest.get("spec"), replicas=1))}


def _with_template(spec: dict[str, Any]) -> dict[str, Any]:
    template = spec.get("template")
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        return spec
    return spec | {"template": template | {"spec": pod_spec(template["spec"])}}


def pod_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """A pod's spec with its defaults."""
    filled = _fill(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    for name in ("containers", "initContainers"):
        if isinstance(filled.get(name), list):
            filled[name] = [_container(item) for item in filled[name]]
    return filled


def _container(container: Any) -> Any:
    if not isinstance(container, dict):
        return container
    filled = _fill(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy=_pull_policy(str(container.get("image", ""))),
    )
    if filled.get("ports"):
        filled["ports"] = [_fill(port, protocol="TCP") for port in filled["ports"]]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in filled:
            filled[probe] = _fill(
                filled[probe],
                timeoutSeconds=1,
                periodSeconds=10,
                successThreshold=1,
                failureThreshold=3,
            )
    return filled


def _pull_policy(image: str) -> str:
    _, colon, tag = image.rpartition("/")[2].partition(":")
    if "@" in image:
        return "IfNotPresent"
    return "Always" if not colon or tag == "latest" else "IfNotPresent"


def _pod(manifest: Manifest) -> Manifest:
    return manifest | {"spec": pod_spec(manifest.get("spec") or {})}


def _service(manifest: Manifest) -> Manifest:
    spec = _fill(manifest.get("spec"), type="ClusterIP", sessionAffinity="None")
    ports = [
        {"protocol": "TCP", "targetPort": port.get("port"), **port}
        for port in spec.get("ports") or ()
    ]
    return manifest | {"spec": spec | ({"ports": ports} if ports else {})}


def _secret(manifest: Manifest) -> Manifest:
    return _fill(manifest, type="Opaque")


def _namespace(manifest: Manifest) -> Manifest:
    return manifest | {"spec": _fill(manifest.get("spec"), finalizers=["kubernetes"])}


def _autoscaler(manifest: Manifest) -> Manifest:
    return manifest | {"spec": _fill(manifest.get("spec"), minReplicas=1)}


_FILLERS: Final[Mapping[str, Callable[[Manifest], Manifest]]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "ReplicaSet": _replica_set,
    "Pod": _pod,
    "Service": _service,
    "Secret": _secret,
    "Namespace": _namespace,
    "HorizontalPodAutoscaler": _autoscaler,
}
