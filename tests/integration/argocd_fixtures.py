"""Argo CD's loop and the kubelet's on the real API server, and the bot under its shipped role."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.errors import NotFound, Permanent
from chatbot.ports import Deployer
from sandbox.argocd import Controller, Settings
from sandbox.control_plane import ControlPlane
from sandbox.kubelet import Kubelet
from sandbox.kubelet import Settings as KubeletSettings
from tests.contract.cluster.world import eventually
from tests.support.argocd import ArgoWorld, GitRepo, definition
from tests.support.envtest import BOT
from tests.support.kube import Admin, namespace

__all__ = ["argo", "argo_kind", "controller", "deployer"]

QUICK = Settings(git_seconds=0.1, self_heal_seconds=0.1, sync_seconds=0.0)


@pytest.fixture(scope="session")
def argo_kind(cluster_admin: Admin) -> Admin:
    """The administrator, once the cluster knows Applications."""
    made = cluster_admin.ensure(definition())

    def served() -> bool:
        conditions = (cluster_admin.get(made).get("status") or {}).get("conditions") or ()
        return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)

    eventually(served)
    return cluster_admin


@pytest.fixture
def argo(argo_kind: Admin, tmp_path: Path) -> Iterator[ArgoWorld]:
    suffix = uuid4().hex[:8]
    world = ArgoWorld(argo_kind, GitRepo(tmp_path), f"argocd-{suffix}", f"shop-{suffix}")
    for name in (world.applications, world.namespace):
        argo_kind.create(namespace(name))
    argo_kind.bind("redlight-argocd", BOT, world.applications)
    yield world
    for name in ("shop", "other"):
        if argo_kind.exists(world.manifest(name)):
            argo_kind.delete(world.manifest(name))


@pytest.fixture
def controller(argo: ArgoWorld, control_plane: ControlPlane) -> Iterator[Controller]:
    """Both loops, as long as the test runs."""
    config = str(control_plane.admin_kubeconfig)
    pods = KubeletSettings(ready_after=0.05, fails_after=0.3)
    with Kubelet(config, settings=pods), Controller(config, argo.repo.url, settings=QUICK) as loop:
        yield loop


@pytest.fixture
def deployer(argo: ArgoWorld, clusters: KubernetesClusters) -> Deployer:
    """The bot's adapter, once the server has learned of its binding."""
    made = ArgoCDs(clusters)("")

    def bound() -> bool:
        try:
            made.application("nothing", argo.applications)
        except NotFound:
            return True
        except Permanent:
            return False
        return True

    eventually(bound)
    return made
