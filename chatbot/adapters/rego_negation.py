"""Negation as OPA compiles it.

OPA takes whatever a negated call or comparison is given out of the negation: `not f(x.y)` is
`a := x.y; not f(a)`, which is undefined, and not true, when `x.y` is. Only references by
themselves and the two sides of an equality stay inside, so `not x[_] == 1` asks once whether there
is any. The engine takes nothing out, and asks for each element; so both are written out for it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from chatbot.adapters.rego_tree import Module, Node, braceless_bodies, nodes, statements

_COMPUTED: Final = {"RefDot", "RefBrack", "Call", "ArithExpr", "BinExpr", "BoolExpr"}
_LITERALS: Final = {"Array", "Set", "Object"}
_PASSES: Final = 20
"""Negations inside of comprehensions inside of negations that are written out."""


class Edit(NamedTuple):
    """A piece of text to be put in the place of another, by bytes."""

    start: int
    rank: int
    """At one place: what closes, then what opens, then what replaces."""
    order: int
    end: int
    text: str


def settle(text: str, tree: Module, parse: Callable[[str], Module]) -> tuple[str, Module]:
    """A module with its negations written out, and its tree. `parse` gives the tree of a text."""
    made = 0
    for _ in range(_PASSES):
        edits = _edits(text.encode(), tree, made)
        if not edits:
            break
        made += len(edits)
        text = edited(text, edits)
        tree = parse(text)
    return text, tree


def edited(text: str, edits: list[Edit]) -> str:
    """The text with edits that do not overlap."""
    raw, made, place = text.encode(), [], 0
    for edit in sorted(edits):
        made += [raw[place : edit.start], edit.text.encode()]
        place = edit.end
    made.append(raw[place:])
    return b"".join(made).decode()


def whole(node: Node) -> tuple[int, int]:
    """Where a node starts and ends; the tree counts the quotes of a text at its edge as outside."""
    start, end = node.span.start, node.span.end
    texts = [one.span for one in nodes(node.fields) if one.kind in {"String", "RawString"}]
    return (
        start - any(text.start == start for text in texts),
        end + any(text.end == end for text in texts),
    )


def _edits(raw: bytes, tree: Module, made: int) -> list[Edit]:
    """What to write for the outermost negations that need it."""
    bare = {one["span"]["start"] for one in braceless_bodies(tree.bodies, raw)}
    names = {rule.path[-1] for rule in tree.rules} | set(tree.imports)
    edits: list[Edit] = []
    done = 0
    for statement in statements(tree.bodies):
        start, end = whole(Node("Statement", statement))
        negation = statement["literal"].get("NotExpr")
        if negation is None or start < done:
            continue
        inner = _node(negation["expr"])
        taken = list(_taken_out(inner, names))
        if taken:
            if start in bare:
                edits.append(Edit(start, 1, len(edits), start, "{ "))
                edits.append(Edit(end, 0, 1, end, " }"))
            _take_out(raw, statement, taken, edits, made)
        elif _asks_for_any(inner):
            negation_end = whole(Node("NotExpr", negation))[1]
            edits.append(Edit(start, 2, len(edits), start + len("not"), "count([1 |"))
            edits.append(Edit(negation_end, 0, -len(edits), negation_end, "]) == 0"))
        else:
            continue
        done = end
    return edits


def _take_out(
    raw: bytes, statement: Mapping[str, Any], taken: list[Node], edits: list[Edit], made: int
) -> None:
    start, end = whole(Node("Statement", statement))
    modifiers = ""
    if statement.get("with_mods"):
        modifiers = " " + raw[statement["with_mods"][0]["span"]["start"] : end].decode()
    for node in taken:
        name = f"rl_taken_out_{made + len(edits)}"
        first, last = whole(node)
        value = raw[first:last].decode()
        edits.append(Edit(start, 1, len(edits), start, f"{name} := {value}{modifiers}; "))
        edits.append(Edit(first, 2, len(edits), last, name))


def _taken_out(node: Node, names: set[str]) -> Iterator[Node]:
    """The parts of a negated expression that OPA evaluates before the negation."""
    fields = node.fields
    if node.kind == "Call":
        for one in fields["params"]:
            yield from _argument(_node(one), names)
    elif _is_equality(node):
        yield from _inside(_node(fields["lhs"]), names)
        yield from _inside(_node(fields["rhs"]), names)
    elif node.kind in {"BoolExpr", "ArithExpr", "BinExpr", "Membership"}:
        for side in ("lhs", "rhs", "key", "value", "collection"):
            if isinstance(fields.get(side), dict):
                yield from _argument(_node(fields[side]), names)
    else:
        yield from _inside(node, names)


def _argument(node: Node, names: set[str]) -> Iterator[Node]:
    """An argument of a call: taken out as a whole, unless it is always there."""
    is_rule = node.kind == "Var" and node.fields["value"] in names
    is_built = node.kind in _LITERALS and any(one.kind in _COMPUTED for one in nodes(node.fields))
    if node.kind in _COMPUTED or is_rule or is_built:
        yield node


def _inside(node: Node, names: set[str]) -> Iterator[Node]:
    """A reference that stays where it is: only what it is computed from is taken out."""
    if node.kind == "RefDot":
        yield from _inside(_node(node.fields["refr"]), names)
    elif node.kind == "RefBrack":
        yield from _inside(_node(node.fields["refr"]), names)
        yield from _argument(_node(node.fields["index"]), names)
    elif node.kind != "Var":
        yield from _argument(node, names)


def _asks_for_any(node: Node) -> bool:
    return (node.kind in {"RefDot", "RefBrack"} or _is_equality(node)) and any(
        one.kind == "RefBrack" and one.fields["index"].get("Var", {}).get("value") == "_"
        for one in nodes({node.kind: node.fields})
    )


def _is_equality(node: Node) -> bool:
    return node.kind in {"BoolExpr", "AssignExpr"} and node.fields["op"] == "Eq"


def _node(expression: Mapping[str, Any]) -> Node:
    ((kind, fields),) = expression.items()
    return Node(kind, fields)
