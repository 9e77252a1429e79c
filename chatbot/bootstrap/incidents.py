"""How incidents are wired: the steps of both sides, and the workers that take them."""

from collections.abc import Callable, Sequence

from chatbot.bootstrap.shared import Parts
from chatbot.domain.change import Change
from chatbot.domain.incident import Side
from chatbot.domain.postmortem import PostmortemState
from chatbot.ports import Store
from chatbot.services.incident_channel import IncidentChannel
from chatbot.services.incident_issue import IncidentIssue
from chatbot.services.incident_rows import IncidentRows
from chatbot.services.incidents import Incidents, IncidentStep
from chatbot.services.rush import Rush
from chatbot.services.workers import WorkerPool

WORKERS = 2
"""For each side: Jira being slow keeps nobody from Slack."""


def workers(
    parts: Parts, couriers: WorkerPool, rush: Rush, stopping: Callable[[], bool]
) -> dict[Side, WorkerPool]:
    """A pool for each side. Without Jira its side rests at once, and is over with the change."""
    return {
        side: WorkerPool(
            f"incident-{side}",
            Incidents(parts.store, parts.clock, side, steps, couriers.wake, stopping).tend,
            WORKERS,
            rush.make_way,
        )
        for side, steps in _steps(parts, couriers).items()
    }


def _steps(parts: Parts, couriers: WorkerPool) -> dict[Side, tuple[IncidentStep, ...]]:
    rows = IncidentRows(parts.store, parts.ledger, couriers.wake)
    rules = parts.settings.incidents
    channel = IncidentChannel(rows, parts.channels, parts.chat, parts.people, rules)
    steps: dict[Side, tuple[IncidentStep, ...]] = {Side.CHANNEL: channel.steps, Side.ISSUE: ()}
    if parts.tracker is not None:
        issue = IncidentIssue(rows, parts.tracker, parts.people, _action_items(parts.store))
        steps[Side.ISSUE] = issue.steps
    return steps


def _action_items(store: Store) -> Callable[[Change], Sequence[str]]:
    """What an accepted postmortem says will be done."""

    def items(change: Change) -> Sequence[str]:
        written = store.postmortem(change.number)
        accepted = written is not None and written.state is PostmortemState.ACCEPTED
        return written.text.items if written and written.text and accepted else ()

    return items
