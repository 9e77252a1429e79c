"""A worker's cluster, and a world for each test in it: what takes long to start is shared and set
back between tests, the rest is new."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.children import Child
from sandbox.cluster import LocalCluster, local_cluster
from tests.support.forge import running_forge
from tests.support.slack import SlackWorkspace
from tests.support.world import World

HASTE = ("--ready-after", "0.1", "--fails-after", "1")
"""Of the kubelet loop, with what comes after `--kubeconfig`."""


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A cluster with a kubelet loop for the tests of this worker: the real API server."""
    if not os.environ.get("KUBEBUILDER_ASSETS"):
        pytest.skip("KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver")
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as parts:
        cluster = parts.enter_context(local_cluster(folder))
        kubelet = Child.start(
            "kubelet",
            ["sandbox.kubelet", "--kubeconfig", str(cluster.admin_kubeconfig), *HASTE],
            folder=folder,
        )
        parts.callback(kubelet.stop)
        kubelet.wait_for("kubelet ready")
        yield cluster


@pytest.fixture
def world(
    request: pytest.FixtureRequest, tmp_path: Path, slack: SlackWorkspace, local: LocalCluster
) -> Iterator[World]:
    """A fresh world, without a bot until the test starts one; with a Jira for tests that ask for
    `jira`, too."""
    jira = request.getfixturevalue("jira") if "jira" in request.fixturenames else None
    with ThreadPoolExecutor(max_workers=1) as beside, ExitStack() as parts:
        seeded = beside.submit(_seed_anew, local)
        forge = parts.enter_context(running_forge(tmp_path / "forge"))
        seeded.result()
        made = World(tmp_path, slack, local, forge, jira)
        parts.callback(made.end)
        yield made
        assert slack.violations() == []


def _seed_anew(cluster: LocalCluster) -> None:
    cluster.clear()
    cluster.seed()
