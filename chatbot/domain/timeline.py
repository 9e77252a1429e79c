"""What happened to a change, as a timeline that a person can read: made from the audit log.

This is the pure part: audit events in, entries out. Today the postmortem form is prefilled from
it; whoever collects entries from elsewhere too (messages that people add, an incident's channel)
makes them the same shape, puts them among these with `merged`, and `as_text` writes them all down.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.events import SYSTEM, AuditEntry, AuditEvent
from chatbot.domain.mrkdwn import shorten

LONGEST_ENTRY = 300
"""Characters of one entry: an error's text must not push the rest out."""

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_LEFT_OUT = "… {} entries are left out here …"

_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "change.requested": "asked for it: {justification}",
        "change.planned": "the plan was made",
        "change.confirmed": "confirmed it",
        "change.approved": "signed it off",
        "red_light.1": "passed the first red light",
        "red_light.2": "passed the second red light",
        "red_light.3": "passed the third red light",
        "red_light.undo": "passed a red light to undo it",
        "sign_off.given": "signed it off, and more have to",
        "sign_off.paged": "those who may sign it off were called",
        "sign_off.expired": "nobody signed it off in time",
        "change.signed_off": "signed it off",
        "change.applied": "it was applied to the cluster",
        "change.undone": "everything was put back as it was",
        "change.completed": "it was completed",
        "change.failed": "it failed: {because}",
        "change.blocked": "it was blocked: {because}",
        "change.rejected": "refused it: {reason}",
        "change.cancelled": "cancelled it",
        "change.retried": "tried it again",
        "rollout.finished": "it ran as asked",
        "rollback.started": "the way back began: {because}",
        "rollback.finished": "everything was put back as it was",
        "pull_request.opened": "pull request #{number} was opened",
        "pull_request.merged": "pull request #{number} was merged",
        "pull_request.closed": "pull request #{number} was closed without a merge",
        "reconciliation.met": "Git and the cluster were the same again",
        "reconciliation.differs": "Git and the cluster differed",
        "incident.channel_opened": "#{name} is where it is talked about",
        "incident.channel_archived": "#{name} was archived",
        "incident.issue_opened": "Jira {key} is its issue",
        "incident.issue_resolved": "Jira {key} was resolved",
        "obligation.breached": "the {kind} was overdue",
        "obligation.handed_over": "took over the {kind}",
        "postmortem.published": "pull request #{number} has the postmortem",
        "postmortem.merged": "the postmortem was merged",
        "postmortem.submitted": "submitted the postmortem",
        "postmortem.returned": "returned the postmortem: {reason}",
        "postmortem.accepted": "accepted the postmortem",
    }
)
"""What each kind of event is in words. One that does not stand here is told by its own name."""

_NOISE = (
    "auto_sync.",
    "branch.",
    "incident.channel_linked",
    "notice.",
    "obligation.handover_",
    "obligation.reminded",
    "obligation.snoozed",
    "postmortem.drafted",
    "request.refused",
    "restart.timed",
    "snapshot.",
    "step.",
    "timeline.",
)
"""What kinds begin with that say nothing about what happened to the service."""


class TimelineEntry(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    actor: str
    """Slack user id, or `SYSTEM`."""
    text: str
    """Plain text that goes on after the actor's name; what people typed is in it as typed."""


def entries_of(events: Iterable[AuditEvent]) -> list[TimelineEntry]:
    """A change's audit events that tell the story, in their order."""
    told = (event.entry for event in events if not event.entry.kind.startswith(_NOISE))
    return [TimelineEntry(at=each.at, actor=each.actor, text=_text(each)) for each in told]


def merged(*several: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """Timelines as one, by time; of one instant, as they were given."""
    return sorted((entry for one in several for entry in one), key=lambda entry: entry.at)


def as_text(
    entries: Sequence[TimelineEntry], limit: int, names: Mapping[str, str] = _NO_NAMES
) -> str:
    """A line for each entry, times in UTC, at most `limit` characters. Where there is not room for
    all, the middle is left out: how it began and how it ended is what is looked for. `names` are of
    people, by user id."""
    lines = [_line(entry, names) for entry in entries]
    shown, left_out = "\n".join(lines), 0
    while len(shown) > limit and left_out < len(lines):
        left_out += 1
        before = (len(lines) - left_out + 1) // 2
        kept = [*lines[:before], _LEFT_OUT.format(left_out), *lines[before + left_out :]]
        shown = "\n".join(kept)
    return shorten(shown, limit)


def _text(entry: AuditEntry) -> str:
    by_name = entry.kind.replace("_", " ").replace(".", " ")
    try:
        sentence = _SENTENCES.get(entry.kind, by_name).format_map(entry.data)
    except KeyError:  # an event that does not say what it is about
        sentence = by_name
    return shorten(" ".join(sentence.split()), LONGEST_ENTRY)


def _line(entry: TimelineEntry, names: Mapping[str, str]) -> str:
    who = "" if entry.actor == SYSTEM else f"{names.get(entry.actor, entry.actor)}: "
    return f"{_utc(entry.at)}  {who}{entry.text}"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
