"""A message of Slack's that somebody wants in a timeline."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from chatbot.domain.change import MessageRef


class TimelineMessage(BaseModel):
    """What is known of it when it is pointed at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: MessageRef
    author: str
    """Slack user id; empty when no person wrote it."""
    text: str
    """As Slack stores it."""

    @property
    def at(self) -> datetime:
        """When it was written: a message's timestamp is its time."""
        return datetime.fromtimestamp(float(self.source.ts), UTC)
