"""An incident: where an emergency is told besides its card. It has two sides, a channel in Slack
and an issue in Jira, each of which goes as far as its own outside lets it."""

import re
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.change import Change, MessageRef
from chatbot.domain.lifecycle import TERMINAL

_FROZEN = ConfigDict(frozen=True, extra="forbid")

LONGEST_NAME: Final = 80
"""Slack's limit for the name of a channel."""
_NO_NAME_PART = re.compile(r"[^a-z0-9]+")
_CHANNEL_NAME = re.compile(r"#[^\s#@<>|]{1,80}")
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,20}")
_CHANNEL_LINK = re.compile(r"<#([CG][A-Z0-9]{2,20})(?:\|[^>]*)?>")
_ISSUE_KEY = re.compile(r"(?:.*/browse/)?([A-Za-z][A-Za-z0-9_]{1,30}-[1-9][0-9]{0,9})")


class Side(StrEnum):
    """Where an incident is kept."""

    CHANNEL = "channel"
    ISSUE = "issue"


class IncidentRoom(BaseModel):
    """The channel, and what is done in it."""

    model_config = _FROZEN

    id: str
    """Slack's id."""
    name: str
    ours: bool
    """Whether we made it; a named one keeps its topic, and is not archived."""
    topic: str = ""
    summary: MessageRef | None = None
    shown: str = ""
    """What the summary says."""
    pinned: bool = False
    link: str = ""
    """Permalink of the summary."""
    card_link: str = ""
    bookmarks: tuple[str, ...] = ()
    """Addresses."""
    invited: tuple[str, ...] = ()
    """Slack user ids, also of those whom Slack did not let in."""


class Ticket(BaseModel):
    """The issue, and what is done with it."""

    model_config = _FROZEN

    key: str
    url: str
    ours: bool
    """Whether we filed it; a named one is told everything, and left for its owner to resolve."""
    introduced: bool = False
    """Whether a named one was told what this is about."""
    links: tuple[str, ...] = ()
    """Addresses."""
    subtasks: tuple[str, ...] = ()


class Incident(BaseModel):
    """One side of a change's incident, as its row says."""

    model_config = _FROZEN

    change: int
    side: Side
    since: AwareDatetime
    told: int
    """Sequence of the newest event of the audit log that was told there."""
    attempting: tuple[str, ...] = ()
    """Intent: the keys of what is about to be posted, or was without an answer."""
    attempted_at: AwareDatetime | None = None
    """Intent: when an issue was filed last."""
    room: IncidentRoom | None = None
    ticket: Ticket | None = None
    failure: str = ""
    """Why it stands still, as it was told to people."""
    closed_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    """When it goes on without being woken; None: with the next event."""
    attempts: int = 0
    """Failed tries in a row."""
    version: int = 0
    """Counts writes; a writer that read an older version is refused."""

    @property
    def place(self) -> str:
        """The channel's id or the issue's key; empty while there is none."""
        if self.side is Side.CHANNEL:
            return self.room.id if self.room else ""
        return self.ticket.key if self.ticket else ""


def is_over(change: Change) -> bool:
    """Whether nothing more will happen to the change."""
    return change.state in TERMINAL


def label(change: Change) -> str:
    """What tells our issue from every other."""
    return f"redlight-{change.id.lower()}"


def channel_name(change: Change, prefix: str) -> str:
    """`inc-chg-12-checkout`: fixed, so that it is made once, and short enough for Slack."""
    targets = change.request.targets
    words = targets[0].name if len(targets) == 1 else change.request.namespace
    slug = _NO_NAME_PART.sub("-", words.lower()).strip("-") or change.request.environment
    return f"{prefix}-{change.id.lower()}-{slug}"[:LONGEST_NAME].rstrip("-")


def named_channel(change: Change) -> str:
    """The channel that `incident_id` names, by `#name` or id; empty when it names none."""
    text = change.request.incident_id.strip()
    if link := _CHANNEL_LINK.fullmatch(text):
        return link[1]
    return text if _CHANNEL_NAME.fullmatch(text) or _CHANNEL_ID.fullmatch(text) else ""


def named_issue(change: Change) -> str:
    """The issue that `incident_id` names, by key or address; empty when it names none."""
    match = _ISSUE_KEY.fullmatch(change.request.incident_id.strip())
    return match[1].upper() if match else ""
