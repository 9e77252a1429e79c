"""Gatekeeper's `spec.match`: which objects a constraint is about.

A part that is not written matches everything; all parts must match. What Gatekeeper would not
understand is refused when the constraint is read, so that a typo never makes a rule apply to
nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chatbot.domain.manifest import Manifest
from chatbot.domain.policy import as_mapping, group_version, text_of

_KEYS: Final = {
    "source", "kinds", "scope", "namespaces", "excludedNamespaces", "labelSelector",
    "namespaceSelector", "name",
}  # fmt: skip
_EXISTENCE: Final[Mapping[str, Callable[[bool], bool]]] = {
    "Exists": lambda there: there,
    "DoesNotExist": lambda there: not there,
}


class MatchError(ValueError):
    """A match that cannot be read or decided; `str(error)` says which part and why."""


@dataclass(frozen=True)
class Requirement:
    """One expression of a label selector."""

    key: str
    operator: str
    values: frozenset[str]

    def holds(self, labels: Mapping[str, Any]) -> bool:
        """Whether labels meet it."""
        if self.operator in _EXISTENCE:
            return _EXISTENCE[self.operator](self.key in labels)
        inside = self.key in labels and labels[self.key] in self.values
        return inside if self.operator == "In" else not inside


Selector = tuple[Requirement, ...]


@dataclass(frozen=True)
class Match:
    """A `spec.match` that was read."""

    originals: bool = True
    """False for `source: Generated`, which names objects that only an expansion makes."""
    kinds: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    """Groups and kinds; an empty set or `*` stands for all."""
    scope: str = "*"
    namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    label_selector: Selector | None = None
    namespace_selector: Selector | None = None
    name: str = ""


def read(raw: Any) -> Match:
    """A match from a constraint. Raises `MatchError`."""
    if raw is None:
        return Match()
    if not isinstance(raw, dict):
        raise MatchError("`match` must be a mapping")
    if unknown := sorted(set(raw) - _KEYS):
        raise MatchError(f"`match.{unknown[0]}` is not known")
    scope = raw.get("scope") or "*"
    if scope not in {"*", "Cluster", "Namespaced"}:
        raise MatchError("`match.scope` must be `*`, `Cluster` or `Namespaced`")
    source = raw.get("source") or "All"
    if source not in {"All", "Original", "Generated"}:
        raise MatchError("`match.source` must be `All`, `Original` or `Generated`")
    name = raw.get("name") or ""
    if not isinstance(name, str):
        raise MatchError("`match.name` must be text")
    return Match(
        originals=source != "Generated",
        kinds=_kinds(raw.get("kinds")),
        scope=scope,
        namespaces=_texts(raw.get("namespaces"), "match.namespaces"),
        excluded_namespaces=_texts(raw.get("excludedNamespaces"), "match.excludedNamespaces"),
        label_selector=_selector(raw.get("labelSelector"), "match.labelSelector"),
        namespace_selector=_selector(raw.get("namespaceSelector"), "match.namespaceSelector"),
        name=name,
    )


def matches(match: Match, manifest: Manifest, namespaces: Mapping[str, Manifest]) -> bool:
    """Whether an object is meant. `namespaces` are the known Namespace objects by name. Raises
    `MatchError` when a namespace's labels are asked for and the namespace is not known."""
    metadata = as_mapping(manifest.get("metadata"))
    group, _ = group_version(text_of(manifest.get("apiVersion")))
    kind = text_of(manifest.get("kind"))
    namespace = text_of(metadata.get("namespace"))
    is_namespace = kind == "Namespace" and not group
    inside = text_of(metadata.get("name")) if is_namespace else namespace
    return (
        match.originals
        and _kind_meant(match, group, kind)
        and _scope_meant(match.scope, namespaced=bool(namespace) and not is_namespace)
        and (not match.namespaces or not inside or _any_glob(match.namespaces, inside))
        and not (inside and _any_glob(match.excluded_namespaces, inside))
        and _meets(match.label_selector, as_mapping(metadata.get("labels")))
        and _namespace_meant(match, manifest, namespace, namespaces, is_namespace=is_namespace)
        and (not match.name or glob(match.name, _name(metadata)))
    )


def glob(pattern: str, text: str) -> bool:
    """Gatekeeper's wildcard: a `*` in front, behind, or both."""
    bare = pattern.strip("*") if pattern != "*" else ""
    match (pattern.startswith("*"), pattern.endswith("*")):
        case (True, True):
            return bare in text
        case (True, False):
            return text.endswith(pattern[1:])
        case (False, True):
            return text.startswith(pattern[:-1])
        case _:
            return pattern == text


def _kind_meant(match: Match, group: str, kind: str) -> bool:
    return not match.kinds or any(
        (not kinds or "*" in kinds or kind in kinds)
        and (not groups or "*" in groups or group in groups)
        for groups, kinds in match.kinds
    )


def _scope_meant(scope: str, *, namespaced: bool) -> bool:
    return scope == "*" or (scope == "Namespaced") == namespaced


def _namespace_meant(
    match: Match,
    manifest: Manifest,
    namespace: str,
    namespaces: Mapping[str, Manifest],
    *,
    is_namespace: bool,
) -> bool:
    if match.namespace_selector is None or not (is_namespace or namespace):
        return True
    found = manifest if is_namespace else namespaces.get(namespace)
    if found is None:
        raise MatchError(
            f"`match.namespaceSelector` asks for the labels of the namespace `{namespace}`, which"
            " is neither among the objects nor in the inventory"
        )
    return _meets(
        match.namespace_selector,
        as_mapping(as_mapping(found.get("metadata")).get("labels")),
    )


def _any_glob(patterns: tuple[str, ...], text: str) -> bool:
    return any(glob(pattern, text) for pattern in patterns)


def _meets(selector: Selector | None, labels: Mapping[str, Any]) -> bool:
    return selector is None or all(one.holds(labels) for one in selector)


def _name(metadata: Mapping[str, Any]) -> str:
    return text_of(metadata.get("name") or metadata.get("generateName"))


def _kinds(raw: Any) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise MatchError("`match.kinds` must be a list of mappings")
    return tuple(
        (
            frozenset(_texts(one.get("apiGroups"), "match.kinds.apiGroups")),
            frozenset(_texts(one.get("kinds"), "match.kinds.kinds")),
        )
        for one in raw
    )


def _texts(raw: Any, where: str) -> tuple[str, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise MatchError(f"`{where}` must be a list of texts")
    return tuple(raw)


def _selector(raw: Any, where: str) -> Selector | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or set(raw) - {"matchLabels", "matchExpressions"}:
        raise MatchError(f"`{where}` takes `matchLabels` and `matchExpressions`")
    labels, expressions = raw.get("matchLabels") or {}, raw.get("matchExpressions") or []
    if not isinstance(labels, dict) or not isinstance(expressions, list):
        raise MatchError(f"`{where}` takes a mapping of labels and a list of expressions")
    equal = [Requirement(str(key), "In", frozenset({value})) for key, value in labels.items()]
    return (*equal, *(_requirement(one, where) for one in expressions))


def _requirement(raw: Any, where: str) -> Requirement:
    key, operator = as_mapping(raw).get("key"), as_mapping(raw).get("operator")
    if not isinstance(key, str) or operator not in {"In", "NotIn", *_EXISTENCE}:
        raise MatchError(f"`{where}` has an expression without a key or a known operator")
    values = _texts(raw.get("values"), f"{where}.values")
    if (operator in _EXISTENCE) == bool(values):
        raise MatchError(f"`{where}`: `{operator}` takes {'no' if values else 'some'} values")
    return Requirement(key, str(operator), frozenset(values))
