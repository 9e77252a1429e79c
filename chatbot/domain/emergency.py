"""Breaking the glass: why it may be, and the red lights that stand before it.

Each light is a separate act of the requester, bound to one exact content: the digest of the plan
that it was shown for.
"""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

LIGHTS = 3
"""How many red lights have to be passed before anybody is asked to sign off."""


class Criterion(StrEnum):
    """ADR-002's four reasons to break the glass."""

    SERVICE_DOWN = "service_down"
    SECURITY_INCIDENT = "security_incident"
    DATA_LOSS_RISK = "data_loss_risk"
    REGULATORY_VIOLATION = "regulatory_violation"

    @property
    def words(self) -> str:
        """As people read it: `service down`."""
        return "data-loss risk" if self is Criterion.DATA_LOSS_RISK else self.replace("_", " ")


class Light(BaseModel):
    """One red light that the requester passed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    """From 1 to `LIGHTS`."""
    by: str
    """Slack user id."""
    at: AwareDatetime
    digest: str
    """Of the plan that was shown: with other content the light is red again."""
