"""A change as an edit of the files in Git.

A scale edits `spec.replicas` of one document, or the kustomization's `replicas`; a restart edits
one annotation; an apply replaces the documents it names and adds those that are new. What cannot
be edited safely is refused with the reason and the way that works.
"""

import posixpath
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from chatbot.domain.change import Target
from chatbot.domain.errors import Permanent
from chatbot.domain.gitplace import Location, documents, find, generates, missing
from chatbot.domain.kustomization import BY_HAND, Graph, Kustomization, graph, is_inside, read
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.yamltext import edit as yamledit
from chatbot.domain.yamltext import write as yamlwrite
from chatbot.domain.yamltext.tree import YamlError

RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
_HELM_LABEL: Final = "app.kubernetes.io/managed-by"
_SCALED_BY_KUSTOMIZE: Final = {
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
}
_FIRST_KEYS: Final = ("apiVersion", "kind", "metadata", "spec")


@dataclass(frozen=True)
class Apply:
    """Objects as they shall be, whole."""

    manifests: tuple[Manifest, ...]


@dataclass(frozen=True)
class Scale:
    """How many replicas a target shall have."""

    target: Target
    replicas: int


@dataclass(frozen=True)
class Restart:
    """When a target was restarted, as the annotation says it."""

    target: Target
    at: str


Edit = Apply | Scale | Restart


def edit(files: Mapping[str, str], folder: str, edits: Sequence[Edit]) -> dict[str, str]:
    """The files that change, with their new text; none if Git says all of it already.

    `files` is `{path: text}` of the repository, or of the environment's `folder` alone; then
    bases outside of it cannot be looked into. Raises `Permanent` with the reason and the remedy.
    """
    work = _Work(dict(files), folder)
    for one in edits:
        match one:
            case Scale(target, replicas):
                work.scale(target, replicas)
            case Restart(target, at):
                work.restart(target, at)
            case Apply(manifests):
                for manifest in manifests:
                    work.apply(manifest)
    return {path: text for path, text in work.files.items() if files.get(path) != text}


def new_path(folder: str, target: Target) -> str:
    """Where an object goes that Git does not have yet."""
    name = f"{target.kind.lower()}-{target.name.replace(':', '-')}.yaml"
    return posixpath.join(folder, target.namespace, name)


class _Work:
    """The files while they are edited."""

    def __init__(self, files: dict[str, str], folder: str) -> None:
        self.files = files
        self.folder = folder
        self.parsed: dict[str, list[Any]] = {}

    def scale(self, target: Target, replicas: int) -> None:
        made_of = graph(self.files, self.folder)
        location = find(self.files, made_of, target, self.parsed)
        if location is None:
            self._scale_unseen_base(made_of, target, replicas)
            return
        if self._scale_entry(location, replicas):
            return
        if is_inside(location.path, self.folder):
            wanted = deepcopy(location.manifest)
            if not isinstance(wanted.get("spec"), dict):
                raise Permanent(
                    f"{target} in {location.path} has no `spec` to scale.", remedy=BY_HAND
                )
            wanted["spec"]["replicas"] = replicas
            self._replace(location, wanted)
            return
        self._add_replicas(
            location.chain[0], target, location.manifest["metadata"]["name"], replicas
        )

    def restart(self, target: Target, at: str) -> None:
        location = self._must_find(target)
        self._must_be_ours(location, target)
        wanted = deepcopy(location.manifest)
        spec = wanted.get("spec")
        template = spec.get("template") if isinstance(spec, dict) else None
        metadata = _mapping(template, "metadata")
        annotations = _mapping(metadata, "annotations")
        if annotations is None:
            raise Permanent(
                f"{target} in {location.path} has no pod template to restart.", remedy=BY_HAND
            )
        annotations[RESTARTED_AT] = at
        self._replace(location, wanted)

    def apply(self, manifest: Manifest) -> None:
        target = target_of(manifest)
        made_of = graph(self.files, self.folder)
        location = find(self.files, made_of, target, self.parsed)
        if location is None:
            self._add(made_of, manifest, target)
            return
        self._must_be_ours(location, target)
        if location.manifest["metadata"]["name"] != target.name:
            raise Permanent(
                f"{target} gets its name from a prefix or suffix in {location.chain[0].path}, so"
                " that its references are renamed too.",
                remedy=BY_HAND,
            )
        wanted = deepcopy(manifest)
        wanted["metadata"].pop("namespace", None)
        if "namespace" in location.manifest["metadata"]:
            wanted["metadata"]["namespace"] = location.manifest["metadata"]["namespace"]
        replicas = _replicas(manifest)
        if isinstance(replicas, int) and self._scale_entry(location, replicas):
            wanted["spec"]["replicas"] = _replicas(location.manifest)
            if wanted["spec"]["replicas"] is None:
                del wanted["spec"]["replicas"]
        self._replace(location, wanted, rewrite=True)

    # --- documents

    def _must_find(self, target: Target) -> Location:
        made_of = graph(self.files, self.folder)
        location = find(self.files, made_of, target, self.parsed)
        if location is None:
            raise missing(made_of, self.folder, target)
        return location

    def _must_be_ours(self, location: Location, target: Target) -> None:
        if not is_inside(location.path, self.folder):
            raise Permanent(
                f"{target} comes from {location.path}, a base outside of {self.folder}, which"
                " other environments may use too.",
                remedy=BY_HAND,
            )

    def _replace(self, location: Location, wanted: Manifest, *, rewrite: bool = False) -> None:
        if location.path.endswith(".json"):
            raise Permanent(f"{location.path} is JSON, which is not edited.", remedy=BY_HAND)
        self._write(location.path, location.index, wanted, rewrite=rewrite)

    def _write(self, path: str, index: int, wanted: Any, *, rewrite: bool = False) -> None:
        if not documents(self.files[path], path):
            head = self.files[path]
            lines = yamlwrite.block(wanted, yamlwrite.Style())
            self.files[path] = "\n".join([*([head.rstrip("\r\n")] if head else []), *lines, ""])
            return
        try:
            self.files[path] = yamledit.replace(self.files[path], index, wanted, rewrite=rewrite)
        except (yamledit.NotEditable, YamlError) as error:
            raise Permanent(f"{path} cannot be edited: {error}.", remedy=BY_HAND) from error

    def _add(self, made_of: Graph, manifest: Manifest, target: Target) -> None:
        labels = manifest["metadata"].get("labels") or {}
        generated = any(generates(chain[-1], target) for chain in made_of.chains)
        if generated or made_of.remotes or labels.get(_HELM_LABEL) == "Helm":
            raise missing(made_of, self.folder, target)
        path = new_path(self.folder, target)
        if path in self.files:
            raise Permanent(
                f"{target} is not in Git, but {path} is there and holds something else.",
                remedy=BY_HAND,
            )
        ordered = {key: manifest[key] for key in _FIRST_KEYS if key in manifest} | manifest
        self.files[path] = "\n".join(yamlwrite.block(ordered, yamlwrite.Style())) + "\n"
        if chain := self._chain_for(made_of, posixpath.dirname(path)):
            self._list_resource(chain, path, target)

    def _chain_for(self, made_of: Graph, folder: str) -> tuple[Kustomization, ...]:
        """The kustomization that lists new files of a folder, below those above it."""
        for wanted in (folder, self.folder):
            for chain in made_of.chains:
                if chain[-1].folder == wanted:
                    return chain
        return ()

    def _list_resource(self, chain: tuple[Kustomization, ...], path: str, target: Target) -> None:
        for kustomization in chain:
            namespace = kustomization.text("namespace")
            renames = kustomization.text("namePrefix") or kustomization.text("nameSuffix")
            if renames or (namespace and target.namespace and namespace != target.namespace):
                raise Permanent(
                    f"{kustomization.path} would move or rename {target}.", remedy=BY_HAND
                )
        nearest = chain[-1]
        entry = posixpath.relpath(path, nearest.folder or ".")
        resources = [*nearest.list("resources"), entry]
        self._write(nearest.path, 0, {**nearest.data, "resources": resources})

    # --- the kustomization's replicas

    def _scale_entry(self, location: Location, replicas: int) -> bool:
        """Set the count in the outermost kustomization that sets one for this object."""
        name = location.manifest["metadata"]["name"]
        if location.manifest["kind"] not in _SCALED_BY_KUSTOMIZE:
            return False
        for kustomization in location.chain:
            entries = kustomization.list("replicas")
            found = [
                position
                for position, entry in enumerate(entries)
                if isinstance(entry, dict) and entry.get("name") == name
            ]
            if not found:
                continue
            if not is_inside(kustomization.path, self.folder):
                return False
            wanted = deepcopy(kustomization.data)
            wanted["replicas"][found[-1]]["count"] = replicas
            self._write(kustomization.path, 0, wanted)
            return True
        return False

    def _add_replicas(
        self, kustomization: Kustomization, target: Target, name: str, replicas: int
    ) -> None:
        if target.kind not in _SCALED_BY_KUSTOMIZE:
            raise Permanent(
                f"{target} comes from a base outside of {self.folder}, and kustomize scales no"
                f" {target.kind}.",
                remedy=BY_HAND,
            )
        wanted = deepcopy(kustomization.data)
        entries = [*kustomization.list("replicas"), {"name": name, "count": replicas}]
        wanted["replicas"] = entries
        self._write(kustomization.path, 0, wanted)

    def _scale_unseen_base(self, made_of: Graph, target: Target, replicas: int) -> None:
        outside = [path for path in made_of.absent if not is_inside(path, self.folder)]
        root = read(self.files, self.folder)
        if not outside or root is None or made_of.remotes:
            raise missing(made_of, self.folder, target)
        known = [e for e in root.list("replicas") if isinstance(e, dict)]
        if any(entry.get("name") == target.name for entry in known):
            wanted = deepcopy(root.data)
            for entry in wanted["replicas"]:
                if isinstance(entry, dict) and entry.get("name") == target.name:
                    entry["count"] = replicas
            self._write(root.path, 0, wanted)
            return
        self._add_replicas(root, target, target.name, replicas)


def _mapping(parent: Any, key: str) -> dict[str, Any] | None:
    """The mapping under a key, made if there is nothing; None where something else stands."""
    if not isinstance(parent, dict):
        return None
    if parent.get(key) is None:
        parent[key] = {}
    return parent[key] if isinstance(parent[key], dict) else None


def _replicas(manifest: Manifest) -> Any:
    spec = manifest.get("spec")
    return spec.get("replicas") if isinstance(spec, dict) else None
