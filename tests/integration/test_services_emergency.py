"""An emergency from the sign-off to the undo, one step at a time, on the real API server, with an
everyday identity that may only look and another one for emergencies. Git is down all the while."""

import pytest
import yaml

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Operation, Target
from chatbot.domain.environment import ArgoApplications
from chatbot.domain.errors import Forbidden, Permanent
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.obligation import Kind
from chatbot.services.forecasts import FORECAST
from tests.contract.cluster.world import eventually
from tests.support import builders, kube
from tests.support.emergency_path import EmergencyPath
from tests.support.envtest import EMERGENCY, EVERYDAY
from tests.support.kube import Admin


@pytest.fixture
def path(
    store: SqliteStore, clusters: KubernetesClusters, cluster_admin: Admin, prod_namespace: str
) -> EmergencyPath:
    made = EmergencyPath(
        store, clusters, cluster_admin, prod_namespace, contexts=(EVERYDAY, EMERGENCY)
    )
    made.running()

    def bound() -> bool:
        """The server learns of a new binding a moment later."""
        try:
            for user in (EVERYDAY, EMERGENCY):
                clusters(user).get(made.web)
            clusters(EMERGENCY).dry_run_scale(made.web, 3, force=True)
        except Permanent:
            return False
        return True

    eventually(bound)
    return made


def _settings(path: EmergencyPath, **data: str) -> dict[str, object]:
    manifest = kube.config_map(path.shop, **data)
    target = Target(api_version="v1", kind="ConfigMap", namespace=path.shop, name="settings")
    return {
        "operation": Operation.APPLY,
        "manifest": yaml.safe_dump(manifest),
        "targets": (target,),
        "replicas": None,
    }


# --- the plan --------------------------------------------------------------------------------


def test_the_plan_is_foretold_where_the_everyday_identity_may_only_look(
    path: EmergencyPath, clusters: KubernetesClusters
) -> None:
    with pytest.raises(Forbidden):
        clusters(EVERYDAY).dry_run_scale(path.web, 5, force=True)
    plan = path.forecasts.preview(path.requested())
    assert plan.warnings == (FORECAST,)
    assert "+  replicas: 5" in plan.objects[0].diff
    assert [conflict.manager for conflict in plan.conflicts] == ["gitops"]


@pytest.mark.parametrize("operation", ["scale", "restart", "apply", "new"])
def test_the_forecast_is_what_the_server_makes_of_it(path: EmergencyPath, operation: str) -> None:
    web = kube.deployment(path.shop, replicas=4, image="registry.example/web:2")
    asked: dict[str, dict[str, object]] = {
        "scale": {},
        "restart": {"operation": Operation.RESTART, "replicas": None},
        "apply": {
            "operation": Operation.APPLY,
            "manifest": yaml.safe_dump(web),
            "replicas": None,
        },
        "new": _settings(path, mode="safe"),
    }
    change = path.requested(**asked[operation])
    if operation == "restart":
        change = path.ledger.note(change, "x", restarted_at="2026-03-02T09:30:00Z")
    foretold = path.forecasts.preview(change)
    everyday = path.environments["prod"]
    path.environments["prod"] = everyday.model_copy(update={"context": EMERGENCY})
    asked_of_the_server = path.forecasts.preview(change)
    assert foretold.objects == asked_of_the_server.objects
    assert foretold.warnings == (FORECAST,)
    assert asked_of_the_server.warnings == ()


def test_asked_again_with_nothing_changed_the_digest_is_the_same(path: EmergencyPath) -> None:
    change = path.requested()
    first = path.forecasts.preview(change)
    path.healthy()
    assert path.forecasts.preview(change).digest == first.digest
    path.scale_by_hand(3)
    assert path.forecasts.preview(change).digest != first.digest


# --- apply -----------------------------------------------------------------------------------


def test_snapshot_and_intent_are_stored_before_the_first_write(path: EmergencyPath) -> None:
    signed_off = path.signed_off()
    started = path.step(signed_off)
    assert started.state is State.APPLYING
    assert started.progress.snapshot is not None
    assert started.progress.started_digest == signed_off.progress.confirmed_digest
    assert path.replicas == 2
    applied = path.step(started)
    assert (applied.state, path.replicas) == (State.VALIDATING, 5)
    assert path.kinds(applied)[-2:] == ["snapshot.taken", "change.applied"]


def test_what_is_owed_is_stored_with_the_news_that_it_was_applied(path: EmergencyPath) -> None:
    applied = path.applied()
    owed = path.store.obligations(applied.number)
    assert {each.kind for each in owed} == set(Kind)
    for each in owed:
        assert (each.owner, each.since) == (builders.REQUESTER, applied.progress.applied_at)
        assert (each.due_at - each.since).total_seconds() == 24 * 3600


def test_everything_is_applied_whoever_owns_the_fields(path: EmergencyPath) -> None:
    web = kube.deployment(path.shop, replicas=4, image="registry.example/web:2")
    path.applied(operation=Operation.APPLY, manifest=yaml.safe_dump(web), replicas=None)
    live = path.live()["spec"]
    assert live["template"]["spec"]["containers"][0]["image"] == "registry.example/web:2"


def test_what_was_signed_off_and_no_longer_holds_is_asked_anew(path: EmergencyPath) -> None:
    signed_off = path.signed_off()
    path.scale_by_hand(3)
    outdated = path.step(signed_off)
    assert outdated.state is State.REQUESTED
    assert (outdated.progress.confirmed_digest, outdated.progress.confirmed_by) == ("", "")
    assert (outdated.progress.lights, outdated.progress.approvals) == ((), ())
    assert path.replicas == 3
    assert path.store.obligations(outdated.number) == []
    assert "the sign-off count no more" in path.told(outdated)


def test_what_the_cluster_refuses_is_owed_for_and_can_be_undone(path: EmergencyPath) -> None:
    web = kube.deployment(path.shop, replicas=4)
    web["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    web["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    change = path.signed_off(operation=Operation.APPLY, manifest=yaml.safe_dump(web), replicas=None)
    failed = path.until(change, State.FAILED)
    assert (failed.due_at, failed.progress.snapshot is not None) == (None, True)
    assert failed.progress.failure is not None
    assert "immutable" in failed.progress.failure.sentence
    assert path.owes(failed) == set(Kind)
    assert path.undone(failed).state is State.RECONCILING


def test_the_emergency_identity_sees_nothing_but_what_it_writes(
    path: EmergencyPath, clusters: KubernetesClusters
) -> None:
    with pytest.raises(Forbidden):
        clusters(EMERGENCY).quotas(path.shop)
    with pytest.raises(Permanent):
        clusters(EMERGENCY).get(path.web.model_copy(update={"namespace": "default"}))


# --- watching --------------------------------------------------------------------------------


def test_what_was_really_written_is_stored_when_the_rollout_is_over(path: EmergencyPath) -> None:
    applied = path.applied()
    watched = path.step(applied)
    assert (watched.state, watched.progress.written) == (State.VALIDATING, None)
    path.healthy()
    [entry] = path.until(watched, State.RECONCILING).progress.written or ()
    assert entry.manifest is not None
    assert entry.manifest["spec"] == {"replicas": 5}


def test_a_rollout_that_fails_stays_and_says_so(path: EmergencyPath) -> None:
    applied = path.applied()
    path.clock.move(minutes=11)
    after = path.step(applied)
    assert (after.state, path.replicas) == (State.RECONCILING, 5)
    assert after.progress.failure is not None
    assert "did not finish in time" in after.progress.failure.sentence
    assert "Undo puts everything back" in after.progress.failure.remedy
    assert after.progress.written


# --- undo ------------------------------------------------------------------------------------


def test_undo_brings_the_snapshot_back_with_git_still_down(path: EmergencyPath) -> None:
    undone = path.undone(path.applied())
    assert (undone.state, path.replicas) == (State.RECONCILING, 2)
    assert undone.progress.written == ()
    assert path.owes(undone) == set(Kind)


def test_undo_leaves_alone_what_others_changed_since(path: EmergencyPath) -> None:
    applied = path.applied(**_settings(path, mode="safe"))
    settings = kube.config_map(path.shop, mode="safe")
    path.admin.patch_as("hand", settings, {"metadata": {"labels": {"seen": "yes"}}})
    path.undone(applied)
    assert not path.admin.exists(settings), "it was new, so it goes"


# --- a second emergency on the same object ---------------------------------------------------


def test_a_second_emergency_takes_the_object_over_and_the_first_waits(path: EmergencyPath) -> None:
    first = path.rolled_out(replicas=5)
    second = path.applied(replicas=9)
    assert path.replicas == 9
    [seized] = [e.entry for e in path.store.events(second.number) if "seized" in e.entry.kind]
    assert seized.data == {"objects": [path.web.key], "from": [first.id]}
    waits = path.step(first)
    assert waits.progress.waiting is not None
    assert waits.progress.waiting.behind == (second.number,)


def test_the_first_ones_undo_waits_and_writes_nothing_over_the_second(path: EmergencyPath) -> None:
    first = path.rolled_out(replicas=5)
    second = path.applied(replicas=9)
    undo = path.ledger.advance(path.store.change(first.number), Event.ROLLBACK_STARTED, "x")
    assert path.step(undo).state is State.ROLLING_BACK
    path.store.let_go(second.number)  # it is reconciled
    done = path.until(undo, State.RECONCILING)
    assert (done.progress.written, path.replicas) == ((), 9)
    assert "Left alone" in path.told(done)


def test_one_that_loses_its_objects_before_it_wrote_asks_anew(path: EmergencyPath) -> None:
    first = path.step(path.signed_off(replicas=5))
    second = path.applied(replicas=9)
    waits = path.step(first)
    assert (waits.state, path.replicas) == (State.APPLYING, 9)
    path.store.let_go(second.number)
    assert path.step(waits).state is State.REQUESTED
    assert path.replicas == 9


# --- a process that dies ---------------------------------------------------------------------


def test_a_write_that_was_not_recorded_is_repeated_without_effect(path: EmergencyPath) -> None:
    started = path.step(path.signed_off())
    path.rollout.apply(started)
    generation = path.live()["metadata"]["generation"]
    with path.store._connections.writing() as db:  # as if the process had died before its save
        db.execute(
            "UPDATE changes SET state = 'applying', version = ? WHERE number = ?",
            (started.version, started.number),
        )
    again = path.rollout.apply(path.store.change(started.number))
    assert again.state is State.VALIDATING
    assert path.live()["metadata"]["generation"] == generation
    assert again.progress.snapshot == started.progress.snapshot
    assert len(path.store.obligations(again.number)) == len(Kind)


def test_an_undo_that_was_not_recorded_is_repeated_without_effect(path: EmergencyPath) -> None:
    applied = path.applied()
    undo = path.ledger.advance(applied, Event.ROLLBACK_STARTED, "rollback.started")
    path.rollout.clusters(EMERGENCY).restore(undo.progress.snapshot or (), change=undo.id)
    generation = path.live()["metadata"]["generation"]
    assert path.until(undo, State.RECONCILING).progress.written == ()
    assert path.live()["metadata"]["generation"] == generation


# --- Argo CD ---------------------------------------------------------------------------------


def test_argo_cd_that_cannot_be_paused_stops_nothing_and_is_said(
    store: SqliteStore, clusters: KubernetesClusters, path: EmergencyPath
) -> None:
    names = ArgoApplications(names=("shop",), namespace="nowhere")
    path.environments["prod"] = path.environments["prod"].model_copy(update={"argocd": names})
    applied = path.applied()
    assert path.replicas == 5
    assert applied.progress.auto_sync_until is None
    [remark] = applied.progress.rollout
    assert remark.startswith("Argo CD may undo this: auto-sync of shop could not be paused")
    assert "Argo CD may undo this" in path.told(applied)
