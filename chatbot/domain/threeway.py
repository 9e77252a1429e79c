"""A three-way merge of JSON: what either side did to a value, field by field.

Items of a list that all have a name of their own (containers, ports, variables) are told apart by
it, as Kubernetes does; lists of one length are merged item by item; other lists are one value.
"""

from collections.abc import Mapping
from typing import Any

from chatbot.domain.fields import ABSENT, at, keys, put


def merged(base: Any, ours: Any, theirs: Any, path: str = "") -> tuple[Any, list[str]]:
    """The value with what both sides did to `base`, and the paths (`.spec.replicas`) where they
    did different things; there the value is ours. `ABSENT` stands for what is not there."""
    if theirs in (ours, base):
        return ours, []
    if ours == base:
        return theirs, []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _maps(base if isinstance(base, dict) else {}, ours, theirs, path)
    named = [by_name(side) for side in (base, ours, theirs)]
    if named[0] is not None and named[1] is not None and named[2] is not None:
        items, clashes = _maps(named[0], named[1], named[2], path)
        return list(items.values()), clashes
    if _are_lists_of_one_length(base, ours, theirs):
        return _lists(base, ours, theirs, path)
    return ours, [path]


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """The first path where two values differ, in whatever order named items stand; None when they
    do not."""
    if one == other:
        return None
    first, second = by_name(one) or one, by_name(other) or other
    if isinstance(first, dict) and isinstance(second, dict):
        for key in keys(first, second):
            found = difference(at(first, key), at(second, key), f"{path}.{key}")
            if found is not None:
                return found
        return None
    return path


def _maps(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str
) -> tuple[dict[str, Any], list[str]]:
    result: dict[str, Any] = {}
    clashes: list[str] = []
    for key in keys(ours, theirs):
        sides = at(base, key), at(ours, key), at(theirs, key)
        wanted, clashing = merged(*sides, f"{path}.{key}")
        put(result, key, wanted)
        clashes += clashing
    return result, clashes


def _lists(
    base: list[Any], ours: list[Any], theirs: list[Any], path: str
) -> tuple[list[Any], list[str]]:
    result: list[Any] = []
    clashes: list[str] = []
    for number, sides in enumerate(zip(base, ours, theirs, strict=True)):
        wanted, clashing = merged(*sides, f"{path}[{number}]")
        result.append(wanted)
        clashes += clashing
    return result, clashes


def _are_lists_of_one_length(*sides: Any) -> bool:
    return all(isinstance(side, list) for side in sides) and len(set(map(len, sides))) == 1


def by_name(value: Any) -> dict[str, Any] | None:
    """The items of a list by their names; None when they cannot be told apart so. A list that is
    not there has no items."""
    if value is ABSENT:
        return {}
    if not isinstance(value, list):
        return None
    named = {
        item["name"]: item
        for item in value
        if isinstance(item, dict) and isinstance(item.get("name"), str)
    }
    return named if len(named) == len(value) else None
