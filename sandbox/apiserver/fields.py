"""Sets of fields: which an object has, and how `managedFields` writes them down.

A path is a tuple of elements as `fieldsV1` spells them: `("f:spec", "f:replicas")`, with
`k:{"name":"web"}` for an item of a keyed list and `v:"x"` for one of a set. A set of paths holds
leaves, and the items of merged lists themselves.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.apiserver.schema import ANY, Schema, SchemaError, Shape, item_key

Path = tuple[str, ...]
Paths = frozenset[Path]

ITEM: Final = "\0item"
"""Stands for a list item in a map of leaves: that it exists, not what is in it."""

_UNTRACKED: Final[frozenset[Path]] = frozenset(
    {("f:apiVersion",), ("f:kind",)}
    | {
        ("f:metadata", f"f:{name}")
        for name in (
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "generation",
            "managedFields",
            "resourceVersion",
        )
    }
)


def leaves(value: Any, schema: Schema) -> dict[Path, Any]:
    """Every owned path of an object with its value, without what nobody can own.

    Raises `SchemaError` when the value does not fit the schema.
    """
    found: dict[Path, Any] = {}
    _walk(value, schema, (), found)
    return {path: leaf for path, leaf in found.items() if path[:2] not in _UNTRACKED}


def _walk(value: Any, schema: Schema, path: Path, found: dict[Path, Any]) -> None:
    if value is None:
        found[path] = None
        return
    if isinstance(value, dict) and value and not schema.atomic and _is_map(schema):
        for name, child in value.items():
            inner = schema.child(name) if schema.shape is not Shape.ANY else ANY
            step = (*path, f"f:{name}")
            if inner is None:
                raise SchemaError(f"{text(step)}: field not declared in schema")
            _walk(child, inner, step, found)
        return
    if isinstance(value, list) and schema.merges_items:
        _walk_items(value, schema, path, found)
        return
    _check_shape(value, schema, path)
    if path:
        found[path] = value


def _walk_items(items: list[Any], schema: Schema, path: Path, found: dict[Path, Any]) -> None:
    for item in items:
        try:
            step = (*path, item_key(item, schema))
        except SchemaError as error:
            raise SchemaError(f"{text(path)}: {error}") from error
        if step in found:
            raise SchemaError(f"{text(path)}: duplicate entries for key {text(step[-1:])}")
        found[step] = ITEM
        if isinstance(item, dict):
            _walk(item, schema.item(), step, found)


def _is_map(schema: Schema) -> bool:
    return schema.shape in {Shape.STRUCT, Shape.MAP, Shape.ANY}


_PYTHON_TYPES: Final[Mapping[Shape, tuple[tuple[type, ...], str]]] = {
    Shape.STRUCT: ((dict,), "map"),
    Shape.MAP: ((dict,), "map"),
    Shape.LIST: ((list,), "list"),
    Shape.STRING: ((str,), "string"),
    Shape.INTEGER: ((int,), "numeric (int or float)"),
    Shape.NUMBER: ((int, float), "numeric (int or float)"),
    Shape.BOOLEAN: ((bool,), "boolean"),
}


def _check_shape(value: Any, schema: Schema, path: Path) -> None:
    if schema.shape is Shape.ANY:
        return
    types, name = _PYTHON_TYPES[schema.shape]
    is_bool_for_number = isinstance(value, bool) and schema.shape is not Shape.BOOLEAN
    if not isinstance(value, types) or is_bool_for_number:
        raise SchemaError(f"{text(path)}: expected {name}, got {json.dumps(value)[:80]}")


def changed(before: Mapping[Path, Any], after: Mapping[Path, Any]) -> Paths:
    """Paths that are new or have another value."""
    missing = object()
    return frozenset(path for path, leaf in after.items() if before.get(path, missing) != leaf)


def removed(before: Mapping[Path, Any], after: Mapping[Path, Any]) -> Paths:
    """Paths that are gone."""
    return frozenset(before.keys() - after.keys())


def encode(paths: Iterable[Path]) -> dict[str, Any]:
    """The `fieldsV1` object of a set of paths."""
    root: dict[str, Any] = {}
    members = set(paths)
    for path in sorted(members):
        node = root
        for depth, element in enumerate(path, start=1):
            node = node.setdefault(element, {})
            if depth < len(path) and path[:depth] in members:
                node.setdefault(".", {})
    return root


def decode(fields: Mapping[str, Any], prefix: Path = ()) -> Paths:
    """The set of paths of a `fieldsV1` object."""
    found: set[Path] = set()
    for element, inner in fields.items():
        if element == ".":
            found.add(prefix)
        elif not inner:
            found.add((*prefix, element))
        else:
            found |= decode(inner, (*prefix, element))
    return frozenset(found)


def with_parents(paths: Iterable[Path]) -> Paths:
    """The paths and every named field above them."""
    found: set[Path] = set()
    for path in paths:
        found.add(path)
        found.update(
            path[:depth] for depth in range(1, len(path)) if path[depth - 1].startswith("f:")
        )
    return frozenset(found)


def text(path: Path) -> str:
    """As conflicts are worded: `.spec.template.spec.containers[name="web"].image`."""
    parts: list[str] = []
    for element in path:
        mark, _, rest = element.partition(":")
        if mark == "f":
            parts.append(f".{rest}")
        elif mark == "k":
            key = json.loads(rest)
            pairs = [f"{name}={json.dumps(value)}" for name, value in key.items()]
            parts.append(f"[{','.join(pairs)}]")
        else:
            parts.append(f"[={rest}]")
    return "".join(parts)
