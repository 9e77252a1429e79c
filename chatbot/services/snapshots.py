"""How a change's objects were before it wrote to them: what its way back leads to."""

from collections.abc import Sequence

from chatbot.domain.change import Change, SnapshotEntry
from chatbot.ports import Cluster, Store
from chatbot.services.queue import own_snapshot


def snapshot_of(store: Store, cluster: Cluster, change: Change) -> tuple[SnapshotEntry, ...]:
    """How the objects are before the first write: an earlier snapshot counts, but of what an
    emergency wrote since."""
    known = {entry.target.key: entry for entry in own_snapshot(store, change)}
    new = [target for target in change.request.targets if target.key not in known]
    for target, manifest in zip(new, cluster.get_many(new), strict=True):
        known[target.key] = SnapshotEntry(target=target, manifest=manifest)
    return tuple(known[target.key] for target in change.request.targets)


def told(snapshot: Sequence[SnapshotEntry]) -> dict[str, list[str]]:
    """A snapshot for the audit log."""
    return {
        "existed": [entry.target.key for entry in snapshot if entry.manifest],
        "new": [entry.target.key for entry in snapshot if not entry.manifest],
    }
