"""What the server says it serves: discovery documents and the least of OpenAPI."""

from typing import Any, Final

from sandbox.apiserver.kinds import Catalog, Resource

Document = dict[str, Any]

VERSION: Final[Document] = {
    "major": "1",
    "minor": "30",
    "gitVersion": "v1.30.0-redlight-sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "any",
}

_VERBS: Final = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_SUBRESOURCE_VERBS: Final = ["get", "patch", "update"]


def core_versions() -> Document:
    """`/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list(catalog: Catalog) -> Document:
    """`/apis`."""
    groups = [_group(name, versions) for name, versions in catalog.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(catalog: Catalog, name: str) -> Document | None:
    """`/apis/<group>`; None when there is no such group."""
    versions = catalog.groups().get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions else None


def _group(name: str, versions: list[str]) -> Document:
    rows = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": rows, "preferredVersion": rows[0]}


def resource_list(catalog: Catalog, group_name: str, version: str) -> Document | None:
    """`/api/v1` and `/apis/<group>/<version>`; None when nothing is served there."""
    resources = catalog.of(group_name, version)
    if not resources:
        return None
    rows = [row for resource in resources for row in _rows(resource)]
    name = f"{group_name}/{version}" if group_name else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": rows}


def _rows(resource: Resource) -> list[Document]:
    common = {
        "singularName": resource.singular or resource.kind.lower(),
        "namespaced": resource.namespaced,
    }
    row: Document = {"name": resource.plural, **common, "kind": resource.kind, "verbs": _VERBS}
    if resource.short_names:
        row["shortNames"] = list(resource.short_names)
    if resource.categories:
        row["categories"] = list(resource.categories)
    sub = {**common, "singularName": "", "verbs": _SUBRESOURCE_VERBS}
    rows = [row]
    if resource.has_scale:
        scale = {"kind": "Scale", "group": "autoscaling", "version": "v1"}
        rows.append({**sub, "name": f"{resource.plural}/scale", **scale})
    if resource.has_status:
        rows.append({**sub, "name": f"{resource.plural}/status", "kind": resource.kind})
    return rows


def openapi_index(catalog: Catalog) -> Document:
    """`/openapi/v3`: where each group version is described."""
    paths = {}
    for name, versions in catalog.groups().items():
        for version in versions:
            path = f"apis/{name}/{version}" if name else f"api/{version}"
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}"}
    return {"paths": paths}


def openapi(catalog: Catalog, group_name: str, version: str) -> Document:
    """The description of a group version: only that PATCH takes `fieldValidation` and `dryRun`,
    which is what `kubectl` looks up before it applies. There are no schemas."""
    paths = {}
    for resource in catalog.of(group_name, version):
        root = f"/apis/{group_name}/{version}" if group_name else f"/api/{version}"
        scope = "/namespaces/{namespace}" if resource.namespaced else ""
        operation = {
            "parameters": [
                {"name": name, "in": "query", "schema": {"type": "string"}}
                for name in ("dryRun", "fieldManager", "fieldValidation", "force")
            ],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-group-version-kind": {
                "group": group_name,
                "version": version,
                "kind": resource.kind,
            },
        }
        paths[f"{root}{scope}/{resource.plural}/{{name}}"] = {"patch": operation}
    info = {"title": "Redlight sandbox", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": paths}
