"""People as Slack knows them, and who of them may do what. One place decides; every refusal is
a sentence."""

from pydantic import BaseModel, ConfigDict


class Person(BaseModel):
    """A Slack user, with the flags that decide whether they count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    email: str = ""
    time_zone: str = "UTC"
    is_bot: bool = False
    is_guest: bool = False
    is_stranger: bool = False
    is_deactivated: bool = False
