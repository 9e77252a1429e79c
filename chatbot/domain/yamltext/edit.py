"""Edits of YAML text that touch only the characters they are about.

A new value is laid beside the old one; what is equal keeps its bytes, so comments, key order,
quotes, indentation and line endings stay. The result is read again and must be exactly what was
wanted, with every other document unchanged; an edit that is not is never handed out.
"""

import re
from difflib import SequenceMatcher
from typing import Any, Final

from chatbot.domain.events import canonical_json
from chatbot.domain.yamltext import flow, write
from chatbot.domain.yamltext.tree import (
    Node,
    NodeKind,
    YamlError,
    compose,
    is_merge,
    key_text,
    to_json,
)

Json = Any

_IDENTITIES: Final = ("name", "containerPort", "port", "mountPath", "topologyKey", "ip", "host")
"""Keys that tell list items apart, as Kubernetes' own list merges do."""
_MAX_LIST_PAIRS: Final = 4_000_000
_COMMENT_LINE = re.compile(r"([ ]*)#[^\n]*(\n|$)")
_BLANK_LINE = re.compile(r"[ \t]*\r?\n")
_DASH = re.compile(r"(?m)^[ ]*-(?=\s)")
_TAIL_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")


class NotEditable(ValueError):
    """The text cannot be edited without touching what it should not; says why."""


class _Awkward(Exception):
    """This node has to be written anew as a whole."""


def replace(text: str, index: int, wanted: dict[str, Json], *, rewrite: bool = False) -> str:
    """The text with its document number `index` (from 0, empty ones not counted) made equal to
    `wanted`; the same text if it is already. With `rewrite`, a document that cannot be edited in
    place is written anew, its comments lost. Raises `NotEditable` or `YamlError`."""
    roots = compose(text)
    expected = [to_json(root, any_keys=True) for root in roots]
    if same(expected[index], wanted):
        return text
    expected[index] = wanted
    for attempt in [_in_place, _anew] if rewrite else [_in_place]:
        try:
            result = attempt(text, roots[index], wanted)
        except _Awkward:
            continue
        for candidate in (result, result + "\n"):  # some text at the very end needs its newline
            if _reads_as(candidate, expected):
                return candidate
    line = roots[index].line
    raise NotEditable(f"the document at line {line} is written in a way that cannot be edited")


def same(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON, in whatever order their keys stand."""
    return canonical_json(one) == canonical_json(other)


def style_of(root: Node) -> write.Style:
    """How a document is indented, from the first places that show it."""
    step: int | None = None
    dash: int | None = None
    queue = [root]
    while queue and (step is None or dash is None):
        node = queue.pop(0)
        for key, value in node.entries:
            if value.kind is NodeKind.MAPPING and not value.flow and value.entries:
                step = step or max(1, value.entries[0][0].column - key.column)
            if value.kind is NodeKind.SEQUENCE and not value.flow and not value.anchor:
                dash = value.column - key.column if dash is None else dash
        queue += [value for _, value in node.entries] + node.items
    return write.Style(step=step or 2, dash=max(0, dash or 0))


def _reads_as(text: str, expected: list[Json]) -> bool:
    try:
        return same([to_json(root, any_keys=True) for root in compose(text)], expected)
    except YamlError:
        return False


def _in_place(text: str, node: Node, wanted: Json) -> str:
    edit = _Edit(text, style_of(node))
    edit.mapping(node, wanted)
    return edit.result()


def _anew(text: str, node: Node, wanted: Json) -> str:
    edit = _Edit(text, style_of(node))
    column = edit.column(node.start)
    lines = write.block(wanted, edit.style)
    if edit.column(node.start) or node.flow:
        lines = ["", *lines] if text[edit.line_start(node.start) :].startswith("---") else lines
        column = 0
    edit.put(node.start, node.end, edit.join(lines, column))
    return edit.result()


class _Edit:
    """Collects replacements of ranges of a text; nothing moves until `result`."""

    def __init__(self, text: str, style: write.Style) -> None:
        self.text = text
        self.style = style
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self._changes: list[tuple[int, int, str]] = []

    def put(self, start: int, end: int, replacement: str) -> None:
        self._changes.append((start, end, replacement))

    def result(self) -> str:
        text = self.text
        changes = sorted(self._changes, key=lambda change: change[:2])
        for start, end, replacement in changes[::-1]:
            text = text[:start] + replacement + text[end:]
        if not self.text.endswith("\n"):
            text = text.removesuffix("\n").removesuffix("\r")
        return text

    # --- where things stand

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Where the next line starts."""
        if at and self.text[at - 1] == "\n":
            return at
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def column(self, at: int) -> int:
        start = self.line_start(at)
        return at - start - (1 if self.text[start:at].startswith("\ufeff") else 0)

    def leads_line(self, at: int) -> bool:
        return not self.text[self.line_start(at) : at].strip(" \ufeff")

    def join(self, lines: list[str], column: int) -> str:
        """Lines as they stand after something at `column`."""
        first, *rest = lines
        return self.newline.join([first, *write.indented(rest, column)])

    def after(self, end: int, column: int) -> int:
        """The line after a value, its own deeper comments passed over."""
        at = self.line_end(end)
        ahead = at
        while ahead < len(self.text):
            if blank := _BLANK_LINE.match(self.text, ahead):
                ahead = blank.end()
                continue
            comment = _COMMENT_LINE.match(self.text, ahead)
            if not comment or len(comment[1]) <= column:
                break
            ahead = at = comment.end()
        return at

    def insert_lines(self, at: int, lines: list[str], column: int) -> None:
        text = "".join(line + self.newline for line in write.indented(lines, column))
        if at == len(self.text) and not self.text.endswith("\n"):
            text = self.newline + text
        self.put(at, at, text)

    # --- mappings

    def mapping(self, node: Node, wanted: dict[str, Json]) -> None:
        """Make a mapping equal to `wanted`. Raises `_Awkward`."""
        if node.kind is not NodeKind.MAPPING or not node.entries or not wanted:
            raise _Awkward
        if node.flow:
            self._changes += flow.changes(self.text, node, wanted)
            return
        current = to_json(node, any_keys=True)
        own = [
            (key_text(key, any_keys=True), key, value)
            for key, value in node.entries
            if not is_merge(key)
        ]
        names = {name for name, _, _ in own}
        if (current.keys() - names) - wanted.keys() or not names & wanted.keys():
            raise _Awkward
        self._delete_entries(own, wanted)
        for name, key, value in own:
            if name in wanted and not same(current[name], wanted[name]):
                self.entry(key, value, wanted[name])
        new = {
            name: value
            for name, value in wanted.items()
            if name not in names and not (name in current and same(current[name], value))
        }
        if new:
            column = self.column(node.entries[0][0].start)
            at = self.after(node.end, column)
            self.insert_lines(at, write.block(new, self.style), column)

    def _delete_entries(self, own: list[tuple[str, Node, Node]], wanted: dict[str, Json]) -> None:
        kept = [key for name, key, _ in own if name in wanted]
        for position, (name, key, value) in enumerate(own):
            if name in wanted:
                continue
            if self.leads_line(key.start):
                end = self.after(value.end, self.column(key.start))
                self.put(self.line_start(key.start), end, "")
            elif position == 0:
                self.put(key.start, self.line_start(kept[0].start) + self.column(key.start), "")
            else:
                raise _Awkward

    def entry(self, key: Node, value: Node, wanted: Json) -> None:
        """Make the value of an entry of a block mapping equal to `wanted`."""
        if self._deeper(value, wanted) or self._on_the_line(value, wanted):
            return
        written = self.text[key.start : key.end]
        if "\n" in written or self.text[self.line_start(key.start) : key.start].strip(" -\ufeff"):
            raise _Awkward
        lines = write.entry(written, wanted, self._style_like(value, key.start))
        self._replace_lines(key.start, value.end, self.column(key.start), lines)

    def _replace_lines(self, start: int, end: int, column: int, lines: list[str]) -> None:
        """Put block lines in place of a value whose key or dash stands at `column`. A comment
        right after it moves to the first line; deeper ones were about what is gone."""
        if self.text[end - 1] != "\n" and (comment := _TAIL_COMMENT.match(self.text, end)):
            lines = [lines[0] + comment[0], *lines[1:]]
        stop = self.after(end, column)
        self.put(start, stop, self.join(lines, self.column(start)) + self.newline)

    def _style_like(self, value: Node, at: int) -> write.Style:
        """The document's style, or that of the block of text which is replaced."""
        if value.style in ("|", ">"):
            for line in self.text[value.start : value.end].splitlines()[1:]:
                if line.strip():
                    step = len(line) - len(line.lstrip(" ")) - self.column(at)
                    return write.Style(max(1, step), self.style.dash)
        return self.style

    def _deeper(self, node: Node, wanted: Json) -> bool:
        """Edit inside a collection; False when it has to be written anew."""
        mark = len(self._changes)
        try:
            if isinstance(wanted, dict) and wanted and node.kind is NodeKind.MAPPING:
                self.mapping(node, wanted)
                return True
            if isinstance(wanted, list) and wanted and node.kind is NodeKind.SEQUENCE:
                self.sequence(node, wanted)
                return True
        except _Awkward:
            del self._changes[mark:]
        return False

    def _on_the_line(self, node: Node, wanted: Json) -> bool:
        """Replace what stands on one line by what fits there."""
        if not write.is_one_line(wanted) or "\n" in self.text[node.start : node.end]:
            return False
        if node.kind in (NodeKind.MAPPING, NodeKind.SEQUENCE) and not node.flow:
            return False
        if isinstance(wanted, dict | list):
            written = write.inline(wanted)
        else:
            quote = node.style if isinstance(node.value, str) and node.style in ("'", '"') else ""
            written = write.scalar(wanted, quote=quote)
        self.put(node.start, node.end, written if node.end > node.start else " " + written)
        return True

    # --- lists

    def sequence(self, node: Node, wanted: list[Json]) -> None:
        """Make a list equal to `wanted`. Raises `_Awkward`."""
        if not node.items or len(node.items) * len(wanted) > _MAX_LIST_PAIRS:
            raise _Awkward
        if node.flow:
            self._changes += flow.changes(self.text, node, wanted)
            return
        dashes = self._dashes(node)
        current = [to_json(item, any_keys=True) for item in node.items]
        key = _identity(current, wanted)
        old_keys = [_item_key(item, key) for item in current]
        new_keys = [_item_key(item, key) for item in wanted]
        column = self.column(dashes[0])
        matcher = SequenceMatcher(None, old_keys, new_keys, autojunk=False)
        for _, i1, i2, j1, j2 in matcher.get_opcodes():
            paired = min(i2 - i1, j2 - j1) if not key or old_keys[i1:i2] == new_keys[j1:j2] else 0
            for offset in range(paired):
                self.item(node.items[i1 + offset], wanted[j1 + offset], column)
            for i in range(i1 + paired, i2):
                end = self.after(node.items[i].end, column)
                self.put(self.line_start(dashes[i]), end, "")
            fresh = wanted[j1 + paired : j2]
            if fresh:
                last = i1 + paired
                at = (
                    self.after(node.items[last - 1].end, column)
                    if last
                    else self.line_start(dashes[0])
                )
                self.insert_lines(at, write.block(fresh, self.style), column)

    def item(self, node: Node, wanted: Json, column: int) -> None:
        """Make an item of a block list, its dash at `column`, equal to `wanted`."""
        if same(to_json(node, any_keys=True), wanted):
            return
        if self._deeper(node, wanted) or self._on_the_line(node, wanted):
            return
        lines = write.block_item(wanted, self._style_like(node, node.start - 2))
        lines = [lines[0][2:], *(line.removeprefix("  ") for line in lines[1:])]
        self._replace_lines(node.start, node.end, column, lines)

    def _dashes(self, node: Node) -> list[int]:
        found: list[int] = []
        before = node.start
        for item in node.items:
            at = before
            if found or self.text[before] != "-":
                match = _DASH.search(self.text, self.line_end(before), item.start)
                if not match:
                    raise _Awkward
                at = match.end() - 1
            if not self.leads_line(at):
                raise _Awkward
            found.append(at)
            before = item.end
        return found


def _identity(current: list[Json], wanted: list[Json]) -> str:
    """The key that tells the items of both lists apart; empty when there is none."""
    if not all(isinstance(item, dict) for item in current + wanted):
        return ""
    for key in _IDENTITIES:
        if all(
            all(key in item for item in items)
            and len({canonical_json(item[key]) for item in items}) == len(items)
            for items in (current, wanted)
        ):
            return key
    return ""


def _item_key(item: Json, key: str) -> str:
    return canonical_json(item[key]) if key else canonical_json(item)
