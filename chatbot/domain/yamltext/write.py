"""JSON values as YAML text that Kubernetes, and every other reader of YAML, takes for the same.

Only values that are new are written here; what stands in a file already is never written again.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from chatbot.domain.yamltext.scalars import NotFinite, Scalar, resolve

_PLAIN = re.compile(r"(?:[A-Za-z0-9_/.$+]|--?(?=[A-Za-z0-9-]))[A-Za-z0-9_/.$+=@%^~*()<>;?! ,:-]*")
_OTHERS_READ_DIFFERENTLY = re.compile(
    r"[-+]?[0-9][0-9_]*(:[0-9_.]+)+"  # base 60
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"  # dates
    r"|[-+]?[0-9.][0-9_.eE+-]*"  # numbers in one dialect or another
    r"|-+"
)
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LITERAL_LINE = re.compile("[\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")


@dataclass(frozen=True)
class Style:
    """How a file is laid out."""

    step: int = 2
    """Spaces a mapping is indented by under its key."""
    dash: int = 0
    """Spaces the dash of a list item is indented by under its key."""


def scalar(value: Scalar, *, flow: bool = False, quote: str = "") -> str:
    """A scalar on one line; `quote` is the mark to prefer for text."""
    if isinstance(value, str):
        return _text(value, flow=flow, quote=quote)
    return json.dumps(value)


def inline(value: Any) -> str:
    """Any value on one line, as `{a: 1, b: [x]}`."""
    if isinstance(value, dict):
        pairs = (f"{scalar(key, flow=True)}: {inline(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return scalar(value, flow=True)


def block(value: Any, style: Style) -> list[str]:
    """Lines of a mapping or a list that is not empty, without indentation of their own."""
    if isinstance(value, list):
        return [line for item in value for line in block_item(item, style)]
    return [line for key, item in value.items() for line in entry(scalar(key), item, style)]


def entry(key: str, value: Any, style: Style) -> list[str]:
    """Lines of one entry of a mapping; `key` is YAML already."""
    if isinstance(value, dict | list) and value:
        by = style.step if isinstance(value, dict) else style.dash
        return [f"{key}:", *indented(block(value, style), by)]
    first, *rest = leaf(value, style)
    return [f"{key}: {first}", *rest]


def block_item(value: Any, style: Style) -> list[str]:
    """Lines of one list item, its dash included."""
    if isinstance(value, dict | list) and value:
        first, *rest = block(value, style)
        return [f"- {first}", *indented(rest, 2)]
    first, *rest = leaf(value, style)
    return [f"- {first}", *rest]


def leaf(value: Any, style: Style) -> list[str]:
    """Lines of a scalar or an empty collection, where a key or a dash stands at column 0."""
    if not (isinstance(value, str) and "\n" in value and _literal(value)):
        return [inline(value) if isinstance(value, dict | list) else scalar(value)]
    body = value.rstrip("\n")
    chomp = {0: "-", 1: ""}.get(len(value) - len(body), "+")
    extra = [""] * max(0, len(value) - len(body) - 1)
    return [f"|{chomp}", *indented(body.split("\n"), style.step), *extra]


def indented(lines: list[str], by: int) -> list[str]:
    """The lines moved to the right; empty ones stay empty."""
    return [" " * by + line if line else line for line in lines]


def is_one_line(value: Any) -> bool:
    """Whether the value is written on the line of its key."""
    return len(leaf(value, Style())) == 1 if not isinstance(value, dict | list) else not value


def _text(value: str, *, flow: bool, quote: str) -> str:
    if quote == "'" and _LITERAL_LINE.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    if quote != '"' and _is_plain(value, flow=flow):
        return value
    written = json.dumps(_SURROGATE.sub("\ufffd", value), ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def _is_plain(value: str, *, flow: bool) -> bool:
    if not _PLAIN.fullmatch(value) or ": " in value or value[-1] in " :":
        return False
    if flow and ("," in value or ":" in value):
        return False
    if _OTHERS_READ_DIFFERENTLY.fullmatch(value):
        return False
    try:
        return resolve(value) == value
    except NotFinite:
        return False


def _literal(value: str) -> bool:
    lines = value.split("\n")
    return (
        bool(lines[0])
        and lines[0][0] not in " \t"
        and all(_LITERAL_LINE.fullmatch(line) and (not line or line.strip()) for line in lines)
    )
