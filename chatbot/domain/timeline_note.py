"""What people add to a timeline: messages, which they may still edit and delete."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.change import MessageRef


class TimelineNote(BaseModel):
    """A message in the timeline of a change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: int
    source: MessageRef
    """The message itself."""
    author: str
    """Slack user id of who wrote it."""
    added_by: str
    """Slack user id of who put it into the timeline."""
    at: AwareDatetime
    """When it was written."""
    text: str
    """Plain text, as typed."""
