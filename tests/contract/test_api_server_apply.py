"""Server-side apply as Redlight relies on it, on the embedded server and on the real one."""

from typing import Any

import pytest

from tests.contract.api_server_fixture import *  # noqa: F403 - its fixtures
from tests.support.api_servers import MERGE, Server, web
from tests.support.kube import Manifest, config_map


def app(manifest: Manifest) -> Manifest:
    return manifest["spec"]["template"]["spec"]["containers"][0]


def owned(manifest: Manifest, manager: str) -> Manifest:
    """What a manager owns by applying."""
    for row in manifest["metadata"]["managedFields"]:
        if (row["manager"], row["operation"]) == (manager, "Apply"):
            return row["fieldsV1"]
    return {}


def test_apply_creates_then_updates(api: Server) -> None:
    path = f"{api.deployments}/web"
    created = api.apply(path, web(api.namespace))
    assert (created.status, created.body["metadata"]["generation"]) == (201, 1)
    changed = api.apply(path, web(api.namespace, image="registry.example/web:2"))
    assert (changed.status, changed.body["metadata"]["generation"]) == (200, 2)
    assert app(changed.body)["image"] == "registry.example/web:2"


def test_applying_the_same_again_changes_nothing(api: Server) -> None:
    path = f"{api.deployments}/web"
    first = api.apply(path, web(api.namespace)).body
    assert api.apply(path, web(api.namespace)).body == first


def test_managed_fields_name_what_was_applied_and_no_defaults(api: Server) -> None:
    body = api.apply(f"{api.deployments}/web", web(api.namespace)).body
    assert owned(body, "redlight") == {
        "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"app"}': {
                            ".": {},
                            "f:name": {},
                            "f:image": {},
                            "f:ports": {
                                'k:{"containerPort":80,"protocol":"TCP"}': {
                                    ".": {},
                                    "f:containerPort": {},
                                    "f:protocol": {},
                                }
                            },
                            "f:env": {'k:{"name":"MODE"}': {".": {}, "f:name": {}, "f:value": {}}},
                        }
                    }
                },
            },
        }
    }


def test_fields_that_are_no_longer_applied_go_away(api: Server) -> None:
    path = f"{api.deployments}/web"
    first = web(api.namespace)
    first["metadata"]["labels"] = {"team": "shop", "tier": "front"}
    app(first)["env"].append({"name": "EXTRA", "value": "1"})
    api.apply(path, first)
    second = web(api.namespace)
    second["metadata"]["labels"] = {"team": "shop"}
    after = api.apply(path, second).body
    assert after["metadata"]["labels"] == {"team": "shop"}
    assert app(after)["env"] == [{"name": "MODE", "value": "plain"}]


def test_a_container_that_is_no_longer_applied_goes_away_whole(api: Server) -> None:
    path = f"{api.deployments}/web"
    first = web(api.namespace)
    first["spec"]["template"]["spec"]["containers"].append(
        {"name": "side", "image": "registry.example/side:1"}
    )
    api.apply(path, first)
    after = api.apply(path, web(api.namespace)).body
    assert [c["name"] for c in after["spec"]["template"]["spec"]["containers"]] == ["app"]


def test_what_another_manager_applies_too_stays_when_one_drops_it(api: Server) -> None:
    path = f"{api.config_maps}/settings"
    api.apply(path, config_map(api.namespace, a="1", b="2"))
    api.apply(path, config_map(api.namespace, b="2"), "other")
    after = api.apply(path, config_map(api.namespace, c="3")).body
    assert after["data"] == {"b": "2", "c": "3"}


def test_a_field_nobody_applied_survives_an_apply(api: Server) -> None:
    path = f"{api.config_maps}/settings"
    api.apply(path, config_map(api.namespace, a="1"))
    api.call("PATCH", path, {"data": {"hand": "made"}}, MERGE, fieldManager="somebody")
    after = api.apply(path, config_map(api.namespace, a="2")).body
    assert after["data"] == {"a": "2", "hand": "made"}


def test_conflicts_name_every_field_and_its_manager(api: Server) -> None:
    path = f"{api.deployments}/web"
    before = api.apply(path, web(api.namespace)).body
    theirs = web(api.namespace, image="registry.example/web:2", replicas=3)
    answer = api.apply(path, theirs, "other")
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "redlight"',
            "field": ".spec.replicas",
        },
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "redlight"',
            "field": '.spec.template.spec.containers[name="app"].image',
        },
    ]
    assert answer.body["message"].startswith("Apply failed with 2 conflicts: conflicts with")
    assert api.get(path) == before


def test_a_single_conflict_with_a_plain_update_names_it(api: Server) -> None:
    path = f"{api.config_maps}/settings"
    api.call("POST", api.config_maps, config_map(api.namespace, a="1"), fieldManager="kubectl")
    answer = api.apply(path, config_map(api.namespace, a="2"))
    assert answer.status == 409
    (cause,) = answer.body["details"]["causes"]
    assert cause["field"] == ".data.a"
    assert cause["message"].startswith('conflict with "kubectl" using v1')
    assert answer.body["message"].startswith(
        'Apply failed with 1 conflict: conflict with "kubectl"'
    )


def test_force_takes_the_field_over(api: Server) -> None:
    path = f"{api.config_maps}/settings"
    api.apply(path, config_map(api.namespace, a="1", b="1"), "other")
    after = api.apply(path, config_map(api.namespace, a="2"), force="true").body
    assert after["data"] == {"a": "2", "b": "1"}
    assert owned(after, "redlight") == {"f:data": {"f:a": {}}}
    assert owned(after, "other") == {"f:data": {"f:b": {}}}


def test_the_same_value_is_shared_without_a_conflict(api: Server) -> None:
    path = f"{api.config_maps}/settings"
    api.apply(path, config_map(api.namespace, a="1"), "other")
    shared = api.apply(path, config_map(api.namespace, a="1"))
    assert shared.status == 200
    assert owned(shared.body, "redlight") == owned(shared.body, "other") == {"f:data": {"f:a": {}}}


def test_a_dry_run_of_an_apply_shows_the_result_and_leaves_nothing(api: Server) -> None:
    path = f"{api.deployments}/web"
    shown = api.apply(path, web(api.namespace), dryRun="All")
    assert (shown.status, shown.body["spec"]["replicas"]) == (201, 2)
    assert api.call("GET", path).status == 404
    before = api.apply(path, web(api.namespace)).body
    shown = api.apply(path, web(api.namespace, replicas=5), dryRun="All")
    assert shown.body["spec"]["replicas"] == 5
    assert api.get(path) == before


def test_a_dry_run_meets_conflicts_as_well(api: Server) -> None:
    path = f"{api.config_maps}/settings"
    api.apply(path, config_map(api.namespace, a="1"), "other")
    assert api.apply(path, config_map(api.namespace, a="2"), dryRun="All").status == 409


def test_apply_without_a_field_manager_is_422(api: Server) -> None:
    answer = api.apply(f"{api.config_maps}/settings", config_map(api.namespace), "")
    assert answer.status == 422
    assert answer.body["details"]["causes"][0]["field"] == "fieldManager"


def _unknown_field(manifest: Manifest) -> None:
    manifest["spec"]["replcas"] = 3


def _text_for_number(manifest: Manifest) -> None:
    manifest["spec"]["replicas"] = "three"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_unknown_field, ".spec.replcas: field not declared in schema"),
        (_text_for_number, ".spec.replicas: expected numeric"),
    ],
)
def test_an_apply_that_does_not_fit_the_kind_names_the_field(
    api: Server, spoil: Any, words: str
) -> None:
    manifest = web(api.namespace)
    spoil(manifest)
    answer = api.apply(f"{api.deployments}/web", manifest)
    assert answer.status == 500
    assert "failed to create typed patch object" in answer.body["message"]
    assert words in answer.body["message"]


def test_an_apply_under_another_name_is_400(api: Server) -> None:
    answer = api.apply(f"{api.deployments}/other", web(api.namespace))
    assert answer.status == 400
    assert "does not match the name on the URL" in answer.body["message"]


def test_an_apply_into_a_missing_namespace_is_404(api: Server) -> None:
    path = "/apis/apps/v1/namespaces/gone/deployments/web"
    for query in ({}, {"dryRun": "All"}):
        answer = api.apply(path, web("gone"), **query)
        assert (answer.status, answer.body["message"]) == (404, 'namespaces "gone" not found')


def test_an_apply_on_an_older_version_is_409(api: Server) -> None:
    path = f"{api.config_maps}/settings"
    old = api.apply(path, config_map(api.namespace, a="1")).body["metadata"]["resourceVersion"]
    api.apply(path, config_map(api.namespace, a="2"))
    manifest = config_map(api.namespace, a="3")
    manifest["metadata"]["resourceVersion"] = old
    answer = api.apply(path, manifest)
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")


def test_apply_writes_no_status(api: Server) -> None:
    manifest = {**web(api.namespace), "status": {"replicas": 9}}
    after = api.apply(f"{api.deployments}/web", manifest).body
    assert "replicas" not in after["status"]
