"""What the Deployer port refuses, and how it holds when others write at the same time."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chatbot.adapters.argocd import ArgoCD, ArgoCDs
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.kubernetes.api import Api
from chatbot.domain.argocd_sync import SyncOrder
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.ports import Deployer
from tests.integration.argocd_fixtures import *  # noqa: F403 - its fixtures
from tests.support.argocd import AUTOMATED, ArgoWorld
from tests.support.envtest import CLUSTER_BOT

UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Meddled(ArgoCD):
    """Somebody else writes to the Application between our look and our write."""

    def __init__(self, api: Api, argo: ArgoWorld, patches: list[dict[str, Any]]) -> None:
        super().__init__(api)
        self._argo, self._patches = argo, patches

    def application(self, name: str, namespace: str) -> Any:
        found = super().application(name, namespace)
        if self._patches:
            self._argo.patch(self._patches.pop(0))
        return found


def test_a_sync_that_lost_a_race_is_decided_anew(
    argo: ArgoWorld, deployer: Deployer, clusters: KubernetesClusters
) -> None:
    argo.create()
    theirs = {"operation": {"initiatedBy": {"username": "engineer"}, "sync": {}}}
    meddled = Meddled(clusters.api(""), argo, [theirs])
    with pytest.raises(RetryLater, match="busy with an operation by engineer"):
        meddled.sync("shop", argo.applications, SyncOrder("CHG-12", "a" * 40))
    assert argo.live()["operation"] == theirs["operation"]


def test_an_application_that_keeps_changing_is_tried_again_later(
    argo: ArgoWorld, deployer: Deployer, clusters: KubernetesClusters
) -> None:
    argo.create(automated=AUTOMATED)
    edits = [{"metadata": {"labels": {"edit": str(number)}}} for number in range(9)]
    with pytest.raises(RetryLater, match="keeps changing"):
        Meddled(clusters.api(""), argo, edits).pause("shop", argo.applications, "CHG-12", UNTIL)
    assert argo.read().auto_sync


def test_a_missing_application_is_named(argo: ArgoWorld, deployer: Deployer) -> None:
    with pytest.raises(NotFound, match=f"no Application shop in namespace {argo.applications}"):
        deployer.sync("shop", argo.applications, SyncOrder("CHG-12", "a" * 40))


def test_without_the_role_nothing_works_and_the_remedy_is_named(
    argo: ArgoWorld, clusters: KubernetesClusters
) -> None:
    with pytest.raises(Permanent, match="forbidden") as refused:
        ArgoCDs(clusters)(CLUSTER_BOT).application("shop", argo.applications)
    assert "applications" in refused.value.remedy


def test_the_role_does_not_let_the_bot_make_or_delete_applications(
    argo: ArgoWorld, deployer: Deployer, clusters: KubernetesClusters
) -> None:
    argo.create()
    path = f"/apis/argoproj.io/v1alpha1/namespaces/{argo.applications}/applications"
    with pytest.raises(Permanent, match="cannot delete"):
        clusters.api("").request("DELETE", f"{path}/shop", doing="delete it")
    body = argo.manifest("other")
    with pytest.raises(Permanent, match="cannot create"):
        clusters.api("").request("POST", path, doing="create it", body=body)
