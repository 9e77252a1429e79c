"""A world in which Argo CD deploys environments of the cluster repository."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from sandbox.argocd import Controller
from sandbox.cluster import ARGOCD_NAMESPACE, LocalCluster
from sandbox.world import GITOPS
from tests.support.world import World

AUTOMATED = {"prune": True, "selfHeal": True}
"""As Argo CD has it for what it syncs by itself."""

_APPLICATIONS = f"/apis/argoproj.io/v1alpha1/namespaces/{ARGOCD_NAMESPACE}/applications"


def application(world: World, name: str) -> dict[str, Any]:
    """The Application as it stands in the cluster."""
    return world.api.request("GET", f"{_APPLICATIONS}/{name}", doing="read an Application")


def sync_status(world: World, name: str) -> str:
    """Argo CD's word for how the Application stands to Git; empty while it has not looked."""
    status = application(world, name).get("status", {}).get("sync", {}).get("status")
    return status or ""


@contextmanager
def argocd(world: World, environments: Sequence[str]) -> Iterator[World]:
    """Run Argo CD for these environments, until the end of the block. It runs on a thread: a
    process of its own spends more on its start than on a test's work."""
    repo_url = world.forge.clone_url()
    _install(world.cluster)
    world.cluster.deploy(repo_url, environments)
    try:
        with Controller(str(world.cluster.admin_kubeconfig), repo_url):
            world.until(lambda: all(sync_status(world, name) == "Synced" for name in environments))
            yield world
    finally:
        world.cluster.undeploy()


def automate(world: World, name: str, *, automated: bool) -> None:
    """Have Argo CD sync an environment by itself, or not: written only where it is otherwise."""
    policy = application(world, name)["spec"].get("syncPolicy") or {}
    wanted = AUTOMATED if automated else None
    if policy.get("automated") != wanted:
        patch = json.dumps({"spec": {"syncPolicy": {"automated": wanted}}})
        where = f"--namespace={ARGOCD_NAMESPACE}"
        world.cluster.kubectl("patch", "application", name, where, "--type=merge", "-p", patch)


@cache
def _install(cluster: LocalCluster) -> None:
    """Once for a cluster: nothing that a test does takes the kinds away."""
    cluster.install_argocd()


@pytest.fixture
def deployed(world: World) -> Iterator[World]:
    """A world in which Argo CD deploys staging and prod, when it is told to."""
    with argocd(world, GITOPS):
        yield world
