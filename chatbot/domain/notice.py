"""What is said to people besides the card. A notice is stored with the state that it explains
and sent afterwards, once, whatever happens in between."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Audience(StrEnum):
    """Where a notice goes."""

    THREAD = "thread"
    """Under the change's card."""
    DIRECT = "direct"
    """To one person."""


class Notice(BaseModel):
    """One message to be. `key` is unique in its change: the same key is never sent twice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    audience: Audience
    text: str
    """mrkdwn, already escaped."""
    user: str = ""
    """Slack user id, for `DIRECT`."""


class Delivery(BaseModel):
    """A notice on its way; `attempted` says that a try may have reached Slack unrecorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: int
    notice: Notice
    attempted: bool
