"""From the text of a policy to what can be evaluated, checked once for each revision.

A `Unit` is one policy with the modules that it imports. It holds text only and is shared; each
thread makes its own engines of it.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

from chatbot.adapters import rego_guard, rego_negation, rego_source, rego_tree
from chatbot.adapters.rego_engine import Engine, RegoError, builtins
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.policygatekeeper import BrokenPolicy, Template
from chatbot.domain.policyset import PolicySet, RegoModule

_DATA_PATH = re.compile(r"\bdata((?:\s*\.\s*[A-Za-z_]\w*)+)")
_STATIC_ERRORS: Final = (
    "is unsafe", "could not find function", "used before definition", "conflicts with",
    "recursion detected", "not a valid rule path", "undefined variable",
)  # fmt: skip
"""What the engine finds only when it evaluates, though no input could make it right."""


@dataclass(frozen=True)
class Source:
    """A module as it came, before anything is rewritten."""

    path: str
    text: str
    modern: bool | None = None
    """Rego v1; None: as the text shows."""


@dataclass(frozen=True)
class Ready:
    """A module as the engine takes it."""

    path: str
    text: str
    modern: bool
    with_if: bool
    tree: rego_tree.Module


@dataclass(frozen=True, eq=False)
class Unit:
    """One policy, ready to be evaluated."""

    policy: str
    modules: tuple[Ready, ...]
    entries: tuple[tuple[str, Enforcement], ...]
    """Rules to ask, and what a hit means."""
    data: str
    """JSON of the base documents."""

    @cached_property
    def uses_inventory(self) -> bool:
        """Whether it reads `data.inventory`, or could."""
        return any("inventory" in one.text for one in self.modules)

    def engine(self, *, careful: bool = False) -> Engine:
        """A new engine for the thread that asks. Raises `RegoError`."""
        engine = Engine()
        engine.close_off()
        for path, text, modern in self._careful if careful else self._plain:
            engine.add_module(path, text, modern=modern)
        engine.set_data(json.loads(self.data))
        return engine

    @cached_property
    def _plain(self) -> list[tuple[str, str, bool]]:
        return [(one.path, one.text, one.modern) for one in self.modules]

    @cached_property
    def _careful(self) -> list[tuple[str, str, bool]]:
        parsed = [(one, _parse(one.path, one.text, modern=one.modern)) for one in self.modules]
        functions = frozenset(
            rule.path for _, tree in parsed for rule in tree.rules if rule.is_function
        )
        return [
            (
                one.path,
                rego_guard.careful(one.text, tree, functions, with_if=one.with_if),
                one.modern,
            )
            for one, tree in parsed
        ]


def template_unit(template: Template) -> Unit:
    """The unit of a ConstraintTemplate. Raises `BrokenPolicy`."""
    hint = True if template.modern else None
    sources = [Source(f"{template.path} (rego)", template.rego, hint)]
    sources += [
        Source(f"{template.path} (libs {number})", lib, hint)
        for number, lib in enumerate(template.libs, 1)
    ]
    modules = prepared(sources)
    main = modules[0].tree.package
    for lib in modules[1:]:
        if lib.tree.package[:1] != ("lib",):
            raise BrokenPolicy(f"{lib.path}: a library's package must start with `lib`")
    if (*main, "violation") not in _rules(modules[:1]):
        raise BrokenPolicy(f"{modules[0].path}: the template has no `violation` rule")
    entries = ((f"data.{'.'.join(main)}.violation", Enforcement.DENY),)
    return _tried(Unit(template.kind, tuple(modules), entries, "{}"))


def package_unit(policies: PolicySet, package: str) -> Unit:
    """The unit of one `redlight.*` package. Raises `BrokenPolicy`."""
    modules = prepared(
        Source(one.path, one.text) for one in _with_imports(policies.modules, package)
    )
    own = tuple(package.split("."))
    rules = _rules([one for one in modules if one.tree.package == own])
    entries = tuple(
        (f"data.{package}.{action.value}", action)
        for action in (Enforcement.DENY, Enforcement.WARN)
        if (*own, action.value) in rules
    )
    return _tried(
        Unit(package.partition(".")[2], tuple(modules), entries, json.dumps(policies.data))
    )


def prepared(sources: Iterable[Source]) -> list[Ready]:
    """Modules rewritten for the engine, and checked together. Raises `BrokenPolicy`."""
    modules = [_prepared(source) for source in sources]
    rego_tree.check([one.tree for one in modules], builtins())
    return modules


def _prepared(source: Source) -> Ready:
    try:
        found = rego_source.tokens(source.text)
        modern = rego_source.is_modern(found) if source.modern is None else source.modern
        with_if = rego_source.needs_if(found, modern=modern)
        text = rego_source.part_statements(source.text)
        text = text if with_if else rego_source.split_bodies(text)
    except BrokenPolicy as error:
        raise BrokenPolicy(f"{source.path}: {error}") from error
    parse = partial(_parse, source.path, modern=modern)
    text, tree = rego_negation.settle(text, parse(text), parse)
    if added := _polyfills(tree, with_if=with_if):
        text += added
        tree = parse(text)
    return Ready(source.path, text, modern, with_if, tree)


def _polyfills(tree: rego_tree.Module, *, with_if: bool) -> str:
    """Definitions of the deprecated builtins that a module calls and does not define."""
    own = {rule.path for rule in tree.rules}
    called = {
        str(name[0])
        for rule in tree.rules
        for node in rule.nodes
        if node.kind == "Call" and (name := rego_tree.static_path(node.fields["fcn"]))
        if len(name) == 1 and (*tree.package, name[0]) not in own
    }
    missing = {name: rego_guard.POLYFILLS[name] for name in sorted(called & _POLYFILLED)}
    return rego_guard.definitions(missing, with_if=with_if)


_POLYFILLED: Final = frozenset(rego_guard.POLYFILLS)


def _parse(path: str, text: str, *, modern: bool) -> rego_tree.Module:
    engine = Engine()
    try:
        engine.add_module(path, text, modern=modern)
        (tree,) = engine.trees()
        return rego_tree.module(path, text.encode(), tree["ast"])
    except RegoError as error:
        raise BrokenPolicy(str(error)) from error
    except RecursionError as error:
        raise BrokenPolicy(f"{path}: an expression is nested too deep") from error


def _tried(unit: Unit) -> Unit:
    """The unit, evaluated once with nothing, so that what the engine finds late is found now."""
    try:
        engine = unit.engine()
        for entry, _ in unit.entries:
            engine.evaluate(entry, "{}")
    except RegoError as error:
        if any(words in str(error) for words in _STATIC_ERRORS):
            raise BrokenPolicy(str(error)) from error
    return unit


def _rules(modules: Iterable[Ready]) -> set[tuple[str, ...]]:
    return {rule.path for one in modules for rule in one.tree.rules}


def _with_imports(modules: Sequence[RegoModule], package: str) -> list[RegoModule]:
    """The modules of a package and of every package they read, near and far."""
    wanted, found = [package], {}
    while wanted:
        name = wanted.pop()
        for one in modules:
            related = f"{one.package}.".startswith(f"{name}.") or f"{name}.".startswith(
                f"{one.package}."
            )
            own = one.package == package if name == package else related
            if own and one.path not in found:
                found[one.path] = one
                wanted += [_dotted(match[1]) for match in _DATA_PATH.finditer(one.text)]
    return list(found.values())


def _dotted(text: str) -> str:
    return "".join(text.split()).strip(".")


def values(answer: Any) -> list[Any]:
    """The hits in what a rule gives: members of a set or list, keys of a mapping that are true,
    or the one value of a complete rule."""
    if isinstance(answer, list):
        return answer
    if isinstance(answer, dict) and "msg" not in answer:
        return [key for key, value in answer.items() if value is not False]
    return [] if answer is None or answer is False else [answer]
