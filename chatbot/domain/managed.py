"""What `managedFields` says about an object: whose fields are whose.

A field tree has a step for each field (`f:spec`) and each item of a list (`k:{…}` by its keys,
`v:…` by its value). An empty tree is a leaf: who owns it owns everything there. `.` in a tree
stands for the part itself.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chatbot.domain.diff import SCALED_BY_ANNOTATION
from chatbot.domain.fields import ABSENT

Manifest = dict[str, Any]
Tree = Mapping[str, Any]

FIELD_MANAGER = "redlight"

APPLY = "Apply"
"""The operation of an entry that server-side apply made; all others are updates."""


def entries(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, Tree]]:
    """Manager, operation and fields of every entry that has any."""
    for entry in (manifest.get("metadata") or {}).get("managedFields") or ():
        if tree := entry.get("fieldsV1"):
            yield str(entry.get("manager")), str(entry.get("operation")), tree


def trees(manifest: Mapping[str, Any], manager: str) -> tuple[tuple[Tree, ...], tuple[Tree, ...]]:
    """Field trees of a manager's entries, and of the others'."""
    ours: list[Tree] = []
    others: list[Tree] = []
    for name, _, tree in entries(manifest):
        (ours if name == manager else others).append(tree)
    return tuple(ours), tuple(others)


def descend(found: Sequence[Tree], step: str) -> tuple[Tree, ...]:
    """The subtrees at a step; who owns a part as one value owns everything in it."""
    return tuple(tree[step] if tree else tree for tree in found if not tree or step in tree)


def item_steps(*found: Tree) -> list[str]:
    """The steps into a list's items, each once, in the order of the trees."""
    return list(dict.fromkeys(s for tree in found for s in tree if s[:2] in ("k:", "v:")))


def take(items: list[Any], step: str) -> Any:
    """Remove and give the item that a step names; `ABSENT` when there is none."""
    index = find(items, step)
    return ABSENT if index is None else items.pop(index)


def find(items: Sequence[Any], step: str) -> int | None:
    """Where the item stands that a step names."""
    kind, _, text = step.partition(":")
    wanted = json.loads(text)
    for index, item in enumerate(items):
        if kind == "v" and item == wanted:
            return index
        if kind == "k" and isinstance(item, dict) and _has_keys(item, wanted):
            return index
    return None


def own_whole(found: Sequence[Tree]) -> bool:
    """Whether any of these trees claims the part itself and not only fields inside it."""
    return any("." in tree or not tree for tree in found)


def reduced(value: Any, found: Sequence[Tree]) -> Any:
    """What these trees own of a value; `ABSENT` when that is nothing. Items of a list keep their
    order, and the keys that tell them apart."""
    if not found:
        return ABSENT
    if any(not tree for tree in found):
        return value
    if isinstance(value, dict):
        return _reduced_map(value, found)
    if isinstance(value, list):
        return _reduced_list(value, found)
    return value


def written(live: Mapping[str, Any], change: str, manager: str = FIELD_MANAGER) -> Manifest:
    """The object reduced to what this manager put there, by apply, by update, or, for `change`,
    through the scale subresource: servers before 1.22 do not record who scaled, so an annotation
    of ours does. Identity stays, whoever owns it."""
    ours, _ = trees(live, manager)
    result = _identity(live)
    for key, value in live.items():
        if key in ("apiVersion", "kind", "metadata", "status"):
            continue
        part = reduced(value, descend(ours, f"f:{key}"))
        if part is not ABSENT:
            result[key] = part
    metadata = live.get("metadata") or {}
    for key in ("labels", "annotations"):
        part = reduced(metadata.get(key), descend(descend(ours, "f:metadata"), f"f:{key}"))
        if part is not ABSENT and part:
            result["metadata"][key] = part
    replicas = (live.get("spec") or {}).get("replicas")
    if replicas is not None and scaled_by(live) == change:
        result["spec"] = {**(result.get("spec") or {}), "replicas": replicas}
    return result


def scaled_by(manifest: Mapping[str, Any]) -> str | None:
    """The change that set the number of replicas last, by our annotation."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    said = annotations.get(SCALED_BY_ANNOTATION)
    return None if said is None else str(said)


def _identity(live: Mapping[str, Any]) -> Manifest:
    metadata = live.get("metadata") or {}
    kept = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
    return {"apiVersion": live.get("apiVersion"), "kind": live.get("kind"), "metadata": kept}


def _reduced_map(value: Mapping[str, Any], found: Sequence[Tree]) -> Any:
    parts = {key: reduced(item, descend(found, f"f:{key}")) for key, item in value.items()}
    kept = {key: part for key, part in parts.items() if part is not ABSENT}
    return kept if kept or own_whole(found) else ABSENT


def _reduced_list(value: Sequence[Any], found: Sequence[Tree]) -> Any:
    steps = item_steps(*found)
    if not steps:
        return list(value)
    places = {find(value, step): step for step in steps}
    kept = []
    for index, item in enumerate(value):
        if index not in places:
            continue
        part = reduced(item, descend(found, places[index]))
        kept.append({**_keys_of(places[index]), **part} if isinstance(part, dict) else item)
    return kept


def _keys_of(step: str) -> Manifest:
    kind, _, text = step.partition(":")
    keys = json.loads(text) if kind == "k" else {}
    return keys if isinstance(keys, dict) else {}


def _has_keys(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    # `protocol` is part of the key of a port and is left out of it where the default holds.
    return all(item.get(key, "TCP" if key == "protocol" else None) == wanted[key] for key in wanted)
