"""The Cluster port over the embedded API server: the same promises as over the real one, but for
roles, which it does not have."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from chatbot.adapters.kubernetes import KubernetesClusters
from sandbox.apiserver.server import ApiServer
from tests.contract.cluster.world import ClusterWorld
from tests.contract.cluster_suite import *  # noqa: F403 - every promise of the port
from tests.support.kube import Admin, namespace


@pytest.fixture(scope="module")
def embedded() -> Iterator[ApiServer]:
    with ApiServer(token="admin-token") as server:
        yield server


@pytest.fixture
def cluster_world(embedded: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> ClusterWorld:
    folder = tmp_path_factory.mktemp("cluster")
    kubeconfig = embedded.write_kubeconfig(folder / "kubeconfig", "bot", "wide")
    clusters = KubernetesClusters(str(kubeconfig))
    admin = Admin(kubeconfig, folder / "discovery.json")
    name = f"shop-{uuid4().hex[:8]}"
    admin.create(namespace(name))
    return ClusterWorld(
        cluster=clusters("bot"),
        wide=clusters("wide"),
        namespace=name,
        admin=admin,
        allow=lambda group, plural: None,
    )
