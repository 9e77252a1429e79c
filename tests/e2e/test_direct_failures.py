"""What goes wrong in the cluster or in Git, and how a change gets out of it again."""

from typing import Any

import pytest

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.world import REQUESTER, World, buttons, pull_requests

WEB = "environments/test/shop-test/web.yaml"
EXTRA = """\
---
apiVersion: v1
kind: Service
metadata:
  name: extra
spec:
  selector:
    app: web
  ports:
    - port: 81
"""


def broken(world: World) -> str:
    """The Deployment with an image that nobody can pull, and a Service that is new."""
    deployment = world.file(WEB).partition("\n---\n")[0].replace(":1.8.2", ":broken")
    return f"{deployment}\n{EXTRA}"


def specification(manifest: dict[str, Any]) -> Any:
    """What people wrote, without what the server counts."""
    metadata = manifest["metadata"]
    return manifest["spec"], metadata["labels"], sorted(metadata["annotations"])


def confirmed(world: World, text: str, **fields: str) -> Change:
    """A change in test whose diff was confirmed."""
    change = world.request(text, **fields)
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff")
    return change


def test_a_failing_rollout_is_put_back_and_says_why(world: World) -> None:
    world.start()
    before = world.live("deploy/web")
    change = confirmed(world, "apply test", manifest=broken(world))
    world.wait(change, State.ROLLED_BACK)

    assert specification(world.live("deploy/web")) == specification(before)
    assert world.live("service/extra") == {}, "what was new is gone again"
    assert pull_requests(world) == []
    why = ("registry.example.com/shop/web:broken", "ImagePullBackOff")
    world.shows(change, *why)
    world.tells(change, "took it", "ImagePullBackOff", "web:broken", "as it was before")
    [message] = world.until(lambda: world.slack.direct_messages(REQUESTER))
    assert "rolled back" in message["text"]
    assert buttons(world.card(change)) == []
    kinds = world.events(change)
    assert kinds[-2:] == ["rollback.started", "change.rolled_back"]
    assert world.store.check_audit().reason == ""


def test_without_rollback_a_failure_offers_retry_and_undo(world: World) -> None:
    world.configure(
        ("rollout_timeout_minutes = 1", "rollout_timeout_minutes = 1\nrollback_on_failure = false")
    )
    world.start()
    before = world.live("deploy/web")
    change = confirmed(world, "apply test", manifest=broken(world))
    world.wait(change, State.FAILED)
    world.shows(change, "ImagePullBackOff")
    assert {"retry", "cancel"} <= set(buttons(world.card(change)))
    assert world.live("deploy/web")["spec"] != before["spec"], "nobody put it back"

    world.click(change, "retry")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff")
    world.wait(change, State.FAILED)
    world.click(change, "cancel")
    world.wait(change, State.ROLLED_BACK)
    assert specification(world.live("deploy/web")) == specification(before)
    assert world.live("service/extra") == {}
    assert pull_requests(world) == []
    assert world.store.check_audit().reason == ""


LOUD = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
  namespace: shop-test
data:
  LOG_LEVEL: {level}
"""


def test_a_field_of_another_manager_is_taken_over_only_on_purpose(world: World) -> None:
    world.start()
    world.cluster.kubectl(
        *("apply", "--server-side", "--force-conflicts", "--field-manager=night-shift"),
        "--filename=-",
        stdin=LOUD.format(level="trace"),
    )
    change = world.request("apply test", manifest=LOUD.format(level="warn"))
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.shows(change, "night-shift", "LOG_LEVEL")
    assert world.live("configmap/web")["data"]["LOG_LEVEL"] == "trace"
    [button] = [
        element
        for block in world.card(change)["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == "confirm_diff"
    ]
    assert (button["style"], "confirm" in button) == ("danger", True)

    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)
    live = world.live("configmap/web")
    assert live["data"]["LOG_LEVEL"] == "warn"
    owners = [
        row["manager"] for row in live["metadata"]["managedFields"] if "LOG_LEVEL" in str(row)
    ]
    assert owners == ["redlight"]
    world.tells(change, "taken over")


def closed_unmerged(world: World) -> Change:
    """A scale whose pull request somebody closed."""
    change = confirmed(world, "scale test deploy/web 4")
    change = world.wait(change, State.PR_OPEN)
    assert change.progress.pull_request is not None
    world.repo.get_pull(change.progress.pull_request.number).edit(state="closed")
    world.wait(change, State.RECONCILING)
    world.shows(change, "closed", "replicas: 4", "replicas: 2")
    return change


def test_a_closed_pull_request_can_be_opened_again(world: World) -> None:
    world.start()
    change = closed_unmerged(world)
    world.click(change, "open_backfill")
    world.wait(change, State.PR_OPEN)
    world.merge(change)
    world.wait(change, State.COMPLETED)
    assert "replicas: 4" in world.file(WEB)
    assert sum(pull.merged for pull in pull_requests(world)) == 1


def test_a_closed_pull_request_can_be_answered_with_an_undo(world: World) -> None:
    world.start()
    change = closed_unmerged(world)
    world.click(change, "cancel")
    world.wait(change, State.ROLLED_BACK)
    assert world.live("deploy/web")["spec"]["replicas"] == 2
    assert "replicas: 2" in world.file(WEB)
    assert [pull.state for pull in pull_requests(world)] == ["closed"]


def test_an_open_pull_request_is_closed_by_an_undo(world: World) -> None:
    world.start()
    change = confirmed(world, "scale test deploy/web 4")
    world.wait(change, State.PR_OPEN)
    world.click(change, "cancel")
    world.wait(change, State.ROLLED_BACK)
    [pull] = pull_requests(world)
    assert (pull.state, pull.merged) == ("closed", False)
    assert world.live("deploy/web")["spec"]["replicas"] == 2


@pytest.mark.parametrize("mended_in", ["the cluster", "Git"])
def test_live_that_moved_before_the_merge_is_shown_and_mended(world: World, mended_in: str) -> None:
    world.start()
    change = confirmed(world, "scale test deploy/web 4")
    world.wait(change, State.PR_OPEN)
    world.cluster.kubectl("scale", "deploy/web", "--replicas=7", "--namespace=shop-test")
    world.merge(change)
    world.wait(change, State.RECONCILING)
    world.shows(change, "replicas: 7", "replicas: 4")
    assert "open_backfill" in buttons(world.card(change))
    if mended_in == "the cluster":
        world.cluster.kubectl("scale", "deploy/web", "--replicas=4", "--namespace=shop-test")
    else:
        text = world.file(WEB).replace("replicas: 4", "replicas: 7")
        world.push("main", WEB, text)
    world.click(change, "retry")
    world.wait(change, State.COMPLETED)
    assert world.store.check_audit().reason == ""
