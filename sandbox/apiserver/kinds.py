"""Which kinds the server serves, and where."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from sandbox.apiserver.builtin_schemas import model_schema
from sandbox.apiserver.schema import Schema


@dataclass(frozen=True)
class Resource:
    """One kind in one version, as discovery lists it."""

    group: str
    version: str
    kind: str
    plural: str
    schema: Schema
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    has_scale: bool = False
    has_status: bool = False
    counts_generations: bool = False
    """Whether `metadata.generation` counts changes of the spec."""
    categories: tuple[str, ...] = ()
    singular: str = ""
    list_kind: str = ""
    custom: bool = False
    """From a CustomResourceDefinition."""
    scale_paths: tuple[str, str, str] = ("spec.replicas", "status.replicas", "")
    """Of a custom kind's scale: spec replicas, status replicas, label selector."""

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def storage_key(self) -> tuple[str, str]:
        """Where its objects are kept, whichever version is asked for."""
        return (self.group, self.plural)


def _kind(
    group_version: str,
    kind: str,
    plural: str,
    short: str = "",
    *,
    model: str = "",
    flags: str = "",
) -> Resource:
    """`flags`: c cluster-scoped, s status, g generation, x scale, a in category `all`."""
    group, _, version = group_version.rpartition("/")
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        schema=model_schema(model or f"{version.capitalize()}{kind}"),
        short_names=tuple(short.split()),
        namespaced="c" not in flags,
        has_status="s" in flags,
        counts_generations="g" in flags,
        has_scale="x" in flags,
        categories=("all",) if "a" in flags else (),
    )


NAMESPACES: Final = _kind("v1", "Namespace", "namespaces", "ns", flags="cs")
CRDS: Final = replace(
    _kind(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "crd crds",
        flags="csg",
    ),
    categories=("api-extensions",),
)

_RBAC: Final = "rbac.authorization.k8s.io/v1"

BUILT_IN: Final[tuple[Resource, ...]] = (
    NAMESPACES,
    _kind("v1", "Pod", "pods", "po", flags="sa"),
    _kind("v1", "ConfigMap", "configmaps", "cm"),
    _kind("v1", "Secret", "secrets"),
    _kind("v1", "Service", "services", "svc", flags="sa"),
    _kind("v1", "ServiceAccount", "serviceaccounts", "sa"),
    _kind("v1", "Event", "events", "ev", model="CoreV1Event"),
    _kind("v1", "ResourceQuota", "resourcequotas", "quota", flags="s"),
    _kind("v1", "LimitRange", "limitranges", "limits"),
    _kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", flags="s"),
    _kind("v1", "Node", "nodes", "no", flags="cs"),
    _kind("apps/v1", "Deployment", "deployments", "deploy", flags="sgxa"),
    _kind("apps/v1", "StatefulSet", "statefulsets", "sts", flags="sgxa"),
    _kind("apps/v1", "DaemonSet", "daemonsets", "ds", flags="sga"),
    _kind("apps/v1", "ReplicaSet", "replicasets", "rs", flags="sgxa"),
    _kind("batch/v1", "Job", "jobs", flags="sga"),
    _kind("batch/v1", "CronJob", "cronjobs", "cj", flags="sga"),
    _kind(
        "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", flags="sa"
    ),
    _kind(
        "autoscaling/v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", flags="sa"
    ),
    _kind("networking.k8s.io/v1", "Ingress", "ingresses", "ing", flags="sg"),
    _kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", "netpol", flags="g"),
    _kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", flags="sg"),
    _kind(_RBAC, "Role", "roles"),
    _kind(_RBAC, "RoleBinding", "rolebindings"),
    _kind(_RBAC, "ClusterRole", "clusterroles", flags="c"),
    _kind(_RBAC, "ClusterRoleBinding", "clusterrolebindings", flags="c"),
    _kind("coordination.k8s.io/v1", "Lease", "leases"),
    CRDS,
)


class Catalog:
    """The kinds served at this moment: the built-in ones, and those of established CRDs."""

    def __init__(self) -> None:
        self._custom: dict[str, list[Resource]] = {}

    def __iter__(self) -> Iterator[Resource]:
        yield from BUILT_IN
        for resources in self._custom.values():
            yield from resources

    def serve(self, definition: str, resources: list[Resource]) -> None:
        """Serve these kinds from now on, in place of what the definition served before."""
        self._custom[definition] = resources

    def forget(self, definition: str) -> None:
        """Stop serving a definition's kinds."""
        self._custom.pop(definition, None)

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind at a path."""
        for resource in self:
            if (resource.group, resource.version, resource.plural) == (group, version, plural):
                return resource
        return None

    def groups(self) -> dict[str, list[str]]:
        """Versions of every group, the preferred one first; the core group is `""`."""
        found: dict[str, list[str]] = {}
        for resource in self:
            versions = found.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
        return found

    def of(self, group: str, version: str) -> list[Resource]:
        """The kinds of a group version."""
        return [r for r in self if (r.group, r.version) == (group, version)]
