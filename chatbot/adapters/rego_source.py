"""Rego as people publish it, written the way the engine reads it: what needs no syntax tree.

The engine takes the second body of `rule { … } { … }` for an `else`, which a set cannot have;
OPA takes it for another rule with the same head. The engine takes a `(` on a new line for the
arguments of a call; OPA takes it for a new statement. Texts are also bounded here, before
the engine's own parser, which is recursive, sees them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chatbot.domain.policygatekeeper import BrokenPolicy

MAX_NESTING: Final = 60
"""Brackets inside brackets."""
MAX_LINE_OPERATORS: Final = 2_000
"""Operators and dots of one rule: the engine's syntax tree grows as deep as a chain of them."""

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)|(?P<comment>\#[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9][0-9A-Za-z.]*)|(?P<sign>:=|[=!<>]=|.)""",
    re.DOTALL,
)
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_WORDS_BEFORE_A_STATEMENT: Final = frozenset({"not", "in", "if", "some", "every", "with", "as"})
_WORDS_BEFORE_A_TERM: Final = frozenset({"contains", "in", "default", "else"})


@dataclass(frozen=True)
class Token:
    """A piece of Rego other than white space and comments."""

    kind: str
    text: str
    start: int
    end: int
    depth: int
    """Open brackets around it."""
    line_break: bool
    """A new line before it."""


def tokens(text: str) -> list[Token]:
    """The tokens of a module. Raises `BrokenPolicy` for brackets nested too deep."""
    found: list[Token] = []
    depth, line_break = 0, True
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind in {"space", "comment"}:
            line_break = line_break or "\n" in match[0]
            continue
        if match[0] in _CLOSE and kind == "sign":
            depth -= 1
        found.append(Token(kind, match[0], match.start(), match.end(), depth, line_break))
        if match[0] in _OPEN and kind == "sign":
            depth += 1
        if depth > MAX_NESTING:
            raise BrokenPolicy(f"brackets are nested more than {MAX_NESTING} deep")
        line_break = False
    return found


def is_modern(found: list[Token]) -> bool:
    """Whether a module is written for Rego v1: it uses `if` or `contains` as keywords and does
    not import them, as older modules have to."""
    imports = _imported(found)
    if imports:
        return False
    for token, after in zip(found, [*found[1:], None], strict=True):
        if token.kind == "name" and token.text == "if":
            return True
        if token.text == "contains" and token.depth == 0 and (after is None or after.text != "("):
            return True
    return False


def needs_if(found: list[Token], *, modern: bool) -> bool:
    """Whether rules that are added to a module must be written with `if`."""
    return modern or "rego.v1" in _imported(found)


def split_bodies(text: str) -> str:
    """Every `head { … } { … }` as `head { … } head { … }`, on the same lines."""
    insertions: list[tuple[int, str]] = []
    for head, bodies in _rules(tokens(text)):
        heading = text[head[0] : head[1]]
        insertions += [(start, f"{_one_line(heading)} ") for start in bodies[1:]]
    for place, addition in reversed(insertions):
        text = f"{text[:place]}{addition}{text[place:]}"
    return text


def part_statements(text: str) -> str:
    """A `;` in front of every `(` that starts a line of a body: the engine takes it for the
    arguments of the name above, OPA for another statement."""
    opened: list[str] = []
    before: Token | None = None
    places: list[int] = []
    for token in tokens(text):
        if token.kind == "sign" and token.text in _CLOSE and opened:
            opened.pop()
        if token.text == "(" and token.line_break and before is not None and opened[-1:] == ["{"]:
            is_word = before.kind == "name" and before.text in _WORDS_BEFORE_A_STATEMENT
            if (before.kind == "name" and not is_word) or before.text in {")", "]"}:
                places.append(before.end)
        if token.kind == "sign" and token.text in _OPEN:
            opened.append(token.text)
        before = token
    for place in reversed(places):
        text = f"{text[:place]};{text[place:]}"
    return text


def _imported(found: list[Token]) -> set[str]:
    """The language imports of a module: `rego.v1`, `future.keywords`."""
    imports = set()
    for index, token in enumerate(found[:-3]):
        if token.text == "import" and token.depth == 0:
            words = [one.text for one in found[index + 1 : index + 4]]
            if words[:2] in (["rego", "."], ["future", "."]):
                imports.add("".join(words))
    return imports


def _rules(found: list[Token]) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Rules with bodies: where the head stands, and where each of its bodies starts. A rule with
    an `else` or an `if` is passed over: neither can be chained."""
    index, count = 0, len(found)
    while index < count:
        first = index
        bodies: list[int] = []
        plain, operators, head_end = True, 0, found[first].end
        while index < count:
            token = found[index]
            operators += token.kind == "sign"
            if operators > MAX_LINE_OPERATORS:
                raise BrokenPolicy(f"a rule has more than {MAX_LINE_OPERATORS:,} operators")
            if token.depth == 0:
                if token.text in {"if", "else"} and token.kind == "name":
                    plain = False
                if _starts_body(found, index, first):
                    bodies.append(token.start)
                elif not bodies:
                    head_end = token.end
            index += 1
            if index < count and _ends_rule(found, index, has_body=bool(bodies)):
                break
        if plain and len(bodies) > 1:
            yield (found[first].start, head_end), bodies


def _starts_body(found: list[Token], index: int, first: int) -> bool:
    """A `{` behind a whole term; behind an operator it is an object or a set."""
    if found[index].text != "{" or index == first:
        return False
    before = found[index - 1]
    if before.kind == "name":
        return before.text not in _WORDS_BEFORE_A_TERM
    return before.kind in {"string", "number"} or before.text in _CLOSE


def _ends_rule(found: list[Token], index: int, *, has_body: bool) -> bool:
    """Whether the token at `index` starts the next rule."""
    token, before = found[index], found[index - 1]
    if token.depth != 0 or token.kind != "name":
        return False
    if has_body and before.text == "}":
        return token.text != "else"
    is_operand = before.kind == "sign" and before.text not in _CLOSE
    joined = before.text in _WORDS_BEFORE_A_TERM or token.text in {"if", "else", "contains", "in"}
    return token.line_break and not is_operand and not joined


def _one_line(head: str) -> str:
    """A head without its comments and line breaks."""
    parts = (
        {"space": " ", "comment": ""}.get(str(match.lastgroup), match[0])
        for match in _TOKEN.finditer(head)
    )
    return "".join(parts).strip()
