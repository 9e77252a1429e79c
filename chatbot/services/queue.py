"""Waiting in line: two changes of one object are not worked on side by side."""

from collections.abc import Sequence
from datetime import timedelta

from chatbot.domain.change import Change, Waiting, format_change_id
from chatbot.ports import Store
from chatbot.services.ledger import Ledger

QUEUE_DELAY = timedelta(seconds=2)


def queued(
    store: Store, ledger: Ledger, change: Change, *, also: Sequence[str] = (), what: str = ""
) -> Change | None:
    """Take the change's objects, and what `also` names, or wait behind who has them; None when
    they are ours. `what` says in the card's words what the others have in hand."""
    holders = store.hold(change, also=also)
    if not holders:
        return None
    names = ", ".join(format_change_id(number) for number in holders)
    reason = f"behind {names}, which has {what or 'the same objects'} in hand"
    return wait(ledger, change, reason, behind=holders)


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
