"""Which files of a folder reach the cluster, and what happens to them on the way.

A kustomization is followed as kustomize follows it: resources, components and bases, each with
the chain of kustomizations above it. A folder without one is taken file by file, as Argo CD and
`kubectl apply -R` do. Where it is about what is in the cluster the real kustomize renders; this
module only finds the place to edit.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chatbot.domain.errors import Unreadable
from chatbot.domain.yamltext.tree import YamlError, compose, to_json

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
BY_HAND: Final = "Make a pull request by hand and name it in manifest_ref."

_REMOTE = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*::?//|git@|git::|[^/]*[?&]ref=|[\w-]+(\.[\w-]+)+[:/].*/", re.ASCII
)
_REF = re.compile(r"[?&](ref|version|submodules|timeout)=")
_LOADING_KEYS: Final = (
    "bases",
    "components",
    "configurations",
    "crds",
    "generators",
    "patchesStrategicMerge",
    "resources",
    "transformers",
    "validators",
)
_LOADING_FIELDS: Final = {
    ("patches", "patchesJson6902", "replacements", "openapi"): ("path",),
    ("configMapGenerator", "secretGenerator"): ("files", "envs", "env"),
    ("helmCharts", "helmChartInflationGenerator"): ("repo",),
}


@dataclass(frozen=True)
class Kustomization:
    """One kustomization file."""

    path: str
    data: dict[str, Any]

    @property
    def folder(self) -> str:
        """Folder it stands in."""
        return posixpath.dirname(self.path)

    def list(self, key: str) -> list[Any]:
        """A field that is a list; empty when it is missing or something else."""
        value = self.data.get(key)
        return value if isinstance(value, list) else []

    def text(self, key: str) -> str:
        """A field that is text; empty when it is missing or something else."""
        value = self.data.get(key)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Source:
    """A file whose objects reach the cluster, through a chain of kustomizations, outermost
    first; the chain is empty where there are none."""

    path: str
    chain: tuple[Kustomization, ...] = ()


@dataclass
class Graph:
    """Everything that an environment's folder is made of."""

    sources: list[Source] = field(default_factory=list)
    chains: list[tuple[Kustomization, ...]] = field(default_factory=list)
    """Every kustomization, last, with those above it."""
    remotes: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    """Paths that are referred to and that are not among the files."""
    charts: list[str] = field(default_factory=list)
    """Helm charts, as folders or as names in `helmCharts`."""


def read(files: Mapping[str, str], folder: str) -> Kustomization | None:
    """The kustomization of a folder. Raises `Unreadable` when it cannot be read."""
    paths = [path for name in NAMES if (path := posixpath.join(folder, name)) in files]
    if not paths:
        return None
    if len(paths) > 1:
        raise Unreadable(
            f"{folder} has two kustomizations; remove one of {' and '.join(paths)}.", remedy=BY_HAND
        )
    try:
        documents = [to_json(root, any_keys=True) for root in compose(files[paths[0]])]
    except YamlError as error:
        raise Unreadable(f"{paths[0]} cannot be read. {error}.", remedy="Mend the file.") from error
    if len(documents) > 1 or not all(isinstance(document, dict) for document in documents):
        raise Unreadable(f"{paths[0]} is no kustomization; it must be one mapping.", remedy=BY_HAND)
    return Kustomization(paths[0], documents[0] if documents else {})


def is_remote(entry: str) -> bool:
    """Whether a reference would make kustomize go to the network."""
    return _REMOTE.match(entry) is not None or _REF.search(entry) is not None


def references(kustomization: Kustomization) -> list[str]:
    """Everything that a kustomization loads by path or address."""
    found = [text for key in _LOADING_KEYS for text in _texts(kustomization.data.get(key))]
    for keys, names in _LOADING_FIELDS.items():
        for entry in (entry for key in keys for entry in _mappings(kustomization.data.get(key))):
            found += [text for name in names for text in _texts(entry.get(name))]
    # a generator's file may be written as `key=path`
    return found + [text.partition("=")[2] for text in found if "=" in text]


def roots(files: Mapping[str, str], folder: str) -> list[str]:
    """Folders to render: the folder itself if it has a kustomization, otherwise those below it
    that no other kustomization refers to."""
    if read(files, folder):
        return [folder]
    found = {
        posixpath.dirname(path)
        for path in files
        if is_inside(path, folder) and posixpath.basename(path) in NAMES
    }
    used: set[str] = set()
    for name in found:
        kustomization = read(files, name)
        if kustomization and kustomization.data.get("kind") == "Component":
            used.add(name)
        used |= {posixpath.normpath(posixpath.join(name, r)) for r in _children(kustomization)}
    return sorted(found - used)


def graph(files: Mapping[str, str], folder: str) -> Graph:
    """Follow every reference from the folder. Raises `Unreadable` when a kustomization cannot be
    read."""
    result = Graph()
    result.charts += [
        posixpath.dirname(path)
        for path in sorted(files)
        if is_inside(path, folder) and posixpath.basename(path) == "Chart.yaml"
    ]
    for root in roots(files, folder):
        _follow(files, root, (), result)
    result.sources += [Source(path) for path in plain_files(files, folder)]
    return result


def plain_files(files: Mapping[str, str], folder: str) -> list[str]:
    """YAML and JSON files that are applied as they are: those that stand below no kustomization
    and belong to no chart."""
    kept = {
        posixpath.dirname(path)
        for path in files
        if is_inside(path, folder) and posixpath.basename(path) in (*NAMES, "Chart.yaml")
    }
    return [
        path
        for path in sorted(files)
        if is_inside(path, folder)
        and path.endswith((".yaml", ".yml", ".json"))
        and not any(is_inside(path, other) for other in kept)
    ]


def is_inside(path: str, folder: str) -> bool:
    """Whether a path lies below a folder; the empty folder is the whole repository."""
    return not folder or path.startswith(folder + "/")


def _follow(
    files: Mapping[str, str], folder: str, above: tuple[Kustomization, ...], result: Graph
) -> None:
    kustomization = read(files, folder)
    if kustomization is None:
        result.absent.append(folder)
        return
    if any(other.path == kustomization.path for other in above):
        raise Unreadable(f"{kustomization.path} refers to itself.", remedy=BY_HAND)
    chain = (*above, kustomization)
    result.chains.append(chain)
    result.charts += [
        str(entry.get("name")) if isinstance(entry, dict) else str(entry)
        for key in ("helmCharts", "helmChartInflationGenerator")
        for entry in kustomization.list(key)
    ]
    for entry in _children(kustomization):
        path = posixpath.normpath(posixpath.join(folder, entry))
        if path in files:
            result.sources.append(Source(path, chain))
        elif is_remote(entry) and read(files, path) is None:
            result.remotes.append(entry)
        else:
            _follow(files, path, chain, result)


def _children(kustomization: Kustomization | None) -> list[str]:
    if kustomization is None:
        return []
    keys = ("resources", "bases", "components")
    return [entry for key in keys for entry in _texts(kustomization.data.get(key))]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _mappings(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]
