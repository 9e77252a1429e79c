"""A world in which Argo CD deploys environments of the cluster repository."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.children import Child
from sandbox.cluster import ARGOCD_NAMESPACE
from sandbox.world import GITOPS
from tests.support.world import World


def application(world: World, name: str) -> dict[str, Any]:
    """The Application as it stands in the cluster."""
    found: dict[str, Any] = json.loads(
        world.cluster.kubectl("get", "application", name, "-n", ARGOCD_NAMESPACE, "-o", "json")
    )
    return found


def sync_status(world: World, name: str) -> str:
    """Argo CD's word for how the Application stands to Git; empty while it has not looked."""
    status = application(world, name).get("status", {}).get("sync", {}).get("status")
    return status or ""


@contextmanager
def argocd(world: World, environments: Sequence[str]) -> Iterator[World]:
    """Run Argo CD for these environments, until the end of the block."""
    repo_url = world.forge.clone_url()
    world.cluster.install_argocd()
    world.cluster.deploy(repo_url, environments)
    controller = Child.start(
        "argocd",
        [
            *("sandbox.argocd", "--repo-url", repo_url),
            *("--kubeconfig", str(world.cluster.admin_kubeconfig)),
        ],
        folder=world.folder,
    )
    try:
        controller.wait_for("argocd ready")
        world.until(lambda: all(sync_status(world, name) == "Synced" for name in environments))
        yield world
    finally:
        controller.stop()
        world.cluster.undeploy()


@pytest.fixture
def deployed(world: World) -> Iterator[World]:
    """A world in which Argo CD deploys staging and prod, when it is told to."""
    with argocd(world, GITOPS):
        yield world
