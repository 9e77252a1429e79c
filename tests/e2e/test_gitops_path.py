"""Staging and prod, as the people who ask and the people who agree see it: pull request, policy,
approval, merge, sync, healthy; and nothing in the cluster before all of it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.argocd_world import application, deployed, sync_status
from tests.support.world import (
    CHANNELS,
    OTHER_SENIOR,
    REQUESTER,
    SENIOR,
    World,
    buttons,
    pull_requests,
)

__all__ = ["deployed"]

pytestmark = pytest.mark.timeout(300)

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


def approved(world: World, change: Change, *seniors: str) -> Change:
    """These seniors say yes, one after the other, and the change goes on to its end."""
    for senior in seniors:
        world.click(change, "approve", senior)
        world.until(lambda who=senior: who in voices(world, change))
    return world.wait(change, State.COMPLETED)


def voices(world: World, change: Change) -> list[str]:
    return [approval.user for approval in world.change(change).progress.approvals]


def web(world: World, *replacements: tuple[str, str], ref: str = "main") -> str:
    """The prod manifest of `web` with texts replaced."""
    text = world.file(f"{PROD}/shop-prod/web.yaml", ref)
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_what_policy_denies_is_blocked_until_somebody_pushes_what_mends_it(
    deployed: World,
) -> None:
    world = deployed
    world.start()
    image = "registry.example.com/shop/web"
    tag = "1.8.2"
    change = world.request("apply prod", manifest=web(world, (tag, "latest")), **WHY)
    change = world.wait(change, State.BLOCKED)
    world.shows(change, "latest", "images")
    [pull] = pull_requests(world)
    commit = world.repo.get_commit(pull.head.sha)
    assert next(each.state for each in commit.get_statuses()) == "failure"

    world.push(change.branch, f"{PROD}/shop-prod/web.yaml", web(world, (tag, "9.9.9")))
    world.wait(change, State.AWAITING_APPROVAL)
    change = approved(world, change, SENIOR)
    containers = world.live("deploy/web", "shop-prod")["spec"]["template"]["spec"]["containers"]
    assert containers[0]["image"] == f"{image}:9.9.9"
    assert "policy.denied" in world.events(change)


def test_a_quorum_of_two_needs_two_and_a_new_commit_voids_what_was_said(
    deployed: World,
) -> None:
    world = deployed
    world.configure(('class = "prod"\n', 'class = "prod"\napprovals = 2\n'))
    world.start()
    change = world.request("scale prod deploy/web 8", **WHY)
    world.wait(change, State.AWAITING_APPROVAL)
    world.shows(change, "Needs 2 more")
    world.click(change, "approve", SENIOR)
    world.shows(change, "Needs 1 more")

    eight = web(world, ref=change.branch)
    world.push(
        change.branch, f"{PROD}/shop-prod/web.yaml", eight.replace("replicas: 8", "replicas: 9")
    )
    world.shows(change, "Needs 2 more", "replicas: 9", "counts no more")
    world.tells(change, "void")
    change = approved(world, change, SENIOR, OTHER_SENIOR)
    assert replicas(world) == 9
    assert len(change.progress.approvals) == 3


def test_a_window_is_waited_for(deployed: World) -> None:
    world = deployed
    world.start(skips=True)
    now = datetime.now(ZoneInfo("Europe/Berlin"))  # where the requester is
    opens, closes = now + timedelta(hours=2), now + timedelta(hours=4)
    change = world.request(
        "scale prod deploy/web 6",
        **WHY,
        window_start=opens.strftime("%Y-%m-%d %H:%M:%S"),
        window_end=closes.strftime("%Y-%m-%d %H:%M:%S"),
    )
    world.wait(change, State.AWAITING_APPROVAL)
    world.click(change, "approve", SENIOR)
    world.wait(change, State.SCHEDULED)
    world.shows(change, "maintenance window")
    world.skip(timedelta(hours=2))
    change = world.wait(change, State.COMPLETED)
    merged = next(e for e in world.store.events(change.number) if e.entry.kind == "change.started")
    assert merged.entry.at >= opens.replace(microsecond=0)


def test_a_base_that_moved_on_the_same_lines_is_settled_by_making_the_edit_anew(
    deployed: World,
) -> None:
    world = deployed
    world.start()
    change = world.request("scale prod deploy/web 8", **WHY)
    world.wait(change, State.AWAITING_APPROVAL)
    was = replicas(world)
    world.push("main", f"{PROD}/shop-prod/web.yaml", web(world, (f": {was}", f": {was + 1}")))
    world.click(change, "approve", SENIOR)
    world.tells(change, "not what would be merged", "up to date")
    world.wait(change, State.AWAITING_APPROVAL)
    change = approved(world, change, SENIOR)
    assert replicas(world) == 8
    assert len(pull_requests(world)) == 1


def test_what_argocd_cannot_sync_is_taken_back_and_holds_the_environment(deployed: World) -> None:
    world = deployed
    world.start()
    before = web(world)
    deployment, _, service = web(world).partition("\n---\n")
    other = deployment.replace("      app: web\n", "      app: other\n")
    other = other.replace("        app: web\n", "        app: other\n")
    change = world.request("apply prod", manifest=f"{other}\n---\n{service}", **WHY)
    world.wait(change, State.AWAITING_APPROVAL)
    world.click(change, "approve", SENIOR)
    it_is_taken_back_and_held(world, change, before, "immutable")
    labels = world.live("deploy/web", "shop-prod")["spec"]["selector"]["matchLabels"]
    assert labels["app"] == "web", "the cluster never had it"


def test_what_does_not_become_healthy_is_taken_back_and_holds_the_environment(
    deployed: World,
) -> None:
    world = deployed
    world.start()
    before = web(world)
    change = world.request("apply prod", manifest=web(world, (":1.8.2", ":broken")), **WHY)
    world.wait(change, State.AWAITING_APPROVAL)
    world.click(change, "approve", SENIOR)
    it_is_taken_back_and_held(world, change, before, "pod web-")
    world.shows(change, "ImagePullBackOff", "shop/web:broken")

    waiting = world.request("scale prod deploy/web 6", **WHY)
    world.wait(waiting, State.AWAITING_APPROVAL)
    world.click(waiting, "approve", SENIOR)
    world.shows(waiting, "is held since", change.id)
    assert replicas(world) == 4
    world.click(change, "release_hold", OTHER_SENIOR)
    world.wait(change, State.ROLLED_BACK)
    world.wait(waiting, State.COMPLETED)
    assert replicas(world) == 6


def it_is_taken_back_and_held(world: World, change: Change, before: str, why: str) -> None:
    """Git and the cluster are as they were, by a second pull request, and everybody knows why."""
    world.wait(change, State.HELD)
    world.shows(change, why)
    assert web(world) == before
    world.until(lambda: sync_status(world, "prod") == "Synced")
    assert [pull.merged for pull in pull_requests(world)] == [True, True]
    assert "release_hold" in buttons(world.card(change))


def test_a_freeze_stops_the_merge_until_a_senior_lets_the_change_through(deployed: World) -> None:
    world = deployed
    world.start()
    change = world.request("scale prod deploy/web 8", **WHY)
    world.wait(change, State.AWAITING_APPROVAL)
    world.slack.command(
        OTHER_SENIOR, CHANNELS["prod"], "/change", "freeze prod 4h because of a fair"
    )
    world.shows(change, "frozen")
    world.click(change, "approve", SENIOR)
    world.until(lambda: "change.approved" in world.events(change))
    world.shows(change, "a fair")
    assert not [pull for pull in pull_requests(world) if pull.merged]
    world.slack.command(
        OTHER_SENIOR, CHANNELS["prod"], "/change", f"exempt {change.id} because it was agreed"
    )
    world.wait(change, State.COMPLETED)
    assert replicas(world) == 8
