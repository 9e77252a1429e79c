"""Plan, apply, watch and put back, one step at a time, over an API server."""

from datetime import timedelta

import pytest

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Operation, Path, Waiting
from chatbot.domain.errors import RetryLater
from chatbot.domain.lifecycle import Event, State
from chatbot.services.freezes import LOOK_AGAIN
from chatbot.services.queue import seize
from tests.support import builders, kube
from tests.support.builders import SENIOR
from tests.support.direct_path import DirectPath


@pytest.fixture
def path(
    store: SqliteStore,
    embedded_clusters: KubernetesClusters,
    embedded_admin: kube.Admin,
    shop: str,
) -> DirectPath:
    """With a Git host that does not answer."""
    made = DirectPath(store, embedded_clusters, embedded_admin, shop, None)
    made.running()
    return made


# --- plan ------------------------------------------------------------------------------------


def test_a_plan_without_surprises_needs_nobody_where_the_rules_say_so(path: DirectPath) -> None:
    change = path.planner.plan(path.scaled())
    assert change.state is State.APPLYING
    assert change.progress.plan is not None
    assert change.progress.confirmed_digest == change.progress.plan.digest
    assert "+  replicas: 5" in change.progress.plan.objects[0].diff
    assert path.live()["spec"]["replicas"] == 2


def test_a_plan_waits_for_a_person_where_the_rules_say_so(path: DirectPath) -> None:
    path.set(confirm=True)
    change = path.planner.plan(path.scaled())
    assert change.state is State.AWAITING_CONFIRMATION
    assert change.progress.confirmed_digest == ""


def test_a_diff_that_nobody_confirmed_in_time_expires_and_applied_nothing(
    path: DirectPath,
) -> None:
    path.set(confirm=True, approval_timeout=timedelta(hours=2))
    change = path.planner.plan(path.scaled())
    assert change.due_at == path.clock.time + timedelta(hours=2)
    path.clock.move(hours=2)
    expired = path.planner.expire(change)
    assert (expired.state, expired.due_at) == (State.EXPIRED, None)
    assert path.live()["spec"]["replicas"] == 2


def test_a_field_of_another_manager_is_shown_and_asks_for_a_person(path: DirectPath) -> None:
    path.admin.apply_as("autopilot", kube.deployment(path.shop, replicas=3), force=True)
    change = path.planner.plan(path.scaled())
    assert change.state is State.AWAITING_CONFIRMATION
    assert change.progress.plan is not None
    [conflict] = change.progress.plan.conflicts
    assert (conflict.field, conflict.manager) == (".spec.replicas", "autopilot")


def test_an_autoscaler_that_would_undo_it_asks_for_a_person(path: DirectPath) -> None:
    path.admin.create(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": path.shop},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "maxReplicas": 9,
            },
        }
    )
    change = path.planner.plan(path.scaled())
    assert change.state is State.AWAITING_CONFIRMATION
    assert change.progress.plan is not None
    assert "HorizontalPodAutoscaler web" in change.progress.plan.warnings[0]


def test_a_restarts_time_is_decided_and_stored_before_anything_else(path: DirectPath) -> None:
    change = path.requested(operation=Operation.RESTART, targets=(path.web,), replicas=None)
    noted = path.planner.plan(change)
    assert (noted.state, noted.progress.restarted_at) == (State.REQUESTED, "2026-03-02T09:30:00Z")
    path.clock.move(minutes=1)
    planned = path.planner.plan(noted)
    assert planned.state is State.APPLYING
    assert planned.progress.restarted_at == "2026-03-02T09:30:00Z"


# --- apply, watch, put back --------------------------------------------------------------------


def test_the_snapshot_is_stored_before_the_first_write(path: DirectPath) -> None:
    planned = path.planner.plan(path.scaled())
    noted = path.rollout.apply(planned)
    assert noted.state is State.APPLYING
    assert noted.progress.snapshot is not None
    assert path.live()["spec"]["replicas"] == 2
    applied = path.rollout.apply(noted)
    assert (applied.state, path.live()["spec"]["replicas"]) == (State.VALIDATING, 5)
    assert path.kinds(applied)[-2:] == ["snapshot.taken", "change.applied"]


def test_what_was_confirmed_is_planned_anew_when_the_cluster_moved(path: DirectPath) -> None:
    planned = path.planner.plan(path.scaled())
    path.admin.patch_as("redlight", path.live(), {"spec": {"minReadySeconds": 9}})
    outdated = path.rollout.apply(planned)
    assert outdated.state is State.REQUESTED
    assert outdated.progress.confirmed_digest == ""
    assert path.live()["spec"]["replicas"] == 2


def test_of_two_changes_of_one_object_the_second_waits_and_says_behind_which(
    path: DirectPath,
) -> None:
    first = path.rollout.apply(path.planner.plan(path.scaled(5)))
    second = path.rollout.apply(path.planner.plan(path.scaled(7)))
    assert second.progress.waiting is not None
    assert first.id in second.progress.waiting.reason
    since = second.progress.waiting.since
    path.clock.move(minutes=1)
    second = path.rollout.apply(second)
    assert second.progress.waiting is not None
    assert second.progress.waiting.since == since
    path.ledger.advance(first, Event.ROLLBACK_STARTED, "x")
    path.rollout.roll_back(path.store.change(first.number))
    assert path.rollout.apply(second).progress.waiting is None


def test_a_rollout_is_watched_until_the_controller_is_done(path: DirectPath) -> None:
    applied = path.applied()
    watched = path.rollout.validate(applied)
    assert watched.state is State.VALIDATING
    assert watched.due_at == path.clock.time + timedelta(seconds=1)
    assert watched.progress.rollout
    path.healthy()
    assert path.rollout.validate(watched).state is State.RECONCILING


def test_what_was_waited_for_is_forgotten_once_the_watch_goes_on(path: DirectPath) -> None:
    applied = path.applied()
    waiting = Waiting(reason="the API server does not answer", since=path.clock.time)
    waited = path.ledger.rest(applied, timedelta(), attempts=1, waiting=waiting)
    assert path.rollout.validate(waited).progress.waiting is None


def test_a_rollout_that_takes_too_long_is_put_back_with_the_reason(path: DirectPath) -> None:
    applied = path.applied()
    path.clock.move(minutes=11)
    back = path.rollout.validate(applied)
    assert back.state is State.ROLLING_BACK
    assert back.progress.failure is not None
    assert "did not finish in time" in back.progress.failure.sentence
    done = path.rollout.roll_back(back)
    assert (done.state, path.live()["spec"]["replicas"]) == (State.ROLLED_BACK, 2)


def test_where_the_rules_say_so_what_failed_stays_as_it_is(path: DirectPath) -> None:
    path.set(rollback_on_failure=False)
    applied = path.applied()
    path.clock.move(minutes=11)
    assert path.rollout.validate(applied).state is State.FAILED
    assert path.live()["spec"]["replicas"] == 5


def test_an_object_that_somebody_deleted_is_no_success(path: DirectPath) -> None:
    applied = path.applied()
    path.admin.delete(path.live())
    back = path.rollout.validate(applied)
    assert back.state is State.ROLLING_BACK
    assert back.progress.failure is not None
    assert "is gone: somebody deleted it" in back.progress.failure.sentence


def test_git_that_does_not_answer_is_asked_again_later(path: DirectPath) -> None:
    change = path.in_debt()
    with pytest.raises(RetryLater):
        path.backfill.reconcile(change)
    assert path.store.change(change.number) == change


# --- freezes ---------------------------------------------------------------------------------


def test_in_a_freeze_a_change_is_planned_and_waits_before_it_holds_or_writes_anything(
    path: DirectPath,
) -> None:
    path.freezes.freeze(SENIOR, "dev", "4h", "year end")
    change = path.planner.plan(path.scaled())
    assert change.progress.plan is not None
    waits = path.rollout.apply(change)
    assert waits.state is State.APPLYING
    assert waits.progress.snapshot is None
    assert waits.due_at == path.clock.time + LOOK_AGAIN
    assert path.live()["spec"]["replicas"] == 2
    path.clock.move(hours=4)
    started = path.rollout.apply(waits)
    assert started.progress.snapshot is not None
    assert started.progress.waiting is None


def test_a_change_that_was_let_through_overtakes_those_that_wait(path: DirectPath) -> None:
    path.freezes.freeze(SENIOR, "all", "", "stop the line")
    earlier = path.rollout.apply(path.planner.plan(path.scaled(7)))
    waits = path.rollout.apply(path.planner.plan(path.scaled()))
    passed = path.freezes.exempt(SENIOR, waits.number, "it mends the outage")
    done = path.rollout.apply(path.rollout.apply(passed))
    assert done.state is State.VALIDATING
    assert path.live()["spec"]["replicas"] == 5
    assert path.rollout.apply(earlier).state is State.APPLYING


def test_a_freeze_lets_finish_what_began_and_what_goes_back_by_itself(path: DirectPath) -> None:
    started = path.rollout.apply(path.planner.plan(path.scaled()))
    path.freezes.freeze(SENIOR, "all", "", "stop the line")
    applied = path.rollout.apply(started)
    assert applied.state is State.VALIDATING
    assert path.live()["spec"]["replicas"] == 5
    path.clock.move(hours=1)
    going_back = path.rollout.validate(applied)
    assert going_back.state is State.ROLLING_BACK
    assert path.rollout.roll_back(going_back).state is State.ROLLED_BACK
    assert path.live()["spec"]["replicas"] == 2


# --- emergencies -----------------------------------------------------------------------------


def _emergency(path: DirectPath, replicas: int) -> Change:
    """An emergency takes `deployment/web` over and writes to it."""
    path.clock.move(seconds=1)
    asked = builders.change_request(namespace=path.shop, targets=(path.web,), replicas=replicas)
    new = builders.new_change(asked, path=Path.EMERGENCY)
    change = path.store.create_change(new, builders.entry())
    change = path.ledger.advance(change, Event.CONFIRMED, "x")
    seize(path.store, path.ledger, change)
    path.admin.patch_as("redlight", path.live(), {"spec": {"replicas": replicas}})
    now = path.clock.now()
    return path.ledger.advance(change, Event.APPLIED, "x", applied_at=now, snapshot=())


def test_who_loses_its_objects_to_an_emergency_waits_in_whatever_it_does(path: DirectPath) -> None:
    applied = path.applied()
    emergency = _emergency(path, 9)
    path.clock.move(hours=1)
    watched = path.rollout.validate(applied)
    assert watched.state is State.VALIDATING, "it is not judged by what another one wrote"
    assert watched.progress.waiting is not None
    assert watched.progress.waiting.behind == (emergency.number,)
    undo = path.ledger.advance(watched, Event.ROLLBACK_STARTED, "x")
    assert path.rollout.roll_back(undo).state is State.ROLLING_BACK
    assert path.live()["spec"]["replicas"] == 9


def test_what_an_emergency_wrote_since_is_not_put_back(path: DirectPath) -> None:
    undo = path.ledger.advance(path.applied(), Event.ROLLBACK_STARTED, "x")
    emergency = _emergency(path, 9)
    path.store.let_go(emergency.number)
    back = path.rollout.roll_back(undo)
    assert (back.state, path.live()["spec"]["replicas"]) == (State.ROLLED_BACK, 9)


def test_one_that_was_about_to_write_is_planned_anew_after_an_emergency(path: DirectPath) -> None:
    started = path.rollout.apply(path.planner.plan(path.scaled()))
    emergency = _emergency(path, 9)
    assert path.rollout.apply(started).progress.waiting is not None
    path.store.let_go(emergency.number)
    anew = path.rollout.apply(path.store.change(started.number))
    assert (anew.state, path.live()["spec"]["replicas"]) == (State.REQUESTED, 9)


def test_git_is_not_asked_while_an_emergency_has_the_objects(path: DirectPath) -> None:
    debt = path.in_debt()
    emergency = _emergency(path, 9)
    waits = path.backfill.reconcile(debt)
    assert waits.progress.waiting is not None
    assert waits.progress.waiting.behind == (emergency.number,)
