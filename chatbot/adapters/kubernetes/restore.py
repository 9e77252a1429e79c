"""Bringing objects back to a snapshot; `domain.undo` decides what that means for each field."""

from collections.abc import Sequence

from chatbot.adapters.kubernetes.api import APPLY_PATCH, Manifest, writing
from chatbot.adapters.kubernetes.objects import Objects
from chatbot.domain.change import SnapshotEntry, Target
from chatbot.domain.diff import CHANGE_ANNOTATION, normalise
from chatbot.domain.errors import Conflict
from chatbot.domain.managed import FIELD_MANAGER
from chatbot.domain.undo import merge_patch, undo
from chatbot.ports import DryRun

ATTEMPTS = 5
"""Tries against an object that others write to at the same time."""


def restore(objects: Objects, snapshot: Sequence[SnapshotEntry], *, change: str) -> None:
    """First what has to come back, together; then what has to go, the last applied first, so
    that nothing is left in a namespace or of a kind that goes too.

    Every object is tried before the first error is raised.
    """
    back = [entry for entry in snapshot if entry.manifest is not None]
    gone = [entry for entry in reversed(snapshot) if entry.manifest is None]
    objects.api.each(lambda entry: _bring_back(objects, entry, change), back)
    ordered = sorted(gone, key=lambda entry: _ORDER.get(entry.target.kind, 0))
    left = [entry.target for entry in ordered if not _remove(objects, entry.target)]
    if left:
        raise _made_anew(left)


def dry_run(objects: Objects, snapshot: Sequence[SnapshotEntry]) -> list[DryRun]:
    """What `restore` would do, by the server's own answer where something is written."""
    return objects.api.each(lambda entry: _dry_run(objects, entry), snapshot)


_ORDER = {"CustomResourceDefinition": 1, "Namespace": 2}


def _dry_run(objects: Objects, entry: SnapshotEntry) -> DryRun:
    live = objects.get(entry.target)
    if entry.manifest is None:
        if live is None or live["metadata"].get("deletionTimestamp"):
            return DryRun(entry.target, None, None)
        if not _is_ours(live):
            raise _made_anew([entry.target])
        return DryRun(entry.target, live, None)
    if live is None:
        made = _create(objects, entry.target, entry.manifest, dry=True)
        return DryRun(entry.target, None, made)
    patch = merge_patch(live, undo(live, entry.manifest))
    if not patch:
        return DryRun(entry.target, live, live)
    result = objects.merge(entry.target, patch, writing(dry_run=True))
    return DryRun(entry.target, live, result)


def _bring_back(objects: Objects, entry: SnapshotEntry, change: str) -> None:
    assert entry.manifest is not None  # noqa: S101 - the caller chose the entries
    for attempt in range(1, ATTEMPTS + 1):
        live = objects.get(entry.target)
        if live is None:
            _create(objects, entry.target, entry.manifest, change=change)
            return
        patch = merge_patch(live, undo(live, entry.manifest))
        if not patch:
            return
        metadata = patch.setdefault("metadata", {})
        if metadata.get("annotations", {}) is not None:
            metadata.setdefault("annotations", {})[CHANGE_ANNOTATION] = change
        # The server refuses the patch if somebody wrote since we read.
        metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
        try:
            objects.merge(entry.target, patch, writing())
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return


def _create(
    objects: Objects, target: Target, manifest: Manifest, *, change: str = "", dry: bool = False
) -> Manifest:
    """Somebody deleted the object meanwhile; it was there before, so it comes back."""
    body = normalise(manifest)
    body["metadata"].pop("ownerReferences", None)  # they name their owner's uid of that time
    if change:
        body["metadata"].setdefault("annotations", {})[CHANGE_ANNOTATION] = change
    return objects.api.request(
        "PATCH",
        objects.path(target),
        doing=f"make {target.place} again",
        body=body,
        content_type=APPLY_PATCH,
        query=writing(dry_run=dry, force=True),
    )


def _remove(objects: Objects, target: Target) -> bool:
    """Delete an object that we made; False when the live one was made by others."""
    live = objects.get(target)
    if live is None or live["metadata"].get("deletionTimestamp"):
        return True
    if not _is_ours(live):
        return False
    objects.api.request_object(
        "DELETE",
        objects.path(target),
        doing=f"delete {target.place}",
        body={
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": live["metadata"]["uid"]},
        },
    )
    return True


def _is_ours(live: Manifest) -> bool:
    """Whether we had a hand in making an object."""
    managers = {entry.get("manager") for entry in live["metadata"].get("managedFields") or ()}
    return FIELD_MANAGER in managers


def _made_anew(targets: Sequence[Target]) -> Conflict:
    names = ", ".join(target.place for target in targets)
    return Conflict(
        f"{names} did not exist before and was made anew by somebody else since",
        remedy="Redlight leaves it alone: ask its owner, and delete it by hand if it must go.",
    )
