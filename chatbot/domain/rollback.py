"""A change that takes an earlier one back: when that can be asked for, what it asks for, and how
objects have to be so that what later changes did to them stays. Pure."""

from collections.abc import Iterable
from typing import Any, Final

from chatbot.domain import threeway
from chatbot.domain.change import Change, ChangeRequest, Operation, Path, SnapshotEntry
from chatbot.domain.diff import BOOKKEEPING_ANNOTATIONS
from chatbot.domain.environment import Environment
from chatbot.domain.fields import ABSENT
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.domain.manifest import Manifest
from chatbot.domain.offers import Offer, offers
from chatbot.domain.pull_request import PullRequestState

_NOT_OURS: Final = frozenset({"apiVersion", "kind", "metadata", "status"})


def why_not(original: Change, rollbacks: Iterable[Change], environment: Environment) -> str:
    """Why a change cannot be rolled back, as a sentence that says what can be done instead; empty
    when it can. `rollbacks` are those that were asked for before."""
    if original.state is not State.COMPLETED:
        return _unfinished(original)
    for other in rollbacks:
        if other.state not in TERMINAL:
            return f"{other.id} is about to roll it back; it is {_words(other)}."
        undone = other.progress.rolled_back
        if other.state is State.COMPLETED and not (undone and undone.done):
            return f"{other.id} has rolled it back already."
    pull_request = original.progress.pull_request
    if pull_request is None or pull_request.state is not PullRequestState.MERGED:
        return (
            "Git said what it asked for before, so it has no commit to take back. Ask for what "
            "you need with `/change`."
        )
    if environment.request_path is Path.DIRECT and original.progress.snapshot is None:
        return (
            f"Argo CD brought it into {environment.name}, where changes are applied directly by "
            "now, so there is no snapshot to put back. Ask for what you need with `/change`."
        )
    return ""


def request_of(original: Change, justification: str) -> ChangeRequest:
    """What somebody asks for who wants a change taken back: the same place and risk. Its window is
    over and does not count."""
    return ChangeRequest(
        operation=Operation.ROLLBACK,
        environment=original.request.environment,
        namespace=original.request.namespace,
        targets=original.request.targets,
        rolls_back=original.number,
        justification=f"Rolls back {original.id}: {justification}",
        risk_assessment=original.request.risk_assessment,
        rollback_plan=f"Roll this one back in turn; {original.id} is there again then.",
        affected_services=original.request.affected_services,
        incident_id=original.request.incident_id,
        session=original.request.session,
    )


def brought_back(
    entry: SnapshotEntry, since: SnapshotEntry, live: Manifest | None
) -> tuple[SnapshotEntry, list[str]]:
    """What an object has to become when a later change wrote to it too, and the fields that both
    changed, for which there is no answer.

    `since` is how the later change found the object: what differs from `entry` there is what the
    earlier one did, what differs from it in `live` came later.
    """
    wanted, clashes = threeway.merged(_said(since.manifest), _said(live), _said(entry.manifest))
    if wanted is ABSENT or entry.manifest is None or live is None:
        kept = None if wanted is ABSENT else live or entry.manifest
        return SnapshotEntry(target=entry.target, manifest=kept), clashes
    manifest = {key: value for key, value in entry.manifest.items() if key in _NOT_OURS}
    manifest |= {key: value for key, value in wanted.items() if key != "metadata"}
    manifest["metadata"] = _metadata(entry.manifest["metadata"], wanted["metadata"])
    return SnapshotEntry(target=entry.target, manifest=manifest), clashes


def _unfinished(original: Change) -> str:
    offered = offers(original)
    match original.state:
        case State.ROLLED_BACK | State.ROLLING_BACK | State.HELD:
            return "It was not healthy and is taken back already."
        case State.CANCELLED | State.REJECTED | State.EXPIRED:
            return f"It was {_words(original)}, so there is nothing to take back."
        case _ if Offer.UNDO in offered or Offer.CANCEL in offered:
            verb = "undoes" if Offer.UNDO in offered else "cancels"
            return f"It is {_words(original)}: `/change cancel {original.id}` {verb} it."
        case _:
            return f"It is {_words(original)}; what is completed can be rolled back."


def _words(change: Change) -> str:
    return change.state.value.replace("_", " ")


def _said(manifest: Manifest | None) -> Any:
    """What of an object is said by people and can be compared between versions."""
    if manifest is None:
        return ABSENT
    said = {key: value for key, value in manifest.items() if key not in _NOT_OURS}
    metadata = manifest["metadata"]
    said["metadata"] = {
        "labels": metadata.get("labels") or {},
        "annotations": {
            name: value
            for name, value in (metadata.get("annotations") or {}).items()
            if name not in BOOKKEEPING_ANNOTATIONS
        },
    }
    return said


def _metadata(before: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """That of the snapshot, owners and bookkeeping included, with the wanted texts."""
    kept = {
        name: value
        for name, value in (before.get("annotations") or {}).items()
        if name in BOOKKEEPING_ANNOTATIONS
    }
    return {
        **before,
        "labels": wanted["labels"],
        "annotations": {**wanted["annotations"], **kept},
    }
