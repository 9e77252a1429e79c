"""What an incident's Jira issue says, as Jira's wiki text; what people typed is escaped."""

from collections.abc import Callable, Mapping

from chatbot.domain.change import Change
from chatbot.domain.events import SYSTEM
from chatbot.domain.mrkdwn import shorten
from chatbot.domain.story import headline
from chatbot.domain.timeline import TimelineEntry
from chatbot.domain.wikitext import block, escape, link, moment, quote

_LONGEST_SUMMARY = 250
_LONGEST_PROSE = 3_000
_LONGEST_DIFF = 10_000
_ROOM_FOR_PROSE = 18_000
"""What is left of the field for what people wrote, so that no block or link is ever cut."""

NameOf = Callable[[str], str]
"""Slack user id to a name: Jira knows nobody by the id."""


def summary(change: Change) -> str:
    """The issue's title, one line of plain text."""
    words = f"{change.id} · {change.request.environment}: {headline(change)}"
    return shorten(" ".join(words.split()), _LONGEST_SUMMARY)


def description(change: Change, name_of: NameOf, links: Mapping[str, str]) -> str:
    """Criterion, change, reason, diff, and the ways to the timeline; `links` are addresses by
    title."""
    request, progress = change.request, change.progress
    criterion = request.criterion.words if request.criterion else "not given"
    where = f" in {request.namespace}" if request.namespace else ""
    facts = {
        "Criterion": criterion,
        "Change": f"{change.id}, {headline(change)}, {request.environment}{where}",
        "Requested by": name_of(change.requester),
        "Signed off by": name_of(progress.confirmed_by) if progress.confirmed_by else "",
        "Affects": ", ".join(request.affected_services),
        "Incident": request.incident_id,
        "Session": request.session,
    }
    parts = [
        f"*{name}:* {escape(shorten(text, _LONGEST_PROSE))}" for name, text in facts.items() if text
    ]
    parts += ["", "h3. Why", quote(shorten(request.justification, _LONGEST_PROSE))]
    for title, text in (
        ("Blast radius", request.blast_radius),
        ("Way back", request.rollback_plan),
    ):
        parts += ["", f"h3. {title}", quote(shorten(text, _LONGEST_PROSE))] if text else []
    if progress.bypassed:
        parts += ["", "h3. What it goes past"]
        parts += [f"* {escape(shorten(each, _LONGEST_PROSE))}" for each in progress.bypassed]
    said = shorten("\n".join(parts), _ROOM_FOR_PROSE)
    return "\n".join([said, *_ways(links), *_diff(change)])


def _ways(links: Mapping[str, str]) -> list[str]:
    listed = [f"* {link(url, name)}" for name, url in links.items()]
    return ["", "h3. Timeline", *listed] if listed else []


def _diff(change: Change) -> list[str]:
    plan = change.progress.plan
    diffs = [each.diff for each in plan.objects if each.diff] if plan else []
    return ["", "h3. Diff", block("\n".join(diffs), _LONGEST_DIFF)] if diffs else []


def comment(entry: TimelineEntry, name_of: NameOf) -> str:
    """Something that happened."""
    who = "Redlight" if entry.actor == SYSTEM else name_of(entry.actor)
    return f"*{escape(who)}*, {moment(entry.at)}: {escape(entry.text)}"


def mark(change: Change, what: str) -> str:
    """By what a comment is found again; people see it as small print."""
    return f"{change.id}, {what}"
