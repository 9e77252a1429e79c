from typing import Any

import pytest

from chatbot.domain.rollout import RolloutStatus, judge


def _workload(
    kind: str, spec: dict[str, Any], status: dict[str, Any], api: str = "apps/v1"
) -> dict[str, Any]:
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": "web", "generation": 2},
        "spec": spec,
        "status": {"observedGeneration": 2, **status},
    }


def _waiting(message: str) -> RolloutStatus:
    return RolloutStatus(done=False, failed=False, message=message)


def _done(message: str) -> RolloutStatus:
    return RolloutStatus(done=True, failed=False, message=message)


def _failed(message: str) -> RolloutStatus:
    return RolloutStatus(done=False, failed=True, message=message)


def _numbers(total: int, updated: int, available: int) -> dict[str, Any]:
    return {"replicas": total, "updatedReplicas": updated, "availableReplicas": available}


DEADLINE = {
    "conditions": [
        {"type": "Available", "status": "True"},
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
    ]
}
FINISH = 'Waiting for deployment "web" rollout to finish:'


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (
            {"replicas": 3},
            {"observedGeneration": 1, **_numbers(3, 3, 3)},
            _waiting("Waiting for deployment spec update to be observed..."),
        ),
        (
            {"replicas": 3},
            {**_numbers(3, 1, 3), **DEADLINE},
            _failed('deployment "web" exceeded its progress deadline'),
        ),
        (
            {"replicas": 3},
            _numbers(4, 2, 3),
            _waiting(f"{FINISH} 2 out of 3 new replicas have been updated..."),
        ),
        (
            {"replicas": 3},
            _numbers(5, 3, 3),
            _waiting(f"{FINISH} 2 old replicas are pending termination..."),
        ),
        (
            {"replicas": 3},
            _numbers(3, 3, 1),
            _waiting(f"{FINISH} 1 of 3 updated replicas are available..."),
        ),
        ({"replicas": 3}, _numbers(3, 3, 3), _done('deployment "web" successfully rolled out')),
        ({"replicas": 0}, {}, _done('deployment "web" successfully rolled out')),
        ({}, {}, _waiting(f"{FINISH} 0 out of 1 new replicas have been updated...")),
        (
            {"replicas": 3, "paused": True},
            _numbers(3, 0, 3),
            _done('deployment "web" is paused: nothing rolls out until it is resumed'),
        ),
    ],
)
def test_a_deployment_is_judged_as_kubectl_does(
    spec: dict[str, Any], status: dict[str, Any], expected: RolloutStatus
) -> None:
    assert judge(_workload("Deployment", spec, status)) == expected


def test_a_deployment_that_no_controller_has_seen_yet_is_waited_for() -> None:
    fresh = _workload("Deployment", {"replicas": 1}, {})
    del fresh["status"]
    assert not judge(fresh).done


ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
PARTITIONED = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (
            {"replicas": 3, "updateStrategy": ROLLING},
            {"observedGeneration": 1},
            _waiting("Waiting for statefulset spec update to be observed..."),
        ),
        (
            {"replicas": 3, "updateStrategy": ROLLING},
            {"readyReplicas": 1},
            _waiting("Waiting for 2 pods to be ready..."),
        ),
        (
            {"replicas": 3, "updateStrategy": ROLLING},
            {
                "readyReplicas": 3,
                "updatedReplicas": 1,
                "updateRevision": "web-b",
                "currentRevision": "web-a",
            },
            _waiting(
                "waiting for statefulset rolling update to complete 1 pods at revision web-b..."
            ),
        ),
        (
            {"replicas": 3, "updateStrategy": ROLLING},
            {
                "readyReplicas": 3,
                "currentReplicas": 3,
                "updateRevision": "web-b",
                "currentRevision": "web-b",
            },
            _done("statefulset rolling update complete 3 pods at revision web-b..."),
        ),
        (
            {"replicas": 5, "updateStrategy": PARTITIONED},
            {"readyReplicas": 5, "updatedReplicas": 1},
            _waiting(
                "Waiting for partitioned roll out to finish: "
                "1 out of 3 new pods have been updated..."
            ),
        ),
        (
            {"replicas": 5, "updateStrategy": PARTITIONED},
            {"readyReplicas": 5, "updatedReplicas": 3},
            _done("partitioned roll out complete: 3 new pods have been updated..."),
        ),
        (
            {"replicas": 3, "updateStrategy": {"type": "OnDelete"}},
            {"readyReplicas": 0},
            _done('statefulset "web" updates a pod when somebody deletes it (OnDelete)'),
        ),
    ],
)
def test_a_stateful_set_is_judged_as_kubectl_does(
    spec: dict[str, Any], status: dict[str, Any], expected: RolloutStatus
) -> None:
    assert judge(_workload("StatefulSet", spec, status)) == expected


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (
            {},
            {"observedGeneration": 1},
            _waiting("Waiting for daemon set spec update to be observed..."),
        ),
        (
            {},
            {"desiredNumberScheduled": 3, "updatedNumberScheduled": 1},
            _waiting(
                'Waiting for daemon set "web" rollout to finish: '
                "1 out of 3 new pods have been updated..."
            ),
        ),
        (
            {},
            {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2},
            _waiting(
                'Waiting for daemon set "web" rollout to finish: '
                "2 of 3 updated pods are available..."
            ),
        ),
        (
            {},
            {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3},
            _done('daemon set "web" successfully rolled out'),
        ),
        (
            {"updateStrategy": {"type": "OnDelete"}},
            {"desiredNumberScheduled": 3},
            _done('daemon set "web" updates a pod when somebody deletes it (OnDelete)'),
        ),
    ],
)
def test_a_daemon_set_is_judged_as_kubectl_does(
    spec: dict[str, Any], status: dict[str, Any], expected: RolloutStatus
) -> None:
    assert judge(_workload("DaemonSet", spec, status)) == expected


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        (
            {},
            {"observedGeneration": 1},
            _waiting(
                "Waiting for latest deployment config spec to be observed by the controller loop..."
            ),
        ),
        ({}, {}, _waiting('Deployment config "web" waiting on its first deployment')),
        (
            {},
            {"latestVersion": 4, "conditions": [{"type": "Progressing", "status": "False"}]},
            _failed('replication controller "web-4" has failed progressing'),
        ),
        (
            {"replicas": 2},
            {"latestVersion": 4, **_numbers(2, 1, 1)},
            _waiting("Waiting for rollout to finish: 1 out of 2 new replicas have been updated..."),
        ),
        (
            {"replicas": 2},
            {"latestVersion": 4, **_numbers(2, 2, 2)},
            _done('replication controller "web-4" successfully rolled out'),
        ),
        (
            {"replicas": 2, "paused": True},
            {},
            _done('deployment config "web" is paused: nothing rolls out until it is resumed'),
        ),
    ],
)
def test_a_deployment_config_is_judged_as_oc_does(
    spec: dict[str, Any], status: dict[str, Any], expected: RolloutStatus
) -> None:
    workload = _workload("DeploymentConfig", spec, status, "apps.openshift.io/v1")
    assert judge(workload) == expected


def _definition(*conditions: dict[str, str]) -> dict[str, Any]:
    return _workload(
        "CustomResourceDefinition",
        {},
        {"conditions": list(conditions)},
        "apiextensions.k8s.io/v1",
    )


def test_a_definition_is_done_when_it_is_established() -> None:
    assert judge(_definition({"type": "Established", "status": "True"})).done
    assert judge(_definition()) == _waiting(
        'Waiting for custom resource definition "web" to be established...'
    )
    taken = {"type": "NamesAccepted", "status": "False", "message": "webs is taken"}
    assert judge(_definition(taken)) == _failed('custom resource definition "web": webs is taken')


@pytest.mark.parametrize("kind", ["Job", "ConfigMap", "Service"])
def test_what_does_not_roll_out_is_done_at_once(kind: str) -> None:
    assert judge(_workload(kind, {}, {}, "v1")) == _done(f'{kind.lower()} "web" is in place')


def test_a_deployment_of_another_group_is_none_of_ours() -> None:
    assert judge(_workload("Deployment", {}, {}, "example.com/v1")).done
