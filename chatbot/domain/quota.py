"""Whether what a change adds fits into the ResourceQuotas of a namespace. Pure.

Counted is what is there when every rollout is over; what a rolling update needs in passing is not.
Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from chatbot.domain.change import Target
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.podload import (
    ON_EVERY_NODE,
    POD,
    Amounts,
    Container,
    Defaults,
    Pods,
    claim_totals,
    group_kind,
    pods_of,
    totals,
)
from chatbot.domain.policy import as_mapping, text_of
from chatbot.domain.quantity import parse_quantity, show_quantity
from chatbot.domain.review import Finding

QUOTA: Final = "quota"
"""What findings call this check."""

_MUST_SAY: Final = (
    "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory",
)  # fmt: skip
"""What every container has to say where a quota tracks it."""
_LEGACY_COUNTS: Final = {
    "ConfigMap": "configmaps",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "ReplicationController": "replicationcontrollers",
    "ResourceQuota": "resourcequotas",
    "Secret": "secrets",
    "Service": "services",
}
_WORDS: Final = {
    "requests.cpu": "cpu",
    "requests.memory": "memory",
    "limits.cpu": "cpu limit",
    "limits.memory": "memory limit",
    "requests.storage": "storage",
    "persistentvolumeclaims": "volume claims",
}
_BYTES: Final = ("memory", "storage", "hugepages-")


@dataclass(frozen=True)
class Quota:
    """A ResourceQuota as it will be."""

    name: str
    namespace: str
    hard: Amounts
    used: Amounts
    scopes: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Each with its operator and values; all must hold."""

    def __str__(self) -> str:
        """For sentences."""
        return f"quota {self.name} in {self.namespace}"


@dataclass(frozen=True)
class Load:
    """What one object asks of its namespace."""

    target: Target
    fixed: Amounts
    """Whatever becomes of its pods: its own count, storage."""
    pods: Pods | None = None


@dataclass(frozen=True)
class Assessment:
    """What the quotas of a namespace say to a change."""

    findings: tuple[Finding, ...] = ()
    left: tuple[str, ...] = ()
    """How full each quota is after the change, of those that it moves."""
    warnings: tuple[str, ...] = ()


class Undecided(ValueError):
    """Whether a quota tracks a pod cannot be told; `str(error)` says why."""


def read_quota(live: Manifest, wanted: Manifest | None = None) -> Quota:
    """A ResourceQuota as the server shows it, with the limits that Git will give it. Raises
    `ValueError`."""
    spec, status = as_mapping(live.get("spec")), as_mapping(live.get("status"))
    future = as_mapping((wanted or {}).get("spec")).get("hard")
    hard = as_mapping(future) or as_mapping(status.get("hard")) or as_mapping(spec.get("hard"))
    selector = as_mapping(spec.get("scopeSelector")).get("matchExpressions")
    rows = [row for row in selector if isinstance(row, dict)] if isinstance(selector, list) else []
    plain = [scope for scope in spec.get("scopes") or () if isinstance(scope, str)]
    target = target_of(live)
    return Quota(
        name=target.name,
        namespace=target.namespace,
        hard={name: parse_quantity(amount) for name, amount in hard.items()},
        used={
            name: parse_quantity(amount) for name, amount in as_mapping(status.get("used")).items()
        },
        scopes=(
            *((scope, "Exists", ()) for scope in plain),
            *(
                (
                    text_of(row.get("scopeName")),
                    text_of(row.get("operator")),
                    tuple(map(str, row.get("values") or ())),
                )
                for row in rows
            ),
        ),
    )


def load_of(manifest: Manifest, defaults: Defaults, resource: str) -> Load:
    """What an object asks for; `resource` is its `plural.group`, as `count/` names it. Raises
    `ValueError` for a quantity that cannot be read."""
    group, kind = group_kind(manifest)
    fixed = {f"count/{resource}": Decimal(1)} if (group, kind) != POD else {}
    spec = as_mapping(manifest.get("spec"))
    if not group and kind in _LEGACY_COUNTS:
        fixed[_LEGACY_COUNTS[kind]] = Decimal(1)
    if (group, kind) == ("", "Service"):
        fixed |= _service(spec)
    if (group, kind) == ("", "PersistentVolumeClaim"):
        fixed |= claim_totals(spec)
    pods = pods_of(manifest, defaults)
    for claim in pods.claims if pods else ():
        for name, amount in claim_totals(claim).items():
            fixed[name] = fixed.get(name, Decimal(0)) + amount * (pods.count if pods else 0)
    return Load(target_of(manifest), fixed, pods)


def assess(quotas: Sequence[Quota], before: Sequence[Load], after: Sequence[Load]) -> Assessment:
    """What the quotas of one namespace say when the objects that a change touches go from one load
    to the other."""
    findings: list[Finding] = []
    left: list[str] = []
    warnings = _on_every_node(before, after) if quotas else []
    for quota in quotas:
        try:
            added = _added(quota, before, after)
            findings += _unsaid(quota, after)
        except Undecided as error:
            warnings.append(f"Whether {quota} has room for this was not worked out: {error}.")
            continue
        moved = {name: added[name] for name in quota.hard if added.get(name)}
        findings += _exceeded(quota, moved)
        if moved:
            left.append(_after(quota, moved))
            if not quota.used:
                warnings.append(f"The {quota} does not say what is used, so that counts as none.")
    return Assessment(tuple(findings), tuple(left), tuple(warnings))


def unreadable(sentence: str, place: str = "") -> Finding:
    """A quantity that nobody can add up."""
    return Finding(policy=QUOTA, object=place, message=sentence, enforcement=Enforcement.DENY)


def _added(quota: Quota, before: Sequence[Load], after: Sequence[Load]) -> Amounts:
    """After less before. Volume claims stay when a StatefulSet shrinks."""
    were = {load.target.key: load for load in before}
    will_be = {load.target.key: load for load in after}
    added: Amounts = {}
    for key in were.keys() | will_be.keys():
        old, new = were.get(key), will_be.get(key)
        if _weight(old) == _weight(new):
            continue
        asked, freed = _asked(quota, new), _asked(quota, old)
        keeps = new is not None and new.pods is not None and new.pods.claims
        for name in asked.keys() | freed.keys():
            change = asked.get(name, Decimal(0)) - freed.get(name, Decimal(0))
            if keeps and name.endswith(("requests.storage", "persistentvolumeclaims")):
                change = max(change, Decimal(0))
            added[name] = added.get(name, Decimal(0)) + change
    return added


def _weight(load: Load | None) -> Any:
    """Everything about a load that a quota could notice."""
    if load is None or load.pods is None:
        return load and load.fixed
    pods = load.pods
    classes = [pods.spec.get(name) for name in ("priorityClassName", "activeDeadlineSeconds")]
    return load.fixed, pods.count, pods.requests(), pods.limits(), classes


def _asked(quota: Quota, load: Load | None) -> Amounts:
    if load is None:
        return {}
    asked = {} if quota.scopes else dict(load.fixed)
    if load.pods is not None and load.pods.count and tracks(quota, load.pods):
        for name, amount in totals(load.pods).items():
            asked[name] = asked.get(name, Decimal(0)) + amount
    return asked


def tracks(quota: Quota, pods: Pods) -> bool:
    """Whether a quota counts these pods. Raises `Undecided`."""
    return all(_in_scope(scope, operator, values, pods) for scope, operator, values in quota.scopes)


def _in_scope(scope: str, operator: str, values: tuple[str, ...], pods: Pods) -> bool:
    match scope:
        case "Terminating":
            return pods.spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return pods.spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return _best_effort(pods)
        case "NotBestEffort":
            return not _best_effort(pods)
        case "PriorityClass":
            return _of_priority(text_of(pods.spec.get("priorityClassName")), operator, values)
    raise Undecided(f"it has the scope {scope}")


def _of_priority(name: str, operator: str, values: tuple[str, ...]) -> bool:
    if not name:
        raise Undecided("its scope is a PriorityClass, and these pods get the cluster's default")
    match operator:
        case "Exists":
            return True
        case "DoesNotExist":
            return False
        case "In":
            return name in values
        case "NotIn":
            return name not in values
    raise Undecided(f"its scope has the operator {operator}")


def _best_effort(pods: Pods) -> bool:
    return not any(
        amounts.get(name)
        for one in pods.every_container
        for amounts in (one.requests, one.limits)
        for name in ("cpu", "memory")
    )


def _unsaid(quota: Quota, after: Sequence[Load]) -> Iterator[Finding]:
    """Pods that Kubernetes would refuse, because they do not say what the quota tracks."""
    required = [name for name in _MUST_SAY if name in quota.hard]
    for load in after:
        if load.pods is None or load.pods.spec.get("resources"):
            continue
        missing = {
            name: silent
            for name in required
            if (silent := [one.name for one in load.pods.every_container if not _says(one, name)])
        }
        if missing and tracks(quota, load.pods):
            told = ", ".join(f"{name} for {' and '.join(who)}" for name, who in missing.items())
            yield _deny(
                f"{quota} tracks {', '.join(missing)}, so Kubernetes would refuse these pods: they"
                f" must specify {told}, or a LimitRange of the namespace a default",
                load.target,
            )


def _says(container: Container, name: str) -> bool:
    what, _, resource = name.rpartition(".")
    return resource in (container.limits if what == "limits" else container.requests)


def _exceeded(quota: Quota, moved: Amounts) -> Iterator[Finding]:
    for name, added in moved.items():
        hard, used = quota.hard[name], quota.used.get(name, Decimal(0))
        over = used + added - hard
        if added > 0 and over > 0:
            needs, of, much = (_show(name, amount) for amount in (used + added, hard, over))
            too = "too much" if _in_bytes(name) else "too many"
            yield _deny(f"{quota}: needs {needs} of {of} {_word(name)}; {much} {too}")


def _after(quota: Quota, moved: Amounts) -> str:
    parts = []
    for name, added in moved.items():
        then = quota.used.get(name, Decimal(0)) + added
        parts.append(f"{_show(name, then)} of {_show(name, quota.hard[name])} {_word(name)}")
    return f"Quota {quota.name} in {quota.namespace}: {', '.join(parts)} after this"


def _on_every_node(before: Sequence[Load], after: Sequence[Load]) -> list[str]:
    were = {load.target.key: _weight(load) for load in before}
    return [
        f"What {load.target} takes of the quotas depends on the number of nodes and is not counted."
        for load in after
        if (load.target.group, load.target.kind) == ON_EVERY_NODE
        and were.get(load.target.key) != _weight(load)
    ]


def _service(spec: Mapping[str, Any]) -> Amounts:
    kind = text_of(spec.get("type"))
    listed = spec.get("ports")
    ports = len(listed) if isinstance(listed, list) else 0
    found: Amounts = {}
    if kind == "LoadBalancer":
        found["services.loadbalancers"] = Decimal(1)
    if kind == "NodePort" or (
        kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False
    ):
        found["services.nodeports"] = Decimal(ports)
    return found


def _deny(message: str, target: Target | None = None) -> Finding:
    return Finding(
        policy=QUOTA,
        object=target.place if target else "",
        message=message,
        enforcement=Enforcement.DENY,
    )


def _show(name: str, amount: Decimal) -> str:
    return show_quantity(amount, binary=_in_bytes(name))


def _in_bytes(name: str) -> bool:
    return any(word in name for word in _BYTES)


def _word(name: str) -> str:
    return _WORDS.get(name, name)
