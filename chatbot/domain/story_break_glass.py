"""What is told about an emergency until somebody signs it off: the lights, who is paged, and what
came of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from chatbot.domain.announcement import Announcement
from chatbot.domain.approval_line import voices
from chatbot.domain.bypass import about_policy, is_denial
from chatbot.domain.change import Change
from chatbot.domain.emergency import LIGHTS
from chatbot.domain.mrkdwn import escape, fit, link, mention, moment, quote, shorten
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.pages import Page
from chatbot.domain.review import Approval
from chatbot.domain.story import named, thread, to_requester

_LONGEST_QUOTE = 600
_LONGEST_PAGE = 2_500


def planned(change: Change, channel: str) -> list[Notice]:
    """The requester has to pass the lights, wherever they asked."""
    text = (
        f"🔴 {named(change)}: its card stands in {escape(channel)}. Pass its {LIGHTS} red lights "
        "there; then a senior is asked to sign off."
    )
    return [to_requester(change, f"lights:{change.revision}", text)]


def passed(change: Change, number: int) -> list[Notice]:
    """One light."""
    text = f"{mention(change.requester)} passed red light {number} of {LIGHTS}."
    return [thread(f"red_light:{number}:{change.revision}", text)]


def expired(change: Change) -> list[Notice]:
    """The lights were not passed, or nobody signed off, in time."""
    lit = len(change.progress.lights) == LIGHTS
    waited = "nobody signed it off in time" if lit else "its red lights were not passed in time"
    text = f"expired: {waited}. Nothing was applied."
    return [
        thread("expired", f"This {text}"),
        to_requester(
            change, "outcome:expired", f"⚪ {named(change)} {text} Ask again with `/breakglass`."
        ),
    ]


def page_text(change: Change, expiry: datetime, card: str = "") -> str:
    """What whoever may sign off has to know, on a phone. `card` is the address of its card, empty
    where a link to it stands below."""
    request = change.request
    criterion = request.criterion.words if request.criterion else "an emergency"
    denials = sum(is_denial(line) for line in about_policy(change.progress.bypassed))
    lines = [
        f"🔴 *Emergency: your sign-off is needed* until {moment(expiry)}",
        named(change),
        *([f"{link(card, 'Its card')} has the diff and the button."] if card else []),
        f"Asked for by {mention(change.requester)} · {criterion}",
        quote(shorten(request.justification, _LONGEST_QUOTE)),
        f"Who feels it: {escape(shorten(request.blast_radius, _LONGEST_QUOTE))}",
    ]
    if denials:
        lines.append(f"⚠️ Policy has {denials} denial{'' if denials == 1 else 's'} of it.")
    return fit("\n".join(lines), _LONGEST_PAGE)


def pages(page: Page, asked: datetime, text: str, users: Collection[str]) -> list[Notice]:
    """To each of these people a direct message; once for each page and each time of asking."""
    stamp = int(asked.timestamp())
    return [
        Notice(
            key=f"page:{page.value}:{stamp}:{user}", audience=Audience.DIRECT, text=text, user=user
        )
        for user in sorted(users)
    ]


def on_call(
    change: Change, channel: str, asked: datetime, text: str, now: datetime
) -> Announcement:
    """To the on-call channel, when none of them answered."""
    key = f"page:{change.id}:{int(asked.timestamp())}"
    return Announcement(key=key, channel=channel, text=f"Nobody has answered yet.\n{text}", at=now)


def signed_off(change: Change, approvals: Sequence[Approval], missing: int) -> list[Notice]:
    """A senior says that it may be; with the last one it is applied."""
    people = voices(approvals)
    if missing:
        text = f"✔ Signed off by {people}. {missing} more {_needed(missing)}."
        return [thread(f"signed_off:{approvals[-1].user}:{change.revision}", text)]
    key = f"signed_off:{change.revision}"
    return [
        thread(key, f"🔴 Signed off by {people}. Applying it now."),
        to_requester(change, f"outcome:{key}", f"🔴 {named(change)} is signed off by {people}."),
    ]


def answer(change: Change, missing: int) -> str:
    """What whoever signed off is told at once."""
    if missing:
        return f"Your sign-off of {change.id} counts; {missing} more {_needed(missing)}."
    return f"Your sign-off of {change.id} counts: it is being applied."


def _needed(missing: int) -> str:
    return "is needed" if missing == 1 else "are needed"
