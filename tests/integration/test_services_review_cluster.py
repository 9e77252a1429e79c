"""What the live cluster has to say before anybody is asked: quotas, and Argo CD's sync windows."""

import pytest

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.change import ObjectAction
from chatbot.domain.environment import ArgoApplications
from chatbot.domain.review import Review
from chatbot.ports import Deployer
from tests.contract.cluster.world import eventually
from tests.integration.argocd_fixtures import argo, argo_kind, deployer
from tests.support.argocd import ArgoWorld, project_definition
from tests.support.forge import ForgeProcess
from tests.support.kube import (
    Admin,
    Manifest,
    config_map,
    deployment,
    limit_range,
    namespace,
    resource_quota,
)
from tests.support.pull_requests import PATH, PullRequests, denied, workload

__all__ = ["argo", "argo_kind", "deployer"]


@pytest.fixture
def pulls(
    shared_forge: ForgeProcess, clusters: KubernetesClusters, bot_namespace: str
) -> PullRequests:
    return PullRequests(shared_forge, clusters, bot_namespace)


def quota(admin: Admin, shop: str, used: dict[str, str], **hard: str) -> Manifest:
    """A quota as the controller keeps it."""
    made = admin.create(resource_quota(shop, **hard))
    return admin.set_status(made, {"hard": made["spec"]["hard"], "used": used})


def messages(review: Review) -> list[str]:
    return [finding.message for finding in review.findings if finding.policy == "quota"]


def test_what_fits_into_the_quota_says_what_is_left(
    pulls: PullRequests, cluster_admin: Admin
) -> None:
    quota(cluster_admin, pulls.shop, {"requests.cpu": "9"}, requests__cpu="12", configmaps="5")
    plan, review = pulls.reviewed({f"{PATH}/web.yaml": workload(pulls.shop, replicas=3)})
    assert denied(review) == []
    assert review.quota == (f"Quota compute in {pulls.shop}: 9.5 of 12 cpu after this",)
    assert plan.warnings == ()


def test_what_exceeds_the_quota_is_denied_before_anybody_is_asked(
    pulls: PullRequests, cluster_admin: Admin
) -> None:
    quota(cluster_admin, pulls.shop, {"requests.cpu": "11"}, requests__cpu="12")
    files = {f"{PATH}/web.yaml": workload(pulls.shop, replicas=8)}
    _, review = pulls.reviewed(files, pulls.scaling(8))
    assert denied(review) == [("quota", "")]
    assert messages(review) == [f"quota compute in {pulls.shop}: needs 14 of 12 cpu; 2 too many"]


def test_a_limit_range_speaks_for_containers_that_do_not(
    pulls: PullRequests, cluster_admin: Admin
) -> None:
    quota(cluster_admin, pulls.shop, {"limits.cpu": "1"}, limits__cpu="4")
    files = {f"{PATH}/web.yaml": workload(pulls.shop, replicas=3)}
    _, review = pulls.reviewed(files)
    assert denied(review) == [("quota", f"deployment/web in {pulls.shop}")]
    assert "they must specify limits.cpu for app" in messages(review)[0]

    cluster_admin.create(limit_range(pulls.shop, default={"cpu": "1"}))
    _, review = pulls.reviewed(files)
    assert denied(review) == []
    assert review.quota == (f"Quota compute in {pulls.shop}: 2 of 4 cpu limit after this",)


def test_replicas_that_an_autoscaler_owns_are_counted_as_they_run(
    pulls: PullRequests, cluster_admin: Admin
) -> None:
    quota(cluster_admin, pulls.shop, {"requests.cpu": "5"}, requests__cpu="9")
    cluster_admin.create(deployment(pulls.shop, "elastic", replicas=10))

    def elastic(cpu: str) -> Manifest:
        manifest = workload(pulls.shop, "elastic")
        del manifest["spec"]["replicas"]
        [container] = manifest["spec"]["template"]["spec"]["containers"]
        container["resources"]["requests"]["cpu"] = cpu
        return manifest

    pulls.on_base({f"{PATH}/elastic.yaml": elastic("500m")})
    _, review = pulls.reviewed({f"{PATH}/elastic.yaml": elastic("1")})
    assert messages(review) == [f"quota compute in {pulls.shop}: needs 10 of 9 cpu; 1 too many"]


def test_a_quota_that_the_same_pull_request_raises_is_measured_by_what_it_will_be(
    pulls: PullRequests, cluster_admin: Admin
) -> None:
    quota(cluster_admin, pulls.shop, {"pods": "2"}, pods="2")
    more = resource_quota(pulls.shop, pods="3")
    _, review = pulls.reviewed(
        {f"{PATH}/web.yaml": workload(pulls.shop, replicas=3), f"{PATH}/quota.yaml": more}
    )
    assert denied(review) == []
    assert review.quota == (f"Quota compute in {pulls.shop}: 3 of 3 pods after this",)


def test_without_the_right_to_read_quotas_the_missing_right_is_named(
    pulls: PullRequests, cluster_admin: Admin
) -> None:
    other = f"{pulls.shop}-other"
    cluster_admin.create(namespace(other))
    pulls.set(namespaces=(pulls.shop, other))
    plan, review = pulls.reviewed({f"{PATH}/more.yaml": config_map(other)})
    assert denied(review) == []
    assert plan.warnings[-1] == (
        f"Whether {other} has room for this was not checked. Grant Redlight `list` on "
        f"`resourcequotas` in {other}: bind the role in docs/rbac/role.yaml there."
    )


def test_a_quantity_that_nobody_can_read_is_denied_with_its_place(
    pulls: PullRequests, cluster_admin: Admin
) -> None:
    quota(cluster_admin, pulls.shop, {"pods": "2"}, pods="9")
    manifest = workload(pulls.shop, "more")
    [container] = manifest["spec"]["template"]["spec"]["containers"]
    container["resources"]["requests"]["cpu"] = "plenty"
    _, review = pulls.reviewed({f"{PATH}/more.yaml": manifest})
    assert ("quota", f"deployment/more in {pulls.shop}") in denied(review)
    assert "`plenty` is no quantity, such as 500m or 1Gi" in messages(review)


def test_windows_that_would_hold_the_sync_up_and_a_missing_prune_are_said_before(
    pulls: PullRequests, argo: ArgoWorld, deployer: Deployer
) -> None:
    argo.admin.ensure(project_definition())
    argo.create()
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "default", "namespace": argo.applications},
        "spec": {"syncWindows": [window]},
    }
    eventually(lambda: argo.admin.ensure_served(project))
    pulls.set(argocd=ArgoApplications(names=("shop",), namespace=argo.applications))
    pulls.on_base({f"{PATH}/settings.yaml": config_map(pulls.shop)})

    plan, review = pulls.reviewed({f"{PATH}/settings.yaml": None})

    assert [one.action for one in plan.objects] == [ObjectAction.DELETE]
    *_, held_up, stays = plan.warnings
    assert held_up.startswith("Argo CD would not sync shop now: the deny window '* * * * *'")
    assert stays.startswith("Argo CD deletes nothing here, because prune is off: configmap/sett")
    assert denied(review) == []


def test_what_names_no_namespace_goes_where_the_application_deploys(
    pulls: PullRequests, argo: ArgoWorld, deployer: Deployer
) -> None:
    argo.create()
    pulls.set(
        argocd=ArgoApplications(names=("shop",), namespace=argo.applications, prune=True),
        namespaces=(pulls.shop, argo.namespace),
    )
    unplaced = config_map("x", "more")
    del unplaced["metadata"]["namespace"]
    plan, _ = pulls.reviewed({f"{PATH}/more.yaml": unplaced})
    assert [one.target.namespace for one in plan.objects] == [argo.namespace]
