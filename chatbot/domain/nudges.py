"""Reminders of an approval that nobody gives: to the seniors at half of the time, to the managers
as well at three quarters. Each once; new content starts them anew."""

from datetime import datetime
from enum import Enum

from chatbot.domain.approval import expires_at
from chatbot.domain.change import Change
from chatbot.domain.environment import Environment


class Rung(Enum):
    """Who is reminded; the value is the share of the timeout that has passed by then."""

    SENIORS = 0.5
    MANAGERS = 0.75
    """The seniors once more, and the managers."""


def due_rung(change: Change, environment: Environment, now: datetime) -> Rung | None:
    """The highest rung whose time has come and that was not climbed yet. Whoever climbs it stores
    `Progress.nudged_at` in the same write."""
    due = [rung for rung, at in _unclimbed(change, environment) if at <= now]
    return due[-1] if due else None


def next_moment(change: Change, environment: Environment) -> datetime | None:
    """When something is to be done if nobody answers: the next reminder, or the expiry; None
    while nobody was asked."""
    expiry = expires_at(change, environment)
    if expiry is None:
        return None
    return min([at for _, at in _unclimbed(change, environment)], default=expiry)


def _unclimbed(change: Change, environment: Environment) -> list[tuple[Rung, datetime]]:
    review, nudged_at = change.progress.review, change.progress.nudged_at
    if review is None:
        return []
    moments = [(r, review.asked_at + r.value * environment.approval_timeout) for r in Rung]
    return [(r, at) for r, at in moments if nudged_at is None or nudged_at < at]
