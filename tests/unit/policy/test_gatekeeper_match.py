"""`spec.match` means what it means to Gatekeeper."""

from typing import Any

import pytest

from chatbot.domain import policymatch
from chatbot.domain.policy import Subject
from tests.unit.policy.judging import gatekeeper, template, thing

POD = thing("web-1", kind="Pod", metadata={"labels": {"app": "web", "tier": "front"}})
DEPLOYMENT = thing("web", apiVersion="apps/v1", kind="Deployment")
NAMESPACE = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": "shop", "labels": {"env": "prod"}},
}
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "web"},
}
HIT = template('package t\nviolation[{"msg": "hit"}] { true }')


@pytest.mark.parametrize(
    ("match", "meant"),
    [
        ({}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"kinds": [{"apiGroups": [""], "kinds": ["Pod"]}]}, [POD]),
        ({"kinds": [{"apiGroups": ["apps"], "kinds": ["Pod"]}]}, []),
        ({"kinds": [{"apiGroups": ["*"], "kinds": ["Pod", "Deployment"]}]}, [POD, DEPLOYMENT]),
        ({"kinds": [{"kinds": ["Pod"]}, {"apiGroups": ["apps"]}]}, [POD, DEPLOYMENT]),
        ({"kinds": [{"apiGroups": ["apps"], "kinds": ["*"]}]}, [DEPLOYMENT]),
        ({"kinds": []}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"scope": "Cluster"}, [NAMESPACE, ROLE]),
        ({"scope": "Namespaced"}, [POD, DEPLOYMENT]),
        ({"scope": "*"}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"namespaces": ["shop"]}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"namespaces": ["sh*"]}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"namespaces": ["*op"]}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"namespaces": ["*ho*"]}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"namespaces": ["sho", "op*"]}, [ROLE]),
        ({"excludedNamespaces": ["shop"]}, [ROLE]),
        ({"excludedNamespaces": ["s*"]}, [ROLE]),
        ({"excludedNamespaces": ["kube-*"]}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"labelSelector": {"matchLabels": {"app": "web"}}}, [POD]),
        ({"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}, [POD]),
        (
            {"labelSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}},
            [DEPLOYMENT, NAMESPACE, ROLE],
        ),
        (
            {
                "labelSelector": {
                    "matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]
                }
            },
            [DEPLOYMENT, NAMESPACE, ROLE],
        ),
        (
            {
                "labelSelector": {
                    "matchLabels": {"app": "web"},
                    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["back"]}],
                }
            },
            [],
        ),
        (
            {"namespaceSelector": {"matchLabels": {"env": "prod"}}},
            [POD, DEPLOYMENT, NAMESPACE, ROLE],
        ),
        ({"namespaceSelector": {"matchLabels": {"env": "dev"}}}, [ROLE]),
        ({"name": "web"}, [DEPLOYMENT, ROLE]),
        ({"name": "web-*"}, [POD]),
        ({"name": "*-1"}, [POD]),
        ({"source": "Original"}, [POD, DEPLOYMENT, NAMESPACE, ROLE]),
        ({"source": "Generated"}, []),
    ],
)
def test_a_constraint_is_about_these_objects(match: Any, meant: list[Any]) -> None:
    read = policymatch.read(match)
    known = {"shop": NAMESPACE}
    everything = [POD, DEPLOYMENT, NAMESPACE, ROLE]
    assert [one for one in everything if policymatch.matches(read, one, known)] == meant


def test_the_labels_of_a_namespace_come_from_the_inventory_or_from_beside() -> None:
    spec = "match: {namespaceSelector: {matchLabels: {env: prod}}}"
    assert gatekeeper(HIT, POD, spec=spec, inventory=[NAMESPACE]) == [("deny", "hit")]
    assert gatekeeper(HIT, POD, NAMESPACE, spec=spec) == [("deny", "hit")] * 2


def test_a_namespace_that_nobody_knows_denies() -> None:
    ((enforcement, message),) = gatekeeper(
        HIT, POD, spec="enforcementAction: warn\nmatch: {namespaceSelector: {matchLabels: {a: b}}}"
    )
    assert enforcement == "deny"
    assert "the namespace `shop`, which is neither among the objects nor in the inv" in message


def test_an_object_that_was_meant_before_its_update_is_meant() -> None:
    spec = "match: {labelSelector: {matchLabels: {app: web}}}"
    unlabelled = thing("web-1", kind="Pod")
    assert gatekeeper(HIT, Subject(unlabelled, POD, "UPDATE"), spec=spec) == [("deny", "hit")]
    assert gatekeeper(HIT, unlabelled, spec=spec) == []
