"""When a sync is told, and what comes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatbot.domain.argocd import Application, Health, read_application
from chatbot.domain.argocd_sync import (
    Settling,
    SyncOrder,
    SyncOutcome,
    Told,
    Verdict,
    sync_outcome,
    tell,
    terminate,
)
from chatbot.domain.errors import Permanent, RetryLater

OURS, THEIRS = "a" * 40, "b" * 40
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTLE = timedelta(seconds=30)
ORDER = SyncOrder(change="CHG-12", revision=OURS, repo="acme/cluster-config")


def operation(change: str = "CHG-12", revision: str = OURS, **by: Any) -> dict[str, Any]:
    info = [{"name": "redlight.dev/change", "value": change}] if change else []
    return {"info": info, "initiatedBy": by, "sync": {"revision": revision}}


def application(
    *,
    state: dict[str, Any] | None = None,
    phase: str = "Succeeded",
    sync: str = "Synced",
    revision: str = OURS,
    health: str = "Healthy",
    history: tuple[str, ...] = (),
    **parts: Any,
) -> Application:
    """An Application whose last operation was `state` and that was compared afterwards."""
    status: dict[str, Any] = {
        "sync": {"status": sync, "revision": revision},
        "health": {"status": health},
        "reconciledAt": "2026-03-01T11:00:01Z",
        "history": [{"id": i, "revision": each} for i, each in enumerate(history)],
        "resources": parts.pop("resources", []),
        "conditions": parts.pop("conditions", []),
    }
    if state is not None:
        status["operationState"] = {
            "operation": state,
            "phase": phase,
            "finishedAt": "2026-03-01T11:00:00Z",
            "message": parts.pop("message", ""),
            "syncResult": parts.pop("result", {}),
        }
    spec: dict[str, Any] = {"source": {"repoURL": "x"}}
    if "automated" in parts:
        spec["syncPolicy"] = {"automated": parts.pop("automated")}
    metadata = {"name": "prod", **parts.pop("metadata", {})}
    return read_application({"metadata": metadata, "spec": spec, "status": status, **parts})


def look(found: Application, settling: Settling | None = None, now: datetime = NOW) -> SyncOutcome:
    return sync_outcome(
        found, revision=OURS, change="CHG-12", settling=settling, settle=SETTLE, now=now
    )


def after_settling(found: Application) -> SyncOutcome:
    first = look(found)
    assert first.verdict is Verdict.WAITING
    return look(found, first.settling, NOW + SETTLE)


# --- telling ---------------------------------------------------------------------------------


def test_an_idle_application_is_told() -> None:
    told, made = tell(application(), ORDER)
    assert told is Told.STARTED
    assert made["sync"] == {"revision": OURS}
    assert "prune" not in made["sync"]


@pytest.mark.parametrize("phase", ["Running", "Failed", "Error", "Succeeded"])
def test_an_operation_that_is_ours_is_not_told_twice(phase: str) -> None:
    assert tell(application(state=operation(), phase=phase), ORDER)[0] is Told.ALREADY


def test_an_operation_that_waits_to_be_taken_up_is_not_told_twice() -> None:
    assert tell(application(operation=operation()), ORDER)[0] is Told.ALREADY


def test_our_operation_at_an_older_revision_is_not_the_one_we_want() -> None:
    told, _ = tell(application(state=operation(revision=THEIRS)), ORDER)
    assert told is Told.STARTED


@pytest.mark.parametrize(
    ("other", "whose"),
    [
        (operation("CHG-9"), "for CHG-9"),
        (operation("", username="engineer"), "by engineer"),
        (operation("", automated=True), "of auto-sync"),
        (operation(""), "of somebody else"),
    ],
)
def test_a_second_operation_never_starts_while_one_runs(other: Any, whose: str) -> None:
    for busy in (application(operation=other), application(state=other, phase="Running")):
        with pytest.raises(RetryLater, match=whose) as refused:
            tell(busy, ORDER)
        assert refused.value.after is not None


def test_what_was_deployed_and_left_behind_is_not_brought_back() -> None:
    found = application(state=operation("CHG-13", THEIRS), history=(OURS, THEIRS))
    assert tell(found, ORDER)[0] is Told.SUPERSEDED


def test_auto_sync_is_told_only_what_it_has_given_up_and_a_person_asks_for_anew() -> None:
    failed = operation("", automated=True)
    for phase, attempt, told in (
        ("Failed", 1, Told.AUTO_SYNCED),
        ("Failed", 2, Told.STARTED),
        ("Succeeded", 2, Told.AUTO_SYNCED),
    ):
        found = application(state=failed, phase=phase, automated={})
        assert tell(found, replace(ORDER, attempt=attempt))[0] is told


def test_an_application_that_is_being_deleted_is_not_told() -> None:
    with pytest.raises(Permanent, match="being deleted"):
        tell(application(metadata={"deletionTimestamp": "2026-03-01T12:00:00Z"}), ORDER)


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example/acme/cluster-config",
        "https://git.example/Acme/Cluster-Config.git/",
        "git@git.example:acme/cluster-config.git",
        "ssh://git@git.example:22/acme/cluster-config.git",
    ],
)
def test_our_source_is_found_however_its_address_is_written(url: str) -> None:
    charts = {"repoURL": "https://charts.example/not-acme/cluster-config-x", "targetRevision": "1"}
    found = read_application({"spec": {"sources": [charts, {"repoURL": url}]}})
    assert tell(found, ORDER)[1]["sync"]["revisions"] == ["", OURS]


def test_sources_without_our_repository_are_refused() -> None:
    found = read_application({"spec": {"sources": [{"repoURL": "https://charts.example"}]}})
    with pytest.raises(Permanent, match="none of the sources"):
        tell(found, ORDER)


# --- what came of it -------------------------------------------------------------------------


def test_synced_and_healthy_counts_only_when_it_lasts() -> None:
    found = application(state=operation())
    first = look(found)
    assert first == SyncOutcome(
        Verdict.WAITING, first.reasons, Settling(health="Healthy", since=NOW)
    )
    almost = look(found, first.settling, NOW + SETTLE - timedelta(seconds=1))
    assert almost.verdict is Verdict.WAITING
    assert look(found, first.settling, NOW + SETTLE).verdict is Verdict.SYNCED_AND_HEALTHY


def test_a_relapse_starts_the_settle_time_anew() -> None:
    settling = look(application(state=operation())).settling
    relapsed = look(application(state=operation(), health="Progressing"), settling)
    assert (relapsed.verdict, relapsed.settling) == (Verdict.WAITING, None)


def test_degraded_fails_only_when_it_lasts_and_names_the_objects() -> None:
    health = {"status": "Degraded", "message": "exceeded its progress deadline"}
    rows = [{"kind": "Deployment", "name": "web", "namespace": "shop", "health": health}]
    outcome = after_settling(application(state=operation(), health="Degraded", resources=rows))
    assert outcome.verdict is Verdict.FAILED
    assert outcome.reasons == (
        "Argo CD calls Application prod Degraded",
        "deployment/web in shop is Degraded: exceeded its progress deadline",
    )


def test_health_from_before_the_sync_ended_does_not_count() -> None:
    found = application(state=operation(), metadata={})
    stale = {**found.__dict__, "reconciled_at": NOW - timedelta(hours=2)}
    assert look(Application(**stale)).settling is None


def test_out_of_sync_at_our_revision_waits_and_names_what() -> None:
    rows = [{"kind": "Job", "name": "old", "namespace": "shop", "status": "OutOfSync"}]
    outcome = look(application(state=operation(), sync="OutOfSync", resources=rows))
    assert outcome.reasons == ("still OutOfSync after the sync: job/old in shop",)
    assert outcome.settling is None


def test_a_newer_commit_in_git_does_not_spoil_our_sync() -> None:
    found = application(state=operation(), sync="OutOfSync", revision=THEIRS)
    assert after_settling(found).verdict is Verdict.SYNCED_AND_HEALTHY


def test_a_failed_operation_speaks_in_argo_cds_words() -> None:
    rows = [{"kind": "Deployment", "name": "web", "status": "SyncFailed", "message": "denied"}]
    found = application(
        state=operation(), phase="Failed", message="sync failed", result={"resources": rows}
    )
    assert look(found) == SyncOutcome(Verdict.FAILED, ("sync failed", "deployment/web: denied"))


def test_a_running_operation_shows_what_it_waits_for() -> None:
    said = "Sync operation blocked by sync window"
    found = application(state=operation(), phase="Running", message=said)
    assert look(found) == SyncOutcome(Verdict.WAITING, (said,))


def test_the_failure_of_somebody_elses_operation_is_not_ours() -> None:
    found = application(state=operation("CHG-9", THEIRS), phase="Failed", revision=THEIRS)
    assert look(found).verdict is Verdict.WAITING


def test_somebody_elses_sync_of_our_revision_does_not_stand_for_ours() -> None:
    assert look(application(state=operation("", username="engineer"))).settling is None


def test_an_operation_that_began_after_ours_supersedes_it() -> None:
    found = application(
        state=operation("CHG-13", THEIRS), phase="Running", history=(OURS,), revision=THEIRS
    )
    assert look(found).verdict is Verdict.SUPERSEDED


def test_auto_sync_at_our_revision_counts_with_and_without_an_operation() -> None:
    automated = operation("", automated=True)
    assert after_settling(application(automated={}, state=automated)).reasons == ()
    assert after_settling(application(automated={})).verdict is Verdict.SYNCED_AND_HEALTHY


def test_auto_sync_that_failed_at_our_revision_failed() -> None:
    found = application(
        automated={}, state=operation("", automated=True), phase="Failed", message="denied"
    )
    assert look(found) == SyncOutcome(Verdict.FAILED, ("denied",))


def test_auto_sync_that_has_not_seen_our_revision_is_waited_for() -> None:
    outcome = look(application(automated={}, revision=THEIRS))
    assert outcome.reasons == ("Argo CD last saw bbbbbbb, not aaaaaaa",)


def test_what_keeps_argo_cd_from_comparing_is_said() -> None:
    rows = [{"type": "ComparisonError", "message": "Git is away"}]
    outcome = look(application(automated={}, revision=THEIRS, conditions=rows))
    assert outcome.reasons == ("ComparisonError: Git is away",)


@pytest.mark.parametrize("health", [Health.PROGRESSING, Health.SUSPENDED, Health.UNKNOWN])
def test_other_health_is_waited_out(health: Health) -> None:
    outcome = look(application(state=operation(), health=health))
    assert (outcome.verdict, outcome.settling) == (Verdict.WAITING, None)


# --- terminate -------------------------------------------------------------------------------


def test_our_own_operation_is_ended_as_argo_cds_own_server_does() -> None:
    running = application(state=operation(), phase="Running", operation=operation())
    ending = {"status": {"operationState": {"phase": "Terminating"}}}
    assert terminate(running, "CHG-12", OURS) == (True, ending)


def test_an_operation_that_has_not_begun_or_ends_already_is_waited_for() -> None:
    asked = application(state=operation("CHG-1", THEIRS), operation=operation())
    assert terminate(asked, "CHG-12", OURS) == (True, None)
    ending = application(state=operation(), phase="Terminating", operation=operation())
    assert terminate(ending, "CHG-12", OURS) == (True, None)


@pytest.mark.parametrize("other", [operation("CHG-13"), operation(""), operation(revision=THEIRS)])
def test_other_operations_are_left_alone(other: dict[str, Any]) -> None:
    running = application(state=other, phase="Running", operation=other)
    assert terminate(running, "CHG-12", OURS) == (False, None)
    assert terminate(application(state=operation()), "CHG-12", OURS) == (False, None)


def test_only_an_earlier_attempt_than_the_one_that_is_asked_for_is_ended() -> None:
    running = application(state=operation(), phase="Running", operation=operation())
    assert terminate(running, "CHG-12", OURS, before=2)[0]
    assert terminate(running, "CHG-12", OURS, before=1) == (False, None)
