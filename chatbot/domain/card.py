"""What a card says: the change, and what only the moment of showing knows."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from chatbot.domain.change import Change
from chatbot.domain.environment import Environment
from chatbot.domain.freeze import Freeze
from chatbot.domain.obligation import Obligation


class Card(BaseModel):
    """Everything a card is drawn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: Change
    environment: Environment
    freeze: Freeze | None = None
    """What keeps the change from going on, if something does."""
    approval: str = ""
    """What is to be said about approval, as mrkdwn: `domain.approval_line` makes it."""
    owed: tuple[Obligation, ...] = ()
    """What the change owes or owed; only of an emergency, from its apply on."""
    incident: str = ""
    """Where its incident is kept, as mrkdwn; empty while it has none."""
    links: Mapping[int, str] = {}
    """Addresses of the cards of related changes, by number, as far as they are known."""
