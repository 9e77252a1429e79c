"""What is said to people besides the card. A notice is stored with the state that it explains
and sent afterwards, once, whatever happens in between."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Audience(StrEnum):
    """Where a notice goes."""

    THREAD = "thread"
    """Under the change's card."""
    DIRECT = "direct"
    """To one person."""


class Button(StrEnum):
    """What can be done right below a notice; the value is the button's `action_id`."""

    WRITE_POSTMORTEM = "write_postmortem"
    SNOOZE = "snooze"
    ACCEPT_HANDOVER = "accept_handover"
    DECLINE_HANDOVER = "decline_handover"
    ACCEPT_POSTMORTEM = "accept_postmortem"
    RETURN_POSTMORTEM = "return_postmortem"


class Notice(BaseModel):
    """One message to be. `key` is unique in its change: the same key is never sent twice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    audience: Audience
    text: str
    """mrkdwn, already escaped."""
    user: str = ""
    """Slack user id, for `DIRECT`."""
    buttons: tuple[Button, ...] = ()
    about: str = ""
    """What of the change the buttons are about: it comes back with a click."""
    stale_at: AwareDatetime | None = None
    """From when on it says what is not so any more, and is not sent; None: it stays true."""


class Delivery(BaseModel):
    """A notice on its way; `attempted` says that a try may have reached Slack unrecorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: int
    notice: Notice
    attempted: bool
