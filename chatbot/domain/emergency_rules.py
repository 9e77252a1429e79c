"""What an installation decides about emergencies: how many sign off and until when, who is paged
meanwhile, what is sensitive, and how long there is to pay Git and the postmortem."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict


class EmergencyRules(BaseModel):
    """`[break_glass]` and what belongs to it elsewhere, nothing left to default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sign_offs: int = 1
    """How many seniors have to sign off."""
    timeout: timedelta = timedelta(minutes=60)
    """How long the requester has for the red lights, and the seniors after that for the
    sign-off."""
    page_after: tuple[timedelta, timedelta, timedelta] = (
        timedelta(minutes=5),
        timedelta(minutes=10),
        timedelta(minutes=15),
    )
    """When nobody answers: the seniors again, then the managers too, then the on-call channel."""
    on_call: str = ""
    """The channel that is paged last; empty: none."""
    sensitive: tuple[str, ...] = ()
    """Shell patterns of targets such as `prod/payments/*`, which get a banner."""
    postmortem_within: timedelta = timedelta(hours=24)
    reconciliation_within: timedelta = timedelta(hours=24)
