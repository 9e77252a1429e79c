"""What is told about approval: who said yes or no, who is reminded, and what came of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from chatbot.domain.approval_line import said_yes
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.mrkdwn import fit, mention, moment, quote, shorten
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.nudges import Rung
from chatbot.domain.review import Approval, ApprovedWith
from chatbot.domain.story import named, thread, to_requester

_LONGEST_REASON = 1_500
_LONGEST_REMINDER = 2_500


def given(change: Change, approval: Approval, missing: int) -> list[Notice]:
    """One yes, and more are needed."""
    text = f"✔ {said_yes([approval])}. {_more(missing)}"
    return [thread(f"approved_by:{approval.user}:{change.revision}", text)]


def approved(change: Change, approvals: Sequence[Approval]) -> list[Notice]:
    """Everybody who is needed said yes."""
    key = f"approved:{change.revision}"
    yes = said_yes(approvals)
    return [
        thread(key, f"🟢 Approved. {yes}."),
        to_requester(change, f"outcome:{key}", f"🟢 {named(change)} is approved. {yes}."),
    ]


def approved_before(change: Change, covering: ApprovedWith) -> list[Notice]:
    """A rollback that needs nobody's yes any more."""
    people = ", ".join(mention(user) for user in covering.by)
    text = (
        f"🟢 Approved with {format_change_id(covering.change)} by {people}: this restores exactly "
        "what was there before it."
    )
    return [thread(f"approved:{change.revision}", text)]


def rejected(change: Change, actor: str, reason: str) -> list[Notice]:
    """Somebody said no, and why."""
    why = f"{mention(actor)} said no:\n{quote(shorten(reason, _LONGEST_REASON))}"
    return [
        thread("rejected", f"🔴 {why}\nNothing was applied."),
        to_requester(
            change,
            "outcome:rejected",
            f"🔴 {named(change)} was rejected. {why}\nNothing was applied.",
        ),
    ]


def expired(change: Change) -> list[Notice]:
    """Not everybody who is needed said yes in time."""
    text = "expired: it was not approved in time. Nothing was applied."
    return [
        thread("expired", f"This {text}"),
        to_requester(
            change, "outcome:expired", f"⚪ {named(change)} {text} Ask again with `/change`."
        ),
    ]


def released(actor: str) -> list[Notice]:
    """The environment goes on."""
    return [thread("released", f"{mention(actor)} released the hold. The next change may go.")]


def nudges(
    change: Change, rung: Rung, missing: int, expiry: datetime, users: Collection[str]
) -> list[Notice]:
    """Reminders to these people, a direct message each; told once for each rung and content."""
    digest = change.progress.plan.digest if change.progress.plan else ""
    text = f"⏳ {named(change)} waits for approval. {_more(missing)} It expires {moment(expiry)}."
    return [
        Notice(
            key=f"nudge:{rung.name.lower()}:{digest[:12]}:{user}",
            audience=Audience.DIRECT,
            text=fit(text, _LONGEST_REMINDER),
            user=user,
        )
        for user in sorted(users)
    ]


def answer(change: Change, missing: int) -> str:
    """What whoever said yes is told at once."""
    if missing:
        return f"Your yes to {change.id} counts. {_more(missing)}"
    return f"Your yes to {change.id} counts, and it is approved."


def _more(missing: int) -> str:
    return f"{missing} more {'is' if missing == 1 else 'are'} needed."
