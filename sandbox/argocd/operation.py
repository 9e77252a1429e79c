"""One sync operation, carried out: apply everything, prune when asked, say what came of each."""

from dataclasses import dataclass
from typing import Any

from chatbot.domain.change import Target
from chatbot.domain.errors import RedlightError, RetryLater
from sandbox.argocd.comparison import Comparison
from sandbox.argocd.objects import Cluster, Compared

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """How an operation ended."""

    phase: str
    message: str
    resources: tuple[Manifest, ...] = ()


def carry_out(sync: Manifest, seen: Comparison, cluster: Cluster) -> Result:
    """Apply what Git wants at the compared revision. Raises `RetryLater` when the cluster is away:
    the operation goes on at the next step."""
    if seen.error:
        return Result("Error", f"ComparisonError: {seen.error}")
    chosen = [each for each in seen.objects if _is_chosen(each.target, sync.get("resources"))]
    rows = [_apply(each, cluster) for each in _ordered(chosen) if each.wanted is not None]
    failed = [row["message"] for row in rows if row["status"] == "SyncFailed"]
    if failed:
        reason = ", ".join(failed)
        return Result("Failed", f"one or more objects failed to apply, reason: {reason}", (*rows,))
    gone = [each.target for each in chosen if each.wanted is None]
    rows += [_prune(target, cluster, prune=bool(sync.get("prune"))) for target in gone]
    return Result("Succeeded", "successfully synced (all tasks run)", tuple(rows))


def _ordered(objects: list[Compared]) -> list[Compared]:
    """Namespaces and definitions first."""
    first = ("Namespace", "CustomResourceDefinition")
    return sorted(objects, key=lambda each: each.target.kind not in first)


def _is_chosen(target: Target, resources: list[Manifest] | None) -> bool:
    """A selective sync names the objects it is for."""
    return not resources or any(
        (row.get("group", ""), row["kind"], row["name"]) == (target.group, target.kind, target.name)
        and row.get("namespace", target.namespace) == target.namespace
        for row in resources
    )


def _apply(each: Compared, cluster: Cluster) -> Manifest:
    target, manifest = each.target, each.wanted or {}
    resource = f"{target.kind.lower()}{f'.{target.group}' if target.group else ''}/{target.name}"
    try:
        cluster.apply(manifest)
    except RetryLater:
        raise
    except RedlightError as error:
        return _row(target, "SyncFailed", "Failed", str(error))
    return _row(target, "Synced", "Running", f"{resource} serverside-applied")


def _prune(target: Target, cluster: Cluster, *, prune: bool) -> Manifest:
    if not prune:
        return _row(target, "PruneSkipped", "Succeeded", "ignored (requires pruning)")
    cluster.prune(target)
    return _row(target, "Pruned", "Succeeded", "pruned")


def _row(target: Target, status: str, hook_phase: str, message: str) -> Manifest:
    return {
        "group": target.group,
        "version": target.api_version.rpartition("/")[2],
        "kind": target.kind,
        "namespace": target.namespace,
        "name": target.name,
        "status": status,
        "syncPhase": "Sync",
        "hookPhase": hook_phase,
        "message": message,
    }
