"""Which kinds an API server serves, how it tells of changes, and whom it answers.

Asked of the embedded server and of the real one alike.
"""

from pathlib import Path
from uuid import uuid4

from tests.contract.api_server_fixture import *  # noqa: F403 - its fixtures
from tests.support.api_servers import MERGE, Server, eventually, web
from tests.support.kube import Manifest, config_map, definition, service


def test_a_definition_makes_its_kind_served_once_established(api: Server) -> None:
    group = f"{uuid4().hex[:8]}.example.com"
    body = definition(group, "Widget", scalable=True)
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert api.call("POST", definitions, body).status == 201

    def established() -> bool:
        conditions = api.get(f"{definitions}/widgets.{group}").get("status", {}).get("conditions")
        return any(c["type"] == "Established" and c["status"] == "True" for c in conditions or ())

    eventually(established)
    path = f"/apis/{group}/v1/namespaces/{api.namespace}/widgets"
    eventually(lambda: api.call("GET", path).status == 200)
    widget = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "one"},
        "spec": {"replicas": 2, "odd": {"nested": [1, 2]}},
    }
    made = eventually(lambda: _created(api, path, widget))
    assert made["spec"] == widget["spec"]
    assert api.get(f"{path}/one/scale")["spec"] == {"replicas": 2}
    resources = api.get(f"/apis/{group}/v1")["resources"]
    assert {row["name"] for row in resources} == {"widgets", "widgets/scale", "widgets/status"}
    api.call("DELETE", f"{definitions}/widgets.{group}")
    eventually(lambda: api.call("GET", f"{definitions}/widgets.{group}").status == 404)


def _created(api: Server, path: str, manifest: Manifest) -> Manifest | None:
    answer = api.call("POST", path, manifest)
    return answer.body if answer.status == 201 else None


def test_a_custom_object_is_held_to_its_schema(api: Server) -> None:
    group = f"{uuid4().hex[:8]}.example.com"
    body = definition(group, "Gadget")
    body["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "string", "enum": ["s", "l"]},
                    "color": {"type": "string", "default": "red"},
                },
            }
        },
    }
    api.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    path = f"/apis/{group}/v1/namespaces/{api.namespace}/gadgets"
    head = {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": {"name": "one"}}
    made = eventually(lambda: _created(api, path, {**head, "spec": {"size": "s", "gone": 1}}))
    assert made["spec"] == {"size": "s", "color": "red"}
    head = {**head, "metadata": {"name": "two"}}
    for spec, field in (({"size": "xl"}, "spec.size"), ({"color": "blue"}, "spec.size")):
        answer = api.call("POST", path, {**head, "spec": spec})
        assert answer.status == 422
        assert answer.body["details"]["causes"][0]["field"] == field


def test_a_watch_sees_what_happens_after_its_version(api: Server) -> None:
    version = api.get(api.config_maps)["metadata"]["resourceVersion"]
    api.call("POST", api.config_maps, config_map(api.namespace, mode="plain"))
    query = {"resourceVersion": version, "fieldSelector": "metadata.name=settings"}
    with api.watch(api.config_maps, **query) as events:
        assert next(events)["type"] == "ADDED"
        api.call("PATCH", f"{api.config_maps}/settings", {"data": {"mode": "fancy"}}, MERGE)
        changed = next(events)
        assert (changed["type"], changed["object"]["data"]) == ("MODIFIED", {"mode": "fancy"})
        api.call("DELETE", f"{api.config_maps}/settings")
        assert next(events)["type"] == "DELETED"


def test_a_watch_starts_with_what_is_there(api: Server) -> None:
    api.call("POST", api.config_maps, config_map(api.namespace))
    with api.watch(api.config_maps, fieldSelector="metadata.name=settings") as events:
        first = next(events)
    assert (first["type"], first["object"]["metadata"]["name"]) == ("ADDED", "settings")


def test_discovery_names_kinds_short_names_and_subresources(api: Server) -> None:
    rows = {row["name"]: row for row in api.get("/apis/apps/v1")["resources"]}
    assert rows["deployments"]["shortNames"] == ["deploy"]
    assert rows["deployments"]["namespaced"] is True
    assert {"get", "list", "watch", "patch"} <= set(rows["deployments"]["verbs"])
    assert rows["deployments/scale"]["kind"] == "Scale"
    assert "daemonsets/scale" not in rows
    core = {row["name"]: row for row in api.get("/api/v1")["resources"]}
    assert core["namespaces"]["namespaced"] is False
    groups = {group["name"] for group in api.get("/apis")["groups"]}
    assert {"apps", "autoscaling", "networking.k8s.io", "coordination.k8s.io"} <= groups


def test_a_stranger_is_401(api: Server) -> None:
    stranger = Server(api.url, "wrong", api.kubeconfig, api.namespace, api.certificate)
    answer = stranger.call("GET", api.deployments)
    assert (answer.status, answer.body["reason"]) == (401, "Unauthorized")


def test_the_official_dynamic_client_works(api: Server, tmp_path: Path) -> None:
    client = api.dynamic(tmp_path)
    deployments = client.resources.get(api_version="apps/v1", kind="Deployment")
    applied = deployments.server_side_apply(
        body=web(api.namespace), namespace=api.namespace, field_manager="redlight"
    )
    assert applied.metadata.managedFields[0].manager == "redlight"
    services = client.resources.get(short_names=["svc"])
    services.create(body=service(api.namespace), namespace=api.namespace)
    found = deployments.get(namespace=api.namespace, label_selector="")
    assert [item.metadata.name for item in found.items] == ["web"]
    scaled = deployments.scale.patch(
        body={"spec": {"replicas": 3}},
        name="web",
        namespace=api.namespace,
        content_type=MERGE,
    )
    assert scaled.spec.replicas == 3
