"""Rego rewritten where the engine decides otherwise than OPA.

- A builtin that is given something it does not take raises; in OPA the expression is undefined.
  `careful` puts a guarded function in the place of every builtin and operator. It costs time, so
  it is used only for what raised.
- Builtins of old Rego that the engine lacks are added.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from chatbot.adapters.rego_negation import Edit, edited, whole
from chatbot.adapters.rego_tree import Module, Node, static_path

SPRINTF: Final = "rl_sprintf"
"""The extension that prints as OPA does: format, arguments as JSON."""
_QUANTITY: Final = (
    r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?([KMGTPEkmgtpe]i?|[KMGTPEkmgtpe]?[iI]?[bB])?$"
)
_NUMBER: Final = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
_TIME: Final = r"^\d\d\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)$"
_ALL_TEXT: Final = "count([1 | y := {0}[_]; not is_string(y)]) == 0"
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "s": ("is_string({0})",),
    "n": ("is_number({0})",),
    "i": ("is_number({0})", "{0} >= 0"),
    "a": ("is_array({0})",),
    "o": ("is_object({0})",),
    "l": ('{{"array", "set"}}[type_name({0})]',),
    "c": ('{{"array", "set", "object"}}[type_name({0})]',),
    "k": ('{{"array", "set", "object", "string"}}[type_name({0})]',),
    "t": ('{{"array", "set"}}[type_name({0})]', _ALL_TEXT),
    "m": ('{{"array", "set"}}[type_name({0})]', _ALL_TEXT.replace("is_string", "is_number")),
    "g": ('{{"array", "set", "string"}}[type_name({0})]',),
    "d": ('{{"array", "null"}}[type_name({0})]',),
    "r": ("is_string({0})", "regex.is_valid({0})"),
    "u": ("is_string({0})", "regex.match(`" + _QUANTITY + "`, {0})"),
    "j": ("is_string({0})", "json.is_valid({0})"),
    "y": ("is_string({0})", "yaml.is_valid({0})"),
    "b": ("is_string({0})", "base64.is_valid({0})"),
    "v": ("semver.is_valid({0})",),
    "p": ("net.cidr_is_valid({0})",),
    "w": ("is_string({0})", "regex.match(`" + _TIME + "`, {0})"),
    "x": (),
}  # fmt: skip
_SIGNATURES: Final[Mapping[str, str]] = {
    "abs": "n", "array.concat": "aa", "array.reverse": "a", "array.slice": "ann",
    "base64.decode": "b", "ceil": "n", "concat": "st", "contains": "ss", "count": "k",
    "endswith": "ss", "floor": "n", "format_int": "nn", "glob.match": "sds", "indexof": "ss",
    "indexof_n": "ss", "intersection": "l", "json.unmarshal": "j", "lower": "s", "max": "l",
    "min": "l", "net.cidr_contains": "px", "numbers.range": "nn", "object.filter": "oc",
    "object.get": "oxx", "object.keys": "o", "object.remove": "oc", "object.union": "oo",
    "product": "m", "regex.find_all_string_submatch_n": "rsn", "regex.find_n": "rsn",
    "regex.match": "rs", "regex.replace": "srs", "regex.split": "rs", "replace": "sss",
    "round": "n", "semver.compare": "vv", "sort": "l", "split": "ss", "startswith": "ss",
    "strings.any_prefix_match": "gg", "strings.any_suffix_match": "gg", "strings.count": "ss",
    "strings.replace_n": "os", "strings.reverse": "s", "substring": "sin", "sum": "m",
    "time.parse_rfc3339_ns": "w", "trim": "ss", "trim_left": "ss", "trim_prefix": "ss",
    "trim_right": "ss", "trim_space": "s", "trim_suffix": "ss", "union": "l",
    "units.parse": "u", "units.parse_bytes": "u", "upper": "s", "urlquery.decode": "s",
    "yaml.unmarshal": "y",
}  # fmt: skip


class Clause(NamedTuple):
    """One clause of a function that is added to a module."""

    arguments: str
    result: str
    conditions: tuple[str, ...]


_SPECIAL: Final[Mapping[str, tuple[Clause, ...]]] = {
    "to_number": (
        Clause("a", "to_number(a)", ("is_string(a)", f"regex.match(`{_NUMBER}`, a)")),
        Clause("a", "to_number(a)", ('{"number", "boolean", "null"}[type_name(a)]',)),
    ),
    "sprintf": (Clause("a, b", f"{SPRINTF}(a, json.marshal(b))", ("is_string(a)", "is_array(b)")),),
    "add": (Clause("a, b", "a + b", ("is_number(a)", "is_number(b)")),),
    "mul": (Clause("a, b", "a * b", ("is_number(a)", "is_number(b)")),),
    "div": (Clause("a, b", "a / b", ("is_number(a)", "is_number(b)", "b != 0")),),
    "mod": (Clause("a, b", "a % b", ("floor(a) == a", "floor(b) == b", "b != 0")),),
    "sub": (
        Clause("a, b", "a - b", ("is_number(a)", "is_number(b)")),
        Clause("a, b", "a - b", ("is_set(a)", "is_set(b)")),
    ),
    "or": (Clause("a, b", "a | b", ("is_set(a)", "is_set(b)")),),
    "and": (Clause("a, b", "a & b", ("is_set(a)", "is_set(b)")),),
}  # fmt: skip
_OPERATORS: Final = {
    b"+": "add", b"-": "sub", b"*": "mul", b"/": "div", b"%": "mod", b"|": "or", b"&": "and",
}  # fmt: skip
_OPERATOR = re.compile(rb"#[^\n]*|[-+*/%|&]")

POLYFILLS: Final[Mapping[str, tuple[Clause, ...]]] = {
    "any": (
        Clause("a", "true", ("count([1 | a[_] == true]) > 0",)),
        Clause("a", "false", ("count([1 | a[_] == true]) == 0", _TYPES["l"][0].format("a"))),
    ),
    "all": (
        Clause("a", "false", ("count([1 | a[_] != true]) > 0",)),
        Clause("a", "true", ("count([1 | a[_] != true]) == 0", _TYPES["l"][0].format("a"))),
    ),
    "re_match": (Clause("a, b", "regex.match(a, b)", ()),),
    "set_diff": (Clause("a, b", "a - b", ()),),
    "cast_string": (Clause("a", "a", ("is_string(a)",)),),
    "cast_boolean": (Clause("a", "a", ("is_boolean(a)",)),),
    "cast_object": (Clause("a", "a", ("is_object(a)",)),),
    "cast_array": (Clause("a", "[x | x := a[_]]", (_TYPES["l"][0].format("a"),)),),
    "cast_set": (Clause("a", "{x | x := a[_]}", (_TYPES["l"][0].format("a"),)),),
}
"""Builtins that OPA has deprecated and the engine leaves out."""


def careful(
    text: str, module: Module, functions: frozenset[tuple[str, ...]], *, with_if: bool
) -> str:
    """The module with every builtin and operator guarded. `functions` are the absolute paths of
    all functions that the policy defines itself."""
    raw = text.encode()
    edits: list[Edit] = []
    used: set[str] = set()
    for node in _all_nodes(module):
        if node.kind == "Call":
            name = static_path(node.fields["fcn"])
            dotted = ".".join(name or ())
            if name is None or module.resolve(name) in functions or not _guards(dotted, node):
                continue
            ((_, fields),) = node.fields["fcn"].items()
            place = fields["span"]
            end = raw.index(b"(", place["end"])
            used.add(dotted)
            edits.append(Edit(place["start"], 2, len(edits), end, _guard_name(dotted)))
        elif node.kind in {"ArithExpr", "BinExpr"}:
            used |= _guard_operator(raw, node, edits)
    clauses = {name: _SPECIAL.get(name) or (_by_signature(name),) for name in sorted(used)}
    return edited(text, edits) + definitions(
        {_guard_name(name): found for name, found in clauses.items()}, with_if=with_if
    )


def definitions(functions: Mapping[str, Iterable[Clause]], *, with_if: bool) -> str:
    """Functions as Rego, to be put behind a module."""
    lines = [""]
    for name, clauses in functions.items():
        for one in clauses:
            body = "; ".join(one.conditions) or "true"
            keyword = "if " if with_if else ""
            lines.append(f"{name}({one.arguments}) = {one.result} {keyword}{{ {body} }}")
    return "\n".join(lines) + "\n" if functions else ""


def _guard_operator(raw: bytes, node: Node, edits: list[Edit]) -> set[str]:
    start, end = whole(node)
    left, right = (next(iter(node.fields[side].values()))["span"] for side in ("lhs", "rhs"))
    for match in _OPERATOR.finditer(raw, left["end"], right["start"]):
        name = _OPERATORS.get(match[0])
        if name is not None:
            edits.append(Edit(start, 1, len(edits), start, f"{_guard_name(name)}("))
            edits.append(Edit(match.start(), 2, len(edits), match.end(), ","))
            edits.append(Edit(end, 0, -len(edits), end, ")"))
            return {name}
    return set()


def _guards(name: str, node: Node) -> bool:
    """Whether a builtin has a guard for this number of arguments; one more is its result in old
    Rego, and stays as it is."""
    if name in _SPECIAL:
        return name in {"to_number", "sprintf"} and len(node.fields["params"]) == (
            2 if name == "sprintf" else 1
        )
    return name in _SIGNATURES and len(node.fields["params"]) == len(_SIGNATURES[name])


def _by_signature(name: str) -> Clause:
    arguments = [chr(ord("a") + index) for index in range(len(_SIGNATURES[name]))]
    conditions = [
        condition.format(argument)
        for argument, kind in zip(arguments, _SIGNATURES[name], strict=True)
        for condition in _TYPES[kind]
    ]
    listed = ", ".join(arguments)
    return Clause(listed, f"{name}({listed})", tuple(conditions))


def _guard_name(name: str) -> str:
    return "rl_guarded_" + name.replace(".", "_")


def _all_nodes(module: Module) -> Iterable[Node]:
    return (node for rule in module.rules for node in rule.nodes)
