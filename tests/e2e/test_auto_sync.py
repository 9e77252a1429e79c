import json
from collections.abc import Iterator
from typing import Any

import pytest

from chatbot.domain.argocd import PAUSED_BY
from chatbot.domain.lifecycle import State
from sandbox.cluster import ARGOCD_NAMESPACE
from tests.support.argocd_world import application, argocd, sync_status
from tests.support.world import World

AUTOMATED = {"prune": True, "selfHeal": True}
TEST_IS_AUTO_SYNCED = (
    "[environments.staging]",
    '[environments.test.argocd]\napplication = "test"\n\n[environments.staging]',
)


def automated(world: World) -> Any:
    return application(world, "test")["spec"].get("syncPolicy", {}).get("automated")


def mark(world: World) -> str:
    return str(application(world, "test")["metadata"].get("annotations", {}).get(PAUSED_BY, ""))


def replicas(world: World) -> str:
    path = "jsonpath={.spec.replicas}"
    return world.cluster.kubectl("get", "deploy", "web", "-n", "shop-test", "-o", path)


@pytest.fixture
def auto_synced(world: World) -> Iterator[World]:
    """A world in which Argo CD deploys `test` by itself, and heals what differs from Git."""
    with argocd(world, ["test"]):
        world.configure(TEST_IS_AUTO_SYNCED)
        yield world


def test_a_change_outlives_self_heal_and_auto_sync_comes_back_as_it_was(auto_synced: World) -> None:
    world = auto_synced
    world.start()
    change = world.request("scale test deploy/web 5")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)

    assert automated(world) is None
    assert change.id in mark(world)
    world.until(lambda: sync_status(world, "test") == "OutOfSync")
    assert replicas(world) == "5", "Argo CD has seen the difference, and left it alone"

    world.merge(change)
    world.wait(change, State.COMPLETED)
    assert (automated(world), mark(world)) == (AUTOMATED, "")
    kinds = [event.entry.kind for event in world.store.events(change.number)]
    assert kinds.index("auto_sync.paused") < kinds.index("change.applied")
    assert kinds.index("auto_sync.restored") < kinds.index("change.completed")
    assert replicas(world) == "5"


def test_an_undo_brings_auto_sync_back_too(auto_synced: World) -> None:
    world = auto_synced
    world.start()
    change = world.request("scale test deploy/web 5")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)
    world.click(change, "cancel")
    world.wait(change, State.ROLLED_BACK)
    assert (automated(world), mark(world)) == (AUTOMATED, "")
    world.until(lambda: replicas(world) == "2")


def test_what_nobody_living_holds_is_restored_at_the_next_start(auto_synced: World) -> None:
    world = auto_synced
    left = {"change": "CHG-999", "until": "2026-01-01T00:00:00Z", "automated": AUTOMATED}
    patch = {
        "metadata": {"annotations": {PAUSED_BY: json.dumps(left)}},
        "spec": {"syncPolicy": {"automated": None}},
    }
    world.cluster.kubectl(
        *("patch", "application", "test", "-n", ARGOCD_NAMESPACE),
        *("--type=merge", "--patch", json.dumps(patch)),
    )
    assert automated(world) is None
    world.start()
    world.until(lambda: automated(world) == AUTOMATED)
    assert mark(world) == ""
    [event] = world.until(
        lambda: [e for e in world.store.events() if e.entry.kind == "auto_sync.restored"]
    )
    assert event.entry.data == {"application": "test", "outcome": "restored", "held_by": "CHG-999"}
