"""What is said about what is owed: reminders, breaches, handovers and snoozes, as mrkdwn."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from chatbot.domain.announcement import Announcement
from chatbot.domain.change import Change
from chatbot.domain.chase import Rung
from chatbot.domain.mrkdwn import code, duration, escape, link, mention, moment
from chatbot.domain.notice import Audience, Button, Notice
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.pull_request import PullRequestState
from chatbot.domain.story import named, thread

_MINUTE = 60
_SHOWN_PEOPLE = 5


@dataclass(frozen=True)
class Reminder:
    """One rung that is climbed, and who is told: everything that its messages follow from."""

    change: Change
    obligation: Obligation
    rung: Rung
    users: Collection[str]
    """Slack user ids of everybody who is told by direct message."""
    seniors: Collection[str]
    """Slack user ids; named in the channel once it is overdue."""
    channel: str
    refuses_requests: bool
    """Whether the owner's requests to prod wait while it is overdue."""
    can_snooze: bool
    until: datetime
    """When the next rung is due: from then on these messages are stale."""


def told(reminder: Reminder, now: datetime) -> tuple[list[Notice], list[Announcement]]:
    """The direct messages of a rung, and what the incident's channel hears."""
    owed = reminder.obligation
    key = f"owed:{owed.kind}:{reminder.rung.name}"
    notices = [
        Notice(
            key=f"{key}:{user}",
            audience=Audience.DIRECT,
            text=_reminder(reminder, user, now),
            user=user,
            buttons=_buttons(reminder, user),
            about=owed.kind,
            stale_at=reminder.until,
        )
        for user in sorted(reminder.users)
    ]
    news = Announcement(
        key=f"{key}:{owed.change_id}",
        channel=reminder.channel,
        text=_reminder(reminder, "", now),
        at=now,
    )
    return notices, [news]


def what(obligation: Obligation) -> str:
    """`the postmortem`."""
    return f"the {obligation.kind.words}"


def time_left(obligation: Obligation, now: datetime) -> str:
    """`4 h left`, in whole minutes."""
    seconds = (obligation.due_at - now).total_seconds()
    return f"{duration(ceil(seconds / _MINUTE) * _MINUTE)} left"


def overdue_since(obligation: Obligation, now: datetime) -> str:
    """`overdue since …`, and for how long once that is a while."""
    seconds = (now - obligation.due_at).total_seconds()
    lasting = duration(seconds // _MINUTE * _MINUTE)
    tail = f", for {lasting}" if seconds >= _MINUTE else ""
    return f"overdue since {moment(obligation.due_at)}{tail}"


def _reminder(reminder: Reminder, user: str, now: datetime) -> str:
    """To a person, or (nobody) to the channel."""
    owed, about = reminder.obligation, named(reminder.change)
    if not owed.is_overdue(now):
        until = moment(owed.due_at)
        head = f"⏳ *{time_left(owed, now)}* (until {until}) for {what(owed)} of {about}."
        return f"{head} {_owner(owed, user)}.{_how(reminder)}"
    head = f"🔴 The {owed.kind.words} of {about} is {overdue_since(owed, now)}."
    if not user:
        return f"{head} {_responsible(reminder)}.{_consequence(reminder, user)}{_how(reminder)}"
    return f"{head} {_owner(owed, user)}.{_consequence(reminder, user)}{_how(reminder)}"


def _owner(owed: Obligation, user: str) -> str:
    return "You own it" if user == owed.owner else f"{mention(owed.owner)} owns it"


def _responsible(reminder: Reminder) -> str:
    seniors = sorted(set(reminder.seniors) - {reminder.obligation.owner})
    names = " ".join(mention(user) for user in seniors[:_SHOWN_PEOPLE])
    owner = f"Owner {mention(reminder.obligation.owner)}"
    return f"{owner}, seniors {names}" if names else owner


def _consequence(reminder: Reminder, user: str) -> str:
    if not reminder.refuses_requests:
        return ""
    owner = reminder.obligation.owner
    end = "it is in" if reminder.obligation.kind is Kind.POSTMORTEM else "it is met"
    if user == owner:
        return f" Your non-emergency requests to prod wait until {end}."
    return f" Non-emergency prod requests by {mention(owner)} wait until {end}."


def _how(reminder: Reminder) -> str:
    """What has to be done about it."""
    change_id = reminder.change.id
    if reminder.obligation.kind is Kind.POSTMORTEM:
        return f" Write it: {code(f'/postmortem {change_id}')}."
    asked = reminder.change.progress.pull_request
    if asked is None or asked.state is not PullRequestState.OPEN:
        return " It is met when Git holds what the cluster has, and Argo CD syncs again."
    return f" Needs {link(asked.url, f'pull request #{asked.number}')} to be merged."


def _buttons(reminder: Reminder, user: str) -> tuple[Button, ...]:
    owed = reminder.obligation
    write = (Button.WRITE_POSTMORTEM,) if owed.kind is Kind.POSTMORTEM else ()
    mine = reminder.can_snooze and user == owed.owner
    return (*write, Button.SNOOZE) if mine else write


# --- what people do about it ---------------------------------------------------------------------


def breached(obligation: Obligation) -> list[Notice]:
    """It was not met in time; said once in the thread."""
    text = f"🔴 The {obligation.kind.words} is overdue since {moment(obligation.due_at)}."
    return [thread(f"breached:{obligation.kind}", text)]


def offered(change: Change, obligation: Obligation) -> list[Notice]:
    """Somebody is asked to take it over: they have the say."""
    offer = obligation.offered
    if offer is None:
        return []
    key = f"handover:{obligation.kind}:{obligation.version}"
    ask = (
        f"{mention(offer.by)} asks you to take over {what(obligation)} of {named(change)}, due "
        f"{moment(obligation.due_at)}. It is yours once you accept."
    )
    return [
        Notice(
            key=f"{key}:asked",
            audience=Audience.DIRECT,
            text=ask,
            user=offer.to,
            buttons=(Button.ACCEPT_HANDOVER, Button.DECLINE_HANDOVER),
            about=obligation.kind,
        ),
        thread(
            key,
            f"{mention(offer.by)} asks {mention(offer.to)} to take over {what(obligation)}; "
            f"{mention(obligation.owner)} owns it until that is accepted.",
        ),
    ]


def answered(change: Change, before: Obligation, user: str, *, accepted: bool) -> list[Notice]:
    """The one who was asked said yes or no; `before` is how things stood."""
    verb = "took over" if accepted else "does not take over"
    text = f"{mention(user)} {verb} {what(before)}"
    key = f"handover:{before.kind}:{before.version}:answer"
    asked = {before.owner, before.offered.by if before.offered else before.owner} - {user}
    tail = "" if accepted else f" {mention(before.owner)} still owns it."
    return [
        thread(key, f"{text}.{tail}"),
        *(
            Notice(
                key=f"{key}:{each}",
                audience=Audience.DIRECT,
                text=f"{text} of {named(change)}.{tail}",
                user=each,
            )
            for each in sorted(asked)
        ),
    ]


def snoozed(obligation: Obligation) -> list[Notice]:
    """The next reminder is skipped, and everybody can read why."""
    snooze = obligation.snoozed
    if snooze is None:
        return []
    text = (
        f"{mention(snooze.by)} snoozed {what(obligation)}: the reminder of "
        f"{moment(snooze.until)} is skipped, because {escape(snooze.reason.rstrip('.'))}. "
        f"It stays due {moment(obligation.due_at)}."
    )
    return [thread(f"snoozed:{obligation.kind}", text)]


# --- debt ----------------------------------------------------------------------------------------


def in_debt(overdue: Collection[Obligation], environment: str, links: Mapping[int, str]) -> str:
    """Why somebody's request to prod is refused, with the way to what they owe."""
    owing = [f"{what(each)} of {_linked(each, links)}" for each in overdue]
    shown = " and ".join(owing[:_SHOWN_PEOPLE])
    verb = "is" if len(owing) == 1 else "are"
    return (
        f"You can't request changes to {code(environment, 63)} now: {shown} {verb} overdue, and "
        "you own it. Once that is done, ask again. `/change list debt` shows what is owed and "
        "`/change handover` gives it to somebody else; an emergency (`/breakglass`) is never "
        "refused for this."
    )


def _linked(obligation: Obligation, links: Mapping[int, str]) -> str:
    address = links.get(obligation.change, "")
    return link(address, obligation.change_id) if address else obligation.change_id
