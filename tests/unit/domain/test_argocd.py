"""Reading an Application as v2 and v3 write it, and what auto-sync means."""

import json
from typing import Any

import pytest

from chatbot.domain.argocd import (
    PAUSED_BY,
    Health,
    Phase,
    SyncStatus,
    read_application,
    read_pause,
    short,
)

V2: dict[str, Any] = {
    "metadata": {"name": "prod", "namespace": "argocd", "resourceVersion": "7"},
    "spec": {
        "project": "shop",
        "source": {
            "repoURL": "https://git.example/acme/cluster-config",
            "path": "environments/prod",
        },
        "syncPolicy": {"automated": {"selfHeal": True}, "syncOptions": ["Validate=false"]},
    },
    "status": {
        "sync": {"status": "OutOfSync", "revision": "abc"},
        "health": {"status": "Degraded"},
        "reconciledAt": "2026-03-01T12:00:00Z",
        "conditions": [
            {"type": "ComparisonError", "message": "rpc error"},
            {"type": "OrphanedResourceWarning", "message": "2 orphans"},
        ],
        "resources": [
            {
                "group": "apps",
                "kind": "Deployment",
                "namespace": "shop",
                "name": "web",
                "status": "OutOfSync",
                "health": {"status": "Degraded", "message": "exceeded its progress deadline"},
            }
        ],
        "operationState": {
            "phase": "Failed",
            "message": "one or more objects failed to apply",
            "startedAt": "2026-03-01T11:59:00Z",
            "finishedAt": "2026-03-01T11:59:10Z",
            "operation": {
                "info": [{"name": "redlight.dev/change", "value": "CHG-12"}],
                "initiatedBy": {"username": "redlight"},
                "sync": {"revision": "abc"},
            },
            "syncResult": {
                "revision": "abc",
                "resources": [
                    {"kind": "Deployment", "name": "web", "status": "SyncFailed", "message": "no"},
                    {"kind": "Job", "name": "hook", "hookPhase": "Failed", "message": "exit 1"},
                    {"kind": "Service", "name": "web", "status": "Synced", "message": "ok"},
                ],
            },
        },
        "history": [{"id": 0, "revision": "aaa", "deployedAt": "2026-03-01T10:00:00Z"}],
    },
}

V3: dict[str, Any] = {
    "metadata": {
        "name": "prod",
        "ownerReferences": [{"kind": "ApplicationSet", "name": "shops"}],
    },
    "spec": {
        "sources": [
            {"repoURL": "https://charts.example", "targetRevision": "1.2"},
            {"repoURL": "git@git.example:acme/cluster-config.git", "ref": "values"},
        ],
        "syncPolicy": {"automated": {"enabled": False}},
    },
    "status": {
        "sync": {"status": "Synced", "revisions": ["1.2", "abc"]},
        "health": {"status": "Healthy", "lastTransitionTime": "2026-03-01T12:00:00Z"},
        "resourceHealthSource": "appTree",
        "resources": [{"kind": "Service", "name": "web", "status": "Synced"}],
    },
}


def test_a_v2_application_is_read_whole() -> None:
    found = read_application(V2)
    assert (found.sync, found.health) == (SyncStatus.OUT_OF_SYNC, Health.DEGRADED)
    assert found.revisions == ("abc",)
    assert found.self_heal
    assert found.conditions == ("ComparisonError: rpc error",)
    assert found.resources[0].name == "deployment/web in shop"
    assert found.resources[0].message == "exceeded its progress deadline"
    assert found.state is not None
    assert found.state.phase is Phase.FAILED
    assert found.state.operation.change == "CHG-12"
    assert [each.message for each in found.state.results if each.failed] == ["no", "exit 1"]
    assert found.in_flight is None


def test_a_v3_application_is_read_whole() -> None:
    found = read_application(V3)
    assert (found.sync, found.health) == (SyncStatus.SYNCED, Health.HEALTHY)
    assert found.revisions == ("1.2", "abc")
    assert found.multi_source
    assert [each.health for each in found.resources] == [None]
    assert not found.auto_sync
    assert found.generated_by == "shops"


def test_an_application_that_argo_cd_has_not_seen_yet_is_unknown() -> None:
    found = read_application({"metadata": {"name": "new"}, "spec": {"source": {}}})
    assert (found.sync, found.health) == (SyncStatus.UNKNOWN, Health.UNKNOWN)
    assert found.state is None
    assert found.sources[0].target_revision == "HEAD"


def test_words_of_a_newer_argo_cd_are_unknown_and_no_error() -> None:
    status = {"sync": {"status": "Hydrating"}, "health": {"status": ["?"]}}
    found = read_application({"metadata": {}, "spec": {}, "status": status})
    assert (found.sync, found.health) == (SyncStatus.UNKNOWN, Health.UNKNOWN)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, False),
        ({"automated": None}, False),
        ({"automated": {}}, True),
        ({"automated": {"enabled": None}}, True),
        ({"automated": {"enabled": True}}, True),
        ({"automated": {"enabled": False, "selfHeal": True}}, False),
    ],
)
def test_auto_sync_is_on_as_argo_cd_reads_it(policy: dict[str, Any], expected: bool) -> None:
    assert read_application({"spec": {"syncPolicy": policy}}).auto_sync is expected


def test_a_running_operation_is_in_flight_and_wins_over_one_that_waits() -> None:
    state = {"phase": "Running", "operation": {"initiatedBy": {"automated": True}}}
    waiting = {"initiatedBy": {"username": "engineer"}}
    both = read_application({"operation": waiting, "status": {"operationState": state}})
    assert str(both.in_flight) == "of auto-sync"
    assert str(read_application({"operation": waiting}).in_flight) == "by engineer"


@pytest.mark.parametrize("text", ["", "{", "[]", "CHG-12", '{"change": 12}'])
def test_an_annotation_that_is_not_ours_names_no_change(text: str) -> None:
    found = read_application({"metadata": {"annotations": {PAUSED_BY: text}}})
    assert found.paused_by is not None
    assert found.paused_by.change == ""


@pytest.mark.parametrize("automated", [None, {}, {"prune": True}])
def test_the_annotation_keeps_what_auto_sync_was(automated: Any) -> None:
    text = json.dumps(
        {"change": "CHG-12", "until": "2026-03-01T12:00:00+00:00", "automated": automated}
    )
    pause = read_pause(text)
    assert pause.automated == automated
    assert json.loads(pause.to_annotation()) == json.loads(text)


def test_that_auto_sync_was_absent_is_not_that_it_was_null() -> None:
    assert not read_pause('{"change": "CHG-12"}').was_set
    assert read_pause('{"change": "CHG-12", "automated": null}').was_set


def test_revisions_are_shown_short() -> None:
    assert short(["", "a" * 40]) == "aaaaaaa"
    assert short([]) == "no revision"
