"""What an emergency owes: a postmortem, and Git that is true again. Each has owner and time."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.change import format_change_id


class Kind(StrEnum):
    """What is owed."""

    POSTMORTEM = "postmortem"
    RECONCILIATION = "reconciliation"


class Obligation(BaseModel):
    """One thing that one change owes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
