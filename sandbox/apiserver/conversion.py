"""From what a client sent to an object of its kind: types checked, unknown fields dropped."""

from collections.abc import Iterator
from typing import Any

from sandbox.apiserver.fields import leaves
from sandbox.apiserver.kinds import Resource
from sandbox.apiserver.problems import bad_request
from sandbox.apiserver.schema import ANY, Schema, SchemaError, Shape

Manifest = dict[str, Any]


def to_object(sent: Any, resource: Resource, *, strict: bool) -> Manifest:
    """The object that was sent. Raises a 400 `Problem` when it is of another kind or a field has
    the wrong type, and when `strict` for a field that the kind does not have."""
    if not isinstance(sent, dict):
        raise bad_request("the object provided is unrecognized: it is not a JSON object")
    manifest = {"apiVersion": resource.api_version, "kind": resource.kind, **sent}
    stands_for = (manifest["apiVersion"], manifest["kind"])
    if stands_for != (resource.api_version, resource.kind):
        raise bad_request(
            f"the object provided ({stands_for[0]}, Kind={stands_for[1]}) does not match the "
            f"expected type ({resource.api_version}, Kind={resource.kind})"
        )
    if not isinstance(manifest.setdefault("metadata", {}), dict):
        raise bad_request("metadata must be an object")
    unknown = list(unknown_fields(manifest, resource.schema))
    if unknown and strict:
        words = ", ".join(f'unknown field "{name}"' for name in unknown)
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a '
            f"{resource.kind}: strict decoding error: {words}"
        )
    known: Manifest = pruned(manifest, resource.schema, drops_empty=not resource.custom)
    try:
        leaves(known, resource.schema)
    except SchemaError as error:
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a '
            f"{resource.kind}: {error}"
        ) from error
    return known


def pruned(value: Any, schema: Schema, *, drops_empty: bool) -> Any:
    """`value` without fields that the schema does not know, and without nulls of those it does.

    `drops_empty`: empty maps and lists go too, as they do when the server reads a built-in kind.
    """
    if isinstance(value, dict) and schema.shape in {Shape.STRUCT, Shape.MAP}:
        kept = {}
        for name, child in value.items():
            inner = schema.child(name)
            if inner is None or (
                inner is not ANY and _is_nothing(child, inner, drops_empty=drops_empty)
            ):
                continue
            kept[name] = pruned(child, inner, drops_empty=drops_empty)
        return kept
    if isinstance(value, list) and schema.shape is Shape.LIST:
        return [pruned(item, schema.item(), drops_empty=drops_empty) for item in value]
    return value


def _is_nothing(value: Any, schema: Schema, *, drops_empty: bool) -> bool:
    is_empty = value in ({}, []) and schema.shape in {Shape.MAP, Shape.LIST}
    return value is None or (drops_empty and is_empty)


def unknown_fields(value: Any, schema: Schema, at: str = "") -> Iterator[str]:
    """Paths of fields that the schema does not know."""
    if isinstance(value, dict) and schema.shape in {Shape.STRUCT, Shape.MAP}:
        for name, child in value.items():
            inner = schema.child(name)
            path = f"{at}.{name}" if at else name
            if inner is None:
                yield path
            else:
                yield from unknown_fields(child, inner, path)
    elif isinstance(value, list) and schema.shape is Shape.LIST:
        for index, item in enumerate(value):
            yield from unknown_fields(item, schema.item(), f"{at}[{index}]")
