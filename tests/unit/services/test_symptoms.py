"""Why a change on the gitops path does not become healthy: the pods say it, by reading alone."""

from collections.abc import Sequence
from typing import Any

from chatbot.domain.change import ObjectAction, PlannedObject, Target
from chatbot.domain.errors import Forbidden
from chatbot.ports import Cluster, Manifest
from chatbot.services.symptoms import Symptoms
from tests.support.approvals import awaiting
from tests.support.builders import target
from tests.support.cards import environment, plan

PODS = ["pod web-7f: container web: ImagePullBackOff: cannot pull shop/web:broken and 5 more"]


class Reading(Cluster):
    """A cluster that one may only read, in which the Deployment `web` is late and no other is."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.asked: list[str] = []

    def get_many(self, targets: Sequence[Target]) -> list[Manifest | None]:
        return [None if one.name == "gone" else self._live(one) for one in targets]

    def failing_pods(self, target: Target) -> list[str]:
        self.asked.append(target.name)
        if self.refusal is not None:
            raise self.refusal
        return PODS

    def _live(self, one: Target) -> dict[str, Any]:
        ready = 0 if one.name == "web" else 2
        counts = ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
        return {
            "apiVersion": "apps/v1",
            "kind": one.kind,
            "metadata": {"name": one.name, "generation": 2},
            "spec": {"replicas": 2},
            "status": {"observedGeneration": 2, **dict.fromkeys(counts, ready)},
        }


def said(cluster: Reading, *names: str, action: ObjectAction = ObjectAction.CHANGE) -> list[str]:
    objects = tuple(
        PlannedObject(target=target(name), action=action, diff="", resource_version="1")
        for name in names
    )
    symptoms = Symptoms({"prod": environment()}, lambda _: cluster)
    return symptoms.of(awaiting(plan=plan(objects=objects)))


def test_only_what_is_not_well_is_asked_about_and_the_pods_say_why() -> None:
    cluster = Reading()
    assert said(cluster, "api", "web", "gone") == PODS
    assert cluster.asked == ["web"]


def test_what_goes_and_what_was_never_planned_is_not_asked_about() -> None:
    cluster = Reading()
    assert said(cluster, "web", action=ObjectAction.DELETE) == []
    assert said(cluster) == []
    assert cluster.asked == []


def test_a_cluster_that_does_not_tell_is_said_and_stops_nothing() -> None:
    [line] = said(Reading(Forbidden("Redlight may not list pods")), "web")
    assert line == "Its pods could not be asked: Redlight may not list pods"
