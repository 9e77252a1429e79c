"""The real control plane as a fixture: one for each pytest-xdist worker, fresh namespaces for
each test."""

from collections.abc import Iterator

import pytest

from sandbox.control_plane import ControlPlane, assets

BOT = "redlight"
"""Holds exactly the namespaced role of `docs/rbac/`, bound where a test says so."""

CLUSTER_BOT = "redlight-cluster"
"""Holds the same role in every namespace, and the one for objects without a namespace."""


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    if assets() is None:
        pytest.skip("KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver")
    with ControlPlane({BOT: (), CLUSTER_BOT: ()}) as running:
        yield running
