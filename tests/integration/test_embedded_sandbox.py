"""The sandbox's cluster on a machine without a control plane, as people start and use it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.children import Child
from sandbox.cluster import LocalCluster, local_cluster

CHANGED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: tour, namespace: shop-dev}
data: {since: 2026-01-01}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    folder = tmp_path_factory.mktemp("sandbox")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KUBEBUILDER_ASSETS", raising=False)
        patch.setenv("HOME", str(folder))  # where kubectl keeps what it discovered
        with local_cluster(folder / "cluster") as running:
            config = str(running.admin_kubeconfig)
            kubelet = Child.start(
                "kubelet", ["sandbox.kubelet", "--kubeconfig", config], folder=folder
            )
            try:
                kubelet.wait_for("kubelet ready")
                yield running
            finally:
                kubelet.stop()


def test_it_runs_what_the_cluster_repository_says(cluster: LocalCluster) -> None:
    assert not cluster.is_real
    said = cluster.kubectl(
        "rollout", "status", "deployment/web", "--namespace=shop-dev", "--timeout=30s"
    )
    assert "successfully rolled out" in said


def test_kubectl_waits_for_a_condition(cluster: LocalCluster) -> None:
    said = cluster.kubectl(
        "wait", "--for=condition=Available", "deploy/web", "-n", "shop-dev", "--timeout=30s"
    )
    assert "condition met" in said


def test_kubectl_applies_on_the_server_and_validates(cluster: LocalCluster) -> None:
    apply = ("apply", "--server-side", "--filename", "-")
    wrong = CHANGED.replace("\ndata:", "\ndat:")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        cluster.kubectl(*apply, stdin=wrong)
    assert ".dat: field not declared in schema" in refused.value.stderr
    quoted = CHANGED.replace("2026-01-01", '"2026-01-01"')
    assert "serverside-applied" in cluster.kubectl(*apply, stdin=quoted)
    found = cluster.kubectl("get", "cm", "tour", "-n", "shop-dev", "-o", "jsonpath={.data.since}")
    assert found == "2026-01-01"


def test_kubectl_is_told_of_a_conflict(cluster: LocalCluster) -> None:
    manifest = CHANGED.replace("2026-01-01", '"1"').replace("tour", "fought-over")
    cluster.kubectl("apply", "--server-side", "--filename", "-", stdin=manifest)
    theirs = ("apply", "--server-side", "--field-manager=other", "--filename", "-")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        cluster.kubectl(*theirs, stdin=manifest.replace('"1"', '"2"'))
    assert 'conflict with "kubectl": .data.since' in refused.value.stderr


def test_kubectl_restarts_scales_and_lists(cluster: LocalCluster, tmp_path: Path) -> None:
    cluster.kubectl("rollout", "restart", "deployment/api", "-n", "shop-dev")
    cluster.kubectl("scale", "deployment/api", "--replicas=3", "-n", "shop-dev")
    cluster.kubectl("rollout", "status", "deployment/api", "-n", "shop-dev", "--timeout=30s")
    names = cluster.kubectl("get", "pods", "-n", "shop-dev", "-o", "name").splitlines()
    assert sum(name.startswith("pod/api-") for name in names) == 3
    assert "deployments" in cluster.kubectl("api-resources")
