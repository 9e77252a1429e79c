"""CustomResourceDefinitions: from the object to the kinds it makes, and the checks it asks for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.apiserver.builtin_schemas import model_schema
from sandbox.apiserver.kinds import Resource
from sandbox.apiserver.problems import Cause
from sandbox.apiserver.schema import Schema, Shape, from_openapi

Manifest = dict[str, Any]


def resources_of(definition: Manifest) -> list[Resource]:
    """The kinds that a definition serves, the storage version first."""
    versions = sorted(definition["spec"]["versions"], key=lambda version: not version["storage"])
    return [_resource(definition, version) for version in versions if version["served"]]


def _resource(definition: Manifest, version: Manifest) -> Resource:
    spec, names = definition["spec"], definition["spec"]["names"]
    subresources: Mapping[str, Any] = version.get("subresources") or {}
    scale = subresources.get("scale")
    return Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        schema=custom_schema(_openapi(version)),
        short_names=tuple(names.get("shortNames", ())),
        namespaced=spec["scope"] == "Namespaced",
        has_scale=scale is not None,
        has_status="status" in subresources,
        counts_generations=True,
        categories=tuple(names.get("categories", ())),
        singular=names.get("singular") or names["kind"].lower(),
        list_kind=names.get("listKind") or f"{names['kind']}List",
        custom=True,
        scale_paths=_scale_paths(scale or {}),
    )


def _scale_paths(scale: Mapping[str, str]) -> tuple[str, str, str]:
    return (
        scale.get("specReplicasPath", "").removeprefix("."),
        scale.get("statusReplicasPath", "").removeprefix("."),
        scale.get("labelSelectorPath", "").removeprefix("."),
    )


def _openapi(version: Manifest) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return schema


def custom_schema(openapi: Mapping[str, Any]) -> Schema:
    """The schema of a custom object: the definition's, with the metadata that all kinds have."""
    declared = from_openapi({"type": "object", **openapi})
    fields = {
        **declared.fields,
        "apiVersion": lambda: Schema(Shape.STRING),
        "kind": lambda: Schema(Shape.STRING),
        "metadata": lambda: model_schema("V1ObjectMeta"),
    }
    keeps_unknown = declared.open or declared.shape is not Shape.STRUCT
    return Schema(Shape.STRUCT, fields=fields, open=keeps_unknown)


def with_status(definition: Manifest, now: str) -> Manifest:
    """The definition as it stands once its names are accepted and its kinds are served."""
    names = definition["spec"]["names"]
    accepted = {
        "singular": names["kind"].lower(),
        "listKind": f"{names['kind']}List",
        **names,
    }
    conditions = [
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ]
    stored = [version["name"] for version in definition["spec"]["versions"] if version["storage"]]
    return definition | {
        "status": {
            "acceptedNames": accepted,
            "storedVersions": stored,
            "conditions": [
                {
                    "type": kind,
                    "status": "True",
                    "reason": reason,
                    "message": message,
                    "lastTransitionTime": now,
                }
                for kind, reason, message in conditions
            ],
        }
    }


def openapi_of(definition: Manifest, version: str) -> Mapping[str, Any]:
    """The `openAPIV3Schema` of one version; empty when there is none."""
    for row in definition["spec"]["versions"]:
        if row["name"] == version:
            return _openapi(row)
    return {}


def with_defaults(value: Any, node: Mapping[str, Any]) -> Any:
    """A custom object with the defaults that its schema names."""
    if isinstance(value, list):
        items = node.get("items") or {}
        return [with_defaults(item, items) for item in value]
    if not isinstance(value, dict):
        return value
    properties: Mapping[str, Any] = node.get("properties") or {}
    filled = dict(value)
    for name, child in properties.items():
        if name not in filled and "default" in child:
            filled[name] = child["default"]
        if name in filled:
            filled[name] = with_defaults(filled[name], child)
    return filled


def violations(value: Any, node: Mapping[str, Any], at: str = "") -> Iterator[Cause]:
    """What a custom object breaks of its schema: required, enum, pattern and bounds."""
    where = at or "<nil>"
    if isinstance(value, dict):
        for name in node.get("required") or ():
            if name not in value:
                path = f"{at}.{name}" if at else name
                yield Cause("FieldValueRequired", "Required value", path)
        for name, child in (node.get("properties") or {}).items():
            if name in value and (at or name != "metadata"):
                yield from violations(value[name], child, f"{at}.{name}" if at else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from violations(item, node.get("items") or {}, f"{at}[{index}]")
    else:
        yield from _scalar_violations(value, node, where)


def _scalar_violations(value: Any, node: Mapping[str, Any], at: str) -> Iterator[Cause]:
    allowed = node.get("enum")
    if allowed and value not in allowed:
        choices = ", ".join(f'"{choice}"' for choice in allowed)
        message = f'Unsupported value: "{value}": supported values: {choices}'
        yield Cause("FieldValueNotSupported", message, at)
    pattern = node.get("pattern")
    if pattern and isinstance(value, str) and not re.search(pattern, value):
        message = f"Invalid value: \"{value}\": {at} in body should match '{pattern}'"
        yield Cause("FieldValueInvalid", message, at)
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = node.get("minimum"), node.get("maximum")
        if low is not None and value < low:
            message = (
                f"Invalid value: {value}: {at} in body should be greater than or equal to {low}"
            )
            yield Cause("FieldValueInvalid", message, at)
        if high is not None and value > high:
            message = f"Invalid value: {value}: {at} in body should be less than or equal to {high}"
            yield Cause("FieldValueInvalid", message, at)
