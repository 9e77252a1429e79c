"""Who may do what with a change: the one place that decides. A refusal is a sentence that says why
and who can."""

from dataclasses import dataclass
from datetime import datetime

from chatbot.domain.approval import Electorate, why_not, why_not_reject
from chatbot.domain.approval_line import who_can
from chatbot.domain.change import Change, Path
from chatbot.domain.errors import Refused
from chatbot.domain.freeze import Freeze
from chatbot.domain.freeze import sentence as frozen
from chatbot.domain.frozen import stops
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import mention
from chatbot.domain.offers import Offer, offers
from chatbot.domain.person import Person, why_not_counted
from chatbot.domain.red_lights import out_of_turn


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
        raise Refused(f"You can't {offer.verb} {change.id} now: {_not_now(offer, change)}")
    if freeze is not None and stops(offer, change):
        why = frozen(freeze, change.request.environment, change.id)
        raise Refused(f"You can't {offer.verb} {change.id} now: {why}")


_LIGHTS = {Offer.RED_LIGHT_1: 1, Offer.RED_LIGHT_2: 2, Offer.RED_LIGHT_TYPED: 3}
_AT_THE_LIGHTS = (Path.EMERGENCY, State.AWAITING_CONFIRMATION)


def _not_now(offer: Offer, change: Change) -> str:
    if offer in _LIGHTS and (change.path, change.state) == _AT_THE_LIGHTS:
        return out_of_turn(_LIGHTS[offer], change)
    return f"it is {change.state.value.replace('_', ' ')}."


def _why_not(offer: Offer, actor: Actor, change: Change, now: datetime) -> str:
    if sentence := why_not_counted(actor.person):
        return sentence
    match offer:
        case Offer.APPROVE | Offer.REJECT | Offer.SIGN_OFF:
            return _why_no_say(offer, actor, change, now)
        case Offer.RELEASE:
            return "" if actor.is_senior else "Only a senior can."
        case Offer.SHOW_DIFF:
            return ""
    if actor.person.id == change.requester:
        return ""
    if offer is Offer.GO_AHEAD:
        return f"Only {mention(change.requester)}, who requested it, says why it goes ahead."
    if offer in _LIGHTS:
        return f"Only {mention(change.requester)}, who requested it, passes its red lights."
    if offer is Offer.CONFIRM:
        return f"Only {mention(change.requester)}, who requested it, confirms the diff."
    if actor.is_senior:
        return ""
    return f"Only {mention(change.requester)}, who requested it, or a senior can."


def _why_no_say(offer: Offer, actor: Actor, change: Change, now: datetime) -> str:
    if actor.electorate is None:
        asked = "sign it off" if offer is Offer.SIGN_OFF else "approve it"
        return f"Nobody is asked to {asked}."
    if offer is Offer.REJECT:
        return why_not_reject(actor.person, change, actor.electorate, now)
    sentence = why_not(actor.person, change, actor.electorate, now)
    if not sentence or offer not in offers(change):
        return sentence
    return f"{sentence} {who_can(change, actor.electorate, now)}".strip()
