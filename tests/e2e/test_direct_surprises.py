"""What the person who confirms has to know first, and changes that meet."""

from chatbot.domain.lifecycle import State
from tests.support.world import World, buttons

AUTOSCALER = """\
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata:
  name: web-by-load
  namespace: shop-dev
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 3
"""


def test_an_autoscaler_is_named_before_a_scale_even_in_dev(world: World) -> None:
    world.start()
    world.cluster.kubectl("apply", "--server-side", "--filename=-", stdin=AUTOSCALER)
    change = world.request("scale dev deploy/web 3")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.shows(change, "web-by-load")
    assert world.live("deploy/web", "shop-dev")["spec"]["replicas"] == 1
    world.click(change, "confirm_diff")
    world.wait(change, State.COMPLETED)
    assert world.live("deploy/web", "shop-dev")["spec"]["replicas"] == 3


def test_what_moved_after_the_diff_is_shown_anew_before_it_is_applied(world: World) -> None:
    world.start()
    change = world.request("scale test deploy/web 5")
    seen = world.wait(change, State.AWAITING_CONFIRMATION).progress.plan
    old = world.card(change)
    world.cluster.kubectl("scale", "deploy/web", "--replicas=3", "--namespace=shop-test")
    world.click(change, "confirm_diff")
    world.until(lambda: "plan.outdated" in world.events(change))
    now = world.wait(change, State.AWAITING_CONFIRMATION).progress.plan
    assert seen is not None
    assert now is not None
    assert seen.digest != now.digest
    assert world.live("deploy/web")["spec"]["replicas"] == 3, "nothing is applied"
    world.shows(change, "replicas: 3", "replicas: 5")
    world.tells(change, "nothing was applied")

    world.press(change, old, "confirm_diff")
    world.told(change.requester, "test", "changed")
    assert world.change(change).state is State.AWAITING_CONFIRMATION, "the old button is void"
    assert world.refusals() == [(change.requester, "confirm")]
    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)
    assert world.live("deploy/web")["spec"]["replicas"] == 5


def test_two_changes_of_one_object_go_one_after_the_other(world: World) -> None:
    world.start()
    first = world.request("scale test deploy/web 3")
    world.wait(first, State.AWAITING_CONFIRMATION)
    world.click(first, "confirm_diff")
    world.wait(first, State.PR_OPEN)
    second = world.request("restart test deploy/web")
    other = world.request("restart test deploy/api")
    for change in (second, other):
        world.wait(change, State.AWAITING_CONFIRMATION)
        world.click(change, "confirm_diff")
    world.shows(second, first.id)
    world.wait(other, State.PR_OPEN)
    assert world.change(second).state is State.APPLYING, "it waits"
    assert "cancel" in buttons(world.card(second))

    world.merge(first)
    world.wait(first, State.COMPLETED)
    second = world.wait(second, State.PR_OPEN)
    world.merge(second)
    world.wait(second, State.COMPLETED)
    text = world.file("environments/test/shop-test/web.yaml")
    assert "replicas: 3" in text
    assert second.progress.restarted_at in text
