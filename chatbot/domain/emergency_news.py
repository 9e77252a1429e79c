"""What the incidents and stakeholders channels hear of an emergency: when it is signed off, when
it is applied, when it is undone and when it is over. Each by one key, so that it is told once; and
kept until it is told, however late."""

from collections.abc import Sequence
from datetime import datetime

from chatbot.domain.announcement import Announcement
from chatbot.domain.change import Change
from chatbot.domain.mrkdwn import escape, mention, moment, quote, shorten
from chatbot.domain.obligation import Obligation
from chatbot.domain.story import headline

_LONGEST_PROSE = 500


def channels(incidents: str | None, stakeholders: Sequence[str], fallback: str) -> tuple[str, ...]:
    """Where emergencies are told, each channel once: `[channels]` of the rules, with the
    environment's own channel where no incidents channel is named."""
    return tuple(dict.fromkeys((incidents or fallback, *stakeholders)))


def signed_off(
    change: Change, senior: str, where: Sequence[str], now: datetime
) -> list[Announcement]:
    """A senior authorized it; the cluster is next."""
    request = change.request
    criterion = f": {request.criterion.words}" if request.criterion else ""
    who = f"{mention(senior)} signed it off for {mention(change.requester)}{criterion}."
    lines = [
        f"🔴 *Emergency* {_named(change)}",
        f"{who} It goes to the cluster now, past review and pull request.",
        quote(shorten(request.justification, _LONGEST_PROSE)),
    ]
    if request.blast_radius:
        lines.append(f"*Blast radius:* {escape(shorten(request.blast_radius, _LONGEST_PROSE))}")
    return _news(change, "signed_off", "\n".join(lines), where, now)


def applied(
    change: Change, owed: Sequence[Obligation], where: Sequence[str], now: datetime
) -> list[Announcement]:
    """The cluster took it; from here on something is owed."""
    due = [f"{each.kind.value} until {moment(each.due_at)}" for each in owed]
    debt = f"\nOwed now: {', '.join(due)}." if due else ""
    text = f"🔴 {_named(change)} is applied, and its rollout is watched.{debt}"
    return _news(change, "applied", text, where, now)


def undone(change: Change, where: Sequence[str], now: datetime) -> list[Announcement]:
    """The snapshot is back. What is owed is owed all the same."""
    text = f"🔵 {_named(change)} was undone: the cluster is as it was before it."
    return _news(change, "undone", text, where, now)


def closed(change: Change, where: Sequence[str], now: datetime) -> list[Announcement]:
    """Everything that was owed is paid."""
    text = (
        f"🟢 {_named(change)} is closed: its postmortem is accepted, and Git and the cluster are "
        "the same again."
    )
    return _news(change, "closed", text, where, now)


def _named(change: Change) -> str:
    return f"*{change.id}* · {escape(headline(change))} · {escape(change.request.environment)}"


def _news(
    change: Change, what: str, text: str, where: Sequence[str], now: datetime
) -> list[Announcement]:
    key = f"emergency:{change.id}:{what}"
    return [
        Announcement(key=key, channel=channel, text=text, at=now, keep=True) for channel in where
    ]
