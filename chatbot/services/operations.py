"""The operations on a cluster: what each would do, and doing it. Only here are they told apart."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chatbot.domain import forecast
from chatbot.domain.change import Change, Operation, SnapshotEntry, Target
from chatbot.domain.errors import NotFound, Permanent
from chatbot.domain.manifest import parse, without_server_fields
from chatbot.ports import Cluster, DryRun, Manifest


def wanted_manifests(change: Change) -> list[Manifest]:
    """The documents of an `apply`, each with the namespace that intake resolved for it."""
    manifests = [without_server_fields(read) for read in parse(change.request.manifest or "")]
    for manifest, target in zip(manifests, change.request.targets, strict=True):
        if target.namespace:
            manifest["metadata"]["namespace"] = target.namespace
    return manifests


def restart_time(now: datetime) -> str:
    """The `restartedAt` value, as kubectl writes it: RFC 3339 in UTC, to the second."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def dry_run(cluster: Cluster, change: Change, *, force: bool) -> Sequence[DryRun]:
    """What the server would make of the change, an answer for each target."""
    request, progress = change.request, change.progress
    match request.operation:
        case Operation.APPLY:
            return cluster.dry_run_apply(wanted_manifests(change), force=force)
        case Operation.SCALE:
            replicas = _replicas(change)
            return [
                cluster.dry_run_scale(target, replicas, force=force) for target in request.targets
            ]
        case Operation.RESTART:
            return [
                cluster.dry_run_restart(target, progress.restarted_at) for target in request.targets
            ]
        case Operation.ROLLBACK:
            return cluster.dry_run_restore(_brought_back(change))


def foretell(cluster: Cluster, change: Change) -> Sequence[DryRun]:
    """What we expect the server to make of the change where we may not ask it; conflicts beside
    the result, as if they were overridden."""
    request, targets = change.request, change.request.targets
    found = cluster.get_many(targets)
    match request.operation:
        case Operation.APPLY:
            pairs = zip(targets, found, wanted_manifests(change), strict=True)
            return [
                DryRun(
                    target,
                    live,
                    forecast.applied(live, wanted),
                    forecast.apply_conflicts(target, live, wanted),
                )
                for target, live, wanted in pairs
            ]
        case Operation.SCALE:
            replicas = _replicas(change)
            return [
                DryRun(
                    target,
                    live,
                    forecast.scaled(live, replicas),
                    forecast.scale_conflicts(target, live, replicas),
                )
                for target, live in _there(targets, found)
            ]
        case Operation.RESTART:
            at = change.progress.restarted_at
            return [
                DryRun(target, live, forecast.restarted(live, at))
                for target, live in _there(targets, found)
            ]
        case Operation.ROLLBACK:
            entries = zip(targets, found, _brought_back(change), strict=True)
            return [
                DryRun(target, live, forecast.restored(live, entry))
                for target, live, entry in entries
            ]


def perform(cluster: Cluster, change: Change) -> None:
    """Do it. Repeating it ends in the same place."""
    request, progress = change.request, change.progress
    match request.operation:
        case Operation.APPLY:
            cluster.apply(wanted_manifests(change), change=change.id, force=progress.force)
        case Operation.SCALE:
            for target in request.targets:
                cluster.scale(target, _replicas(change), change=change.id)
        case Operation.RESTART:
            for target in request.targets:
                cluster.restart(target, progress.restarted_at, change=change.id)
        case Operation.ROLLBACK:
            cluster.restore(_brought_back(change), change=change.id)


def _there(
    targets: Sequence[Target], found: Sequence[Manifest | None]
) -> Iterator[tuple[Target, Manifest]]:
    for target, live in zip(targets, found, strict=True):
        if live is None:
            sentence = f"{target.place} is not there"
            raise NotFound(sentence, remedy="Check the name and the namespace.")
        yield target, live


def _replicas(change: Change) -> int:
    if change.request.replicas is None:
        raise Permanent(f"{change.id} scales, but says not to how many replicas")
    return change.request.replicas


def _brought_back(change: Change) -> Sequence[SnapshotEntry]:
    if change.progress.takes_back is None:
        raise Permanent(f"{change.id} is a rollback, but of nothing that is decided")
    return change.progress.takes_back.objects
