"""Taking back what was done, with a change of its own, as the people who ask for it see it."""

import yaml

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.world import CHANNELS, OTHER_SENIOR, REQUESTER, World, pull_requests

TEST = "environments/test"
WEB = f"{TEST}/shop-test/web.yaml"
BAD = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: cache
data:
  SIZE: "400"
"""


def completed(world: World, text: str, **fields: str | None) -> Change:
    """A change of `test` from the command to the end."""
    return seen_through(world, world.request(text, **fields))


def seen_through(world: World, change: Change, user: str = REQUESTER) -> Change:
    """Confirm, merge, wait."""
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff", user)
    change = world.wait(change, State.PR_OPEN)
    world.merge(change)
    return world.wait(change, State.COMPLETED)


def roll_back(world: World, original: Change, user: str = REQUESTER) -> Change:
    """`/change rollback CHG-n`, say why, submit; the change that it became."""
    before = len(world.changes())
    world.slack.command(user, CHANNELS["test"], "/change", f"rollback {original.id}")
    form = world.slack.view(user, "change_request")
    assert original.id in form["title"]["text"]
    answer = world.slack.submit(user, {"justification": "The cache grows without end."})
    assert not answer.errors, answer.errors
    world.until(lambda: len(world.changes()) > before)
    return world.store.changes(limit=1)[0]


def test_a_scale_is_taken_back_in_the_cluster_and_in_git(world: World) -> None:
    world.start()
    before = world.file(WEB)
    scaled = completed(world, "scale test deploy/web 5")
    world.shows(scaled, f"/change rollback {scaled.id}")

    back = roll_back(world, scaled, OTHER_SENIOR)
    world.wait(back, State.AWAITING_CONFIRMATION)
    world.shows(back, f"Roll back {scaled.id}: deployment/web", "replicas: 5", "replicas: 2")
    assert world.live("deploy/web")["spec"]["replicas"] == 5, "nothing happens before the yes"
    back = seen_through(world, back, OTHER_SENIOR)

    assert world.live("deploy/web")["spec"]["replicas"] == 2
    assert world.file(WEB) == before
    world.shows(back, "Rolls back <http", f"|{scaled.id}>", "completed")
    world.shows(scaled, "Rolled back by <http", f"|{back.id}>", "rolled back since")
    world.tells(scaled, f"Somebody asked to roll this back: {back.id}", f"{back.id} has rolled")
    record = yaml.safe_load(world.file(f"mcp-ocs/changes/{back.id}.yaml"))
    assert (record["operation"], record["rolls_back"]) == ("rollback", scaled.id)
    assert record["risk_assessment"] == scaled.request.risk_assessment.value
    assert yaml.safe_load(world.file(f"mcp-ocs/changes/{scaled.id}.yaml"))["change"] == scaled.id
    assert len(pull_requests(world)) == 2
    assert world.store.check_audit().reason == ""

    world.slack.command(REQUESTER, CHANNELS["test"], "/change", f"rollback {scaled.id}")
    world.told(REQUESTER, "test", f"{back.id} has rolled it back already")
    assert (REQUESTER, "roll_back") in world.refusals()


def test_a_new_object_is_deleted_again_and_what_came_later_stays(world: World) -> None:
    world.start()
    folder = world.file(f"{TEST}/kustomization.yaml")
    made = completed(world, "apply test", manifest=BAD)
    later = completed(world, "apply test", manifest=BAD.replace("cache", "later"))
    assert world.live("configmap/cache")["data"] == {"SIZE": "400"}

    back = roll_back(world, made)
    world.wait(back, State.AWAITING_CONFIRMATION)
    world.shows(back, "deletes 1 object")
    seen_through(world, back)

    assert world.live("configmap/cache") == {}
    assert world.live("configmap/later")["data"] == {"SIZE": "400"}
    after = world.file(f"{TEST}/kustomization.yaml")
    assert after == f"{folder}  - shop-test/configmap-later.yaml\n"
    names = [item.name for item in world.repo.get_contents(f"{TEST}/shop-test")]
    assert "configmap-cache.yaml" not in names
    assert world.change(later).progress.rolled_back is None


def test_what_a_later_change_did_to_the_same_object_stays(world: World) -> None:
    world.start()
    before = world.file(WEB)
    scaled = completed(world, "scale test deploy/web 5")
    restarted = completed(world, "restart test deploy/web")

    seen_through(world, roll_back(world, scaled))

    live = world.live("deploy/web")
    annotation = "kubectl.kubernetes.io/restartedAt"
    at = restarted.progress.restarted_at
    assert live["spec"]["replicas"] == 2
    assert live["spec"]["template"]["metadata"]["annotations"][annotation] == at
    [added] = [line for line in world.file(WEB).splitlines() if line not in before.splitlines()]
    assert at in added


def test_a_later_change_of_the_same_field_is_not_overrun(world: World) -> None:
    world.start()
    scaled = completed(world, "scale test deploy/web 5")
    again = completed(world, "scale test deploy/web 4")

    back = roll_back(world, scaled)
    world.wait(back, State.BLOCKED)
    world.shows(back, f"{again.id} changed `.spec.replicas` of deployment/web in shop-test since")
    assert world.live("deploy/web")["spec"]["replicas"] == 4
    world.click(back, "cancel")
    world.wait(back, State.CANCELLED)

    seen_through(world, roll_back(world, again))
    seen_through(world, roll_back(world, scaled))
    assert world.live("deploy/web")["spec"]["replicas"] == 2


def test_what_cannot_be_rolled_back_is_refused_with_what_to_do(world: World) -> None:
    world.start()
    waiting = world.request("scale test deploy/web 5")
    world.wait(waiting, State.AWAITING_CONFIRMATION)
    world.slack.command(REQUESTER, CHANNELS["test"], "/change", f"rollback {waiting.id}")
    world.told(REQUESTER, "test", f"`/change cancel {waiting.id}` cancels it")
    world.slack.command(REQUESTER, CHANNELS["test"], "/change", "rollback CHG-99")
    world.told(REQUESTER, "test", "There is no CHG-99")
    world.slack.command(REQUESTER, CHANNELS["test"], "/change", "rollback")
    world.told(REQUESTER, "test", "Which change?")
    assert world.refusals() == [(REQUESTER, "roll_back")] * 2
    assert [change.number for change in world.changes()] == [waiting.number], (
        "nothing was asked for"
    )
    assert world.change(waiting).state is State.AWAITING_CONFIRMATION
