"""The kubelet loop rolls out good and bad workloads, on the embedded server and the real one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.kubelet import ROLLOUT_ANNOTATION, Kubelet, Settings
from tests.contract.api_server_fixture import *  # noqa: F403 - its fixtures
from tests.support.api_servers import MERGE, Server, eventually, web
from tests.support.kube import Manifest

QUICK = Settings(ready_after=0.05, fails_after=0.3, nodes=2)


@pytest.fixture
def kubelet(api: Server) -> Iterator[Kubelet]:
    with Kubelet(str(api.kubeconfig), settings=QUICK) as running:
        yield running


def pods(api: Server) -> list[Manifest]:
    return api.get(f"/api/v1/namespaces/{api.namespace}/pods")["items"]


def is_ready(pod: Manifest) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def workload(api: Server, plural: str = "deployments", name: str = "web") -> Manifest:
    return api.get(f"/apis/apps/v1/namespaces/{api.namespace}/{plural}/{name}")


def condition(manifest: Manifest, kind: str) -> tuple[str, str]:
    for row in manifest["status"].get("conditions") or ():
        if row["type"] == kind:
            return row["status"], row["reason"]
    return "", ""


def rolled_out(api: Server, replicas: int) -> bool:
    live = workload(api)
    status = live["status"]
    observed = status.get("observedGeneration") == live["metadata"]["generation"]
    counts = [status.get(f"{word}Replicas", 0) for word in ("updated", "ready", "available")]
    return observed and counts == [replicas] * 3 and status.get("replicas", 0) == replicas


def warnings(api: Server) -> set[str]:
    return {event["reason"] for event in api.get(api.events, fieldSelector="type=Warning")["items"]}


def create(api: Server, manifest: Manifest) -> None:
    plural = f"{manifest['kind'].lower()}s"
    path = f"/apis/apps/v1/namespaces/{api.namespace}/{plural}"
    answer = api.call("POST", path, manifest)
    assert answer.status == 201, answer.body


def set_template(api: Server, image: str = "registry.example/web:1", rollout: str = "") -> None:
    annotations = {ROLLOUT_ANNOTATION: rollout or None}
    template = {
        "metadata": {"annotations": annotations},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    patched = api.call("PATCH", f"{api.deployments}/web", {"spec": {"template": template}}, MERGE)
    assert patched.status == 200, patched.body


def test_a_good_rollout_finishes(api: Server, kubelet: Kubelet) -> None:
    create(api, web(api.namespace))
    eventually(lambda: rolled_out(api, 2))
    live = workload(api)
    assert condition(live, "Progressing") == ("True", "NewReplicaSetAvailable")
    assert condition(live, "Available") == ("True", "MinimumReplicasAvailable")
    running = pods(api)
    assert [is_ready(pod) for pod in running] == [True, True]
    assert {pod["metadata"]["ownerReferences"][0]["uid"] for pod in running} == {
        live["metadata"]["uid"]
    }
    before = {pod["metadata"]["name"] for pod in running}
    set_template(api, "registry.example/web:2")
    eventually(lambda: not before & {pod["metadata"]["name"] for pod in pods(api)})
    eventually(lambda: rolled_out(api, 2))


def test_a_workload_that_a_quota_refuses_keeps_no_other_from_rolling_out(
    api: Server, kubelet: Kubelet
) -> None:
    full = f"{api.namespace}-full"
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": full}}
    assert api.call("POST", "/api/v1/namespaces", named).status == 201
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "compute"}}
    quota["spec"] = {"hard": {"requests.cpu": "1"}}
    assert api.call("POST", f"/api/v1/namespaces/{full}/resourcequotas", quota).status == 201
    deployments = f"/apis/apps/v1/namespaces/{full}/deployments"
    assert api.call("POST", deployments, web(full, name="a-refused-one")).status == 201
    create(api, web(api.namespace))
    eventually(lambda: rolled_out(api, 2))
    api.call("DELETE", f"{deployments}/a-refused-one")


def test_a_bad_image_fails_with_reasons_and_keeps_the_old_pods(
    api: Server, kubelet: Kubelet
) -> None:
    create(api, web(api.namespace))
    eventually(lambda: rolled_out(api, 2))
    set_template(api, "registry.example/web:broken-7")
    failed = ("False", "ProgressDeadlineExceeded")
    eventually(lambda: condition(workload(api), "Progressing") == failed)
    assert condition(workload(api), "Available") == ("True", "MinimumReplicasAvailable")
    (failing,) = [pod for pod in pods(api) if not is_ready(pod)]
    waiting = failing["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert "broken-7" in waiting["message"]
    assert sum(map(is_ready, pods(api))) == 2
    found = api.get(api.events, fieldSelector=f"involvedObject.name={failing['metadata']['name']}")
    assert {event["reason"] for event in found["items"]} == {"Failed", "BackOff"}


def test_going_back_after_a_failure_rolls_out(api: Server, kubelet: Kubelet) -> None:
    create(api, web(api.namespace))
    eventually(lambda: rolled_out(api, 2))
    before = {pod["metadata"]["name"] for pod in pods(api)}
    container = workload(api)["spec"]["template"]["spec"]["containers"]
    set_template(api, "registry.example/web:nope")
    eventually(lambda: any(not is_ready(pod) for pod in pods(api)))
    back = {"spec": {"template": {"spec": {"containers": container}}}}
    api.call("PATCH", f"{api.deployments}/web", back, MERGE)
    eventually(lambda: rolled_out(api, 2))
    eventually(lambda: {pod["metadata"]["name"] for pod in pods(api)} == before)


def test_a_crash_on_command_fails(api: Server, kubelet: Kubelet) -> None:
    create(api, web(api.namespace))
    set_template(api, rollout="fail")
    failed = ("False", "ProgressDeadlineExceeded")
    eventually(lambda: condition(workload(api), "Progressing") == failed)
    assert condition(workload(api), "Available") == ("False", "MinimumReplicasUnavailable")
    assert warnings(api) == {"BackOff"}


def test_a_stall_on_command_goes_on_progressing(api: Server, kubelet: Kubelet) -> None:
    manifest = web(api.namespace)
    manifest["spec"]["template"]["metadata"]["annotations"] = {ROLLOUT_ANNOTATION: "stall"}
    create(api, manifest)
    eventually(lambda: warnings(api) == {"FailedScheduling"})
    going_on = ("True", "ReplicaSetUpdated")
    eventually(lambda: condition(workload(api), "Progressing") == going_on)


def test_scaling_converges_up_and_down(api: Server, kubelet: Kubelet) -> None:
    create(api, web(api.namespace))
    for replicas in (4, 1, 0, 2):
        scale = {"spec": {"replicas": replicas}}
        api.call("PATCH", f"{api.deployments}/web/scale", scale, MERGE)
        eventually(lambda count=replicas: rolled_out(api, count))
        assert len(pods(api)) == replicas


def test_a_stateful_set_names_its_pods_by_ordinal(api: Server, kubelet: Kubelet) -> None:
    manifest = web(api.namespace)
    manifest |= {"kind": "StatefulSet", "spec": {**manifest["spec"], "serviceName": "web"}}
    create(api, manifest)
    eventually(lambda: workload(api, "statefulsets")["status"].get("readyReplicas") == 2)
    assert [pod["metadata"]["name"] for pod in pods(api)] == ["web-0", "web-1"]
    status = workload(api, "statefulsets")["status"]
    assert status["currentRevision"] == status["updateRevision"]


def test_a_daemon_set_has_a_pod_on_every_node(api: Server, kubelet: Kubelet) -> None:
    manifest = web(api.namespace)
    del manifest["spec"]["replicas"]
    create(api, {**manifest, "kind": "DaemonSet"})
    eventually(lambda: workload(api, "daemonsets")["status"].get("numberAvailable") == QUICK.nodes)
    assert len(pods(api)) == QUICK.nodes


def test_pods_go_with_their_workload(api: Server, kubelet: Kubelet) -> None:
    create(api, web(api.namespace))
    eventually(lambda: len(pods(api)) == 2)
    api.call("DELETE", f"{api.deployments}/web")
    eventually(lambda: not pods(api))


def test_a_settled_workload_is_left_alone(api: Server) -> None:
    kubelet, now = _stepped(api)
    create(api, web(api.namespace))
    kubelet.step()
    now[0] += QUICK.ready_after
    for _ in range(2):
        kubelet.step()
    assert rolled_out(api, 2)
    settled = json.dumps([workload(api), pods(api)])
    kubelet.step()
    assert json.dumps([workload(api), pods(api)]) == settled


def test_time_decides_when_pods_are_ready(api: Server) -> None:
    kubelet, now = _stepped(api)
    create(api, web(api.namespace))
    kubelet.step()
    assert [is_ready(pod) for pod in pods(api)] == [False, False]
    assert condition(workload(api), "Progressing") == ("True", "ReplicaSetUpdated")
    now[0] += QUICK.ready_after
    kubelet.step()
    assert rolled_out(api, 2)


def _stepped(api: Server) -> tuple[Kubelet, list[float]]:
    """A loop that moves only when told, and its clock."""
    now: list[Any] = [0.0]
    return Kubelet(str(api.kubeconfig), settings=QUICK, clock=lambda: now[0]), now
