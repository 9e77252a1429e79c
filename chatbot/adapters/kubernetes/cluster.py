"""One kubeconfig context as the `Cluster` port."""

from collections.abc import Sequence

from kubernetes.client import Configuration

from chatbot.adapters.kubernetes import apply, diagnosis, restore, workloads
from chatbot.adapters.kubernetes.api import Api, Manifest
from chatbot.adapters.kubernetes.discovery import Discovery
from chatbot.adapters.kubernetes.objects import NAMES_ONLY, Objects
from chatbot.domain.change import SnapshotEntry, Target
from chatbot.ports import Cluster, DryRun, Kind

_QUOTAS = Kind("v1", "ResourceQuota", "resourcequotas", namespaced=True, scalable=False)
_LIMIT_RANGES = Kind("v1", "LimitRange", "limitranges", namespaced=True, scalable=False)


class KubernetesCluster(Cluster):
    """Safe from many threads; errors are those of `domain.errors`."""

    def __init__(self, configuration: Configuration, timeout: float) -> None:
        self.api = Api(configuration, timeout)
        """For adapters of what lives in the cluster, such as Argo CD."""
        self._discovery = Discovery(self.api)
        self._objects = Objects(self.api, self._discovery)

    def kind(self, name: str, group_version: str = "") -> Kind:
        """Find a kind by any of its names."""
        return self._discovery.kind(name, group_version)

    def get(self, target: Target) -> Manifest | None:
        """The live object; None also when its namespace or its kind is not there."""
        return self._objects.get(target)

    def get_many(self, targets: Sequence[Target]) -> list[Manifest | None]:
        """`get` for each, in order; many of one kind and namespace come from one list."""
        return self._objects.get_many(targets)

    def names(self, kind: Kind, namespace: str) -> list[str]:
        """Names of the objects of a kind, sorted."""
        items = self._objects.list(kind, namespace, accept=NAMES_ONLY)
        return sorted(item["metadata"]["name"] for item in items)

    def dry_run_apply(self, manifests: Sequence[Manifest], *, force: bool) -> list[DryRun]:
        """What `apply` would do."""
        return apply.dry_run(self._objects, manifests, force=force)

    def dry_run_scale(self, target: Target, replicas: int, *, force: bool) -> DryRun:
        """What `scale` would do."""
        return workloads.dry_run_scale(self._objects, target, replicas, force=force)

    def dry_run_restart(self, target: Target, at: str) -> DryRun:
        """What `restart` would do."""
        return workloads.dry_run_restart(self._objects, target, at)

    def dry_run_restore(self, snapshot: Sequence[SnapshotEntry]) -> list[DryRun]:
        """What `restore` would do."""
        return restore.dry_run(self._objects, snapshot)

    def apply(self, manifests: Sequence[Manifest], *, change: str, force: bool) -> list[Manifest]:
        """Server-side apply; raises `Conflict` with the owners of fields that others hold."""
        return apply.apply(self._objects, manifests, change=change, force=force)

    def scale(self, target: Target, replicas: int, *, change: str) -> Manifest:
        """Through the scale subresource; the object afterwards."""
        return workloads.scale(self._objects, target, replicas, change=change)

    def restart(self, target: Target, at: str, *, change: str) -> Manifest:
        """Set the pod template's restart annotation; the object afterwards."""
        return workloads.restart(self._objects, target, at, change=change)

    def restore(self, snapshot: Sequence[SnapshotEntry], *, change: str) -> None:
        """Bring every object back to its snapshot."""
        restore.restore(self._objects, snapshot, change=change)

    def failing_pods(self, target: Target) -> list[str]:
        """Why the workload's pods do not come up, a sentence each."""
        return diagnosis.failing_pods(self._objects, target)

    def quotas(self, namespace: str) -> list[Manifest]:
        """The ResourceQuotas of a namespace."""
        return self._objects.list(_QUOTAS, namespace)

    def limit_ranges(self, namespace: str) -> list[Manifest]:
        """The LimitRanges of a namespace."""
        return self._objects.list(_LIMIT_RANGES, namespace)

    def autoscalers(self, target: Target) -> list[str]:
        """Names of the HorizontalPodAutoscalers that scale this object."""
        return diagnosis.autoscalers(self._objects, target)
