"""The card's words about approval: how many are missing, of whom, until when, who said yes."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chatbot.domain.approval import (
    Electorate,
    able,
    expires_at,
    hand_in,
    standing,
    voice_of,
)
from chatbot.domain.change import Change, Path
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import duration, mention, until
from chatbot.domain.review import Approval

_SHOWN_PEOPLE = 5


def explanation(change: Change, electorate: Electorate, now: datetime) -> str:
    """`Needs 1 more of @platform-seniors (not @requester, who requested it) · expires …`, and who
    said yes so far. Empty while nobody is asked. Each sentence follows from the rule itself."""
    if change.state is not State.AWAITING_APPROVAL or change.progress.plan is None:
        return ""
    stand = standing(change, electorate)
    lines = [_needed(change, electorate, stand.missing, now)] if stand.missing else []
    if stand.counted:
        lines.append(f"✔ {said_yes(stand.counted)}.")
    void = {
        one.user for one in change.progress.approvals if one.digest != change.progress.plan.digest
    }
    if people := _people(void - {one.user for one in stand.counted}):
        lines.append(f"The content changed: what {people} said yes to counts no more.")
    if stand.missing and (covered := _also_covered(change)):
        lines.append(covered)
    if stand.missing and _too_few(change, electorate, stand.missing, now):
        lines.append(
            "🟠 Too few are left who may. A senior delegates with `/change delegate @somebody 3d`, "
            "or a platform owner adds to [people] in redlight.toml."
        )
    return "\n".join(lines)


def _also_covered(change: Change) -> str:
    """What a yes is to besides: the way back, where the environment has it so."""
    lasts = change.progress.review.rollback_for if change.progress.review else timedelta()
    if not lasts:
        return ""
    return (
        "A yes covers rolling it back to exactly what is there now, for "
        f"{duration(lasts.total_seconds())} after it completes."
    )


def said_yes(approvals: Iterable[Approval]) -> str:
    """`Yes by @a, @b for @c`."""
    return f"Yes by {voices(approvals)}"


def voices(approvals: Iterable[Approval]) -> str:
    """`@a, @b for @c`."""
    return ", ".join(
        f"{mention(one.user)} for {mention(one.behalf)}" if one.behalf else mention(one.user)
        for one in approvals
    )


def who_can(change: Change, electorate: Electorate, now: datetime) -> str:
    """For somebody who cannot: who can, as a sentence; empty when nobody is known to."""
    if not electorate.is_listed:
        return f"Any other of {electorate.named} can."
    people = _people(able(change, electorate, now))
    return f"Of {electorate.named}, {people} can." if people else ""


def _needed(change: Change, electorate: Electorate, missing: int, now: datetime) -> str:
    delegates = [
        f"{mention(user)} for {mention(voice)}"
        for user in able(change, electorate, now)
        if (voice := electorate.voice(user, now)) != user
    ]
    whom = " or ".join([electorate.named, *delegates[:_SHOWN_PEOPLE]])
    needs = f"Needs {missing} more"
    if change.path is Path.EMERGENCY:
        needs = "Needs the sign-off" if missing == 1 else f"Needs {missing} more sign-offs"
    text = f"{needs} of {whom} ({_excluded(change, electorate)})"
    expiry = expires_at(change, electorate.environment)
    return f"{text} · expires {until(expiry, now)}" if expiry else text


def _excluded(change: Change, electorate: Electorate) -> str:
    """Whoever asked, always; then those who would have a say and had a hand in it."""
    known = electorate.persons if electorate.voters is None else electorate.voters
    speaking = {*known}.union(one.delegate for one in electorate.delegations)
    parts: dict[str, set[str]] = {"requested it": {change.requester}}
    for user in sorted(speaking - {change.requester}):
        if part := hand_in(user, change, electorate):
            parts.setdefault(part, set()).add(user)
    return "; ".join(f"not {_people(users)}, who {part}" for part, users in parts.items())


def _too_few(change: Change, electorate: Electorate, missing: int, now: datetime) -> bool:
    """Whether those whose yes would count cannot be enough, each voice counted once."""
    if not electorate.is_listed:
        return False
    voices = {electorate.voice(user, now) for user in able(change, electorate, now)}
    spent = {voice_of(one) for one in standing(change, electorate).counted}
    return len(voices - spent) < missing


def _people(users: Iterable[str]) -> str:
    named = [mention(user) for user in sorted(users)]
    more = len(named) - _SHOWN_PEOPLE
    return ", ".join(named[:_SHOWN_PEOPLE]) + (f" and {more} more" if more > 0 else "")
