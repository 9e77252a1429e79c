"""People as Slack knows them, and who of them may do what. One place decides; every refusal is
a sentence."""

from pydantic import BaseModel, ConfigDict

from chatbot.domain.errors import Refused


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


def why_not_counted(person: Person) -> str:
    """Why this person never counts, on whatever list they stand, and what to do about it; empty
    for a full member of the workspace."""
    if person.is_deactivated:
        return "This Slack account is deactivated. An admin of the workspace can reactivate it."
    if person.is_bot:
        return "Apps and bots do not count here. A person has to do this."
    if person.is_stranger:
        return (
            "You are here through a shared channel, and only members of this workspace count. "
            "Ask one of them to do this for you."
        )
    if person.is_guest:
        return "Guests of the workspace do not count here. Ask a full member to do this for you."
    return ""


def counts(person: Person) -> bool:
    """Whether this is a full member of the workspace."""
    return not why_not_counted(person)


def may_request(person: Person, requesters: frozenset[str] | None) -> None:
    """Raise `Refused` unless this person may request a change.

    `requesters` are Slack user ids; None, and only None, means every full member: a list whose
    every entry has left the company lets nobody in rather than everybody.
    """
    if sentence := why_not_counted(person):
        raise Refused(f"You cannot request changes. {sentence}")
    if requesters is not None and person.id not in requesters:
        raise Refused(
            "You are not on the list of those who may request changes. Ask somebody who is to "
            "request it for you, or ask a platform owner to add you under [people] requesters."
        )
