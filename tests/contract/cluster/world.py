"""A cluster as the suite needs it, and what its tests share."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from chatbot.domain.change import SnapshotEntry, Target
from chatbot.ports import Cluster
from tests.support.kube import (
    Admin,
    Manifest,
    deployment,
)

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
AT = "2026-03-01T12:00:00Z"


@dataclass(frozen=True)
class ClusterWorld:
    """A cluster with a fresh namespace that the bot may change."""

    cluster: Cluster
    """Bound in `namespace` only."""
    wide: Cluster
    """Bound everywhere, objects without a namespace included."""
    namespace: str
    admin: Admin
    allow: Callable[[str, str], None]
    """Let `wide` change a further resource: group and plural."""


def target(manifest: Manifest) -> Target:
    return Target(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=manifest["metadata"].get("namespace", ""),
        name=manifest["metadata"]["name"],
    )


def snapshot(cluster: Cluster, *manifests: Manifest) -> list[SnapshotEntry]:
    targets = [target(manifest) for manifest in manifests]
    found = cluster.get_many(targets)
    return [SnapshotEntry(target=t, manifest=m) for t, m in zip(targets, found, strict=True)]


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid4().hex[:8]}"


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    deadline = monotonic() + seconds
    while not (result := condition()):
        assert monotonic() < deadline, "the condition did not come true in time"
        sleep(0.02)
    return result


def deployment_config(namespace: str) -> Manifest:
    return {
        **deployment(namespace, replicas=1),
        "apiVersion": "apps.openshift.io/v1",
        "kind": "DeploymentConfig",
    }


def widget(group: str, namespace: str) -> Manifest:
    return {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "first", "namespace": namespace},
        "spec": {"size": 1},
    }
