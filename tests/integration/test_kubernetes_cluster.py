"""The Cluster port over the real API server, under exactly the roles that we ship."""

from functools import partial

import pytest

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.errors import Permanent
from tests.contract.cluster.world import ClusterWorld, eventually, target
from tests.contract.cluster_suite import *  # noqa: F403 - every promise of the port
from tests.support.envtest import CLUSTER_BOT
from tests.support.kube import Admin, config_map


@pytest.fixture
def cluster_world(
    clusters: KubernetesClusters, cluster_admin: Admin, bot_namespace: str
) -> ClusterWorld:
    cluster = clusters("")
    probe = target(config_map(bot_namespace, "probe"))

    def bound() -> bool:
        """The server's authorizer learns of a new binding a moment later."""
        try:
            cluster.get(probe)
        except Permanent:
            return False
        return True

    eventually(bound)
    return ClusterWorld(
        cluster=cluster,
        wide=clusters(CLUSTER_BOT),
        namespace=bot_namespace,
        admin=cluster_admin,
        allow=partial(cluster_admin.allow, CLUSTER_BOT),
    )
