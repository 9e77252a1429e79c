"""Scale and restart."""

import pytest

from chatbot.domain.diff import CHANGE_ANNOTATION
from chatbot.domain.errors import NotFound, Permanent
from tests.contract.cluster.world import (
    AT,
    RESTARTED_AT,
    ClusterWorld,
    deployment_config,
    eventually,
    target,
)
from tests.support.kube import config_map, definition, deployment


def test_scale_sets_the_replicas_and_says_which_change_did(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    workload = world.admin.create(deployment(world.namespace, replicas=1))

    planned = world.cluster.dry_run_scale(target(workload), 4, force=False)
    assert planned.result is not None
    assert planned.result["spec"]["replicas"] == 4
    assert world.admin.get(workload)["spec"]["replicas"] == 1

    scaled = world.cluster.scale(target(workload), 4, change="CHG-7")
    assert scaled["spec"]["replicas"] == 4
    assert scaled["metadata"]["annotations"][CHANGE_ANNOTATION] == "CHG-7"


def test_scaling_what_another_manager_applies_is_a_conflict_unless_forced(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    workload = world.admin.apply_as("argocd", deployment(world.namespace, replicas=2))

    planned = world.cluster.dry_run_scale(target(workload), 4, force=False)
    assert [(c.field, c.manager) for c in planned.conflicts] == [(".spec.replicas", "argocd")]
    assert planned.result is None

    forced = world.cluster.dry_run_scale(target(workload), 4, force=True)
    assert forced.conflicts == ()
    assert forced.result is not None


def test_what_has_no_scale_subresource_cannot_be_scaled(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    settings = world.admin.create(config_map(world.namespace, a="1"))
    with pytest.raises(Permanent, match="ConfigMap cannot be scaled"):
        world.cluster.dry_run_scale(target(settings), 2, force=False)


def test_scaling_what_is_not_there_says_so(cluster_world: ClusterWorld) -> None:
    missing = target(deployment(cluster_world.namespace, "ghost"))
    with pytest.raises(NotFound, match="deployment/ghost"):
        cluster_world.cluster.dry_run_scale(missing, 2, force=False)
    with pytest.raises(NotFound, match="ghost"):
        cluster_world.cluster.scale(missing, 2, change="CHG-1")


def test_restart_marks_the_pod_template_once(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    workload = world.admin.create(deployment(world.namespace))

    planned = world.cluster.dry_run_restart(target(workload), AT)
    assert planned.result is not None
    assert planned.result["spec"]["template"]["metadata"]["annotations"] == {RESTARTED_AT: AT}
    assert "annotations" not in world.admin.get(workload)["spec"]["template"]["metadata"]

    first = world.cluster.restart(target(workload), AT, change="CHG-8")
    again = world.cluster.restart(target(workload), AT, change="CHG-8")
    assert first["spec"]["template"]["metadata"]["annotations"] == {RESTARTED_AT: AT}
    assert first["metadata"]["annotations"][CHANGE_ANNOTATION] == "CHG-8"
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_openshifts_deployment_configs_scale_and_restart(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    world.admin.ensure(definition("apps.openshift.io", "DeploymentConfig", scalable=True))
    config = deployment_config(world.namespace)
    eventually(lambda: world.admin.ensure_served(config))

    assert world.cluster.kind("deploymentconfig").scalable
    assert world.cluster.scale(target(config), 3, change="CHG-1")["spec"]["replicas"] == 3
    restarted = world.cluster.restart(target(config), AT, change="CHG-1")
    assert restarted["spec"]["template"]["metadata"]["annotations"] == {RESTARTED_AT: AT}


def test_what_has_no_pods_of_its_own_cannot_be_restarted(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    settings = world.admin.create(config_map(world.namespace, a="1"))
    with pytest.raises(Permanent, match="ConfigMap cannot be restarted"):
        world.cluster.dry_run_restart(target(settings), AT)


def test_a_paused_deployment_is_not_restarted(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    workload = world.admin.create(deployment(world.namespace, paused=True))
    with pytest.raises(Permanent, match="is paused"):
        world.cluster.restart(target(workload), AT, change="CHG-1")
