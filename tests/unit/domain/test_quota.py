"""Whether what a change adds fits into a namespace's quotas."""

from typing import Any

import pytest

from chatbot.domain.manifest import Manifest
from chatbot.domain.podload import Defaults
from chatbot.domain.quota import Assessment, Load, assess, load_of, read_quota
from tests.support.kube import config_map, deployment, limit_range, resource_quota, service


def quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> Manifest:
    made = resource_quota("shop")
    made["spec"] = {"hard": hard, **spec}
    made["status"] = {"hard": hard, "used": dict.fromkeys(hard, "0") | (used or {})}
    return made


def web(replicas: int = 2, *, name: str = "web", pod: Any = None, **requests: str) -> Manifest:
    manifest = deployment("shop", name, replicas=replicas)
    template = manifest["spec"]["template"]["spec"]
    template["containers"][0]["resources"] = {"requests": {"cpu": "1", **requests}}
    template.update(pod or {})
    return manifest


def loads(*manifests: Manifest, defaults: Defaults | None = None) -> list[Load]:
    plurals = {"Deployment": "deployments.apps", "DaemonSet": "daemonsets.apps"}
    return [
        load_of(one, defaults or Defaults(), plurals.get(one["kind"], f"{one['kind'].lower()}s"))
        for one in manifests
    ]


def said(held: Manifest, before: list[Load], after: list[Load]) -> Assessment:
    return assess([read_quota(held)], before, after)


def messages(assessment: Assessment) -> list[str]:
    return [finding.message for finding in assessment.findings]


def test_what_is_too_much_says_by_how_much() -> None:
    held = quota({"requests.cpu": "12"}, {"requests.cpu": "6"})
    found = said(held, loads(web(2)), loads(web(10)))
    assert messages(found) == ["quota compute in shop: needs 14 of 12 cpu; 2 too many"]
    memory = quota({"limits.memory": "1Gi", "pods": "20"}, {"limits.memory": "512Mi"})
    big = web(2)
    big["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"] = {"memory": "1Gi"}
    assert messages(said(memory, [], loads(big))) == [
        "quota compute in shop: needs 2.5Gi of 1Gi memory limit; 1.5Gi too much"
    ]


def test_what_fits_says_what_is_left() -> None:
    held = quota({"requests.cpu": "12", "pods": "50", "configmaps": "9"}, {"requests.cpu": "6.5"})
    found = said(held, loads(web(2)), loads(web(5)))
    assert found == Assessment(
        left=("Quota compute in shop: 9.5 of 12 cpu, 3 of 50 pods after this",)
    )


def test_what_frees_something_passes_a_quota_that_is_overdrawn() -> None:
    held = quota({"requests.cpu": "2"}, {"requests.cpu": "5"})
    found = said(held, loads(web(4)), loads(web(1)))
    assert (found.findings, found.left) == ((), ("Quota compute in shop: 2 of 2 cpu after this",))
    assert said(held, loads(web(4)), loads(web(4))) == Assessment()


def test_what_one_object_frees_another_may_use() -> None:
    held = quota({"requests.cpu": "4"}, {"requests.cpu": "4"})
    before, after = loads(web(4), web(0, name="new")), loads(web(0), web(4, name="new"))
    assert said(held, before, after).findings == ()


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        (web(), "count/deployments.apps"),
        (config_map("shop"), "configmaps"),
        (config_map("shop"), "count/configmaps"),
        (service("shop"), "services"),
        (service("shop") | {"spec": {"type": "LoadBalancer", "ports": [1]}}, "services.nodeports"),
        (service("shop") | {"spec": {"type": "LoadBalancer"}}, "services.loadbalancers"),
        (
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "data", "namespace": "shop"},
                "spec": {
                    "storageClassName": "fast",
                    "resources": {"requests": {"storage": "1"}},
                },
            },
            "fast.storageclass.storage.k8s.io/requests.storage",
        ),
    ],
)
def test_objects_are_counted_by_the_names_that_quotas_have(manifest: Manifest, name: str) -> None:
    held = quota({name: "0"})
    [message] = messages(said(held, [], loads(manifest)))
    assert message.startswith("quota compute in shop: needs 1 of 0 ")


def test_volume_claims_stay_when_their_statefulset_shrinks() -> None:
    def database(replicas: int) -> Manifest:
        claim = {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}
        spec = {**web(replicas)["spec"], "volumeClaimTemplates": [claim]}
        return {**web(), "kind": "StatefulSet", "spec": spec}

    held = quota({"requests.storage": "5Gi", "pods": "9"}, {"requests.storage": "3Gi"})
    assert said(held, loads(database(3)), loads(database(1))).left == (
        "Quota compute in shop: -2 of 9 pods after this",
    )
    assert messages(said(held, loads(database(3)), loads(database(6)))) == [
        "quota compute in shop: needs 6Gi of 5Gi storage; 1Gi too much"
    ]


def test_pods_that_do_not_say_what_a_quota_tracks_would_be_refused() -> None:
    held = quota({"limits.cpu": "10", "requests.memory": "1Gi", "requests.cpu": "9"})
    [finding] = said(held, loads(web()), loads(web())).findings
    assert finding.object == "deployment/web in shop"
    assert finding.message == (
        "quota compute in shop tracks requests.memory, limits.cpu, so Kubernetes would refuse "
        "these pods: they must specify requests.memory for app, limits.cpu for app, or a "
        "LimitRange of the namespace a default"
    )
    defaults = Defaults.of([limit_range("shop", default={"cpu": "1", "memory": "1Mi"})])
    full = loads(web(), defaults=defaults)
    assert said(held, full, full) == Assessment()


@pytest.mark.parametrize(
    ("scope", "pod", "counted"),
    [
        ({"scopes": ["NotTerminating"]}, {}, True),
        ({"scopes": ["Terminating"]}, {}, False),
        ({"scopes": ["Terminating"]}, {"activeDeadlineSeconds": 60}, True),
        ({"scopes": ["NotBestEffort"]}, {}, True),
        ({"scopes": ["BestEffort"]}, {}, False),
        ({"scopes": ["NotTerminating", "BestEffort"]}, {}, False),
        (("PriorityClass", "In", "high"), {"priorityClassName": "high"}, True),
        (("PriorityClass", "In", "high"), {"priorityClassName": "low"}, False),
        (("PriorityClass", "NotIn", "high"), {"priorityClassName": "low"}, True),
        (("PriorityClass", "Exists"), {"priorityClassName": "low"}, True),
        (("PriorityClass", "DoesNotExist"), {"priorityClassName": "low"}, False),
    ],
)
def test_a_scoped_quota_counts_only_what_is_in_its_scope(
    scope: Any, pod: dict[str, Any], counted: bool
) -> None:
    held = quota({"pods": "1", "configmaps": "0"}, **selector(scope))
    found = said(held, [], loads(web(2, pod=pod), config_map("shop")))
    assert messages(found) == (
        ["quota compute in shop: needs 2 of 1 pods; 1 too many"] if counted else []
    )


def selector(scope: Any) -> dict[str, Any]:
    if isinstance(scope, dict):
        return scope
    name, operator, *values = scope
    row = {"scopeName": name, "operator": operator, "values": values}
    return {"scopeSelector": {"matchExpressions": [row]}}


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        (("PriorityClass", "In", "high"), "these pods get the cluster's default"),
        ({"scopes": ["CrossNamespacePodAffinity"]}, "it has the scope CrossNamespacePodAffinity"),
    ],
)
def test_a_scope_that_cannot_be_decided_is_a_warning(scope: Any, why: str) -> None:
    found = said(quota({"pods": "1"}, **selector(scope)), loads(web(1)), loads(web(9)))
    assert (found.findings, found.left) == ((), ())
    [warning] = found.warnings
    assert "Whether quota compute in shop has room for this was not worked out" in warning
    assert why in warning
    same = said(quota({"pods": "1"}, **selector(scope)), loads(web(9)), loads(web(9)))
    assert same == Assessment()


def test_a_daemonset_is_not_counted_and_that_is_said() -> None:
    def agent(cpu: str) -> Manifest:
        return {**web(cpu=cpu), "kind": "DaemonSet"}

    held = quota({"requests.cpu": "1"})
    found = said(held, loads(agent("1")), loads(agent("2")))
    assert (found.findings, found.left) == ((), ())
    assert " ".join(found.warnings) == (
        "What daemonset/web takes of the quotas depends on the number of nodes and is not counted."
    )
    assert said(held, loads(agent("1")), loads(agent("1"))) == Assessment()
    assert assess([], loads(agent("1")), loads(agent("2"))) == Assessment()


def test_a_quota_that_nobody_added_up_yet_counts_as_unused_and_says_so() -> None:
    fresh = resource_quota("shop", pods="3")
    found = said(fresh, [], loads(web(2)))
    assert found.left == ("Quota compute in shop: 2 of 3 pods after this",)
    assert "does not say what is used" in found.warnings[0]


def test_the_quota_that_the_change_brings_counts_at_once() -> None:
    live, wanted = quota({"pods": "2"}), resource_quota("shop", pods="9")
    assert read_quota(live, wanted).hard == {"pods": 9}
