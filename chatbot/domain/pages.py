"""Paging for the sign-off of an emergency: the seniors at once, and on and on while nobody answers.
Each page goes out once; new red lights start them anew."""

from datetime import datetime, timedelta
from enum import Enum

from chatbot.domain.approval import expires_at
from chatbot.domain.change import Change
from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.domain.environment import Environment
from chatbot.domain.red_lights import asked_at


class Page(Enum):
    """Who is paged, in the order in which that happens."""

    SENIORS = "seniors"
    SENIORS_AGAIN = "seniors_again"
    MANAGERS = "managers"
    """The seniors once more, and the managers."""
    ON_CALL = "on_call"
    """All of them, and the on-call channel."""


def due_page(change: Change, environment: Environment, now: datetime) -> Page | None:
    """The last page whose time has come and that did not go out. Whoever sends it stores
    `Progress.nudged_at` in the same write."""
    due = [page for page, at in _ahead(change, environment) if at <= now]
    return due[-1] if due else None


def next_look(change: Change, environment: Environment) -> datetime | None:
    """When something is to be done if nobody answers: the next page, or the expiry; None while
    nobody was asked."""
    expiry = expires_at(change, environment)
    if expiry is None:
        return None
    return min([at for _, at in _ahead(change, environment)], default=expiry)


def _ahead(change: Change, environment: Environment) -> list[tuple[Page, datetime]]:
    asked, paged = asked_at(change), change.progress.nudged_at
    if asked is None:
        return []
    moments = [(page, asked + after) for page, after in _schedule(environment.emergency)]
    return [(page, at) for page, at in moments if paged is None or paged < at]


def _schedule(rules: EmergencyRules) -> list[tuple[Page, timedelta]]:
    return list(zip(Page, (timedelta(), *rules.page_after), strict=True))
