"""Who may do what with a change: the one place that decides. A refusal is a sentence that says why
and who can."""

from dataclasses import dataclass
from datetime import datetime

from chatbot.domain.approval import Electorate, why_not, why_not_reject
from chatbot.domain.approval_line import who_can
from chatbot.domain.change import Change
from chatbot.domain.errors import Refused
from chatbot.domain.freeze import Freeze
from chatbot.domain.freeze import sentence as frozen
from chatbot.domain.frozen import stops
from chatbot.domain.mrkdwn import mention
from chatbot.domain.offers import Offer, offers
from chatbot.domain.person import Person, why_not_counted


@dataclass(frozen=True)
class Actor:
    """A person with the roles that count."""

    person: Person
    is_senior: bool
    electorate: Electorate | None = None
    """Of the change at hand; needed to say yes or no to it."""


def permit(
    offer: Offer, actor: Actor, change: Change, now: datetime, freeze: Freeze | None = None
) -> None:
    """Raise `Refused` unless this actor may do this with this change now. `freeze` is what keeps
    the change from going on, if something does.

    Who comes before whether: a stranger is not told what state a change is in.
    """
    if sentence := _why_not(offer, actor, change, now):
        raise Refused(f"You can't {offer.verb} {change.id}. {sentence}")
    if offer not in offers(change):
        state = change.state.value.replace("_", " ")
        raise Refused(f"You can't {offer.verb} {change.id} now: it is {state}.")
    if freeze is not None and stops(offer, change):
        why = frozen(freeze, change.request.environment, change.id)
        raise Refused(f"You can't {offer.verb} {change.id} now: {why}")


def _why_not(offer: Offer, actor: Actor, change: Change, now: datetime) -> str:
    if sentence := why_not_counted(actor.person):
        return sentence
    match offer:
        case Offer.APPROVE | Offer.REJECT:
            return _why_no_say(offer, actor, change, now)
        case Offer.RELEASE:
            return "" if actor.is_senior else "Only a senior can."
        case Offer.SHOW_DIFF:
            return ""
    if actor.person.id == change.requester:
        return ""
    if offer is Offer.GO_AHEAD:
        return f"Only {mention(change.requester)}, who requested it, says why it goes ahead."
    if offer is Offer.CONFIRM:
        return f"Only {mention(change.requester)}, who requested it, confirms the diff."
    if actor.is_senior:
        return ""
    return f"Only {mention(change.requester)}, who requested it, or a senior can."


def _why_no_say(offer: Offer, actor: Actor, change: Change, now: datetime) -> str:
    if actor.electorate is None:
        return "Nobody is asked to approve it."
    if offer is Offer.REJECT:
        return why_not_reject(actor.person, change, actor.electorate, now)
    sentence = why_not(actor.person, change, actor.electorate, now)
    if not sentence or offer not in offers(change):
        return sentence
    return f"{sentence} {who_can(change, actor.electorate, now)}".strip()
