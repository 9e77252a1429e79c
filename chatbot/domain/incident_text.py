"""What an incident's channel says: its topic, its pinned summary, and a line for each thing that
happens. mrkdwn; what people typed is escaped."""

from collections.abc import Sequence

from chatbot.domain.change import Change
from chatbot.domain.events import SYSTEM, AuditEvent
from chatbot.domain.incident import Incident, Side
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import escape, fit, link, mention, moment, quote, shorten
from chatbot.domain.obligation import Obligation
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.story import headline
from chatbot.domain.timeline import TimelineEntry, entries_of

_LONGEST_SUMMARY = 2_900
_LONGEST_PROSE = 500

_STANDS: dict[State, str] = {
    State.APPLYING: "being applied",
    State.VALIDATING: "applied, the rollout is watched",
    State.RECONCILING: "applied, and to be paid back",
    State.PR_OPEN: "applied, and to be paid back",
    State.ROLLING_BACK: "being undone",
    State.FAILED: "stopped by a failure",
    State.COMPLETED: "closed",
}

_LAST = frozenset({"incident.channel_archived", "incident.issue_resolved"})
"""What the sides do when the change is closed, neither waiting for the other."""


def stands(change: Change) -> str:
    """How far the emergency is, in a few words."""
    return _STANDS.get(change.state, change.state.value.replace("_", " "))


def topic(change: Change) -> str:
    """Plain text for the head of the channel; Slack cuts nothing that matters."""
    criterion = change.request.criterion
    parts = [
        change.id,
        stands(change),
        shorten(headline(change), 150),
        change.request.environment,
        criterion.words if criterion else "",
    ]
    return " · ".join(part for part in parts if part)


def summary(
    change: Change, obligations: Sequence[Obligation], card: str, issue: Incident | None
) -> str:
    """What is pinned: what, why, how it stands, what is owed, and the ways to everything else.
    `card` is the card's address, empty while it has none."""
    request = change.request
    title = f"{change.id} · {escape(headline(change))} · {escape(request.environment)}"
    lines = [
        f"{_light(change)} *{title}*",
        f"*{stands(change)}* · {_people(change)}",
        quote(shorten(request.justification, _LONGEST_PROSE)),
    ]
    for name, text in (
        ("Blast radius", request.blast_radius),
        ("Way back", request.rollback_plan),
        ("Incident", request.incident_id),
    ):
        lines += [f"*{name}:* {escape(shorten(text, _LONGEST_PROSE))}"] if text else []
    lines += [_owed(each) for each in obligations]
    ways = [link(url, title) for title, url in ways_from(change, card, issue).items()]
    lines += [" · ".join(ways)] if ways else []
    lines.append("_What you see belongs into the timeline: *Add to timeline* in a message's menu._")
    return fit("\n".join(lines), _LONGEST_SUMMARY)


def _light(change: Change) -> str:
    return "🟢" if change.state is State.COMPLETED else "🔴"


def _people(change: Change) -> str:
    criterion = change.request.criterion
    parts = [criterion.words] if criterion else []
    parts.append(f"asked for by {mention(change.requester)}")
    if change.progress.confirmed_by:
        parts.append(f"signed off by {mention(change.progress.confirmed_by)}")
    return " · ".join(parts)


def _owed(obligation: Obligation) -> str:
    what = obligation.kind.value
    if obligation.met_at is not None:
        return f"🟢 {what}: met {moment(obligation.met_at)}"
    return f"⏳ {what}: due {moment(obligation.due_at)}, {mention(obligation.owner)} sees to it"


def ways_from(change: Change, card: str, issue: Incident | None) -> dict[str, str]:
    """Addresses by title: the card, the pull requests, the issue; as far as there are any."""
    found = {f"Card of {change.id}": card} if card else {}
    found |= pull_requests(change)
    if issue and issue.ticket:
        found[f"Jira {issue.ticket.key}"] = issue.ticket.url
    return found


def pull_requests(change: Change) -> dict[str, str]:
    """Addresses by title of the pull requests that pay Git back."""
    seen: list[PullRequest | None] = [change.progress.pull_request, change.progress.revert]
    return {f"Pull request #{each.number}": each.url for each in seen if each is not None}


def told_of(event: AuditEvent, side: Side) -> TimelineEntry | None:
    """What this side is told of an event; None: nothing. A side is not told of itself, nor of how
    the other ended: it may have ended before."""
    if event.entry.kind.startswith(f"incident.{side}_") or event.entry.kind in _LAST:
        return None
    return next(iter(entries_of([event])), None)


def line(entry: TimelineEntry) -> str:
    """Something that happened, for the channel."""
    if entry.actor == SYSTEM:
        return escape(entry.text[:1].upper() + entry.text[1:])
    return f"{mention(entry.actor)} {escape(entry.text)}"


def mentioned(channel: Incident | None, issue: Incident | None) -> str:
    """For the card: where the incident is kept, mrkdwn; empty while it is nowhere."""
    parts = [f"<#{channel.room.id}>"] if channel and channel.room else []
    if issue and issue.ticket:
        parts.append(link(issue.ticket.url, issue.ticket.key))
    return " · ".join(parts)


def stuck(side: Side, sentence: str, remedy: str) -> str:
    """A side needs a person, for the thread under the card. Nothing else waits for it."""
    what = "The incident's channel" if side is Side.CHANNEL else "The incident's Jira issue"
    told = f"🟠 {what}: {escape(sentence)}. {escape(remedy)}".strip()
    return f"{told} It is tried again every few minutes, and nothing else waits for it."
