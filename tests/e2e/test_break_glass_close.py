"""An emergency for each criterion, from the command to the close: what people do, and everything
that it leaves in the cluster, Git, Slack and Jira."""

from typing import Any

import pytest

from chatbot.domain.change import Change
from chatbot.domain.emergency import Criterion
from chatbot.domain.lifecycle import State
from chatbot.domain.obligation import Kind
from tests.support import glass_world as glass
from tests.support import incident_world as incident
from tests.support.argocd import AUTOMATED
from tests.support.argocd_world import deployed
from tests.support.direct_messages import told
from tests.support.incident_world import owing
from tests.support.slack_forms import pressed
from tests.support.slack_messages import add_to_timeline
from tests.support.world import (
    INCIDENTS,
    OTHER_SENIOR,
    REQUESTER,
    SENIOR,
    World,
    buttons,
    pull_requests,
)

__all__ = ["deployed", "owing"]

pytestmark = pytest.mark.timeout(300)

ARCHIVES = ("[polling]", "[incidents]\narchive = true\n\n[polling]")
PATH = "environments/prod/shop-prod/web.yaml"


def test_a_service_that_is_down_is_helped_and_everything_is_paid(owing: World) -> None:
    world = owing
    world.configure(ARCHIVES)
    world.start()
    change = glass.lit(world, glass.ask(world, "scale prod deploy/web 6", incident_id="PD-4711"))
    world.shows(change, Criterion.SERVICE_DOWN.words)
    assert glass.replicas(world) == 4, "nothing is applied before it is signed off"
    glass.signed_off(world, change)
    incident.expect_applied_at_once(world, change)
    assert glass.replicas(world) == 6
    change = world.wait(change, State.PR_OPEN)
    assert incident.auto_sync(world) == (None, change.id)
    _expect_owed(world, change)
    world.until(lambda: len(incident.room(world, change).bookmarks) == 2)
    _expect_room(world, change)
    added = _added_to_timeline(world, change)

    assert "replicas: 6" in world.file(PATH, change.branch), "Git gets what was applied"
    world.merge(change)
    timeline = incident.write_postmortem(world, change)
    for words in ("asked for it: Checkout answers with 503", "signed it off", "applied", added):
        assert words in timeline
    _expect_judged_by_others(world, change)
    incident.accept_postmortem(world, change)
    world.wait(change, State.COMPLETED)
    world.until(lambda: incident.at_rest(world, change))

    assert incident.auto_sync(world) == (AUTOMATED, ""), "as it was"
    assert "replicas: 6" in world.file(PATH)
    assert glass.replicas(world) == 6
    incident.expect_told(world, change, "signed off", "applied", "closed")
    _expect_closed(world, change)
    incident.expect_once(world, change)
    assert world.redlight("audit", "verify").returncode == 0


def _expect_owed(world: World, change: Change) -> None:
    owed = {obligation.kind: obligation for obligation in world.store.obligations(change.number)}
    assert set(owed) == set(Kind)
    assert {obligation.owner for obligation in owed.values()} == {REQUESTER}
    assert change.progress.confirmed_by == SENIOR
    world.shows(change, "signed off", f"<@{SENIOR}>", "Postmortem: due", "Git reconciliation: due")
    assert {"cancel", "write_postmortem"} <= set(buttons(world.card(change)))


def _expect_room(world: World, change: Change) -> None:
    seen, (issue, _) = incident.room(world, change), incident.issues(world, change)
    assert seen.name == "inc-chg-1-web"
    assert seen.topic == (
        f"{change.id} · applied, and to be paid back · Scale deployment/web 4 → 6 · prod · "
        "service down"
    )
    assert not seen.archived
    everybody = {REQUESTER, SENIOR, OTHER_SENIOR, incident.MANAGER}
    assert everybody <= seen.members
    [pinned] = seen.pinned
    for words in ("Checkout answers with 503", "All of checkout", "PD-4711", "postmortem: due"):
        assert words in pinned
    [pull] = pull_requests(world)
    assert seen.bookmarks == {
        f"Pull request #{pull.number}": pull.html_url,
        f"Jira {issue['key']}": f"{world.environ['JIRA_URL']}/browse/{issue['key']}",
    }
    assert (issue["kind"], issue["status"]) == ("Incident", "Open")
    for words in ("service down", "Checkout answers with 503", "-  replicas: 4", "+  replicas: 6"):
        assert words in issue["description"]
    world.until(lambda: len(incident.issues(world, change)[0]["links"]) == 3)
    titles = {link["title"] for link in incident.issues(world, change)[0]["links"]}
    assert titles == {f"#{seen.name}", f"Card of {change.id}", f"Pull request #{pull.number}"}


def _added_to_timeline(world: World, change: Change) -> str:
    """Somebody says something in the channel, and puts it into the timeline."""
    words, channel = "The queue is empty again.", f"#{incident.room(world, change).name}"
    ts = world.slack.say(OTHER_SENIOR, channel, words)
    add_to_timeline(world.slack, OTHER_SENIOR, channel, ts)
    world.until(lambda: world.store.notes(change.number))
    return words


def _expect_judged_by_others(world: World, change: Change) -> None:
    asked = told(world, SENIOR, "submitted the postmortem", change.id)
    action = pressed(asked["blocks"], "accept_postmortem", None)
    world.slack.send_click(REQUESTER, INCIDENTS, world.card(change)["ts"], action)
    world.until(lambda: (REQUESTER, "accept_postmortem") in world.refusals())
    assert "postmortem.accepted" not in world.events(change)


def _expect_closed(world: World, change: Change) -> None:
    seen, (issue, subtasks) = incident.room(world, change), incident.issues(world, change)
    assert seen.archived
    assert seen.topic.startswith(f"{change.id} · closed")
    assert "🟢 postmortem: met" in seen.pinned[0]
    assert "🟢 reconciliation: met" in seen.pinned[0]
    for words in ("signed it off", "was applied", "was merged", "accepted the postmortem"):
        assert sum(words in text for text in seen.said) == 1, (words, seen.said)
    assert (issue["status"], issue["resolution"]) == ("Resolved", "Done")
    assert [each["summary"] for each in subtasks] == incident.ACTION_ITEMS
    bodies = [comment["body"] for comment in issue["comments"]]
    for words in ("signed it off", "was applied", "accepted the postmortem", "was completed"):
        assert sum(words in body for body in bodies) == 1, (words, bodies)
    written = "mcp-ocs/postmortems/CHG-1.md"
    [pull] = [each for each in pull_requests(world) if each.head.ref.endswith("postmortem-chg-1")]
    pull.merge()
    for field in ("summary", "impact", "root_cause"):
        assert incident.FORM[field].rstrip(".") in world.file(written)
    world.shows(change, "✔ Postmortem: met", "✔ Git reconciliation: met")


def restarted(world: World) -> Any:
    template = world.live("deploy/api", "shop-prod")["spec"]["template"]
    return "kubectl.kubernetes.io/restartedAt" in template["metadata"].get("annotations", {})


def scaled_in_test(world: World) -> Any:
    return world.live("deploy/web")["spec"]["replicas"] == 3


def has_the_image(world: World) -> Any:
    containers = world.live("deploy/web", "shop-prod")["spec"]["template"]["spec"]["containers"]
    return containers[0]["image"].endswith(":9.9.9")


WAYS = {
    Criterion.SECURITY_INCIDENT: ("apply prod", has_the_image, PATH, "9.9.9"),
    Criterion.DATA_LOSS_RISK: (
        *("restart prod deploy/api", restarted),
        *("environments/prod/shop-prod/api.yaml", "restartedAt"),
    ),
    Criterion.REGULATORY_VIOLATION: (
        *("scale test deploy/web 3", scaled_in_test),
        *("environments/test/shop-test/web.yaml", "replicas: 3"),
    ),
}


@pytest.mark.parametrize("criterion", WAYS)
def test_an_emergency_of_every_other_kind_is_applied_and_paid(
    deployed: World, criterion: Criterion
) -> None:
    world = deployed
    world.start()
    text, applied, path, in_git = WAYS[criterion]
    fields = {"criterion": criterion.value}
    if text.startswith("apply"):
        fields["manifest"] = world.file(path).replace("1.8.2", in_git)
    change = glass.lit(world, glass.ask(world, text, **fields))
    world.shows(change, criterion.words)
    assert not applied(world), "nothing is applied before it is signed off"
    glass.signed_off(world, change)
    world.until(lambda: "change.applied" in world.events(change))
    assert applied(world)
    change = world.wait(change, State.PR_OPEN)
    assert {obligation.kind for obligation in world.store.obligations(change.number)} == set(Kind)
    lights = [kind for kind in world.events(change) if kind.startswith("red_light")]
    assert lights == ["red_light.1", "red_light.2", "red_light.3"]
    world.merge(change)
    incident.close(world, change)
    assert in_git in world.file(path)
    assert applied(world)
    assert criterion.words in incident.room(world, change).topic
    incident.expect_told(world, change, "signed off", "applied", "closed")
    assert world.store.check_audit().reason == ""
