"""What the engine's syntax tree of a module tells: the calls it makes, and what it must not do.

The engine aborts the whole process on a function that calls itself, and lets `http.send` and
`opa.runtime` through; OPA refuses the first, and we refuse the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from chatbot.domain.policygatekeeper import BrokenPolicy

Path = tuple[str, ...]
FORBIDDEN: Final = frozenset(
    {("http", "send"), ("opa", "runtime"), ("net", "lookup_ip_addr"), ("rego", "parse_module")}
)
"""What reaches the network or the machine."""


class Span(NamedTuple):
    """A place in a module, in bytes of UTF-8, and its line and column counted from 1."""

    start: int
    end: int
    line: int
    column: int


class Node(NamedTuple):
    """A node of the tree: `Call`, `NotExpr`, `Var` and so on, and its fields."""

    kind: str
    fields: Mapping[str, Any]

    @property
    def span(self) -> Span:
        """Where it stands."""
        raw = self.fields["span"]
        return Span(raw["start"], raw["end"], raw["line"], raw["col"])


@dataclass(frozen=True)
class Rule:
    """One rule, or one clause of it."""

    path: Path
    is_function: bool
    nodes: tuple[Node, ...]
    """Every node of it, parents before children."""


@dataclass(frozen=True)
class Module:
    """A parsed module."""

    path: str
    package: Path
    imports: Mapping[str, Path]
    rules: tuple[Rule, ...]
    bodies: Any
    """The rules as the engine gives them."""

    def resolve(self, path: Path) -> Path:
        """The absolute path below `data` of what a name in this module stands for."""
        if path[0] == "data":
            return path[1:]
        if path[0] in self.imports:
            return self.imports[path[0]] + path[1:]
        return self.package + path


def module(path: str, text: bytes, ast: Mapping[str, Any]) -> Module:
    """A module from its text and `Engine.get_ast_as_json`."""
    imports = {}
    for one in ast["imports"]:
        whole = static_path(one["refr"])
        if whole and whole[0] == "data":
            alias = one.get("as")
            name = text[alias["start"] : alias["end"]].decode() if alias else whole[-1]
            imports[name] = whole[1:]
    package = static_path(ast["package"]["refr"]) or ()
    rules = tuple(_rule(raw, package) for raw in ast["rules"])
    return Module(path, package, imports, rules, ast["rules"])


def static_path(expression: Any) -> Path | None:
    """`a.b["c"]` as its parts; None when a part is computed."""
    parts: list[str] = []
    while True:
        ((kind, fields),) = expression.items()
        if kind == "Var":
            return (str(fields["value"]), *reversed(parts))
        if kind == "RefDot":
            parts.append(str(fields["field"][1]))
        elif kind == "RefBrack" and "String" in fields["index"]:
            parts.append(str(fields["index"]["String"]["value"]))
        else:
            return None
        expression = fields["refr"]


def nodes(root: Any) -> Iterator[Node]:
    """Every node below, parents before children; no recursion, whatever the depth."""
    stack = [root]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack.extend(reversed(one))
        elif isinstance(one, dict):
            for kind, fields in one.items():
                if kind[:1].isupper() and isinstance(fields, dict) and "span" in fields:
                    yield Node(kind, fields)
            stack.extend(value for value in reversed(one.values()) if not _is_leaf(value))


def statements(root: Any) -> Iterator[Mapping[str, Any]]:
    """Every statement below: its `literal`, its `with_mods`; outer ones before inner ones."""
    stack = [root]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack.extend(reversed(one))
        elif isinstance(one, dict):
            if "literal" in one:
                yield one
            stack.extend(value for value in reversed(one.values()) if not _is_leaf(value))


def braceless_bodies(root: Any, text: bytes) -> Iterator[Mapping[str, Any]]:
    """The one statement of every rule that is written as `head if statement`."""
    for raw in root:
        for body in raw.get("Spec", {}).get("bodies", ()):
            query = body["query"]
            if len(query["stmts"]) == 1 and text[query["span"]["start"]] != ord("{"):
                yield query["stmts"][0]


def check(modules: Sequence[Module], builtins: Iterable[str]) -> None:
    """Refuse what must not run. Raises `BrokenPolicy` with the place."""
    known = {tuple(name.split(".")) for name in builtins}
    functions = {rule.path for one in modules for rule in one.rules if rule.is_function}
    rules = {rule.path for one in modules for rule in one.rules}
    graph: dict[Path, set[Path]] = {path: set() for path in rules}
    for one in modules:
        for rule in one.rules:
            for node in rule.nodes:
                if node.kind == "Call":
                    graph[rule.path] |= _called(one, node, functions, known)
            graph[rule.path] |= _read(one, rule, rules - functions)
    for function in sorted(functions):
        if _reaches(graph, function):
            raise BrokenPolicy(f"`{'.'.join(function)}` calls itself, which Rego does not allow")


def _called(one: Module, node: Node, functions: set[Path], known: set[Path]) -> set[Path]:
    name = static_path(node.fields["fcn"])
    where = f"{one.path}:{node.span.line}:{node.span.column}"
    if name is None:
        raise BrokenPolicy(f"{where}: the name of the function that is called must be written out")
    target = one.resolve(name)
    if target in functions:
        return {target}
    if name in FORBIDDEN:
        raise BrokenPolicy(f"{where}: `{'.'.join(name)}` is out of reach of policies")
    if name not in known:
        raise BrokenPolicy(f"{where}: there is no function `{'.'.join(name)}`")
    return set()


def _read(one: Module, rule: Rule, rules: set[Path]) -> set[Path]:
    """The rules that a rule reads by name; its own variables hide them."""
    bound = set(_bound(rule))
    found = set()
    for node in rule.nodes:
        if node.kind not in {"Var", "RefDot", "RefBrack"}:
            continue
        name = static_path({node.kind: node.fields})
        if name is not None and name[0] not in bound:
            target = one.resolve(name)
            found |= {target[:end] for end in range(1, len(target) + 1)} & rules
    return found - {rule.path}


def _bound(rule: Rule) -> Iterator[str]:
    for node in rule.nodes:
        if node.kind == "AssignExpr" and node.fields.get("op") == "ColEq":
            yield from (v.fields["value"] for v in nodes(node.fields["lhs"]) if v.kind == "Var")
        elif node.kind == "Func":
            yield from (v.fields["value"] for v in nodes(node.fields["args"]) if v.kind == "Var")


def _reaches(graph: Mapping[Path, set[Path]], start: Path) -> bool:
    """Whether a rule depends on itself."""
    seen: set[Path] = set()
    stack = list(graph[start])
    while stack:
        path = stack.pop()
        if path == start:
            return True
        if path not in seen:
            seen.add(path)
            stack.extend(graph.get(path, ()))
    return False


def _rule(raw: Mapping[str, Any], package: Path) -> Rule:
    ((kind, fields),) = raw.items()
    head = fields["head"] if kind == "Spec" else {kind: fields}
    ((head_kind, head_fields),) = head.items()
    name = _head_path(head_fields["refr"])
    return Rule(package + name, head_kind == "Func" or bool(fields.get("args")), tuple(nodes(raw)))


def _head_path(refr: Any) -> Path:
    """The part of a rule's name that is written out: `a.b` of `a.b[x]`."""
    while (path := static_path(refr)) is None:
        refr = next(iter(refr.values()))["refr"]
    return path


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, dict | list)
