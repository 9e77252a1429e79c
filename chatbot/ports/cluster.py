"""Kubernetes and OpenShift clusters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chatbot.domain.change import (
    FieldConflict,
    SnapshotEntry,
    Target,
)
from chatbot.ports.manifest import Manifest


@dataclass(frozen=True)
class Kind:
    """A kind as the server's discovery knows it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    scalable: bool
    """Whether it has a `scale` subresource."""


@dataclass(frozen=True)
class DryRun:
    """What the server would make of a write, beside what is there now."""

    target: Target
    live: Manifest | None
    result: Manifest | None
    """None when there are conflicts to decide on first, or when the object goes."""
    conflicts: tuple[FieldConflict, ...] = ()


class Cluster(Protocol):
    """One kubeconfig context. Field manager `redlight`."""

    def kind(self, name: str, group_version: str = "") -> Kind:
        """Find a kind by kind, plural, singular or short name (`Deployment`, `deploy`). Answers
        from a warm cache; asks the server again on a miss. Raises `NotFound` with near names."""
        ...

    def get(self, target: Target) -> Manifest | None:
        """The live object, or None."""
        ...

    def get_many(self, targets: Sequence[Target]) -> list[Manifest | None]:
        """`get` for each, in order, a few at a time."""
        ...

    def names(self, kind: Kind, namespace: str) -> list[str]:
        """Names of the objects of a kind, for a helpful refusal."""
        ...

    def dry_run_apply(self, manifests: Sequence[Manifest], *, force: bool) -> list[DryRun]:
        """What `apply` would do, an answer for each manifest, in order."""
        ...

    def dry_run_scale(self, target: Target, replicas: int, *, force: bool) -> DryRun:
        """What `scale` would do; a conflict when another manager owns `.spec.replicas`."""
        ...

    def dry_run_restart(self, target: Target, at: str) -> DryRun:
        """What `restart` would do."""
        ...

    def dry_run_restore(self, snapshot: Sequence[SnapshotEntry]) -> list[DryRun]:
        """What `restore` would do, an answer for each entry, in order; never a field conflict:
        what others own stays theirs. Raises `Conflict` for an object that would have to go and was
        made anew by somebody else."""
        ...

    def apply(self, manifests: Sequence[Manifest], *, change: str, force: bool) -> list[Manifest]:
        """Server-side apply, namespaces and CRDs first (and waited for), a few at a time after.
        Every object gets the annotation `redlight.dev/change`."""
        ...

    def scale(self, target: Target, replicas: int, *, change: str) -> Manifest:
        """Through the scale subresource."""
        ...

    def restart(self, target: Target, at: str, *, change: str) -> Manifest:
        """Set the pod template's `kubectl.kubernetes.io/restartedAt`."""
        ...

    def restore(self, snapshot: Sequence[SnapshotEntry], *, change: str) -> None:
        """Bring every object back to its snapshot; one that was not there is deleted. What other
        managers changed meanwhile outside our fields stays."""
        ...

    def failing_pods(self, target: Target) -> list[str]:
        """Why the pods of a workload do not come up, a sentence for those that fail alike: pod,
        reason, message, from pod statuses and warning events, and how many more pods; and the
        workload's own warning events."""
        ...

    def quotas(self, namespace: str) -> list[Manifest]:
        """The ResourceQuotas of a namespace, none when it is not there. Raises `Forbidden`."""
        ...

    def limit_ranges(self, namespace: str) -> list[Manifest]:
        """The LimitRanges of a namespace, none when it is not there. Raises `Forbidden`."""
        ...

    def autoscalers(self, target: Target) -> list[str]:
        """Names of the HorizontalPodAutoscalers that scale this object."""
        ...


class Clusters(Protocol):
    """Clusters by kubeconfig context."""

    def __call__(self, context: str) -> Cluster:
        """The cluster of a context; the same one each time."""
        ...
