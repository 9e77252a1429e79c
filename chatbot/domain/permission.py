"""Who may do what with a change: the one place that decides. A refusal is a sentence that says why
and who can."""

from dataclasses import dataclass

from chatbot.domain.change import Change
from chatbot.domain.errors import Refused
from chatbot.domain.mrkdwn import mention
from chatbot.domain.offers import Offer, offers
from chatbot.domain.person import Person, why_not_counted


@dataclass(frozen=True)
class Actor:
    """A person with the roles that count."""

    person: Person
    is_senior: bool


def permit(offer: Offer, actor: Actor, change: Change) -> None:
    """Raise `Refused` unless this actor may do this with this change now.

    Who comes before whether: a stranger is not told what state a change is in.
    """
    if sentence := _why_not(offer, actor, change):
        raise Refused(f"You can't {offer.verb} {change.id}. {sentence}")
    if offer not in offers(change):
        state = change.state.value.replace("_", " ")
        raise Refused(f"You can't {offer.verb} {change.id} now: it is {state}.")


def _why_not(offer: Offer, actor: Actor, change: Change) -> str:
    if sentence := why_not_counted(actor.person):
        return sentence
    if offer is Offer.SHOW_DIFF or actor.person.id == change.requester:
        return ""
    if offer is Offer.CONFIRM:
        return f"Only {mention(change.requester)}, who requested it, confirms the diff."
    if actor.is_senior:
        return ""
    return f"Only {mention(change.requester)}, who requested it, or a senior can."
