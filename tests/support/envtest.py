"""The real control plane as a fixture: one for each pytest-xdist worker, fresh namespaces for
each test."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from chatbot.adapters.kubernetes import KubernetesClusters
from sandbox.control_plane import ControlPlane, assets
from tests.support.kube import Admin, namespace

BOT = "redlight"
"""Holds exactly the namespaced role of `docs/rbac/`, bound where a test says so."""

CLUSTER_BOT = "redlight-cluster"
"""Holds the same role in every namespace, and the one for objects without a namespace."""


EVERYDAY = "redlight-everyday"
"""Of an environment whose writes are Argo CD's: it may look, and ask Argo CD."""

EMERGENCY = "redlight-emergency"
"""Behind `emergency_context`: it may write there, and nothing else."""


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    if assets() is None:
        pytest.skip("KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver")
    users = (BOT, CLUSTER_BOT, EVERYDAY, EMERGENCY)
    with ControlPlane(dict.fromkeys(users, ())) as running:
        yield running


@pytest.fixture(scope="session")
def cluster_admin(control_plane: ControlPlane) -> Admin:
    """The administrator, after installing the shipped roles and binding what is cluster-wide."""
    admin = Admin(control_plane.admin_kubeconfig, control_plane.directory / "discovery.json")
    admin.install_roles()
    admin.bind("redlight-base", BOT)
    admin.bind("redlight-base", EVERYDAY)
    for role in ("redlight-base", "redlight-read", "redlight-change", "redlight-cluster-scoped"):
        admin.bind(role, CLUSTER_BOT)
    return admin


@pytest.fixture(scope="session")
def clusters(control_plane: ControlPlane) -> KubernetesClusters:
    """A context for each user; `BOT` is the current one."""
    users = {user: user for user in (BOT, CLUSTER_BOT, EVERYDAY, EMERGENCY)}
    return KubernetesClusters(str(control_plane.kubeconfig(users)))


@pytest.fixture
def bot_namespace(cluster_admin: Admin) -> str:
    """A fresh namespace in which `BOT` may read and change."""
    name = f"shop-{uuid4().hex[:8]}"
    cluster_admin.create(namespace(name))
    # The server learns of bindings in order: who may read may change, too.
    for role in ("redlight-change", "redlight-read"):
        cluster_admin.bind(role, BOT, name)
    return name


@pytest.fixture
def prod_namespace(cluster_admin: Admin) -> str:
    """A fresh namespace that `EVERYDAY` may look at and `EMERGENCY` may change, by exactly what
    `docs/rbac/emergency.yaml` binds."""
    name = f"shop-{uuid4().hex[:8]}"
    cluster_admin.create(namespace(name))
    for role in ("redlight-emergency", "redlight-change"):
        cluster_admin.bind(role, EMERGENCY, name)
    cluster_admin.bind("redlight-read", EVERYDAY, name)
    return name
