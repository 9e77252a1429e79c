"""What an emergency owes: a postmortem, and Git that is true again. Each has owner and time."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.change import format_change_id

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What is owed."""

    POSTMORTEM = "postmortem"
    RECONCILIATION = "reconciliation"

    @property
    def words(self) -> str:
        """As people read it."""
        return "Git reconciliation" if self is Kind.RECONCILIATION else "postmortem"


class Handover(BaseModel):
    """Somebody is asked to take an obligation over."""

    model_config = _FROZEN

    to: str
    """Slack user id."""
    by: str
    """Slack user id."""
    at: AwareDatetime


class Snooze(BaseModel):
    """The owner let the next reminder be skipped."""

    model_config = _FROZEN

    by: str
    """Slack user id."""
    at: AwareDatetime
    reason: str
    until: AwareDatetime
    """The moment of the reminder that is skipped; always before the obligation is due."""


class Obligation(BaseModel):
    """One thing that one change owes."""

    model_config = _FROZEN

    change: int
    kind: Kind
    owner: str
    """Slack user id of who has to see to it."""
    since: AwareDatetime
    """When it was incurred: the apply."""
    due_at: AwareDatetime
    """Until when it has to be met; later is a breach."""
    met_at: AwareDatetime | None = None
    breached_at: AwareDatetime | None = None
    """When a breach was recorded; it stays on the record after it is paid."""
    offered: Handover | None = None
    """Who was asked to take it over and has not answered yet."""
    snoozed: Snooze | None = None
    """Once in the life of an obligation."""
    reminded_for: AwareDatetime | None = None
    """The moment of the highest rung that was climbed: lower ones are never climbed later."""
    next_at: AwareDatetime | None = None
    """When the chase looks at it again; None: it has not looked at it yet."""
    version: int = 0
    """Counts writes; a writer that read an older version is refused."""

    @property
    def is_open(self) -> bool:
        """Whether it is still owed."""
        return self.met_at is None

    @property
    def change_id(self) -> str:
        """`CHG-12`."""
        return format_change_id(self.change)

    def is_overdue(self, now: datetime) -> bool:
        """Whether it is owed still and its time is over."""
        return self.is_open and self.due_at <= now
