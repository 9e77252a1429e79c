"""The review of a pull request's head: a Git host, kustomize, the policy engine and an API server,
all of them real."""

import pytest
import yaml
from github import InputGitTreeElement

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.change import Change, ObjectAction, Operation
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.review import Skip
from tests.support.forge import ForgeProcess
from tests.support.forge_work import commit_elements
from tests.support.kube import config_map, deployment
from tests.support.pull_requests import (
    PATH,
    PullRequests,
    denied,
    network_policy,
    said,
    workload,
)

NO_DELETION = """\
package redlight.kept
deny[msg] {
    input.review.operation == "DELETE"
    msg := sprintf("%s stays", [input.review.oldObject.metadata.name])
}
"""
SWITCHED_OFF = "package redlight.images\n"


@pytest.fixture
def pulls(
    shared_forge: ForgeProcess, clusters: KubernetesClusters, bot_namespace: str
) -> PullRequests:
    return PullRequests(shared_forge, clusters, bot_namespace)


def test_a_change_that_does_what_was_asked_passes_and_shows_its_diff(pulls: PullRequests) -> None:
    head = pulls.pushed({f"{PATH}/web.yaml": workload(pulls.shop, replicas=3)})
    plan, review = pulls.review_of(head)
    [planned] = plan.objects
    assert (str(planned.target), planned.action) == ("deployment/web", ObjectAction.CHANGE)
    assert "-  replicas: 2\n+  replicas: 3" in planned.diff
    assert plan.warnings == ()
    assert denied(review) == []
    assert (review.objects, review.head_sha) == (3, head)
    assert pulls.review_of(head)[0].digest == plan.digest


def test_an_image_that_the_policies_deny_stops_it(pulls: PullRequests) -> None:
    _, review = pulls.reviewed({f"{PATH}/web.yaml": workload(pulls.shop, tag="latest")})
    assert denied(review) == [("images", f"deployment/web in {pulls.shop}")]
    assert "latest" in review.findings[0].message


def test_a_pull_request_cannot_weaken_the_policies_that_judge_it(pulls: PullRequests) -> None:
    _, review = pulls.reviewed(
        {
            f"{PATH}/web.yaml": workload(pulls.shop, tag="latest"),
            "policies/opa/images.rego": SWITCHED_OFF,
        }
    )
    assert denied(review) == [("files", ""), ("images", f"deployment/web in {pulls.shop}")]
    assert review.findings[0].message == (
        "the pull request also changes policies/opa/images.rego; a change to prod may only touch "
        "environments/live"
    )


def test_a_policy_of_the_base_branch_counts_at_once_for_what_was_pushed_before(
    pulls: PullRequests,
) -> None:
    head = pulls.pushed({f"{PATH}/web.yaml": workload(pulls.shop, replicas=3)})
    plan, before = pulls.review_of(head)
    pulls.on_base({"policies/opa/no.rego": 'package redlight.no\ndeny["no"] { true }'})
    again, review = pulls.review_of(head)
    assert denied(before) == []
    assert {policy for policy, _ in denied(review)} == {"no"}
    assert review.policy_revision != before.policy_revision
    assert again.digest != plan.digest


def test_files_of_another_environment_stop_it_and_the_changes_own_record_does_not(
    pulls: PullRequests,
) -> None:
    _, review = pulls.reviewed(
        {
            f"{PATH}/web.yaml": workload(pulls.shop, replicas=3),
            "mcp-ocs/changes/CHG-12.yaml": "change: CHG-12\n",
            "mcp-ocs/changes/CHG-11.yaml": "change: CHG-11\n",
            "environments/dev/shop-dev/web.yaml": None,
        }
    )
    assert denied(review) == [("files", "")]
    assert (
        "changes environments/dev/shop-dev/web.yaml, mcp-ocs/changes/CHG-11.yaml;"
        in review.findings[0].message
    )


def test_what_was_there_before_informs_until_the_change_touches_it(pulls: PullRequests) -> None:
    pulls.on_base({f"{PATH}/old.yaml": workload(pulls.shop, "old", tag="latest")})
    old = ("images", f"deployment/old in {pulls.shop}")

    _, review = pulls.reviewed({f"{PATH}/web.yaml": workload(pulls.shop, replicas=3)})
    assert denied(review) == []
    assert old in said(review, Enforcement.WARN)
    [finding] = [one for one in review.findings if one.object == old[1] and one.policy == "images"]
    assert finding.message.endswith("; it was there before this change")

    touched = workload(pulls.shop, "old", tag="latest", replicas=7)
    _, review = pulls.reviewed({f"{PATH}/old.yaml": touched})
    assert denied(review) == [old]


def test_a_deletion_shows_and_is_judged_as_one(pulls: PullRequests) -> None:
    pulls.on_base(
        {
            f"{PATH}/old.yaml": workload(pulls.shop, "old", tag="latest"),
            f"{PATH}/kept.yaml": config_map(pulls.shop, "kept"),
        }
    )
    plan, review = pulls.reviewed({f"{PATH}/old.yaml": None})
    [planned] = plan.objects
    assert (str(planned.target), planned.action) == ("deployment/old", ObjectAction.DELETE)
    assert "-kind: Deployment" in planned.diff
    assert denied(review) == []
    assert review.findings == tuple(f for f in review.findings if "old" not in f.object)

    pulls.on_base({"policies/opa/kept.rego": NO_DELETION})
    _, review = pulls.reviewed({f"{PATH}/kept.yaml": None})
    assert denied(review) == [("kept", f"configmap/kept in {pulls.shop}")]


def test_a_deletion_that_leaves_others_without_protection_is_denied(pulls: PullRequests) -> None:
    _, review = pulls.reviewed({f"{PATH}/network.yaml": None})
    assert denied(review) == [("network", f"deployment/web in {pulls.shop}")]


def test_nothing_that_changes_besides_is_hidden(pulls: PullRequests) -> None:
    pulls.on_base({f"{PATH}/settings.yaml": config_map(pulls.shop, a="1")})
    plan, _ = pulls.reviewed(
        {
            f"{PATH}/web.yaml": workload(pulls.shop, replicas=3),
            f"{PATH}/settings.yaml": config_map(pulls.shop, a="2"),
            f"{PATH}/more.yaml": config_map(pulls.shop, "more"),
        }
    )
    assert [str(one.target) for one in plan.objects] == [
        "deployment/web",
        "configmap/more",
        "configmap/settings",
    ]
    assert " ".join(plan.warnings) == (
        f"The pull request also changes configmap/settings in {pulls.shop}, and creates "
        f"configmap/more in {pulls.shop}, which the request does not name."
    )


def test_a_head_that_says_something_else_than_was_asked_is_pointed_out(
    pulls: PullRequests,
) -> None:
    plan, _ = pulls.reviewed({f"{PATH}/web.yaml": workload(pulls.shop, replicas=9)})
    assert " ".join(plan.warnings) == (
        "What the pull request says about `.spec.replicas` of deployment/web is not what was asked "
        "for."
    )


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (config_map("kube-system"), "the namespace kube-system does not belong to prod"),
        (
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                # Argo CD strips it, since the kind takes none.
                "metadata": {"name": "reader", "namespace": "SHOP"},
                "rules": [],
            },
            "it belongs to the whole cluster",
        ),
        (
            {"apiVersion": "x.example/v1", "kind": "Gizmo", "metadata": {"name": "g"}},
            "the cluster has no kind Gizmo in x.example/v1",
        ),
    ],
)
def test_what_is_out_of_the_environments_reach_stops_it(
    pulls: PullRequests, manifest: dict[str, object], words: str
) -> None:
    text = yaml.safe_dump(manifest).replace("SHOP", pulls.shop)
    _, review = pulls.reviewed({f"{PATH}/more.yaml": text})
    assert [policy for policy, _ in denied(review)] == ["reach"]
    assert words in review.findings[0].message


def test_an_object_without_a_namespace_is_taken_for_what_it_will_be(pulls: PullRequests) -> None:
    unplaced = deployment(pulls.shop, "more", image="docker.io/more:1")
    del unplaced["metadata"]["namespace"]
    plan, review = pulls.reviewed({f"{PATH}/more.yaml": unplaced})
    assert [one.target.namespace for one in plan.objects] == [pulls.shop]
    assert ("images", f"deployment/more in {pulls.shop}") in denied(review)


def test_objects_in_a_list_are_judged_and_those_without_a_name_are_refused(
    pulls: PullRequests,
) -> None:
    listed = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [workload(pulls.shop, "hidden", tag="latest")],
    }
    nameless = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "x-"}}
    plan, review = pulls.reviewed({f"{PATH}/a.yaml": listed, f"{PATH}/b.yaml": nameless})
    assert [str(one.target) for one in plan.objects] == ["deployment/hidden"]
    assert denied(review) == [
        ("rendering", "job"),
        ("images", f"deployment/hidden in {pulls.shop}"),
    ]


def test_an_object_that_is_defined_twice_is_refused(pulls: PullRequests) -> None:
    _, review = pulls.reviewed({f"{PATH}/again.yaml": workload(pulls.shop)})
    assert denied(review) == [("rendering", f"deployment/web in {pulls.shop}")]
    assert "defined 2 times in environments/live; keep one" in review.findings[0].message


def test_a_head_that_cannot_be_rendered_is_a_finding_and_not_a_failure(
    pulls: PullRequests,
) -> None:
    plan, review = pulls.reviewed({f"{PATH}/web.yaml": "kind: [\n"})
    assert denied(review) == [("rendering", "")]
    assert f"{PATH}/web.yaml cannot be read. Line 2" in review.findings[0].message
    assert plan.objects == ()


def test_a_plain_secret_stops_it_and_its_values_are_nowhere(pulls: PullRequests) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "password", "namespace": pulls.shop},
        "stringData": {"password": "correct horse"},
    }
    plan, review = pulls.reviewed({f"{PATH}/secret.yaml": secret})
    assert denied(review) == [("secrets", f"secret/password in {pulls.shop}")]
    assert "correct horse" not in plan.model_dump_json() + review.model_dump_json()


def test_a_base_may_be_touched_that_only_this_environment_builds_on(pulls: PullRequests) -> None:
    pulls.on_base(
        {
            f"{PATH}/web.yaml": None,
            f"{PATH}/namespace.yaml": None,
            f"{PATH}/network.yaml": None,
            f"{PATH}/kustomization.yaml": "resources: [../../bases/own, ../../bases/shared]\n",
            "bases/own/kustomization.yaml": "resources: [web.yaml, network.yaml]\n",
            "bases/own/web.yaml": workload(pulls.shop),
            "bases/own/network.yaml": network_policy(pulls.shop),
            "bases/shared/kustomization.yaml": "resources: [settings.yaml]\n",
            "bases/shared/settings.yaml": config_map(pulls.shop, a="1"),
            "environments/dev/kustomization.yaml": "resources: [../../bases/shared]\n",
        }
    )
    own = {"bases/own/web.yaml": workload(pulls.shop, replicas=3)}
    plan, review = pulls.reviewed(own)
    assert denied(review) == []
    assert len(plan.objects) == 1

    shared = {**own, "bases/shared/settings.yaml": config_map(pulls.shop, a="2")}
    _, review = pulls.reviewed(shared)
    assert denied(review) == [("files", "")]
    assert "changes bases/shared/settings.yaml;" in review.findings[0].message


def test_files_that_argo_cd_reads_in_another_way_stop_it(pulls: PullRequests) -> None:
    plan, review = pulls.reviewed(
        {
            f"{PATH}/web.yaml": workload(pulls.shop, replicas=3),
            f"{PATH}/.argocd-source.yaml": "kustomize: {images: [web=evil:1]}\n",
            f"{PATH}/chart/Chart.yaml": "name: more\n",
            f"{PATH}/chart/templates/pod.yaml": "kind: Pod\n",
        }
    )
    assert len(plan.objects) == 1
    assert denied(review) == [("files", "")]
    assert ".argocd-source.yaml" in review.findings[0].message
    assert "chart/templates/pod.yaml" in review.findings[0].message


def test_links_and_submodules_lead_where_nobody_looks_so_they_stop_it(
    pulls: PullRequests,
) -> None:
    head = pulls.pushed({f"{PATH}/web.yaml": workload(pulls.shop, replicas=3)})
    branch = f"links-{head[:8]}"
    pulls.repo.create_git_ref(f"refs/heads/{branch}", head)
    dev = "../dev/shop-dev/web.yaml"
    moved = commit_elements(
        pulls.repo,
        branch,
        [
            InputGitTreeElement(f"{PATH}/link.yaml", "120000", "blob", content=dev),
            InputGitTreeElement(f"{PATH}/sub", "160000", "commit", sha=head),
            InputGitTreeElement("elsewhere", "160000", "commit", sha=head),
        ],
    )
    _, review = pulls.review_of(moved)
    assert denied(review) == [("files", ""), ("files", "")]
    foreign, unseen = (finding.message for finding in review.findings[:2])
    assert "also changes elsewhere;" in foreign
    assert f"changes {PATH}/link.yaml, {PATH}/sub, from which" in unseen


def test_what_has_not_been_in_the_environment_ahead_is_stopped_until_it_has_or_a_reason_is_given(
    pulls: PullRequests,
) -> None:
    head = pulls.pushed({f"{PATH}/web.yaml": workload(pulls.shop, replicas=3)})
    assert denied(pulls.review_of(head)[1]) == [], "no order is asked for"
    pulls.set(promoted_from="staging")
    _, review = pulls.review_of(head)
    assert denied(review) == [("promotion", "")]
    assert "/change promote-skip CHG-12 because" in review.findings[0].message

    def skipping(content: str) -> Change:
        skip = Skip(content=content, by="U0REQUESTER", at=pulls.clock.now(), reason="It burns.")
        change = pulls.scaling()
        progress = change.progress.model_copy(update={"promotion_skip": skip})
        return change.model_copy(update={"progress": progress})

    _, ahead = pulls.review_of(head, skipping(review.content))
    assert (denied(ahead), ("promotion", "") in said(ahead, Enforcement.WARN)) == ([], True)
    assert denied(pulls.review_of(head, skipping("other"))[1]) == [("promotion", "")]

    pulls.completed["staging", review.content] = 7
    _, promoted = pulls.review_of(head)
    assert (denied(promoted), promoted.promoted_by) == ([], 7)
    back = pulls.scaling(operation=Operation.ROLLBACK, replicas=None, rolls_back=3)
    pulls.completed.clear()
    assert denied(pulls.review_of(head, back)[1]) == [], "a rollback restores what was here"
