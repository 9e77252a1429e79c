"""When Argo CD starts a sync by itself. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.argocd.comparison import Comparison, revision_fields

Manifest = dict[str, Any]

_RETRIES: Final = 5


@dataclass(frozen=True)
class Automatic:
    """What auto-sync makes of a comparison."""

    operation: Manifest | None = None
    condition: str | None = ""
    """The message of a `SyncError`; empty: there is none; None: leave it as it is."""


def automatic_operation(
    application: Manifest, seen: Comparison, self_heal_seconds: float, now: datetime
) -> Automatic:
    """The rules of the documentation: only when OutOfSync; a revision is tried once; what was
    synced already is synced again only with self-heal; what only needs pruning waits for
    `prune`."""
    policy = (application["spec"].get("syncPolicy") or {}).get("automated")
    if policy is None or policy.get("enabled") is False:
        return Automatic()
    if seen.error or application.get("operation"):
        return Automatic(condition=None)
    if seen.synced:
        return Automatic()
    different = [each for each in seen.objects if not each.synced]
    if not policy.get("prune") and all(each.wanted is None for each in different):
        return Automatic()
    sync: Manifest = {**revision_fields(application, seen.revisions)}
    if policy.get("prune"):
        sync["prune"] = True
    if options := (application["spec"].get("syncPolicy") or {}).get("syncOptions"):
        sync["syncOptions"] = options
    state = (application.get("status") or {}).get("operationState") or {}
    if _attempted(state) == seen.revisions:
        if state.get("phase") != "Succeeded":
            tried = " ".join(seen.revisions)
            said = f"Failed last sync attempt to [{tried}]: {state.get('message', '')}"
            return Automatic(condition=said)
        finished = datetime.fromisoformat(state["finishedAt"])
        if not policy.get("selfHeal") or now - finished < timedelta(seconds=self_heal_seconds):
            return Automatic()
        sync["resources"] = [_resource(each.row(with_health=False)) for each in different]
    operation = {
        "sync": sync,
        "initiatedBy": {"automated": True},
        "retry": {"limit": _RETRIES},
    }
    return Automatic(operation=operation)


def _attempted(state: Manifest) -> tuple[str, ...]:
    result = state.get("syncResult") or {}
    many = result.get("revisions") or ()
    return tuple(many) or ((result["revision"],) if result.get("revision") else ())


def _resource(row: Manifest) -> Manifest:
    kept = ("group", "kind", "namespace", "name")
    return {key: row[key] for key in kept if key in row}
