"""What Redlight and its sandbox rely on in an API server: objects, patches and errors.

Asked of the embedded server and of the real one alike.
"""

from typing import Any
from uuid import uuid4

import pytest

from tests.contract.api_server_fixture import *  # noqa: F403 - its fixtures
from tests.support.api_servers import JSON_PATCH, MERGE, STRATEGIC, Server, web
from tests.support.kube import Manifest, config_map


def containers(manifest: Manifest) -> list[Manifest]:
    return manifest["spec"]["template"]["spec"]["containers"]


def test_what_is_created_is_read_listed_and_deleted(api: Server) -> None:
    made = api.call("POST", api.deployments, web(api.namespace))
    assert made.status == 201
    assert made.body["metadata"]["generation"] == 1
    assert api.get(f"{api.deployments}/web")["metadata"]["uid"] == made.body["metadata"]["uid"]
    listed = api.get(api.deployments)
    assert listed["kind"] == "DeploymentList"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["web"]
    assert api.call("DELETE", f"{api.deployments}/web").body["status"] == "Success"
    assert api.call("GET", f"{api.deployments}/web").status == 404


def test_defaults_are_filled_in(api: Server) -> None:
    body = web(api.namespace, image="registry.example/web:1")
    del body["spec"]["replicas"]
    made = api.call("POST", api.deployments, body).body
    assert made["spec"]["replicas"] == 1
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert containers(made)[0]["imagePullPolicy"] == "IfNotPresent"
    assert made["spec"]["template"]["spec"]["restartPolicy"] == "Always"


def test_empty_maps_of_a_built_in_kind_are_dropped(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    patch = {"spec": {"template": {"metadata": {"annotations": {"gone": None}}}}}
    after = api.call("PATCH", f"{api.deployments}/web", patch, MERGE).body
    assert "annotations" not in after["spec"]["template"]["metadata"]
    assert after["metadata"]["generation"] == 1


def test_lists_select_by_label_and_by_field(api: Server) -> None:
    for name, tier in (("a", "front"), ("b", "back"), ("c", "back")):
        manifest = config_map(api.namespace, name)
        manifest["metadata"]["labels"] = {"tier": tier}
        api.call("POST", api.config_maps, manifest)

    def names(**query: str) -> set[str]:
        found = {item["metadata"]["name"] for item in api.get(api.config_maps, **query)["items"]}
        return found - {"kube-root-ca.crt"}

    assert names(labelSelector="tier=back") == {"b", "c"}
    assert names(labelSelector="tier in (front)") == {"a"}
    assert names(labelSelector="tier!=back,tier") == {"a"}
    assert names(fieldSelector="metadata.name=b") == {"b"}


def test_events_are_found_by_what_they_are_about(api: Server) -> None:
    for name in ("web-1", "web-2"):
        about = {"apiVersion": "v1", "kind": "Pod", "name": name, "namespace": api.namespace}
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.1", "namespace": api.namespace},
            "involvedObject": about,
            "type": "Warning",
            "reason": "BackOff",
            "message": "Back-off pulling image",
        }
        assert api.call("POST", api.events, event).status == 201
    found = api.get(
        api.events, fieldSelector="involvedObject.name=web-2,involvedObject.kind=Pod,type=Warning"
    )
    assert [item["involvedObject"]["name"] for item in found["items"]] == ["web-2"]


def test_an_object_that_is_not_there_is_404(api: Server) -> None:
    answer = api.call("GET", f"{api.deployments}/nope")
    assert answer.status == 404
    assert answer.body["kind"] == "Status"
    assert answer.body["reason"] == "NotFound"
    assert answer.body["message"] == 'deployments.apps "nope" not found'
    assert answer.body["details"] == {"name": "nope", "group": "apps", "kind": "deployments"}


def test_a_namespace_that_is_not_there_is_404(api: Server) -> None:
    answer = api.call("POST", "/apis/apps/v1/namespaces/gone/deployments", web("gone"))
    assert (answer.status, answer.body["message"]) == (404, 'namespaces "gone" not found')


def test_a_resource_that_is_not_served_is_404(api: Server) -> None:
    answer = api.call("GET", f"/apis/apps/v1/namespaces/{api.namespace}/nopes")
    assert answer.status == 404
    assert answer.body["message"] == "the server could not find the requested resource"


def test_a_name_that_is_taken_is_409(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    answer = api.call("POST", api.deployments, web(api.namespace))
    assert (answer.status, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == 'deployments.apps "web" already exists'


def test_a_write_on_an_older_version_is_409(api: Server) -> None:
    live = api.call("POST", api.deployments, web(api.namespace)).body
    newer = {**live, "spec": {**live["spec"], "replicas": 5}}
    assert api.call("PUT", f"{api.deployments}/web", newer).status == 200
    answer = api.call("PUT", f"{api.deployments}/web", live)
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in answer.body["message"]


def _without_image(manifest: Manifest) -> None:
    del containers(manifest)[0]["image"]


def _other_labels(manifest: Manifest) -> None:
    manifest["spec"]["template"]["metadata"]["labels"] = {"app": "other"}


def _less_than_nothing(manifest: Manifest) -> None:
    manifest["spec"]["replicas"] = -1


def _bad_name(manifest: Manifest) -> None:
    manifest["metadata"]["name"] = "Bad_Name"


def _mount_of_nothing(manifest: Manifest) -> None:
    containers(manifest)[0]["volumeMounts"] = [{"name": "gone", "mountPath": "/data"}]


@pytest.mark.parametrize(
    ("spoil", "field", "reason"),
    [
        (_without_image, "spec.template.spec.containers[0].image", "FieldValueRequired"),
        (_other_labels, "spec.template.metadata.labels", "FieldValueInvalid"),
        (_less_than_nothing, "spec.replicas", "FieldValueInvalid"),
        (_bad_name, "metadata.name", "FieldValueInvalid"),
        (
            _mount_of_nothing,
            "spec.template.spec.containers[0].volumeMounts[0].name",
            "FieldValueNotFound",
        ),
    ],
)
def test_what_does_not_hold_is_422_and_names_the_field(
    api: Server, spoil: Any, field: str, reason: str
) -> None:
    manifest = web(api.namespace)
    spoil(manifest)
    answer = api.call("POST", api.deployments, manifest)
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
    assert [(cause["field"], cause["reason"]) for cause in answer.body["details"]["causes"]] == [
        (field, reason)
    ]


def test_a_selector_cannot_be_changed(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    labels = {"app": "other"}
    patch = {
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}},
        }
    }
    answer = api.call("PATCH", f"{api.deployments}/web", patch, MERGE)
    assert answer.status == 422
    assert answer.body["details"]["causes"][0]["field"] == "spec.selector"
    assert "field is immutable" in answer.body["message"]


def test_generation_counts_changes_of_the_spec_alone(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    path = f"{api.deployments}/web"

    def patched(patch: Manifest, at: str = path) -> int:
        return api.call("PATCH", at, patch, MERGE).body["metadata"]["generation"]

    assert patched({"metadata": {"labels": {"seen": "yes"}}}) == 1
    assert patched({"status": {"readyReplicas": 1, "replicas": 1}}, f"{path}/status") == 1
    assert patched({"spec": {"replicas": 3}}) == 2
    assert patched({"spec": {"replicas": 3}}) == 2


def test_status_and_spec_are_written_apart(api: Server) -> None:
    path = f"{api.deployments}/web"
    api.call("POST", api.deployments, web(api.namespace))
    both = {"spec": {"replicas": 7}, "status": {"replicas": 2, "readyReplicas": 2}}
    assert "readyReplicas" not in api.call("PATCH", path, both, MERGE).body["status"]
    api.call("PATCH", path, {"spec": {"replicas": 3}}, MERGE)
    after = api.call("PATCH", f"{path}/status", both, MERGE).body
    assert (after["spec"]["replicas"], after["status"]["readyReplicas"]) == (3, 2)


def test_a_restart_is_a_merge_patch_of_the_template(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-03-01T12:00:00Z"}
    patch = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
    after = api.call("PATCH", f"{api.deployments}/web", patch, MERGE).body
    assert after["spec"]["template"]["metadata"]["annotations"] == stamp
    assert after["metadata"]["generation"] == 2
    version = after["metadata"]["resourceVersion"]
    again = api.call("PATCH", f"{api.deployments}/web", patch, MERGE).body
    assert again["metadata"]["resourceVersion"] == version


def test_a_strategic_patch_merges_containers_by_name(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    patch = {
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {"name": "app", "image": "registry.example/web:2"},
                        {"name": "side", "image": "registry.example/side:1"},
                    ]
                }
            }
        }
    }
    after = api.call("PATCH", f"{api.deployments}/web", patch, STRATEGIC).body
    assert {c["name"]: c["image"] for c in containers(after)} == {
        "app": "registry.example/web:2",
        "side": "registry.example/side:1",
    }
    app = next(c for c in containers(after) if c["name"] == "app")
    assert app["env"] == [{"name": "MODE", "value": "plain"}]
    remove = {
        "spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}
    }
    after = api.call("PATCH", f"{api.deployments}/web", remove, STRATEGIC).body
    assert [c["name"] for c in containers(after)] == ["app"]


def test_a_json_patch_tests_and_replaces(api: Server) -> None:
    api.call("POST", api.config_maps, config_map(api.namespace, mode="plain"))
    path = f"{api.config_maps}/settings"
    operations = [
        {"op": "test", "path": "/data/mode", "value": "plain"},
        {"op": "replace", "path": "/data/mode", "value": "fancy"},
    ]
    assert api.call("PATCH", path, operations, JSON_PATCH).body["data"] == {"mode": "fancy"}
    assert api.call("PATCH", path, operations, JSON_PATCH).status == 422


def test_a_patch_of_an_unknown_type_is_415(api: Server) -> None:
    api.call("POST", api.config_maps, config_map(api.namespace))
    assert api.call("PATCH", f"{api.config_maps}/settings", {}, "application/odd").status == 415


def test_a_delete_for_another_object_of_that_name_is_409(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    other = {"preconditions": {"uid": str(uuid4())}}
    answer = api.call("DELETE", f"{api.deployments}/web", other)
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert api.call("GET", f"{api.deployments}/web").status == 200


def test_an_object_with_a_finalizer_waits_for_it(api: Server) -> None:
    manifest = config_map(api.namespace)
    manifest["metadata"]["finalizers"] = ["example.com/hold"]
    api.call("POST", api.config_maps, manifest)
    path = f"{api.config_maps}/settings"
    assert api.call("DELETE", path).status == 200
    assert "deletionTimestamp" in api.get(path)["metadata"]
    api.call("PATCH", path, {"metadata": {"finalizers": None}}, MERGE)
    assert api.call("GET", path).status == 404


def test_a_dry_run_leaves_nothing(api: Server) -> None:
    made = api.call("POST", api.deployments, web(api.namespace), dryRun="All")
    assert (made.status, made.body["spec"]["replicas"]) == (201, 2)
    assert api.call("GET", f"{api.deployments}/web").status == 404
    before = api.call("POST", api.deployments, web(api.namespace)).body
    path = f"{api.deployments}/web"
    patched = api.call("PATCH", path, {"spec": {"replicas": 9}}, MERGE, dryRun="All").body
    assert patched["spec"]["replicas"] == 9
    assert patched["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert api.call("DELETE", path, dryRun="All").status == 200
    assert api.get(path) == before


def test_a_dry_run_of_another_word_is_422(api: Server) -> None:
    assert api.call("POST", api.deployments, web(api.namespace), dryRun="Some").status == 422


def test_the_scale_subresource_shows_and_changes_replicas(api: Server) -> None:
    api.call("POST", api.deployments, web(api.namespace))
    path = f"{api.deployments}/web"
    scale = api.get(f"{path}/scale")
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]["selector"]) == ({"replicas": 2}, "app=web")
    patched = api.call("PATCH", f"{path}/scale", {"spec": {"replicas": 4}}, MERGE)
    assert patched.body["spec"] == {"replicas": 4}
    assert api.get(path)["spec"]["replicas"] == 4
    answer = api.call("PUT", f"{path}/scale", {**patched.body, "spec": {"replicas": 1}})
    assert answer.body["spec"] == {"replicas": 1}
    trial = api.call("PATCH", f"{path}/scale", {"spec": {"replicas": 8}}, MERGE, dryRun="All")
    assert trial.body["spec"] == {"replicas": 8}
    assert api.get(path)["spec"]["replicas"] == 1
