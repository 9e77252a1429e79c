"""Structured merge: lay one object over another, and take fields out of one. Pure."""

import copy
from typing import Any

from sandbox.apiserver.fields import Path, Paths
from sandbox.apiserver.schema import ANY, Schema, Shape, item_key


def merge(live: Any, config: Any, schema: Schema) -> Any:
    """`live` with everything that `config` says: maps by key, keyed lists by item, the rest as
    a whole. Neither argument is changed."""
    if schema.atomic:
        return copy.deepcopy(config)
    if isinstance(live, dict) and isinstance(config, dict):
        merged = dict(live)
        for name, value in config.items():
            inner = (schema.child(name) if schema.shape is not Shape.ANY else ANY) or ANY
            merged[name] = merge(live[name], value, inner) if name in live else _copy(value)
        return merged
    if isinstance(live, list) and isinstance(config, list) and schema.merges_items:
        return _merge_items(live, config, schema)
    return _copy(config)


def _merge_items(live: list[Any], config: list[Any], schema: Schema) -> list[Any]:
    """Items that both have stay where they are; new ones come last, in their order."""
    wanted = {item_key(item, schema): item for item in config}
    merged: list[Any] = []
    for item in live:
        key = item_key(item, schema)
        if key in wanted:
            merged.append(merge(item, wanted.pop(key), schema.item()))
        else:
            merged.append(item)
    return merged + [_copy(item) for item in wanted.values()]


def without(value: Any, paths: Paths, schema: Schema, at: Path = ()) -> Any:
    """`value` without everything at or under `paths`. The argument is not changed."""
    if not paths:
        return value
    if isinstance(value, dict) and not schema.atomic:
        kept = {}
        for name, child in value.items():
            step = (*at, f"f:{name}")
            if step in paths:
                continue
            inner = (schema.child(name) if schema.shape is not Shape.ANY else ANY) or ANY
            kept[name] = without(child, paths, inner, step)
        return kept
    if isinstance(value, list) and schema.merges_items:
        steps = [(item, (*at, item_key(item, schema))) for item in value]
        return [
            without(item, paths, schema.item(), step) for item, step in steps if step not in paths
        ]
    return value


def _copy(value: Any) -> Any:
    return copy.deepcopy(value)
