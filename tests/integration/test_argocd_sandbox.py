"""The sandbox's cluster with Argo CD in it, on a machine without a control plane and without Argo
CD's own definition, as a newcomer has it; the adapter and the loop work there too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.argocd import Health, SyncStatus
from chatbot.domain.argocd_pause import Paused, Restored
from chatbot.domain.argocd_sync import SyncOrder, Told
from chatbot.domain.errors import NotFound, Permanent
from chatbot.ports import Deployer
from sandbox.argocd import Controller, Settings
from sandbox.cluster import ARGOCD_NAMESPACE, NAMESPACES, SEED, LocalCluster, local_cluster
from sandbox.control_plane import assets
from sandbox.kubelet import Kubelet
from sandbox.kubelet import Settings as KubeletSettings
from tests.contract.cluster.world import eventually
from tests.support.argocd import GitRepo


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    folder = tmp_path_factory.mktemp("sandbox")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KUBEBUILDER_ASSETS", raising=False)
        patch.delenv("ARGOCD_CRD", raising=False)
        patch.setenv("HOME", str(folder))  # where kubectl keeps what it discovered
        with local_cluster(folder / "cluster") as running:
            running.install_argocd()
            yield running


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    made = GitRepo(tmp_path_factory.mktemp("git"))
    paths = [path for path in SEED.rglob("*") if path.is_file()]
    made.commit({path.relative_to(SEED).as_posix(): path.read_text() for path in paths})
    return made


@pytest.fixture(scope="module")
def deployer(cluster: LocalCluster, repo: GitRepo) -> Iterator[Deployer]:
    config = str(cluster.admin_kubeconfig)
    cluster.deploy(repo.url)
    settings = Settings(git_seconds=0.2, self_heal_seconds=0.1, sync_seconds=0.0)
    pods = KubeletSettings(ready_after=0.05)
    with Kubelet(config, settings=pods), Controller(config, repo.url, settings=settings):
        yield ArgoCDs(KubernetesClusters(str(cluster.bot_kubeconfig)))("")


def test_on_the_real_server_the_bot_is_bound_where_the_applications_are(tmp_path: Path) -> None:
    if assets() is None:
        pytest.skip("KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver")
    with local_cluster(tmp_path) as real:
        real.install_argocd()
        real.deploy("https://git.example/acme/cluster-config")
        found = ArgoCDs(KubernetesClusters(str(real.bot_kubeconfig)))("")
        prod = eventually(lambda: _readable(found, "prod"))
        assert prod.in_flight is not None
        assert (prod.auto_sync, _readable(found, "dev").self_heal) == (False, True)
        assert found.windows(prod) == ()
        real.undeploy()
        with pytest.raises(NotFound):
            found.application("prod", ARGOCD_NAMESPACE)


def _readable(deployer: Deployer, name: str) -> Any:
    """The server's authorizer learns of a new binding a moment later."""
    try:
        return deployer.application(name, ARGOCD_NAMESPACE)
    except Permanent:
        return None


def settled(deployer: Deployer, name: str) -> bool:
    found = deployer.application(name, ARGOCD_NAMESPACE)
    in_sync = found.sync is SyncStatus.SYNCED and found.in_flight is None
    return in_sync and found.health is Health.HEALTHY


def replicas(cluster: LocalCluster, namespace: str) -> str:
    arguments = ("deployment/web", f"--namespace={namespace}", "-o", "jsonpath={.spec.replicas}")
    return cluster.kubectl("get", *arguments)


def test_argo_cd_takes_over_every_environment(deployer: Deployer) -> None:
    for namespace in NAMESPACES:
        eventually(lambda name=namespace: settled(deployer, name.removeprefix("shop-")), seconds=60)
    assert deployer.windows(deployer.application("prod", ARGOCD_NAMESPACE)) == ()


def test_dev_is_auto_synced_and_heals_unless_it_is_paused(
    deployer: Deployer, cluster: LocalCluster
) -> None:
    eventually(lambda: settled(deployer, "dev"), seconds=60)
    where = ("dev", ARGOCD_NAMESPACE, "CHG-1")
    assert deployer.pause(*where, datetime.now(UTC)) is Paused.PAUSED
    cluster.kubectl("scale", "deployment/web", "--replicas=3", "-n", "shop-dev")
    is_different = SyncStatus.OUT_OF_SYNC
    eventually(lambda: deployer.application(*where[:2]).sync is is_different, seconds=30)
    assert replicas(cluster, "shop-dev") == "3"
    assert deployer.restore(*where) is Restored.RESTORED
    eventually(lambda: replicas(cluster, "shop-dev") == "1", seconds=30)


def test_prod_is_synced_when_it_is_told(
    deployer: Deployer, cluster: LocalCluster, repo: GitRepo
) -> None:
    eventually(lambda: settled(deployer, "prod"), seconds=60)
    path = Path("environments/prod/shop-prod/web.yaml")
    text = (SEED / path).read_text()
    before = replicas(cluster, "shop-prod")
    changed = text.replace(f"replicas: {before}", "replicas: 5")
    assert changed != text
    revision = repo.commit({path.as_posix(): changed})
    order = SyncOrder(change="CHG-2", revision=revision)
    eventually(lambda: deployer.sync("prod", ARGOCD_NAMESPACE, order) is Told.ALREADY)
    eventually(lambda: replicas(cluster, "shop-prod") == "5", seconds=30)
    eventually(lambda: settled(deployer, "prod"), seconds=30)
