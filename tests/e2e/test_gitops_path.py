"""Staging and prod, as the people who ask and the people who agree see it: pull request, policy,
approval, merge, sync, healthy; and nothing in the cluster before all of it."""

from typing import Any

import yaml

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.argocd_world import application, deployed
from tests.support.world import OTHER_SENIOR, REQUESTER, SENIOR, World, buttons, pull_requests

__all__ = ["deployed"]

PROD = "environments/prod"
WHY = {
    "justification": "Black Friday load; p95 at 900 ms since 09:10.",
    "rollback_plan": "Scale back to 4, no data is touched.",
    "affected_services": "checkout, payments",
}


def replicas(world: World) -> int:
    count: int = world.live("deploy/web", "shop-prod")["spec"]["replicas"]
    return count


def operation(world: World, name: str = "prod") -> dict[str, Any]:
    """The operation that Argo CD carried out last."""
    found: dict[str, Any] = application(world, name)["status"]["operationState"]["operation"]
    return found


def test_a_scale_of_prod_goes_from_the_command_to_completed(deployed: World) -> None:
    world = deployed
    world.start()
    before = world.file(f"{PROD}/shop-prod/web.yaml")
    was = replicas(world)
    change = world.request("scale prod deploy/web 8", **WHY)
    change = world.wait(change, State.AWAITING_APPROVAL)
    assert replicas(world) == was, "nothing is applied before somebody approved"
    assert world.file(f"{PROD}/shop-prod/web.yaml") == before, "nothing is merged either"
    world.shows(change, "replicas: 8", "Needs 1 more", "Policy")
    status_and_comment_are_there(world, change)

    world.click(change, "approve", SENIOR)
    change = world.wait(change, State.COMPLETED)
    assert replicas(world) == 8
    assert "replicas: 8" in world.file(f"{PROD}/shop-prod/web.yaml")
    [pull] = pull_requests(world)
    assert (pull.merged, pull.commits) == (True, 1)
    info = {entry["name"]: entry["value"] for entry in operation(world)["info"]}
    assert info == {"redlight.dev/change": change.id}
    assert operation(world)["sync"]["revision"] == pull.merge_commit_sha
    assert [branch.name for branch in world.repo.get_branches()] == ["main"]
    assert buttons(world.card(change)) == []
    world.tells(change, f"<@{REQUESTER}>", "Policy", f"<@{SENIOR}>", "merged", "synced", "Done")
    assert len(world.story(change)) == len(set(world.story(change))), "nothing is told twice"
    assert world.events(change) == [
        "change.requested",
        "branch.based",
        "pull_request.opened",
        "policy.passed",
        "change.approved",
        "change.started",
        "pull_request.merged",
        "argocd.synced",
        "change.completed",
    ]
    assert world.redlight("audit", "verify").returncode == 0
    record = yaml.safe_load(world.file(f"mcp-ocs/changes/{change.id}.yaml"))
    assert (record["path"], record["environment"]) == ("gitops", "prod")


def status_and_comment_are_there(world: World, change: Change) -> None:
    [pull] = pull_requests(world)
    commit = world.repo.get_commit(pull.head.sha)
    [status] = [each for each in commit.get_statuses() if each.context == "redlight/policy"]
    assert status.state == "success"
    [comment] = pull.get_issue_comments()
    assert "warn" in comment.body.lower()


def test_a_restart_of_prod_goes_the_same_way(deployed: World) -> None:
    world = deployed
    world.start()
    change = world.request("restart prod deploy/api", **WHY)
    world.wait(change, State.AWAITING_APPROVAL)
    world.click(change, "approve", OTHER_SENIOR)
    change = world.wait(change, State.COMPLETED)
    template = world.live("deploy/api", "shop-prod")["spec"]["template"]
    annotation = "kubectl.kubernetes.io/restartedAt"
    assert template["metadata"]["annotations"][annotation] == change.progress.restarted_at
