"""The way back in staging and prod: what does not work is taken out of Git again, and the place is
held until a senior has looked; and what worked can be rolled back like any other change."""

from typing import Any

import pytest
import yaml

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from sandbox.argocd import SYNC_ANNOTATION
from sandbox.cluster import ARGOCD_NAMESPACE
from tests.support.argocd_world import application, deployed
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

WEB = "environments/prod/shop-prod/web.yaml"
WHY = {
    "justification": "Black Friday load; p95 at 900 ms since 09:10.",
    "rollback_plan": "Scale back to 4, no data is touched.",
    "affected_services": "checkout, payments",
}


def web(world: World, tag: str) -> str:
    """The prod manifest of `web` with another tag of its image."""
    text = world.file(WEB)
    old = text.split("registry.example.com/shop/web:")[1].split('"')[0]
    return text.replace(f"shop/web:{old}", f"shop/web:{tag}")


def image(world: World) -> str:
    containers = world.live("deploy/web", "shop-prod")["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"])


def approved(world: World, change: Change, senior: str = SENIOR) -> None:
    world.wait(change, State.AWAITING_APPROVAL)
    world.click(change, "approve", senior)


def synced_revisions(world: World) -> list[str]:
    """What Argo CD has synced in prod, oldest first."""
    history: list[dict[str, Any]] = application(world, "prod")["status"]["history"]
    return [entry["revision"] for entry in history]


def test_what_is_unhealthy_is_taken_back_in_git_and_the_environment_is_held(
    deployed: World,
) -> None:
    world = deployed
    world.start()
    before, was = world.file(WEB), image(world)
    change = world.request("apply prod", manifest=web(world, "broken"), **WHY)
    approved(world, change)
    change = world.wait(change, State.HELD)

    assert world.file(WEB) == before, "Git says what it said before"
    assert image(world) == was, "and so does the cluster"
    back, merged = pull_requests(world)
    assert (back.merged, merged.merged) == (True, True)
    assert back.head.ref == f"mcp-ocs/change-{change.id.lower()}-revert"
    assert [label.name for label in back.labels] == ["redlight"]
    commit = world.repo.get_commit(back.head.sha)
    [status] = [each for each in commit.get_statuses() if each.context == "redlight/policy"]
    assert (status.state, "not judged anew" in status.description) == ("success", True)
    assert commit.commit.message.endswith(f"\n\nChange-Id: {change.id}")
    assert "ImagePullBackOff" in back.body or "Degraded" in back.body
    assert synced_revisions(world)[-2:] == [merged.merge_commit_sha, back.merge_commit_sha]
    record = yaml.safe_load(world.file(f"mcp-ocs/changes/{change.id}.yaml"))
    assert record["result"].startswith("Taken back.")
    assert [branch.name for branch in world.repo.get_branches()] == ["main"]
    world.shows(
        change, "Degraded", "Its commit was taken back", f"way back: <{back.html_url}", "Release"
    )
    world.tells(change, "Degraded", "which takes it back", "Git is without it", "taken back")
    [told] = [text for text in direct_messages(world, REQUESTER) if "It was taken back" in text]
    assert change.id in told

    what_comes_next_waits_for_a_senior(world, change)
    assert world.store.check_audit().reason == ""


def direct_messages(world: World, user: str) -> list[str]:
    return [message["text"] for message in world.slack.direct_messages(user)]


def what_comes_next_waits_for_a_senior(world: World, held: Change) -> None:
    following = world.request("scale prod deploy/api 5", **WHY)
    approved(world, following)
    world.shows(following, "prod is held", held.id)
    assert world.change(following).state is State.SCHEDULED
    world.slack.command(REQUESTER, CHANNELS["prod"], "/change", "list prod")
    line = world.told(REQUESTER, "prod", "In line here")
    assert line.index("held") < line.index("scheduled") < line.index("behind")
    card = world.card(held)
    assert "release_hold" in buttons(card)
    world.press(held, card, "release_hold", REQUESTER)
    world.told(REQUESTER, "prod", "Only a senior can")
    assert world.change(held).state is State.HELD

    world.click(held, "release_hold", OTHER_SENIOR)
    world.wait(held, State.ROLLED_BACK)
    world.wait(following, State.COMPLETED)
    assert world.live("deploy/api", "shop-prod")["spec"]["replicas"] == 5
    assert "Release" not in world.shows(held, "put back")


def test_what_works_is_rolled_back_by_a_change_of_its_own_with_its_own_approval(
    deployed: World,
) -> None:
    world = deployed
    world.start()
    before = world.file(WEB)
    was = world.live("deploy/web", "shop-prod")["spec"]["replicas"]
    scaled = world.request("scale prod deploy/web 8", **WHY)
    approved(world, scaled)
    scaled = world.wait(scaled, State.COMPLETED)
    later = world.request("restart prod deploy/web", **WHY)
    approved(world, later)
    later = world.wait(later, State.COMPLETED)

    world.slack.command(OTHER_SENIOR, CHANNELS["prod"], "/change", f"rollback {scaled.id}")
    world.slack.view(OTHER_SENIOR, "change_request")
    world.slack.submit(OTHER_SENIOR, {"justification": "The load is gone."})
    world.until(lambda: len(world.changes()) > 2)
    back = world.store.changes(limit=1)[0]
    world.wait(back, State.AWAITING_APPROVAL)
    world.shows(back, f"Roll back {scaled.id}: deployment/web", "replicas: 8", f"replicas: {was}")
    assert world.live("deploy/web", "shop-prod")["spec"]["replicas"] == 8
    approved(world, back)
    world.wait(back, State.COMPLETED)

    live = world.live("deploy/web", "shop-prod")
    assert live["spec"]["replicas"] == was
    [added] = [line for line in world.file(WEB).splitlines() if line not in before.splitlines()]
    assert later.progress.restarted_at in added, "what came later stays"
    world.shows(scaled, "Rolled back by <http", f"|{back.id}>")
    world.shows(back, "Rolls back <http", f"|{scaled.id}>")


def fate(world: World, said: str) -> None:
    """How Argo CD's loop plays the next sync of prod; `-` as usual."""
    value = f"{SYNC_ANNOTATION}-" if said == "-" else f"{SYNC_ANNOTATION}={said}"
    world.cluster.kubectl(
        "annotate", "application", "prod", f"--namespace={ARGOCD_NAMESPACE}", "--overwrite", value
    )


def failed_to_sync(world: World, text: str) -> Change:
    fate(world, "fail")
    change = world.request(text, **WHY)
    approved(world, change)
    world.shows(change, "told to fail", "Its commit is in Git still", "Retry", "Take it back")
    return world.change(change)


def test_where_nothing_goes_back_by_itself_a_person_tries_again_or_takes_it_back(
    deployed: World,
) -> None:
    world = deployed
    world.configure(('class = "prod"\n', 'class = "prod"\nrollback_on_failure = false\n'))
    world.start()
    before = world.file(WEB)
    change = failed_to_sync(world, "scale prod deploy/web 8")
    world.click(change, "retry")
    world.until(lambda: world.events(change).count("sync.failed") == 2)
    assert world.change(change).progress.sync_attempt == 2, "Argo CD was told once more"
    fate(world, "-")
    world.click(change, "retry")
    change = world.wait(change, State.COMPLETED)
    assert change.progress.sync_attempt == 3
    assert world.live("deploy/web", "shop-prod")["spec"]["replicas"] == 8

    scaled = world.file(WEB)
    assert scaled != before
    unwanted = failed_to_sync(world, "scale prod deploy/web 9")
    fate(world, "-")
    world.click(unwanted, "cancel")
    world.wait(unwanted, State.HELD)
    assert world.file(WEB) == scaled
    world.tells(unwanted, "asked to undo this", "which takes it back", "Git is without it")


def roll_back(world: World, change: Change, user: str = REQUESTER) -> Change:
    before = len(world.changes())
    world.slack.command(user, CHANNELS["prod"], "/change", f"rollback {change.id}")
    world.slack.view(user, "change_request")
    world.slack.submit(user, {"justification": "The load is gone."})
    world.until(lambda: len(world.changes()) > before)
    return world.store.changes(limit=1)[0]


def test_exactly_what_was_approved_with_the_change_needs_no_second_approval(
    deployed: World,
) -> None:
    world = deployed
    world.configure(('class = "prod"\n', 'class = "prod"\nrollback_approved_hours = 4\n'))
    world.start()
    before = world.file(WEB)
    scaled = world.request("scale prod deploy/web 8", **WHY)
    world.wait(scaled, State.AWAITING_APPROVAL)
    world.shows(scaled, "A yes covers rolling it back to exactly what is there now, for 4 h")
    approved(world, scaled)
    world.wait(scaled, State.COMPLETED)
    back = world.wait(roll_back(world, scaled), State.COMPLETED)
    assert world.file(WEB) == before
    assert back.progress.approvals == ()
    world.shows(back, "Approved with <http", f"by <@{SENIOR}>")
    [said] = [
        event.entry
        for event in world.store.events(back.number)
        if event.entry.kind == "change.approved"
    ]
    assert (said.data["approved_with"], said.data["approved_by"]) == (scaled.id, [SENIOR])
    assert "policy.passed" in world.events(back), "policy judged it all the same"

    again = world.request("scale prod deploy/web 9", **WHY)
    approved(world, again)
    world.wait(again, State.COMPLETED)
    restarted = world.request("restart prod deploy/web", **WHY)
    approved(world, restarted)
    world.wait(restarted, State.COMPLETED)
    other = world.wait(roll_back(world, again), State.AWAITING_APPROVAL)
    world.shows(other, "Needs 1 more")
    assert other.progress.review is not None
    assert other.progress.review.approved_with is None, "the restart is there besides"
