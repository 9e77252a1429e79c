"""How incidents are wired: the steps of both sides, and the workers that take them."""

from collections.abc import Callable, Sequence

from chatbot.bootstrap.shared import Parts
from chatbot.domain.change import Change
from chatbot.domain.incident import Side
from chatbot.services.incident_channel import IncidentChannel
from chatbot.services.incident_issue import IncidentIssue
from chatbot.services.incident_rows import IncidentRows
from chatbot.services.incidents import Incidents, IncidentStep, IncidentWork
from chatbot.services.rush import Rush
from chatbot.services.workers import WorkerPool

WORKERS = 2
"""For each side: Jira being slow keeps nobody from Slack."""


ActionItems = Callable[[Change], Sequence[str]]
"""What an accepted postmortem says will be done."""


def work(
    parts: Parts,
    couriers: WorkerPool,
    rush: Rush,
    stopping: Callable[[], bool],
    action_items: ActionItems,
) -> IncidentWork:
    """What tends incidents, with a pool of workers for each side. Without Jira its side rests at
    once, and is over with the change."""
    pools = {
        side: WorkerPool(
            f"incident-{side}",
            Incidents(parts.store, parts.clock, side, steps, couriers.wake, stopping).tend,
            WORKERS,
            rush.make_way,
        )
        for side, steps in _steps(parts, couriers, action_items).items()
    }
    return IncidentWork(parts.store, parts.clock, pools)


def _steps(
    parts: Parts, couriers: WorkerPool, action_items: ActionItems
) -> dict[Side, tuple[IncidentStep, ...]]:
    rows = IncidentRows(parts.store, parts.ledger, couriers.wake)
    rules = parts.settings.incidents
    channel = IncidentChannel(rows, parts.channels, parts.chat, parts.people, rules)
    steps: dict[Side, tuple[IncidentStep, ...]] = {
        Side.CHANNEL: channel.steps,
        Side.ISSUE: (rows.pass_over,),
    }
    if parts.tracker is not None:
        issue = IncidentIssue(rows, parts.tracker, parts.people, action_items)
        steps[Side.ISSUE] = issue.steps
    return steps
