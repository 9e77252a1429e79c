"""Bringing a snapshot back."""

import pytest

from chatbot.domain.diff import equal
from chatbot.domain.errors import Conflict
from tests.contract.cluster.world import AT, ClusterWorld, snapshot, target
from tests.support.kube import config_map, deployment


def test_restore_deletes_what_the_change_created(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    bundle = [config_map(world.namespace, a="1"), deployment(world.namespace)]
    before = snapshot(world.cluster, *bundle)
    world.cluster.apply(bundle, change="CHG-1", force=False)

    world.cluster.restore(before, change="CHG-1")
    world.cluster.restore(before, change="CHG-1")

    assert world.cluster.get_many([target(m) for m in bundle]) == [None, None]


def test_restore_brings_back_what_the_change_changed_and_keeps_what_others_did_since(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    original = deployment(world.namespace, replicas=2, image="registry.example/web:1")
    world.admin.apply_as("argocd", original)
    before = snapshot(world.cluster, original)
    changed = deployment(world.namespace, replicas=5, image="registry.example/web:2")
    changed["metadata"]["labels"] = {"tier": "front"}
    changed["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "side:1"})
    world.cluster.apply([changed], change="CHG-1", force=True)
    world.admin.patch_as("hand", original, {"spec": {"minReadySeconds": 7}})
    injected = {"name": "mesh", "image": "mesh:1"}
    mesh = deployment(world.namespace)
    mesh["spec"] = {
        "selector": mesh["spec"]["selector"],
        "template": {"spec": {"containers": [injected]}},
    }
    world.admin.apply_as("mesh", mesh)

    world.cluster.restore(before, change="CHG-1")

    live = world.admin.get(original)
    containers = {c["name"]: c["image"] for c in live["spec"]["template"]["spec"]["containers"]}
    assert live["spec"]["replicas"] == 2
    assert containers == {"app": "registry.example/web:1", "mesh": "mesh:1"}
    assert "labels" not in live["metadata"]
    assert live["spec"]["minReadySeconds"] == 7
    version = live["metadata"]["resourceVersion"]
    world.cluster.restore(before, change="CHG-1")
    assert world.admin.get(original)["metadata"]["resourceVersion"] == version


def test_restore_undoes_a_scale_and_a_restart(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    workload = world.admin.create(deployment(world.namespace, replicas=2))
    before = snapshot(world.cluster, workload)
    world.cluster.scale(target(workload), 6, change="CHG-1")
    world.cluster.restart(target(workload), AT, change="CHG-1")

    world.cluster.restore(before, change="CHG-1")

    live = world.admin.get(workload)
    assert live["spec"]["replicas"] == 2
    assert equal(live, before[0].manifest)


def test_restore_makes_again_what_somebody_deleted_meanwhile(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    settings = world.admin.create(config_map(world.namespace, a="1"))
    before = snapshot(world.cluster, settings)
    world.cluster.apply([config_map(world.namespace, a="2")], change="CHG-1", force=True)
    world.admin.delete(settings)

    world.cluster.restore(before, change="CHG-1")

    assert world.admin.get(settings)["data"] == {"a": "1"}


def test_restore_does_not_touch_what_the_change_never_reached(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    settings = world.admin.create(config_map(world.namespace, a="1"))

    world.cluster.restore(snapshot(world.cluster, settings), change="CHG-1")

    version = settings["metadata"]["resourceVersion"]
    assert world.admin.get(settings)["metadata"]["resourceVersion"] == version


def test_restore_does_not_delete_what_others_made_anew(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    settings = config_map(world.namespace, a="1")
    before = snapshot(world.cluster, settings)
    world.admin.create(settings)

    with pytest.raises(Conflict, match="made anew by somebody else"):
        world.cluster.restore(before, change="CHG-1")
    assert world.admin.exists(settings)
    with pytest.raises(Conflict, match="made anew by somebody else"):
        world.cluster.dry_run_restore(before)


def test_a_dry_run_of_a_restore_shows_what_comes_goes_and_changes_and_does_nothing(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    workload, kept = deployment(world.namespace), config_map(world.namespace, "kept", a="1")
    lost, made = (config_map(world.namespace, name, a="1") for name in ("lost", "made"))
    for manifest in (workload, kept, lost):
        world.admin.create(manifest)
    before = snapshot(world.cluster, workload, kept, lost, made)
    world.cluster.scale(target(workload), 6, change="CHG-1")
    world.cluster.apply([made], change="CHG-1", force=False)
    world.admin.delete(lost)
    objects = [workload, kept, lost, made]
    live = world.cluster.get_many([target(manifest) for manifest in objects])

    changes, stays, comes, goes = world.cluster.dry_run_restore(before)

    assert changes.live is not None
    assert changes.result is not None
    assert (changes.live["spec"]["replicas"], changes.result["spec"]["replicas"]) == (6, 1)
    assert stays.live == stays.result
    assert comes.live is None
    assert equal(comes.result, before[2].manifest)
    assert (goes.live is not None, goes.result) == (True, None)
    assert world.cluster.get_many([target(manifest) for manifest in objects]) == live


def test_a_dry_run_of_a_restore_that_is_done_shows_nothing(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    workload, made = deployment(world.namespace), config_map(world.namespace, a="1")
    world.admin.create(workload)
    before = snapshot(world.cluster, workload, made)
    world.cluster.restart(target(workload), AT, change="CHG-1")
    world.cluster.apply([made], change="CHG-1", force=False)
    world.cluster.restore(before, change="CHG-2")

    restored, gone = world.cluster.dry_run_restore(before)

    assert equal(restored.live, restored.result)
    assert (gone.live, gone.result) == (None, None)
