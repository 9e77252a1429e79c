from chatbot.domain.lifecycle import State
from tests.support.world import World, pull_requests


def test_a_scale_lands_in_the_cluster_and_in_git(world: World) -> None:
    world.start()
    change = world.request("scale test deploy/web 5")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)
    before = world.file("environments/test/shop-test/web.yaml")
    world.merge(change)
    world.wait(change, State.COMPLETED)

    replicas = world.cluster.kubectl(
        "get", "deploy", "web", "-n", "shop-test", "-o", "jsonpath={.spec.replicas}"
    )
    assert replicas == "5"
    after = world.file("environments/test/shop-test/web.yaml")
    assert after == before.replace("replicas: 2  # two", "replicas: 5  # two")
    [pull] = pull_requests(world)
    assert (pull.merged, pull.commits) == (True, 1)
    assert world.store.check_audit().reason == ""
