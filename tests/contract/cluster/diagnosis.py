"""Why a workload does not come up, and what scales it."""

from tests.contract.cluster.world import ClusterWorld, target, unique
from tests.support.kube import Manifest, deployment


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
        f"pod web-10-a: container app: ImagePullBackOff: {message}; Failed: manifest unknown",
        "replicaset web-10: FailedCreate: exceeded quota: pods",
    ]


def test_pods_that_fail_alike_are_told_once_and_counted(cluster_world: ClusterWorld) -> None:
    world = cluster_world
    _let_pods_in(world)
    workload = world.admin.create(deployment(world.namespace))
    owner = _replica_set(world, workload, 1)
    message = 'Back-off pulling image "registry.example/web:2"'
    for name in "abc":
        waits = {"waiting": {"reason": "ImagePullBackOff", "message": message}}
        pod = _pod(world, f"web-{name}", owner, waits)
        _warning(world, pod, "BackOff", message)
        _warning(world, pod, "Failed", "Error: ImagePullBackOff")
        _warning(world, pod, "Failed", message)
    _pod(world, "web-d", owner, {"terminated": {"exitCode": 137, "reason": "OOMKilled"}})

    assert world.cluster.failing_pods(target(workload)) == [
        f"pod web-a: container app: ImagePullBackOff: {message} (and 2 more pods)",
        "pod web-d: container app: OOMKilled, exit code 137",
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
