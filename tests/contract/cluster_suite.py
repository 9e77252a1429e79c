"""What any `Cluster` promises. A test module imports every test from here and says with its
fixture `cluster_world` which cluster it is about."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from chatbot.domain.change import SnapshotEntry, Target
from chatbot.domain.diff import CHANGE_ANNOTATION, equal
from chatbot.domain.errors import Conflict, NotFound, Permanent
from chatbot.ports import Cluster
from tests.support.kube import (
    Admin,
    Manifest,
    config_map,
    definition,
    deployment,
    namespace,
    service,
)

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
AT = "2026-03-01T12:00:00Z"


@dataclass(frozen=True)
class ClusterWorld:
    """A cluster with a fresh namespace that the bot may change."""

    cluster: Cluster
    """Bound in `namespace` only."""
    wide: Cluster
    """Bound everywhere, objects without a namespace included."""
    namespace: str
    admin: Admin
    allow: Callable[[str, str], None]
    """Let `wide` change a further resource: group and plural."""


def target(manifest: Manifest) -> Target:
    return Target(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=manifest["metadata"].get("namespace", ""),
        name=manifest["metadata"]["name"],
    )


def snapshot(cluster: Cluster, *manifests: Manifest) -> list[SnapshotEntry]:
    targets = [target(manifest) for manifest in manifests]
    found = cluster.get_many(targets)
    return [SnapshotEntry(target=t, manifest=m) for t, m in zip(targets, found, strict=True)]


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid4().hex[:8]}"


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    deadline = monotonic() + seconds
    while not (result := condition()):
        assert monotonic() < deadline, "the condition did not come true in time"
        sleep(0.02)
    return result


def deployment_config(namespace: str) -> Manifest:
    return {
        **deployment(namespace, replicas=1),
        "apiVersion": "apps.openshift.io/v1",
        "kind": "DeploymentConfig",
    }


def widget(group: str, namespace: str) -> Manifest:
    return {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "first", "namespace": namespace},
        "spec": {"size": 1},
    }


# --- apply -----------------------------------------------------------------------------------


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


# --- scale and restart -----------------------------------------------------------------------


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
    eventually(lambda: _created(world.admin, config))

    assert world.cluster.kind("deploymentconfig").scalable
    assert world.cluster.scale(target(config), 3, change="CHG-1")["spec"]["replicas"] == 3
    restarted = world.cluster.restart(target(config), AT, change="CHG-1")
    assert restarted["spec"]["template"]["metadata"]["annotations"] == {RESTARTED_AT: AT}


def _created(admin: Admin, manifest: Manifest) -> bool:
    try:
        admin.ensure(manifest)
    except (ApiException, ResourceNotFoundError):  # defined a moment ago, not served yet
        return False
    return True


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


# --- restore ---------------------------------------------------------------------------------


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


# --- reading ---------------------------------------------------------------------------------


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


# --- diagnosis -------------------------------------------------------------------------------


def _replica_set(world: ClusterWorld, workload: Manifest, revision: int) -> Manifest:
    return world.admin.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"web-{revision}",
                "namespace": world.namespace,
                "annotations": {"deployment.kubernetes.io/revision": str(revision)},
                "ownerReferences": [_owner(workload)],
            },
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": workload["spec"]["template"],
            },
        }
    )


def _owner(manifest: Manifest) -> Manifest:
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "name": manifest["metadata"]["name"],
        "uid": manifest["metadata"]["uid"],
        "controller": True,
    }


def _pod(world: ClusterWorld, name: str, owner: Manifest, state: Manifest) -> Manifest:
    pod = world.admin.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": world.namespace,
                "labels": {"app": "web"},
                "ownerReferences": [_owner(owner)],
            },
            "spec": {
                "containers": [{"name": "app", "image": "registry.example/web:2"}],
                "automountServiceAccountToken": False,
            },
        }
    )
    status = {
        "name": "app",
        "image": "registry.example/web:2",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }
    return world.admin.set_status(pod, {"phase": "Pending", "containerStatuses": [status]})


def _warning(world: ClusterWorld, about: Manifest, reason: str, message: str) -> None:
    world.admin.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": unique("event"), "namespace": world.namespace},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": about["metadata"]["name"],
                "namespace": world.namespace,
                "uid": about["metadata"]["uid"],
            },
        }
    )


def _let_pods_in(world: ClusterWorld) -> None:
    """Pods need a service account, which a controller would have made."""
    world.admin.ensure(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": world.namespace},
        }
    )


def test_failing_pods_of_the_newest_revision_say_why(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    _let_pods_in(world)
    workload = world.admin.create(deployment(world.namespace))
    old, new = (_replica_set(world, workload, revision) for revision in (9, 10))
    _pod(world, "web-9-a", old, {"waiting": {"reason": "CrashLoopBackOff"}})
    message = 'Back-off pulling image "registry.example/web:2"'
    pod = _pod(
        world, "web-10-a", new, {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    )
    _warning(world, pod, "Failed", "manifest unknown")
    _warning(world, new, "FailedCreate", "exceeded quota: pods")

    sentences = world.cluster.failing_pods(target(workload))

    assert sentences == [
        f"pod web-10-a: container app: ImagePullBackOff: {message}",
        "pod web-10-a: Failed: manifest unknown",
        "replicaset web-10: FailedCreate: exceeded quota: pods",
    ]


def test_a_crash_and_a_pod_that_fits_nowhere_are_told(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    _let_pods_in(world)
    workload = world.admin.create(deployment(world.namespace))
    owner = _replica_set(world, workload, 1)
    ended = {"exitCode": 137, "reason": "OOMKilled"}
    _pod(world, "web-a", owner, {"terminated": ended})
    pending = _pod(world, "web-b", owner, {"waiting": {"reason": "ContainerCreating"}})
    world.admin.set_status(
        pending,
        {
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available",
                }
            ]
        },
    )

    assert world.cluster.failing_pods(target(workload)) == [
        "pod web-a: container app: OOMKilled, exit code 137",
        "pod web-b: Unschedulable: 0/3 nodes are available",
    ]


def test_a_workload_that_is_gone_has_no_failing_pods(cluster_world: ClusterWorld) -> None:
    gone = target(deployment(cluster_world.namespace, "ghost"))
    assert cluster_world.cluster.failing_pods(gone) == []


def test_the_autoscaler_of_a_workload_is_named(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    for name in ("web", "api"):
        world.admin.create(
            {
                "apiVersion": "autoscaling/v1",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": f"{name}-scaler", "namespace": world.namespace},
                "spec": {
                    "maxReplicas": 9,
                    "scaleTargetRef": {
                        "apiVersion": "apps/v1",
                        "kind": "Deployment",
                        "name": name,
                    },
                },
            }
        )

    assert world.cluster.autoscalers(target(deployment(world.namespace))) == ["web-scaler"]
    assert world.cluster.autoscalers(target(deployment(world.namespace, "db"))) == []
