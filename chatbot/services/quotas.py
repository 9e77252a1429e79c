"""Whether a change fits into the quotas of its namespaces, asked of the live cluster."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from chatbot.domain import review_rules
from chatbot.domain.change import Target
from chatbot.domain.errors import Forbidden
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.podload import Defaults, has_replicas
from chatbot.domain.policy import as_mapping
from chatbot.domain.quota import Assessment, Load, assess, load_of, read_quota, unreadable
from chatbot.domain.review import Finding
from chatbot.domain.review_rules import Objects
from chatbot.ports import Cluster
from chatbot.services.sides import Kinds, Sides

_Read = TypeVar("_Read")


def quota_assessments(cluster: Cluster, sides: Sides) -> list[Assessment]:
    """What the quotas of every namespace say in which the change touches something. Where they
    cannot be read for want of a right, that is a warning."""
    touched: dict[str, list[Target]] = {}
    for target in review_rules.touched(sides.before, sides.after).values():
        if target.namespace:
            touched.setdefault(target.namespace, []).append(target)
    return [_assessed(cluster, sides, *each) for each in sorted(touched.items())]


def _assessed(cluster: Cluster, sides: Sides, namespace: str, touched: list[Target]) -> Assessment:
    try:
        live = cluster.quotas(namespace)
        ranges = cluster.limit_ranges(namespace) if live else []
        before, after = (
            [
                _with_replicas(cluster, target, side[target.key])
                for target in touched
                if target.key in side
            ]
            for side in (sides.before, sides.after)
        )
    except Forbidden as error:
        sentence = f"Whether {namespace} has room for this was not checked. {error.remedy}"
        return Assessment(warnings=(sentence,))
    wanted = _of_kind(sides.after, "ResourceQuota", namespace)
    new = wanted.keys() - {target_of(quota).name for quota in live}
    warnings = [
        f"The quota {name} in {namespace} is new; whether it has room was not worked out."
        for name in sorted(new)
    ]
    if not live:
        return Assessment(warnings=tuple(warnings))
    named = {target_of(one).name: one for one in ranges}
    future = {**named, **_of_kind(sides.after, "LimitRange", namespace)}
    reader = _Reader(sides.kinds)
    defaults = reader.read(Defaults.of, list(future.values())) or Defaults()
    quotas = [reader.read(read_quota, one, wanted.get(target_of(one).name)) for one in live]
    loads = [reader.load(one, defaults) for one in after]
    found = reader.findings
    said = assess(
        [quota for quota in quotas if quota],
        [load for one in before if (load := _Reader(sides.kinds).load(one, defaults))],
        [load for load in loads if load],
    )
    return replace(said, findings=(*found, *said.findings), warnings=(*warnings, *said.warnings))


@dataclass
class _Reader:
    """Reads quantities, and keeps what cannot be read as findings."""

    kinds: Kinds
    findings: list[Finding] = field(default_factory=list)

    def load(self, manifest: Manifest, defaults: Defaults) -> Load | None:
        kind = self.kinds[manifest["apiVersion"], manifest["kind"]]
        if kind is None:
            return None
        group = target_of(manifest).group
        resource = f"{kind.plural}.{group}" if group else kind.plural
        return self.read(load_of, manifest, defaults, resource)

    def read(self, how: Callable[..., _Read], what: Any, *more: Any) -> _Read | None:
        try:
            return how(what, *more)
        except ValueError as error:
            about = target_of(what).place if isinstance(what, dict) else ""
            self.findings.append(unreadable(str(error), about))
            return None


def _with_replicas(cluster: Cluster, target: Target, manifest: Manifest) -> Manifest:
    """Where Git leaves the replicas to an autoscaler, those that run count."""
    spec = manifest.get("spec")
    if not has_replicas(manifest) or not isinstance(spec, dict) or "replicas" in spec:
        return manifest
    live = cluster.get(target)
    replicas = as_mapping((live or {}).get("spec")).get("replicas")
    if replicas is None:
        return manifest
    return {**manifest, "spec": {**spec, "replicas": replicas}}


def _of_kind(objects: Objects, kind: str, namespace: str) -> dict[str, Manifest]:
    """Objects of one of the core kinds in a namespace, by name."""
    return {
        target.name: manifest
        for manifest in objects.values()
        for target in (target_of(manifest),)
        if (target.group, target.kind, target.namespace) == ("", kind, namespace)
    }
