"""What was really written, by the server's account of our fields; and forecasts beside what the
server says itself."""

import pytest

from chatbot.domain import forecast
from chatbot.domain.diff import normalise
from chatbot.domain.managed import written
from tests.contract.cluster.world import AT, RESTARTED_AT, ClusterWorld, target
from tests.support.kube import Manifest, config_map, deployment, service


def _ours(world: ClusterWorld, manifest: Manifest, change: str = "CHG-1") -> Manifest:
    live = world.cluster.get(target(manifest))
    assert live is not None
    return normalise(written(live, change))


def _theirs(world: ClusterWorld, **spec: object) -> Manifest:
    """A Deployment that others brought."""
    manifest = deployment(world.namespace, **{"replicas": 2, **spec})
    world.admin.apply_as("gitops", manifest)
    return manifest


def test_what_was_applied_is_ours_whoever_else_has_a_say(cluster_world: ClusterWorld) -> None:
    world, others = cluster_world, _theirs(cluster_world)
    ours = deployment(world.namespace, image="registry.example/web:2")
    world.cluster.apply([ours], change="CHG-1", force=True)
    assert _ours(world, others) == ours


def test_what_another_took_over_since_is_not_ours(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    mine = config_map(world.namespace, a="1", b="2")
    world.cluster.apply([mine], change="CHG-1", force=False)
    world.admin.apply_as("hand", config_map(world.namespace, b="3"), force=True)
    assert _ours(world, mine)["data"] == {"a": "1"}


def test_a_scale_is_ours_by_the_change_that_did_it(cluster_world: ClusterWorld) -> None:
    world, others = cluster_world, _theirs(cluster_world)
    world.cluster.scale(target(others), 5, change="CHG-7")
    assert _ours(world, others, "CHG-7")["spec"] == {"replicas": 5}


def test_a_restart_is_the_time_in_the_template(cluster_world: ClusterWorld) -> None:
    world, others = cluster_world, _theirs(cluster_world)
    world.cluster.restart(target(others), AT, change="CHG-1")
    annotations = {"metadata": {"annotations": {RESTARTED_AT: AT}}}
    assert _ours(world, others)["spec"] == {"template": annotations}


@pytest.mark.parametrize("kind", ["changed", "port", "settings"])
def test_a_forecast_is_what_the_server_says(cluster_world: ClusterWorld, kind: str) -> None:
    world = cluster_world
    _theirs(world)
    for manifest in (service(world.namespace), config_map(world.namespace, a="1", b="2")):
        world.cluster.apply([manifest], change="CHG-1", force=False)
    named = service(world.namespace)
    named["spec"]["ports"][0]["name"] = "http"
    wanted: dict[str, Manifest] = {
        "changed": deployment(world.namespace, image="registry.example/web:2", replicas=3),
        "port": named,
        "settings": config_map(world.namespace, b="3"),
    }
    live = world.cluster.get(target(wanted[kind]))
    [answer] = world.cluster.dry_run_apply([wanted[kind]], force=True)
    assert answer.result is not None
    assert normalise(forecast.applied(live, wanted[kind])) == normalise(answer.result)
