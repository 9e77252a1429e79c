"""Fixtures for services over the embedded API server (held to the same promises as the real one)
and a forge with the sandbox's repository."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from sandbox.apiserver.server import ApiServer
from tests.support.forge import ForgeProcess, running_forge
from tests.support.kube import Admin, namespace
from tests.support.store import make_store


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[ApiServer]:
    with ApiServer(token="admin-token") as server:
        yield server


@pytest.fixture(scope="session")
def embedded_kubeconfig(
    embedded_server: ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return embedded_server.write_kubeconfig(tmp_path_factory.mktemp("kube") / "config", "bot")


@pytest.fixture(scope="session")
def embedded_clusters(embedded_kubeconfig: Path) -> KubernetesClusters:
    return KubernetesClusters(str(embedded_kubeconfig))


@pytest.fixture(scope="session")
def embedded_admin(embedded_kubeconfig: Path) -> Admin:
    return Admin(embedded_kubeconfig, embedded_kubeconfig.with_name("discovery.json"))


@pytest.fixture
def shop(embedded_admin: Admin) -> str:
    """A fresh namespace."""
    name = f"shop-{uuid4().hex[:8]}"
    embedded_admin.create(namespace(name))
    return name


@pytest.fixture(scope="session")
def shared_forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeProcess]:
    """A forge whose `main` no test changes."""
    with running_forge(tmp_path_factory.mktemp("forge")) as forge:
        yield forge


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = make_store(tmp_path)
    yield made
    made.close()
