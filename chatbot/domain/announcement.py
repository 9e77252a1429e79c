"""What is told to a channel and belongs to no change."""

from dataclasses import dataclass

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Announcement(BaseModel):
    """One message to be. The same `key` is never told twice in a channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    channel: str
    """As the configuration names it: `#prod-changes`, or an id."""
    text: str
    """mrkdwn, already escaped."""
    at: AwareDatetime
    """When it became true."""
    keep: bool = False
    """Whether it is told however late: news of an emergency are never stale."""


@dataclass(frozen=True)
class Pending:
    """An announcement on its way; `attempted` says that a try may have reached Slack
    unrecorded."""

    announcement: Announcement
    attempted: bool
