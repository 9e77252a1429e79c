"""What an object's pods ask of their namespace, as Kubernetes adds it up for a ResourceQuota.

Sources: https://kubernetes.io/docs/concepts/policy/resource-quotas/; for init containers and
sidecars https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/; for defaults
https://kubernetes.io/docs/concepts/policy/limit-range/.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from chatbot.domain.manifest import Manifest
from chatbot.domain.policy import as_mapping, text_of
from chatbot.domain.quantity import parse_quantity

Amounts = dict[str, Decimal]
"""By resource: `cpu`, `memory`, `nvidia.com/gpu` …"""

_REPLICATED: Final = {
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "ReplicaSet"),
    ("", "ReplicationController"),
    ("apps.openshift.io", "DeploymentConfig"),
}
_JOBS: Final = {("batch", "Job"), ("batch", "CronJob")}
ON_EVERY_NODE: Final = ("apps", "DaemonSet")
POD: Final = ("", "Pod")


@dataclass(frozen=True)
class Container:
    """A container of a pod with its defaults filled in."""

    name: str
    requests: Amounts
    limits: Amounts
    sidecar: bool = False
    """An init container that stays (`restartPolicy: Always`)."""


@dataclass(frozen=True)
class Pods:
    """The pods that one object makes."""

    count: int
    """0 where it depends on the cluster's nodes."""
    spec: Mapping[str, Any]
    containers: tuple[Container, ...]
    init: tuple[Container, ...]
    claims: tuple[Mapping[str, Any], ...] = ()
    """The specs of the volume claims that come with each pod, of a StatefulSet."""

    @property
    def every_container(self) -> tuple[Container, ...]:
        """Those that a quota asks about, one by one."""
        return (*self.init, *self.containers)

    def requests(self) -> Amounts:
        """Of one pod: what runs together, or the largest moment of its start."""
        return self._effective("requests")

    def limits(self) -> Amounts:
        """Of one pod, in the same way."""
        return self._effective("limits")

    def _effective(self, what: str) -> Amounts:
        amounts: Amounts = {}
        overhead = _amounts(self.spec.get("overhead"))
        of_pod = _amounts(as_mapping(self.spec.get("resources")).get(what))
        together: list[Amounts] = [getattr(one, what) for one in self.containers]
        starting: list[tuple[bool, Amounts]] = [
            (one.sidecar, getattr(one, what)) for one in self.init
        ]
        named = {name for one in (*together, *(asked for _, asked in starting)) for name in one}
        for name in named | of_pod.keys():
            sidecars = peak = Decimal(0)
            for stays, asked in starting:
                amount = asked.get(name, Decimal(0))
                peak = max(peak, sidecars + amount)
                sidecars += amount if stays else 0
            running = sum((asked.get(name, Decimal(0)) for asked in together), sidecars)
            amounts[name] = of_pod.get(name, max(running, peak)) + overhead.get(name, Decimal(0))
        return amounts


@dataclass(frozen=True)
class Defaults:
    """What a namespace's LimitRanges give to containers that do not say."""

    requests: Amounts = field(default_factory=dict)
    limits: Amounts = field(default_factory=dict)

    @classmethod
    def of(cls, limit_ranges: Iterable[Manifest]) -> "Defaults":
        """Read from LimitRanges as the server shows them; the first that says something counts."""
        requests: Amounts = {}
        limits: Amounts = {}
        for limit_range in limit_ranges:
            rows = as_mapping(limit_range.get("spec")).get("limits")
            for row in _mappings(rows):
                if row.get("type") == "Container":
                    highest, lowest = _amounts(row.get("max")), _amounts(row.get("min"))
                    default = {**highest, **_amounts(row.get("default"))}
                    asked = {**lowest, **default, **_amounts(row.get("defaultRequest"))}
                    limits = {**default, **limits}
                    requests = {**asked, **requests}
        return cls(requests, limits)


def pods_of(manifest: Manifest, defaults: Defaults) -> Pods | None:
    """The pods that an object makes when its rollout is over; None when it makes none. Raises
    `ValueError` for a quantity that cannot be read."""
    kind = group_kind(manifest)
    spec = as_mapping(manifest.get("spec"))
    template = as_mapping(spec.get("template"))
    if kind == POD:
        return _pods(1, spec, defaults)
    if kind == ON_EVERY_NODE:
        return _pods(0, as_mapping(template.get("spec")), defaults)
    if kind in _REPLICATED:
        claims = [
            as_mapping(one.get("spec")) for one in _mappings(spec.get("volumeClaimTemplates"))
        ]
        return _pods(
            _whole(spec.get("replicas")), as_mapping(template.get("spec")), defaults, claims
        )
    if kind in _JOBS:
        if kind == ("batch", "CronJob"):
            spec = as_mapping(as_mapping(spec.get("jobTemplate")).get("spec"))
        at_once = _whole(spec.get("parallelism"))
        if spec.get("completions") is not None:
            at_once = min(at_once, _whole(spec.get("completions")))
        pod = as_mapping(as_mapping(spec.get("template")).get("spec"))
        return _pods(at_once, pod, defaults)
    return None


def has_replicas(manifest: Manifest) -> bool:
    """Whether an object's pods are counted by `spec.replicas`, which an autoscaler may own."""
    return group_kind(manifest) in _REPLICATED


def group_kind(manifest: Manifest) -> tuple[str, str]:
    """API group and kind."""
    group, slash, _ = text_of(manifest.get("apiVersion")).rpartition("/")
    return (group if slash else "", text_of(manifest.get("kind")))


def totals(pods: Pods) -> Amounts:
    """What all of the pods ask for, by the names that a quota has for it."""
    each = {"pods": Decimal(1), "count/pods": Decimal(1)}
    for name, amount in pods.requests().items():
        each |= {name: amount, f"requests.{name}": amount}
    each |= {f"limits.{name}": amount for name, amount in pods.limits().items()}
    return {name: amount * pods.count for name, amount in each.items()}


def claim_totals(spec: Mapping[str, Any]) -> Amounts:
    """What one volume claim asks for, by the names that a quota has for it."""
    size = _amounts(as_mapping(spec.get("resources")).get("requests")).get("storage", Decimal(0))
    found = {
        "persistentvolumeclaims": Decimal(1),
        "count/persistentvolumeclaims": Decimal(1),
        "requests.storage": size,
    }
    if name := text_of(spec.get("storageClassName")):
        prefix = f"{name}.storageclass.storage.k8s.io"
        found |= {
            f"{prefix}/requests.storage": size,
            f"{prefix}/persistentvolumeclaims": Decimal(1),
        }
    return found


def _pods(
    count: int,
    spec: Mapping[str, Any],
    defaults: Defaults,
    claims: Sequence[Mapping[str, Any]] = (),
) -> Pods:
    return Pods(
        count=count,
        spec=spec,
        containers=_containers(spec.get("containers"), defaults),
        init=_containers(spec.get("initContainers"), defaults),
        claims=tuple(claims),
    )


def _containers(rows: Any, defaults: Defaults) -> tuple[Container, ...]:
    return tuple(_container(row, defaults) for row in _mappings(rows))


def _container(row: Mapping[str, Any], defaults: Defaults) -> Container:
    """With what it does not say: its request is its limit, and what is left comes from the
    namespace."""
    resources = as_mapping(row.get("resources"))
    limits = _amounts(resources.get("limits"))
    requests = {**limits, **_amounts(resources.get("requests"))}
    return Container(
        name=text_of(row.get("name")),
        requests={**defaults.requests, **requests},
        limits={**defaults.limits, **limits},
        sidecar=row.get("restartPolicy") == "Always",
    )


def _amounts(value: Any) -> Amounts:
    return {str(name): parse_quantity(amount) for name, amount in as_mapping(value).items()}


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def _whole(value: Any) -> int:
    """A number of pods: 1 where nothing, or nothing of use, is said."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 1
