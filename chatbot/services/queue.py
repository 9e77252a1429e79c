"""Waiting in line: two changes of one object are not worked on side by side. An emergency waits
behind nobody; who loses objects to it waits, and takes nothing back that the emergency wrote."""

from collections.abc import Sequence
from datetime import timedelta

from chatbot.domain.change import Change, Path, SnapshotEntry, Waiting, format_change_id
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.ports import Store
from chatbot.services.ledger import Ledger

QUEUE_DELAY = timedelta(seconds=2)

SNAPSHOT_TAKEN = "snapshot.taken"
"""The audit event of what is written in the same save as the snapshot."""


def queued(
    store: Store, ledger: Ledger, change: Change, *, also: Sequence[str] = (), what: str = ""
) -> Change | None:
    """Take the change's objects, and what `also` names, or wait behind who has them; None when
    they are ours. `what` says in the card's words what the others have in hand.

    Asked before every write, merge and sync: an emergency may have taken them over since.
    """
    holders = store.hold(change, also=also)
    if not holders:
        return None
    names = ", ".join(format_change_id(number) for number in holders)
    reason = f"behind {names}, which has {what or 'the same objects'} in hand"
    return wait(ledger, change, reason, behind=holders)


def seize(store: Store, ledger: Ledger, change: Change) -> list[int]:
    """Take the objects of an emergency from whoever has them; the numbers that lost them. What
    was taken is in the audit log with it."""
    entry = AuditEntry(
        kind="objects.seized", actor=SYSTEM, change=change.number, at=ledger.clock.now()
    )
    return store.hold(change, seize=entry)


def overtaken(store: Store, change: Change) -> frozenset[str]:
    """The keys of the objects that an emergency wrote to after this change stored how they were.
    That snapshot of them is history: to put it back would write over the emergency. One that was
    undone has left them as they were."""
    taken = [e.entry.at for e in store.events(change.number) if e.entry.kind == SNAPSHOT_TAKEN]
    if not taken:
        return frozenset()
    later = store.writers_since(change, taken[-1])
    written = {
        target.key
        for other in later
        if other.path is Path.EMERGENCY and other.progress.written != ()
        for target in other.request.targets
    }
    return frozenset(written & {target.key for target in change.request.targets})


def own_snapshot(store: Store, change: Change) -> tuple[SnapshotEntry, ...]:
    """What is still the change's to put back."""
    gone = overtaken(store, change)
    return tuple(entry for entry in change.progress.snapshot or () if entry.target.key not in gone)


def wait(
    ledger: Ledger,
    change: Change,
    reason: str,
    due_in: timedelta = QUEUE_DELAY,
    behind: Sequence[int] = (),
) -> Change:
    """Rest, and say on the card what for and since when, and in lists `behind` whom."""
    waited = change.progress.waiting
    since = waited.since if waited else ledger.clock.now()
    waiting = Waiting(reason=reason, since=since, behind=tuple(behind))
    return ledger.rest(change, due_in, waiting=waiting)
