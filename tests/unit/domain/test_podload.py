"""What an object's pods ask for, as Kubernetes adds it up."""

from decimal import Decimal
from typing import Any

import pytest

from chatbot.domain.manifest import Manifest
from chatbot.domain.podload import Defaults, pods_of, totals
from tests.support.kube import deployment, limit_range

NONE = Defaults()


def container(name: str = "a", limits: Any = None, **requests: str) -> Manifest:
    resources = {"requests": requests, **({"limits": limits} if limits else {})}
    return {"name": name, "resources": resources}


def pod(*containers: Manifest, **spec: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": list(containers), **spec}}


def asked(manifest: Manifest, defaults: Defaults = NONE) -> dict[str, Decimal]:
    pods = pods_of(manifest, defaults)
    assert pods is not None
    return totals(pods)


def cpu(manifest: Manifest, defaults: Defaults = NONE) -> Decimal:
    return asked(manifest, defaults)["requests.cpu"]


def templated(kind: str, api_version: str = "apps/v1", **spec: Any) -> Manifest:
    template = {"spec": {"containers": [container(cpu="1")]}}
    return {"apiVersion": api_version, "kind": kind, "spec": {"template": template, **spec}}


@pytest.mark.parametrize(
    ("manifest", "count"),
    [
        (templated("Deployment", replicas=4), 4),
        (templated("Deployment"), 1),
        (templated("Deployment", replicas=0), 0),
        (templated("StatefulSet", replicas=3), 3),
        (templated("ReplicaSet", replicas=2), 2),
        (templated("ReplicationController", "v1", replicas=2), 2),
        (templated("DeploymentConfig", "apps.openshift.io/v1", replicas=5), 5),
        (templated("DaemonSet"), 0),
        (templated("Job", "batch/v1", parallelism=5), 5),
        (templated("Job", "batch/v1", parallelism=5, completions=2), 2),
        (
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "spec": {"jobTemplate": templated("Job", parallelism=3)},
            },
            3,
        ),
        (pod(container(cpu="1")), 1),
    ],
)
def test_each_kind_makes_as_many_pods(manifest: Manifest, count: int) -> None:
    found = asked(manifest)
    assert (found["pods"], found["requests.cpu"], found["cpu"]) == (count, count, count)


@pytest.mark.parametrize(
    "manifest",
    [
        {"apiVersion": "v1", "kind": "Service"},
        {"apiVersion": "example/v1", "kind": "Deployment", "spec": {}},
    ],
)
def test_other_kinds_make_none(manifest: Manifest) -> None:
    assert pods_of(manifest, NONE) is None


def test_containers_run_together_and_init_containers_one_after_another() -> None:
    init = [container("x", cpu="3"), container("y", cpu="1")]
    assert cpu(pod(container(cpu="1"), container("b", cpu="1"), initContainers=init)) == 3
    init = [container("x", cpu="1500m")]
    assert cpu(pod(container(cpu="1"), container("b", cpu="1"), initContainers=init)) == 2


def test_sidecars_run_beside_what_comes_after_them() -> None:
    sidecar = {**container("s", cpu="1"), "restartPolicy": "Always"}
    assert cpu(pod(container(cpu="2"), initContainers=[sidecar])) == 3
    init = [sidecar, container("x", cpu="4")]
    assert cpu(pod(container(cpu="2"), initContainers=init)) == 5
    assert cpu(pod(container(cpu="2"), initContainers=init[::-1])) == 4


def test_overhead_comes_on_top_and_the_pods_own_word_counts_first() -> None:
    assert cpu(pod(container(cpu="2"), overhead={"cpu": "250m"})) == Decimal("2.25")
    assert cpu(pod(container(cpu="2"), resources={"requests": {"cpu": "5"}})) == 5


def test_a_limit_without_a_request_is_the_request() -> None:
    found = asked(pod(container(limits={"cpu": "2"}, memory="1Ki")))
    assert (found["requests.cpu"], found["limits.cpu"]) == (2, 2)
    assert found["requests.memory"] == 1024
    assert "limits.memory" not in found


def test_what_is_not_said_comes_from_the_namespace() -> None:
    defaults = Defaults.of(
        [limit_range("shop", default={"cpu": "2", "memory": "2Ki"}, defaultRequest={"cpu": "1"})]
    )
    found = asked(pod(container()), defaults)
    assert (found["requests.cpu"], found["limits.cpu"]) == (1, 2)
    assert (found["requests.memory"], found["limits.memory"]) == (2048, 2048)
    assert cpu(pod(container(cpu="7")), defaults) == 7
    assert Defaults.of([limit_range("shop", max={"cpu": "4"}, min={"memory": "1"})]) == Defaults(
        {"cpu": Decimal(4), "memory": Decimal(1)}, {"cpu": Decimal(4)}
    )
    of_pods = limit_range("shop", default={"cpu": "2"})
    of_pods["spec"]["limits"][0]["type"] = "Pod"
    assert Defaults.of([of_pods]) == NONE


@pytest.mark.parametrize(
    "spec", [None, [], {"template": 1}, {"template": {"spec": {"containers": "x"}}}]
)
def test_a_shape_that_no_server_would_take_counts_as_nothing(spec: Any) -> None:
    found = asked({**deployment("shop"), "spec": spec})
    assert found == {"pods": 1, "count/pods": 1}


def test_a_quantity_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="`lots` is no quantity"):
        pods_of(pod(container(cpu="lots")), NONE)
