"""Server-side apply and its dry run."""

import pytest

from chatbot.domain.diff import CHANGE_ANNOTATION, equal
from chatbot.domain.errors import Conflict, NotFound, Permanent
from tests.contract.cluster.world import (
    AT,
    RESTARTED_AT,
    ClusterWorld,
    eventually,
    snapshot,
    target,
    unique,
    widget,
)
from tests.support.kube import config_map, definition, deployment, namespace, service


def test_a_bundle_is_applied_in_order_of_its_documents_and_marked_with_the_change(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    bundle = [
        config_map(world.namespace, a="1"),
        deployment(world.namespace),
        service(world.namespace),
    ]

    applied = world.cluster.apply(bundle, change="CHG-1", force=False)

    assert [m["kind"] for m in applied] == ["ConfigMap", "Deployment", "Service"]
    for manifest in bundle:
        live = world.admin.get(manifest)
        assert live["metadata"]["annotations"][CHANGE_ANNOTATION] == "CHG-1"
        assert {e["manager"] for e in live["metadata"]["managedFields"]} == {"redlight"}


def test_applying_the_same_again_changes_nothing(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    bundle = [config_map(world.namespace, a="1"), deployment(world.namespace)]

    first = world.cluster.apply(bundle, change="CHG-1", force=False)
    again = world.cluster.apply(bundle, change="CHG-1", force=False)

    versions = [[m["metadata"]["resourceVersion"] for m in run] for run in (first, again)]
    assert versions[0] == versions[1]


def test_a_bundle_may_bring_its_own_namespace_and_kind_in_any_order(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    group, name = f"{unique('g')}.example", unique("team")
    world.allow(group, "widgets")
    bundle = [
        widget(group, name),
        config_map(name, a="1"),
        definition(group, "Widget"),
        namespace(name),
    ]

    planned = world.wide.dry_run_apply(bundle, force=False)
    assert [p.live for p in planned] == [None] * 4
    assert planned[0].result == bundle[0]
    assert planned[1].result == bundle[1]
    assert not world.admin.exists(namespace(name))

    before = snapshot(world.wide, *bundle)
    applied = world.wide.apply(bundle, change="CHG-1", force=False)
    assert [m["kind"] for m in applied] == [m["kind"] for m in bundle]
    assert world.wide.get(target(bundle[0])) is not None

    world.wide.restore(before, change="CHG-1")
    eventually(lambda: world.wide.get(target(bundle[0])) is None)
    assert world.wide.get(target(bundle[1])) is None


def test_a_dry_run_leaves_nothing_behind_and_shows_the_servers_defaults(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    wanted = deployment(world.namespace)

    (planned,) = world.cluster.dry_run_apply([wanted], force=False)

    assert planned.live is None
    assert planned.result is not None
    assert planned.result["spec"]["replicas"] == 1
    assert world.cluster.get(target(wanted)) is None


def test_a_dry_run_of_what_is_already_so_equals_live(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    wanted = deployment(world.namespace, replicas=2)
    world.cluster.apply([wanted], change="CHG-1", force=False)

    (planned,) = world.cluster.dry_run_apply([wanted], force=False)

    assert equal(planned.live, planned.result)


def test_a_field_conflict_names_the_manager_and_the_field(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    world.admin.apply_as("argocd", deployment(world.namespace, replicas=2))
    wanted = deployment(world.namespace, replicas=3)

    (planned,) = world.cluster.dry_run_apply([wanted], force=False)
    assert planned.result is None
    assert planned.live is not None
    assert [(c.field, c.manager) for c in planned.conflicts] == [(".spec.replicas", "argocd")]

    with pytest.raises(Conflict) as refused:
        world.cluster.apply([wanted], change="CHG-1", force=False)
    assert refused.value.owners == {".spec.replicas": "argocd"}
    assert "argocd" in refused.value.remedy
    assert world.admin.get(wanted)["spec"]["replicas"] == 2


def test_force_overrides_a_field_conflict(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    world.admin.apply_as("argocd", deployment(world.namespace, replicas=2))
    wanted = deployment(world.namespace, replicas=3)

    (planned,) = world.cluster.dry_run_apply([wanted], force=True)
    assert planned.conflicts == ()
    (applied,) = world.cluster.apply([wanted], change="CHG-1", force=True)
    assert applied["spec"]["replicas"] == 3


def test_our_own_earlier_restart_is_no_conflict(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    wanted = deployment(world.namespace)
    world.cluster.apply([wanted], change="CHG-1", force=False)
    world.cluster.restart(target(wanted), AT, change="CHG-2")
    later = "2026-03-02T12:00:00Z"
    wanted["spec"]["template"]["metadata"]["annotations"] = {RESTARTED_AT: later}

    (planned,) = world.cluster.dry_run_apply([wanted], force=False)
    assert planned.conflicts == ()
    (applied,) = world.cluster.apply([wanted], change="CHG-3", force=False)
    assert applied["spec"]["template"]["metadata"]["annotations"][RESTARTED_AT] == later


def test_what_the_server_finds_invalid_is_refused_in_its_own_words(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    wrong = deployment(world.namespace, replicas=-1)

    with pytest.raises(Permanent, match=r"spec\.replicas: Invalid value: -1"):
        world.cluster.dry_run_apply([wrong], force=False)


def test_a_field_that_the_kind_does_not_have_is_named(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    wrong = deployment(world.namespace, replicaz=2)

    with pytest.raises(Permanent, match="replicaz"):
        world.cluster.dry_run_apply([wrong], force=False)


def test_a_missing_namespace_is_named(cluster_world: ClusterWorld) -> None:
    name = unique("nowhere")
    with pytest.raises(NotFound, match=name):
        cluster_world.wide.dry_run_apply([config_map(name, a="1")], force=False)


def test_one_bad_document_does_not_keep_the_others_from_being_tried(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    bundle = [deployment(world.namespace, replicas=-1), config_map(world.namespace, a="1")]

    with pytest.raises(Permanent):
        world.cluster.apply(bundle, change="CHG-1", force=False)
    assert world.admin.exists(bundle[1])
