"""Who owns which fields: server-side apply and the bookkeeping of all other writes. Pure.

The rules are those of Kubernetes' structured-merge-diff, in its terms: a *manager* owns the
fields it applied or changed last; applying over a field that another manager owns with another
value is a conflict; a field that its only applier no longer applies goes away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.apiserver.fields import Path, Paths, changed, leaves, removed, text, with_parents
from sandbox.apiserver.merge import merge, without
from sandbox.apiserver.problems import Cause, Problem
from sandbox.apiserver.schema import Schema

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Manager:
    """One row of `managedFields`, without what it owns and since when."""

    name: str
    operation: str
    """`Apply` or `Update`."""
    api_version: str
    subresource: str = ""

    def in_words(self) -> str:
        """As a conflict names it."""
        words = f'"{self.name}"'
        if self.subresource:
            words += f' with subresource "{self.subresource}"'
        if self.operation == "Update":
            words += f" using {self.api_version}"
        return words


Owners = Mapping[Manager, Paths]


@dataclass(frozen=True)
class Outcome:
    """An object after a write, and who owns its fields now."""

    manifest: Manifest
    owners: Owners


def apply(
    live: Manifest,
    config: Manifest,
    owners: Owners,
    manager: Manager,
    schema: Schema,
    *,
    force: bool,
) -> Outcome:
    """Server-side apply of `config` by `manager`; `live` is empty when there is no object yet.

    Raises a 409 `Problem` with one cause a field when others own what would change and `force`
    is off, and `SchemaError` when the config does not fit the schema.
    """
    applied = frozenset(leaves(config, schema))
    others = {other: paths for other, paths in owners.items() if other != manager}
    merged = merge(live, config, schema)
    dropped = _dropped(owners.get(manager, frozenset()), applied, others)
    result = without(merged, dropped, schema)
    before, after = leaves(live, schema), leaves(result, schema)
    touched = changed(before, after)
    conflicts = {other: paths & touched for other, paths in others.items() if paths & touched}
    if conflicts and not force:
        raise _conflict(conflicts)
    lost = touched | removed(before, after)
    kept = {other: paths - lost for other, paths in others.items()}
    return Outcome(result, _without_empty({**kept, manager: applied}))


def update(
    live: Manifest, result: Manifest, owners: Owners, manager: Manager, schema: Schema
) -> Owners:
    """The owners after `manager` wrote `result` over `live` by any other means: what it changed
    becomes its own, what it removed is nobody's."""
    before, after = leaves(live, schema), leaves(result, schema)
    touched, gone = changed(before, after), removed(before, after)
    moved = {
        other: paths if other == manager else paths - touched for other, paths in owners.items()
    }
    moved[manager] = moved.get(manager, frozenset()) | touched
    return _without_empty({other: paths - gone for other, paths in moved.items()})


def _dropped(last: Paths, applied: Paths, others: Owners) -> Paths:
    """Paths that the manager used to apply, no longer does, and that nobody else needs."""
    candidates = with_parents(last) - with_parents(applied)
    needed: set[Path] = {("f:metadata",)}  # it holds the name, which nobody drops
    for paths in (*others.values(), applied):
        for path in paths:
            needed.update(path[:depth] for depth in range(1, len(path) + 1))
    return candidates - needed


def _without_empty(owners: Owners) -> Owners:
    return {manager: paths for manager, paths in owners.items() if paths}


def _conflict(conflicts: Mapping[Manager, Paths]) -> Problem:
    rows = [
        (manager, path)
        for manager in sorted(conflicts, key=lambda manager: manager.in_words())
        for path in sorted(conflicts[manager])
    ]
    causes = [
        Cause("FieldManagerConflict", f"conflict with {manager.in_words()}", text(path))
        for manager, path in rows
    ]
    return Problem(409, "Conflict", _sentence(rows), {"causes": [c.to_json() for c in causes]})


def _sentence(rows: Sequence[tuple[Manager, Path]]) -> str:
    if len(rows) == 1:
        manager, path = rows[0]
        return f"Apply failed with 1 conflict: conflict with {manager.in_words()}: {text(path)}"
    lines: list[str] = []
    for manager in dict.fromkeys(manager for manager, _ in rows):
        lines.append(f"conflicts with {manager.in_words()}:")
        lines += [f"- {text(path)}" for owner, path in rows if owner == manager]
    return f"Apply failed with {len(rows)} conflicts: " + "\n".join(lines)
