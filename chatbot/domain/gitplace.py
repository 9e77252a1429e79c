"""Where in Git an object is defined, and why it cannot be found when it cannot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chatbot.domain.change import Target
from chatbot.domain.errors import NotFound, Permanent, Unreadable
from chatbot.domain.kustomization import BY_HAND, Graph, Kustomization, graph
from chatbot.domain.manifest import Manifest
from chatbot.domain.yamltext.tree import YamlError, compose, to_json

_NEVER_RENAMED: Final = {"Namespace", "CustomResourceDefinition", "APIService"}


@dataclass(frozen=True)
class Location:
    """The document that defines an object."""

    path: str
    index: int
    """Of the document in its file, from 0, empty ones not counted."""
    manifest: Manifest
    """As it stands in the file."""
    chain: tuple[Kustomization, ...]
    """The kustomizations it goes through, outermost first."""


def locate(files: Mapping[str, str], target: Target, folder: str) -> Location | None:
    """The document that defines a target, or None. Raises `Permanent` when two do, or when a
    file cannot be read."""
    return find(files, graph(files, folder), target)


def find(
    files: Mapping[str, str],
    made_of: Graph,
    target: Target,
    parsed: dict[str, list[Any]] | None = None,
) -> Location | None:
    """`locate`, in a graph that was followed before. `parsed` remembers what texts hold, for
    whoever looks for many targets."""
    parsed = {} if parsed is None else parsed
    exact: dict[tuple[str, int], Location] = {}
    unplaced: dict[tuple[str, int], Location] = {}
    for source in made_of.sources:
        text = files[source.path]
        if text not in parsed:
            parsed[text] = documents(text, source.path)
        for index, manifest in enumerate(parsed[text]):
            if not is_object(manifest):
                _refuse_lists(manifest, target, source.path)
                continue
            namespace = _namespace(manifest, source.chain)
            if not _is_named(manifest, source.chain, target):
                continue
            location = Location(source.path, index, manifest, source.chain)
            if not target.namespace or namespace == target.namespace:
                exact.setdefault((source.path, index), location)
            elif not namespace:
                unplaced.setdefault((source.path, index), location)
    found = list((exact or unplaced).values())
    if len(found) > 1:
        paths = sorted({location.path for location in found})
        where = " and in ".join(paths) if len(paths) > 1 else f"twice in {paths[0]}"
        raise Permanent(
            f"{target} is defined {'in ' if len(paths) > 1 else ''}{where}.",
            remedy=f"Remove all but one. {BY_HAND}",
        )
    return found[0] if found else None


def documents(text: str, path: str) -> list[Any]:
    """The documents of a file as JSON, empty ones left out. Raises `Unreadable`."""
    try:
        return [to_json(root, any_keys=True) for root in compose(text)]
    except YamlError as error:
        raise Unreadable(f"{path} cannot be read. {error}.", remedy="Mend the file.") from error


def is_object(document: Any) -> bool:
    """Whether a document is one Kubernetes object with a name."""
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
        return False
    metadata = document["metadata"]
    texts = (document.get("apiVersion"), document.get("kind"), metadata.get("name"))
    placed = isinstance(metadata.get("namespace") or "", str)
    return placed and all(isinstance(text, str) and text for text in texts)


def unwrapped(document: Any) -> Iterator[Any]:
    """The document, or the items of a `List`, as whoever applies it takes it apart."""
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        yield document
        return
    if is_object(document):
        yield document
    for item in items:
        yield from unwrapped(item)


def asks_for_object(document: Any) -> bool:
    """Whether a document reads as if an object should come of it, unlike a file of values."""
    return isinstance(document, dict) and ("kind" in document or "apiVersion" in document)


def missing(made_of: Graph, folder: str, target: Target) -> Permanent:
    """Why an object cannot be found or added, from what the folder is made of."""
    for chain in made_of.chains:
        if generates(chain[-1], target):
            sentence = f"{target} is made by a generator in {chain[-1].path}."
            return Permanent(sentence, remedy=BY_HAND)
    folder = folder or "the repository"
    if made_of.remotes:
        sentence = f"{folder} uses the remote base {made_of.remotes[0]}, which cannot be edited."
        return Permanent(sentence, remedy=BY_HAND)
    if made_of.charts:
        sentence = f"{target} is not in a manifest; it may come from the Helm chart"
        return Permanent(f"{sentence} {made_of.charts[0]}.", remedy=BY_HAND)
    if made_of.absent:
        sentence = f"{target} is not defined in {folder}; it may come from {made_of.absent[0]}."
        return Permanent(sentence, remedy=BY_HAND)
    return NotFound(
        f"{target} is not defined in {folder}.",
        remedy=f"Request an apply with its whole manifest first. {BY_HAND}",
    )


def generates(kustomization: Kustomization, target: Target) -> bool:
    """Whether a generator makes this ConfigMap or Secret, with or without a hash in its name."""
    key = {"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}.get(target.kind)
    names = [
        str(entry.get("name"))
        for entry in (kustomization.list(key) if key else [])
        if isinstance(entry, dict)
    ]
    prefix, suffix = kustomization.text("namePrefix"), kustomization.text("nameSuffix")
    full = [f"{prefix}{name}{suffix}" for name in names]
    return any(target.name == name or target.name.startswith(f"{name}-") for name in full)


def _is_named(manifest: Manifest, chain: tuple[Kustomization, ...], target: Target) -> bool:
    group, slash, _ = manifest["apiVersion"].rpartition("/")
    if manifest["kind"] != target.kind or (group if slash else "") != target.group:
        return False
    name = manifest["metadata"]["name"]
    if manifest["kind"] not in _NEVER_RENAMED:
        for kustomization in reversed(chain):
            name = f"{kustomization.text('namePrefix')}{name}{kustomization.text('nameSuffix')}"
    return bool(name == target.name)


def _namespace(manifest: Manifest, chain: tuple[Kustomization, ...]) -> str:
    for kustomization in chain:
        if namespace := kustomization.text("namespace"):
            return namespace
    return str(manifest["metadata"].get("namespace") or "")


def _refuse_lists(document: Any, target: Target, path: str) -> None:
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return
    for item in document["items"]:
        if is_object(item) and _is_named(item, (), target):
            raise Permanent(f"{target} is part of a List in {path}.", remedy=BY_HAND)
