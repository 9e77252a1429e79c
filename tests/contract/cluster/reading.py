"""Objects, names and kinds."""

from uuid import uuid4

import pytest

from chatbot.domain.errors import NotFound
from tests.contract.cluster.world import ClusterWorld, eventually, target, unique
from tests.support.kube import config_map, definition, deployment, limit_range, resource_quota


def test_many_objects_are_read_in_the_order_they_were_asked_for(
    cluster_world: ClusterWorld,
) -> None:
    world = cluster_world
    present = [config_map(world.namespace, f"c{number}", n=str(number)) for number in range(25)]
    world.cluster.apply(present, change="CHG-1", force=False)
    asked = [target(m) for m in reversed(present)]
    asked.insert(3, target(config_map(world.namespace, "ghost")))

    found = world.cluster.get_many(asked)

    assert found[3] is None
    assert [m["data"]["n"] for m in found if m] == [str(n) for n in reversed(range(25))]
    assert {(m["apiVersion"], m["kind"]) for m in found if m} == {("v1", "ConfigMap")}
    few = world.cluster.get_many(asked[2:5])
    assert [m and m["metadata"]["name"] for m in few] == ["c22", None, "c21"]


def test_quotas_and_limit_ranges_of_a_namespace_are_read(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    assert (world.cluster.quotas(world.namespace), world.cluster.limit_ranges(world.namespace)) == (
        [],
        [],
    )
    world.admin.create(resource_quota(world.namespace, cpu="2"))
    world.admin.create(limit_range(world.namespace, default={"memory": "1Gi"}))

    [quota] = world.cluster.quotas(world.namespace)
    [limits] = world.cluster.limit_ranges(world.namespace)

    assert (quota["kind"], quota["spec"]["hard"]) == ("ResourceQuota", {"cpu": "2"})
    assert limits["spec"]["limits"][0]["default"] == {"memory": "1Gi"}


def test_the_names_of_a_kind_are_listed(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    for name in ("web", "api"):
        world.admin.create(deployment(world.namespace, name))
    kind = world.cluster.kind("deploy")
    assert world.cluster.names(kind, world.namespace) == ["api", "web"]


@pytest.mark.parametrize("name", ["Deployment", "deployment", "deployments", "deploy"])
def test_a_kind_is_found_by_any_of_its_names(cluster_world: ClusterWorld, name: str) -> None:
    kind = cluster_world.cluster.kind(name)
    assert (kind.api_version, kind.kind, kind.plural) == ("apps/v1", "Deployment", "deployments")
    assert kind.namespaced
    assert kind.scalable


def test_an_unknown_kind_is_answered_with_near_names(cluster_world: ClusterWorld) -> None:
    with pytest.raises(NotFound, match="did you mean Deployment"):
        cluster_world.cluster.kind("Deploymint")


def test_a_version_that_is_not_served_is_not_found(cluster_world: ClusterWorld) -> None:
    with pytest.raises(NotFound, match="apps/v1beta9"):
        cluster_world.cluster.kind("Deployment", "apps/v1beta9")


def test_a_kind_defined_since_is_found(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    group = f"{unique('g')}.example"
    kind = f"Gadget{uuid4().hex[:6]}"
    with pytest.raises(NotFound):
        world.cluster.kind(kind)
    world.admin.create(definition(group, kind))

    def found() -> bool:
        try:
            return world.cluster.kind(kind).api_version == f"{group}/v1"
        except NotFound:
            return False

    eventually(found)
