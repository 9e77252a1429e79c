"""Edits inside YAML's flow style, `{a: 1}` and `[x, y]`, that keep what is equal as written."""

from typing import Any

from chatbot.domain.events import canonical_json
from chatbot.domain.yamltext import write
from chatbot.domain.yamltext.tree import Node, NodeKind, is_merge, key_text, to_json

Change = tuple[int, int, str]
"""Start and end in the text, and what comes in place of it."""


def changes(text: str, node: Node, wanted: Any) -> list[Change]:
    """What makes a flow collection equal to `wanted`: its values one by one where its shape
    stays, otherwise the collection written anew from its equal parts."""
    pairs = _pairs(node, wanted)
    if pairs is None:
        return [(node.start, node.end, _anew(text, node, wanted))]
    found: list[Change] = []
    for value, new in pairs:
        if canonical_json(to_json(value, any_keys=True)) == canonical_json(new):
            continue
        if isinstance(new, dict | list) and value.flow:
            found += changes(text, value, new)
            continue
        space = " " if value.start == value.end else ""
        found.append((value.start, value.end, space + _written(value, new)))
    return found


def _pairs(node: Node, wanted: Any) -> list[tuple[Node, Any]] | None:
    current = to_json(node, any_keys=True)
    if isinstance(wanted, dict) and node.kind is NodeKind.MAPPING:
        if any(is_merge(key) for key, _ in node.entries) or current.keys() != wanted.keys():
            return None
        return [(value, wanted[key_text(key, any_keys=True)]) for key, value in node.entries]
    if isinstance(wanted, list) and node.kind is NodeKind.SEQUENCE and len(current) == len(wanted):
        return list(zip(node.items, wanted, strict=True))
    return None


def _written(value: Node, new: Any) -> str:
    if isinstance(new, dict | list):
        return write.inline(new)
    quote = value.style if isinstance(value.value, str) else ""
    return write.scalar(new, flow=True, quote=quote)


def _anew(text: str, node: Node, wanted: Any) -> str:
    if isinstance(wanted, dict) and node.kind is NodeKind.MAPPING:
        own = [(key, value) for key, value in node.entries if not is_merge(key)]
        kept = {
            canonical_json([key_text(key, any_keys=True), to_json(value, any_keys=True)]): (
                text[key.start : value.end]
            )
            for key, value in own
        }
        order = [key_text(key, any_keys=True) for key, _ in own]
        names = [name for name in order if name in wanted]
        names += [name for name in wanted if name not in order]
        parts = [
            kept.get(canonical_json([name, wanted[name]]))
            or write.inline({name: wanted[name]})[1:-1]
            for name in names
        ]
        return "{" + ", ".join(parts) + "}"
    if isinstance(wanted, list) and node.kind is NodeKind.SEQUENCE:
        items = {
            canonical_json(to_json(item, any_keys=True)): text[item.start : item.end]
            for item in node.items
        }
        parts = [items.get(canonical_json(item)) or write.inline(item) for item in wanted]
        return "[" + ", ".join(parts) + "]"
    return write.inline(wanted)
