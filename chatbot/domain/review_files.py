"""Which files the pull request of a change may touch: those of its environment, the change's own
record, and the bases that nobody else builds on. Pure."""

import posixpath
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chatbot.domain.errors import Unreadable
from chatbot.domain.kustomization import NAMES, Kustomization, is_inside, read, references

RULES: Final = "policies"
"""Where a cluster repository keeps the rules that judge its changes."""

_NEVER: Final = (RULES, "mcp-ocs")
"""Folders that no kustomization makes part of an environment."""
MANIFESTS: Final = (".yaml", ".yml", ".json")
_JSONNET: Final = (".jsonnet", ".libsonnet")
_OVERRIDES: Final = ".argocd-source"
"""Files by which Argo CD overrides what it reads in their folder."""


@dataclass(frozen=True)
class Territory:
    """What belongs to an environment in the repository."""

    home: str
    """The environment's folder."""
    others: tuple[str, ...]
    """The folders of all other environments."""
    record: str
    """Path of the change's own record."""


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Paths that differ between two trees, each `{path: blob}`, sorted."""
    paths = before.keys() | after.keys()
    return sorted(path for path in paths if before.get(path) != after.get(path))


def outside(paths: Iterable[str], territory: Territory) -> list[str]:
    """Those that are neither in the environment's folder nor the change's record."""
    return [
        path for path in paths if not is_inside(path, territory.home) and path != territory.record
    ]


def foreign(
    paths: Iterable[str], territory: Territory, trees: Iterable[Mapping[str, str]]
) -> list[str]:
    """Those of `outside` that this environment's change may not touch.

    `trees` are the kustomizations of the whole repository, `{path: text}`, before and after: a
    file of a base is ours when our kustomizations load it in one of them, and no other loads it
    in any.
    """
    bases = [_Bases.of(tree, territory.home) for tree in trees]
    return [
        path
        for path in paths
        if _reserved(path, territory)
        or not any(one.ours(path) for one in bases)
        or any(one.elsewhere(path) for one in bases)
    ]


def unseen(
    paths: Iterable[str], home: str, tree: Collection[str], opaque: Collection[str]
) -> list[str]:
    """Those in the environment's folder from which Argo CD may make objects that are not rendered
    here, so that nobody could judge them. `tree` are all paths before and after, `opaque` those
    of manifests that are not UTF-8, of symbolic links and of submodules."""
    charts = {posixpath.dirname(path) for path in tree if posixpath.basename(path) == "Chart.yaml"}
    return [
        path
        for path in paths
        if is_inside(path, home)
        and (
            posixpath.basename(path).startswith(_OVERRIDES)
            or path.endswith(_JSONNET)
            or any(is_inside(chart, home) and is_inside(path, chart) for chart in charts)
            or path in opaque
        )
    ]


@dataclass(frozen=True)
class _Bases:
    """Who loads what, in one tree."""

    folders: frozenset[str]
    """Every folder with a kustomization."""
    own: frozenset[str]
    """Those outside the environment's folder that its kustomizations load."""
    loaded: frozenset[str]
    """What the kustomizations of others load, folders and files."""

    @classmethod
    def of(cls, tree: Mapping[str, str], home: str) -> "_Bases":
        """Read from `{path: text}`. Where one cannot be read, nobody knows what it loads, so no
        base is ours alone."""
        folders = {posixpath.dirname(path) for path in tree if posixpath.basename(path) in NAMES}
        try:
            found = {folder: _loads(read(tree, folder)) for folder in folders}
        except Unreadable:
            return cls(frozenset(folders), frozenset(), frozenset())
        inside = {folder for folder in folders if folder == home or is_inside(folder, home)}
        mine = _closure(inside, found)
        others = _closure(folders - mine, found)
        loaded = {path for folder in others for path in found[folder]} | others
        own = {folder for folder in mine - inside if not is_inside(home, folder)}
        return cls(frozenset(folders), frozenset(own), frozenset(loaded))

    def ours(self, path: str) -> bool:
        """Whether the environment's kustomizations load a file."""
        return self._kept_in(path) in self.own

    def elsewhere(self, path: str) -> bool:
        """Whether somebody else's do."""
        return path in self.loaded or self._kept_in(path) in self.loaded

    def _kept_in(self, path: str) -> str | None:
        """The nearest folder above a file that has a kustomization."""
        above = [folder for folder in self.folders if is_inside(path, folder)]
        return max(above, key=len, default=None)


def _reserved(path: str, territory: Territory) -> bool:
    kept = (*_NEVER, *territory.others)
    return path.startswith(".") or any(is_inside(path, folder) for folder in kept)


def _loads(kustomization: Kustomization | None) -> set[str]:
    if kustomization is None:
        return set()
    entries = references(kustomization)
    joined = (posixpath.join(kustomization.folder, entry) for entry in entries)
    return {"" if path == "." else path for path in map(posixpath.normpath, joined)}


def _closure(start: set[str], found: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = set(start)
    while waiting:
        reached |= waiting
        loaded = {path for folder in waiting for path in found[folder]}
        waiting = (loaded & found.keys()) - reached
    return reached
