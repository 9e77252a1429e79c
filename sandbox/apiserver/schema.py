"""What an object may look like, as far as merging needs to know.

Server-side apply merges structure by structure: maps by key, lists by the keys of their items or
as a whole. A `Schema` says which, for one place in an object. Children are looked up on demand,
because some types contain themselves.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import Any, Final

Schemas = Mapping[str, Callable[[], "Schema"]]


class Shape(Enum):
    """The shapes a value can have."""

    STRUCT = auto()
    """Named fields, each with its own schema."""
    MAP = auto()
    """Any keys, values alike."""
    LIST = auto()
    STRING = auto()
    INTEGER = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    ANY = auto()
    """Unknown: maps merge by key, everything else is one value."""


class SchemaError(ValueError):
    """A value that its schema does not allow; the text names the field first."""


@dataclass(frozen=True)
class Schema:
    """One place in an object."""

    shape: Shape
    fields: Schemas = field(default_factory=dict)
    """Of a struct."""
    inner: "Callable[[], Schema] | None" = None
    """Of a map's values or a list's items; None: unknown."""
    atomic: bool = False
    """Replaced as a whole, owned as a whole."""
    keys: tuple[str, ...] = ()
    """The fields that tell a list's items apart."""
    is_set: bool = False
    """A list of scalars in which each value stands once."""
    open: bool = False
    """A struct that keeps fields it does not know."""

    def child(self, name: str) -> "Schema | None":
        """Schema of a field or of a map's value; None when a struct has no such field."""
        if self.shape is Shape.STRUCT:
            found = self.fields.get(name)
            return found() if found else (ANY if self.open else None)
        return self.item()

    def item(self) -> "Schema":
        """Schema of a list's items or a map's values."""
        return self.inner() if self.inner else ANY

    @property
    def merges_items(self) -> bool:
        """Whether a list merges item by item."""
        return self.shape is Shape.LIST and not self.atomic and bool(self.keys or self.is_set)


ANY: Final = Schema(Shape.ANY)

KEY_DEFAULTS: Final[Mapping[str, Any]] = {"protocol": "TCP"}
"""What a list item's key is when the item leaves it out."""


def item_key(item: Any, schema: Schema) -> str:
    """An item's path element as `fieldsV1` writes it: `k:{"name":"web"}` or `v:"x"`."""
    if schema.is_set:
        return f"v:{compact(item)}"
    if not isinstance(item, dict):
        raise SchemaError(f"expected an object with keys {list(schema.keys)}")
    key = {name: item.get(name, KEY_DEFAULTS.get(name)) for name in sorted(schema.keys)}
    key = {name: value for name, value in key.items() if value is not None}
    if not key:
        raise SchemaError(f"associative list with keys has an element that omits {schema.keys[0]}")
    return f"k:{compact(key)}"


def compact(value: Any) -> str:
    """JSON without spare white space, keys sorted."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_SCALARS: Final[Mapping[str, Shape]] = {
    "string": Shape.STRING,
    "integer": Shape.INTEGER,
    "number": Shape.NUMBER,
    "boolean": Shape.BOOLEAN,
}


def from_openapi(node: Mapping[str, Any]) -> Schema:
    """The schema of a CustomResourceDefinition's `openAPIV3Schema` or a part of it."""
    if node.get("x-kubernetes-int-or-string"):
        return ANY
    kind = node.get("type", "")
    if kind in _SCALARS:
        return Schema(_SCALARS[kind])
    if kind == "array":
        return _list(node)
    if kind == "object":
        return _object(node)
    return ANY


def _list(node: Mapping[str, Any]) -> Schema:
    items = node.get("items") or {}
    list_type = node.get("x-kubernetes-list-type", "atomic")
    return Schema(
        Shape.LIST,
        inner=cache(lambda: from_openapi(items)),
        atomic=list_type == "atomic",
        keys=tuple(node.get("x-kubernetes-list-map-keys", ())) if list_type == "map" else (),
        is_set=list_type == "set",
    )


def _object(node: Mapping[str, Any]) -> Schema:
    atomic = node.get("x-kubernetes-map-type") == "atomic"
    values = node.get("additionalProperties")
    if values:
        inner = cache(lambda: from_openapi(values if isinstance(values, dict) else {}))
        return Schema(Shape.MAP, inner=inner, atomic=atomic)
    properties: Mapping[str, Any] = node.get("properties") or {}
    keeps_unknown = bool(node.get("x-kubernetes-preserve-unknown-fields"))
    if not properties and keeps_unknown:
        return Schema(Shape.ANY, atomic=atomic)
    embedded = bool(node.get("x-kubernetes-embedded-resource"))
    fields = {name: _lazily(child) for name, child in properties.items()}
    return Schema(Shape.STRUCT, fields=fields, atomic=atomic, open=keeps_unknown or embedded)


def _lazily(node: Mapping[str, Any]) -> Callable[[], Schema]:
    return cache(lambda: from_openapi(node))
