"""What an emergency really wrote, as an edit of Git's documents."""

from collections.abc import Sequence
from typing import Any

from chatbot.domain.change import Operation, SnapshotEntry
from chatbot.domain.diff import normalise
from chatbot.domain.gitedit import RESTARTED_AT, Apply, Edit, Restart, Scale


def written_edits(operation: Operation, written: Sequence[SnapshotEntry]) -> list[Edit]:
    """An edit for each object in which something of ours is left. `written` has the objects
    reduced to our fields (`domain.managed.written`); one that is gone has no manifest."""
    there = [(entry.target, entry.manifest) for entry in written if entry.manifest is not None]
    match operation:
        case Operation.SCALE:
            counts = [(target, _at(manifest, "spec", "replicas")) for target, manifest in there]
            return [Scale(target, count) for target, count in counts if isinstance(count, int)]
        case Operation.RESTART:
            path = ("spec", "template", "metadata", "annotations", RESTARTED_AT)
            times = [(target, _at(manifest, *path)) for target, manifest in there]
            return [Restart(target, at) for target, at in times if isinstance(at, str)]
        case _:
            ours = [normalise(manifest) for _, manifest in there]
            said = tuple(manifest for manifest in ours if _says_something(manifest))
            return [Apply(said)] if said else []


def _says_something(manifest: dict[str, Any]) -> bool:
    """Whether more is left than who the object is."""
    metadata = manifest.get("metadata") or {}
    return bool(set(manifest) - {"apiVersion", "kind", "metadata"} or set(metadata) - _WHO)


_WHO = {"name", "namespace"}


def _at(manifest: dict[str, Any], *path: str) -> Any:
    part: Any = manifest
    for key in path:
        part = part.get(key) if isinstance(part, dict) else None
    return part
