"""When a change can be rolled back, what that asks for, and what of the objects comes back."""

from typing import Any

import pytest

from chatbot.domain.change import Change, Operation, Path, RiskLevel, RolledBack, SnapshotEntry
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.lifecycle import State
from chatbot.domain.rollback import brought_back, request_of, why_not
from tests.support.builders import NOW, change_request, target
from tests.support.cards import (
    CONFIRM,
    DONE,
    MERGED,
    ROLL_OUT,
    direct,
    environment,
    opened,
    pull_request,
)

TEST = environment()
PROD = environment(EnvironmentClass.PROD)


def done(**progress: Any) -> Change:
    return direct(*DONE, pull_request=MERGED, **progress)


def rollback(state: State, number: int = 31, **progress: Any) -> Change:
    request = change_request(operation=Operation.ROLLBACK, replicas=None, rolls_back=12)
    return direct(state, number=number, request=request, **progress)


def test_what_is_completed_and_in_git_can_be_rolled_back() -> None:
    assert why_not(done(), [], TEST) == ""
    assert why_not(done().model_copy(update={"path": Path.GITOPS}), [], PROD) == ""
    assert why_not(done(snapshot=None), [], PROD) == ""


@pytest.mark.parametrize(
    ("original", "sentence"),
    [
        (direct(*CONFIRM), "It is awaiting confirmation: `/change cancel CHG-12` cancels it."),
        (direct(*ROLL_OUT), "It is validating; what is completed can be rolled back."),
        (direct(*ROLL_OUT, State.FAILED), "It is failed: `/change cancel CHG-12` undoes it."),
        (direct(State.EXPIRED), "It was expired, so there is nothing to take back."),
        (direct(State.HELD), "It was not healthy and is taken back already."),
        (direct(*DONE), "Git said what it asked for before, so it has no commit to take back."),
        (
            direct(*DONE, pull_request=pull_request()),
            "Git said what it asked for before, so it has no commit to take back.",
        ),
        (done(snapshot=None), "so there is no snapshot to put back."),
    ],
)
def test_what_cannot_be_rolled_back_says_why_and_what_can_be_done(
    original: Change, sentence: str
) -> None:
    assert sentence in why_not(original, [], TEST)


def test_one_rollback_at_a_time_and_once() -> None:
    running = rollback(State.APPLYING)
    assert why_not(done(), [running], TEST) == "CHG-31 is about to roll it back; it is applying."
    finished = rollback(State.COMPLETED)
    assert why_not(done(), [finished], TEST) == "CHG-31 has rolled it back already."


@pytest.mark.parametrize("state", [State.CANCELLED, State.REJECTED, State.ROLLED_BACK])
def test_a_rollback_that_came_to_nothing_is_in_nobodys_way(state: State) -> None:
    assert why_not(done(), [rollback(state)], TEST) == ""


def test_what_a_rolled_back_rollback_brought_back_can_be_rolled_back_again() -> None:
    undone = rollback(State.COMPLETED, rolled_back=RolledBack(by=32, done=True))
    assert why_not(done(), [undone], TEST) == ""
    asked_for = rollback(State.COMPLETED, rolled_back=RolledBack(by=32))
    assert why_not(done(), [asked_for], TEST) == "CHG-31 has rolled it back already."


def test_a_rollback_asks_for_the_same_place_and_risk_and_for_no_window() -> None:
    original = done(
        request=change_request(
            environment="prod",
            targets=(target(), target("db")),
            risk_assessment=RiskLevel.CRITICAL,
            affected_services=("checkout",),
            incident_id="INC-7",
            maintenance_window={"start": NOW, "end": NOW.replace(hour=12)},
        )
    )
    asked = request_of(original, "The cache grows.")
    assert (asked.operation, asked.rolls_back) == (Operation.ROLLBACK, 12)
    assert asked.justification == "Rolls back CHG-12: The cache grows."
    assert asked.targets == original.request.targets
    assert (asked.risk_assessment, asked.affected_services) == (RiskLevel.CRITICAL, ("checkout",))
    assert (asked.incident_id, asked.maintenance_window, asked.replicas) == ("INC-7", None, None)
    assert "CHG-12" in asked.rollback_plan


def web(image: str = "web:1", replicas: int = 2, **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "resourceVersion": image, "annotations": annotations},
        "spec": {"replicas": replicas, "image": image},
        "status": {"readyReplicas": replicas},
    }


def entry(manifest: dict[str, Any] | None) -> SnapshotEntry:
    return SnapshotEntry(target=target(), manifest=manifest)


def test_what_a_later_change_did_to_another_field_stays() -> None:
    before, since = web(), web("web:2", **{"deployment.kubernetes.io/revision": "2"})
    live = web("web:2", 8, note="later", **{"deployment.kubernetes.io/revision": "3"})
    back, clashes = brought_back(entry(before), entry(since), live)
    assert clashes == []
    assert back.manifest is not None
    assert back.manifest["spec"] == {"replicas": 8, "image": "web:1"}
    assert back.manifest["metadata"]["annotations"] == {"note": "later"}
    assert back.manifest["metadata"]["resourceVersion"] == "web:1", "the snapshot's own"
    assert back.manifest["status"] == before["status"]


def test_a_field_that_both_changed_has_no_answer() -> None:
    back, clashes = brought_back(entry(web()), entry(web("web:2")), web("web:3"))
    assert clashes == [".spec.image"]
    assert back.manifest is not None
    assert back.manifest["spec"]["image"] == "web:3"


@pytest.mark.parametrize(
    ("before", "since", "live", "expected", "clash"),
    [
        pytest.param(None, web(), web(), None, False, id="made by it, untouched since: it goes"),
        pytest.param(None, web(), web("web:2"), "web:2", True, id="made by it, changed since"),
        pytest.param(None, None, web(), "web:1", False, id="made by the later one: it stays"),
        pytest.param(web(), web(), None, None, False, id="deleted by the later one: stays gone"),
        pytest.param(web(), None, None, "web:1", False, id="deleted by it: it comes back"),
        pytest.param(web(), web("web:2"), None, None, True, id="changed by it, deleted since"),
    ],
)
def test_objects_that_come_and_go(
    before: dict[str, Any] | None,
    since: dict[str, Any] | None,
    live: dict[str, Any] | None,
    expected: str | None,
    clash: bool,
) -> None:
    back, clashes = brought_back(entry(before), entry(since), live)
    image = None if back.manifest is None else back.manifest["spec"]["image"]
    assert (image, bool(clashes)) == (expected, clash)


def test_an_environment_that_applies_directly_by_now_needs_a_snapshot() -> None:
    assert "no snapshot" in why_not(done(snapshot=None), [], opened(PROD))
