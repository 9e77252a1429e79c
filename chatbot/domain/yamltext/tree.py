"""YAML as a tree that knows where it stands in the text.

Everything that reads or edits YAML starts here. The parser is libyaml: Kubernetes' own is a port
of it, so both read a file alike, and a megabyte takes a fraction of a second. Positions let an
edit touch nothing but the characters it is about. Sizes are bounded before anything is expanded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import yaml

from chatbot.domain.yamltext import scalars

MAX_BYTES: Final = 1_048_576
MAX_DOCUMENTS: Final = 100
MAX_NODES: Final = 300_000
"""Values in one file once every alias is written out."""
MAX_DEPTH: Final = 100

_BYTE_ORDER_MARK = "\ufeff"
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_YAML_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {None, "!", *(_YAML_TAG + name for name in ("str", "map", "seq"))}
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")

_HINTS = {
    "mapping values are not allowed in this context": (
        "a `:` cannot stand here; is the line indented right, or does the text need quotes?"
    ),
    "did not find expected key": (
        "expected a key; is the line indented like the ones it belongs to?"
    ),
    "did not find expected '-' indicator": (
        "expected a list item that starts with `-`; is the line indented right?"
    ),
    "found character that cannot start any token": (
        "no value can start like this; use spaces in place of tabs, and put quotes around"
        " text that starts with `@`, `%` or a backtick"
    ),
    "could not find expected ':'": "expected a `:` after the key",
    "found unexpected end of stream": "a quote is opened and never closed",
    "did not find expected ',' or ']'": "expected `,` or `]` in this list",
    "did not find expected ',' or '}'": "expected `,` or `}` in this mapping",
    "did not find expected <document start>": (
        "expected the end of the document; is the line indented right?"
    ),
    "did not find expected node content": "expected a value",
    "block sequence entries are not allowed in this context": (
        "a list item cannot start here; put it on a line of its own"
    ),
    "found a tab character that violates indentation": "use spaces in place of tabs",
}


class YamlError(ValueError):
    """Text that is no YAML, or more of it than is good; `str(error)` is a sentence with the
    line and the column, both counted from 1."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(f"Line {line}, column {column}: {problem}")


class NodeKind(Enum):
    """What a node is."""

    SCALAR = "scalar"
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    ALIAS = "alias"


@dataclass(slots=True, eq=False)
class Node:
    """A value and its place: `text[start:end]` is its content, without comments or the white
    space that follows."""

    kind: NodeKind
    start: int
    end: int
    line: int
    column: int
    """Both counted from 1."""
    flow: bool = False
    """Written as `{…}` or `[…]`."""
    value: scalars.Scalar = None
    style: str = ""
    """Of a scalar: empty, `'`, `"`, `|` or `>`."""
    anchor: str = ""
    entries: list[tuple["Node", "Node"]] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)
    target: "Node | None" = None
    """What an alias stands for."""
    size: int = 1
    height: int = 1

    def error(self, problem: str) -> YamlError:
        """A complaint about this place."""
        return YamlError(self.line, self.column, problem)

    def resolved(self) -> "Node":
        """The node itself, or what an alias stands for."""
        return self.target if self.target is not None else self

    def get(self, key: str) -> "Node | None":
        """The value written under a key of a mapping, merges left out."""
        for name, value in self.resolved().entries:
            if name.value == key:
                return value
        return None


def compose(text: str) -> list[Node]:
    """The documents of a text, empty ones left out. Raises `YamlError`."""
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise YamlError(1, 1, "the text is longer than 1 MB")
    offset = 1 if text.startswith(_BYTE_ORDER_MARK) else 0
    if bad := _UNPRINTABLE.search(text, offset):
        before = _LINE_BREAK.split(text[: bad.start()])
        raise YamlError(
            len(before), len(before[-1]) + 1, f"the character U+{ord(bad[0]):04X} is not allowed"
        )
    try:
        return _Composer(text[offset:], offset).documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = str(error.problem or error.context)
        raise YamlError(line, column, _HINTS.get(problem, f"not valid YAML, {problem}")) from error
    except yaml.YAMLError as error:
        raise YamlError(1, 1, "not valid YAML") from error


def to_json(node: Node, *, any_keys: bool = False) -> Any:
    """The value as JSON. Raises `YamlError` for keys that are used twice and, unless `any_keys`,
    for keys that are not text; otherwise those count as written."""
    node = node.resolved()
    if node.kind is NodeKind.SCALAR:
        return node.value
    if node.kind is NodeKind.SEQUENCE:
        return [to_json(item, any_keys=any_keys) for item in node.items]
    own: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value in node.entries:
        if is_merge(key):
            for source in _merge_sources(value):
                merged = {**to_json(source, any_keys=any_keys), **merged}
            continue
        name = key_text(key, any_keys=any_keys)
        if name in lines:
            raise key.error(f"the key `{shorten(name)}` stands on line {lines[name]} already")
        lines[name] = key.line
        own[name] = to_json(value, any_keys=any_keys)
    return {**merged, **own} if merged else own


def is_merge(key: Node) -> bool:
    """Whether a key is YAML's merge key, `<<`."""
    return key.value == "<<" and not key.style


def shorten(text: str, limit: int = 60) -> str:
    """For a sentence: one line, not too long."""
    flat = " ".join(text.split()).replace("`", "'")
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def key_text(key: Node, *, any_keys: bool) -> str:
    """A key as text. Raises `YamlError`."""
    node = key.resolved()
    if isinstance(node.value, str):
        return node.value
    if node.kind is not NodeKind.SCALAR:
        raise key.error("a key must be text, not a mapping or a list")
    written = "null" if node.value is None else str(node.value)
    if isinstance(node.value, bool):
        written = written.lower()
    if any_keys:
        return written
    raise key.error(f"this key reads as `{shorten(written)}`, which is not text; put quotes around")


def _merge_sources(value: Node) -> list[Node]:
    node = value.resolved()
    sources = node.items if node.kind is NodeKind.SEQUENCE else [node]
    for source in sources:
        if source.resolved().kind is not NodeKind.MAPPING:
            raise value.error("`<<` merges mappings only")
    return sources


class _Composer:
    """Turns libyaml's events into nodes, and stops as soon as a bound is passed."""

    def __init__(self, text: str, offset: int) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))
        self._text = text
        self._offset = offset
        self._anchors: dict[str, Node | None] = {}
        self._size = 0

    def documents(self) -> list[Node]:
        found: list[Node] = []
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            self._anchors = {}
            node = self._node(next(self._events), 1)
            if node.kind is NodeKind.SCALAR and node.value is None and node.start == node.end:
                continue
            if len(found) == MAX_DOCUMENTS:
                raise node.error(f"there are more than {MAX_DOCUMENTS} documents")
            found.append(node)
            self._size += node.size
            self._bound(node, self._size, node.height)
        return found

    def _node(self, event: Any, depth: int) -> Node:
        node = self._start(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(node, event)
        self._bound(node, 1, depth)
        self._check_tag(node, event)
        if event.anchor:
            node.anchor = event.anchor
            self._anchors[event.anchor] = None
        if node.kind is NodeKind.MAPPING:
            self._mapping(node, depth)
        elif node.kind is NodeKind.SEQUENCE:
            self._sequence(node, depth)
        else:
            self._scalar(node, event)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _start(self, event: Any) -> Node:
        kinds = {
            yaml.AliasEvent: NodeKind.ALIAS,
            yaml.MappingStartEvent: NodeKind.MAPPING,
            yaml.SequenceStartEvent: NodeKind.SEQUENCE,
            yaml.ScalarEvent: NodeKind.SCALAR,
        }
        start, end = event.start_mark, event.end_mark
        return Node(
            kinds[type(event)],
            start.index + self._offset,
            end.index + self._offset,
            start.line + 1,
            start.column + 1,
            flow=bool(getattr(event, "flow_style", False)),
        )

    def _alias(self, node: Node, event: Any) -> Node:
        if event.anchor not in self._anchors:
            raise node.error(f"`*{shorten(event.anchor)}` refers to an anchor that is not there")
        target = self._anchors[event.anchor]
        if target is None:
            raise node.error(f"`*{shorten(event.anchor)}` refers to itself")
        node.target, node.size, node.height = target, target.size, target.height
        return node

    def _mapping(self, node: Node, depth: int) -> None:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            node.entries.append((key, value))
            self._grow(node, key)
            self._grow(node, value)
        self._close(node, event)

    def _sequence(self, node: Node, depth: int) -> None:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = self._node(event, depth + 1)
            node.items.append(item)
            self._grow(node, item)
        self._close(node, event)

    def _grow(self, node: Node, child: Node) -> None:
        node.size += child.size
        node.height = max(node.height, child.height + 1)
        self._bound(child, node.size, node.height)
        if not node.flow:
            node.end = child.end

    def _close(self, node: Node, event: Any) -> None:
        if node.flow:
            node.end = event.end_mark.index + self._offset

    def _scalar(self, node: Node, event: Any) -> None:
        node.style = event.style or ""
        if node.style in ("|", ">"):
            self._trim(node)
        if node.style or event.tag is not None:
            node.value = event.value
            return
        try:
            node.value = scalars.resolve(event.value)
        except scalars.NotFinite:
            raise node.error(
                f"Kubernetes cannot store the number `{event.value}`; put quotes around if it is"
                " meant as text"
            ) from None

    def _trim(self, node: Node) -> None:
        """End a block scalar with its last line, where the blank lines after it mean nothing."""
        body = self._text[node.start - self._offset : node.end - self._offset]
        if "+" not in body.partition("\n")[0].partition("#")[0]:
            node.end = node.start + len(body.rstrip())

    def _check_tag(self, node: Node, event: Any) -> None:
        if event.tag not in _PLAIN_TAGS:
            shown = shorten(event.tag.replace(_YAML_TAG, "!!"))
            raise node.error(f"the tag `{shown}` is not allowed; write the value without a tag")

    def _bound(self, node: Node, size: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise node.error(f"values are nested more than {MAX_DEPTH} deep")
        if size > MAX_NODES:
            raise node.error(f"there are more than {MAX_NODES:,} values, aliases written out")
