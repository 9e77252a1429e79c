from collections.abc import Iterable
from datetime import datetime

import pytest

from chatbot.domain.change import Change, Path
from chatbot.domain.errors import Refused
from chatbot.domain.freeze import Freeze, sentence
from chatbot.domain.lifecycle import State
from chatbot.domain.offers import Offer, offers
from chatbot.domain.permission import Actor, permit
from chatbot.domain.person import Person
from tests.support import emergencies
from tests.support.approvals import FIRST, LATER, PEER, SECOND, awaiting, electorate, person
from tests.support.builders import NOW, REQUESTER, SENIOR
from tests.support.cards import CONFIRM, MERGED, ROLL_OUT, direct, ways
from tests.support.emergencies import LIT, RED, emergency
from tests.support.freezes import freeze

WAITING = direct(*CONFIRM)
REQUESTED_IT = Actor(person=Person(id=REQUESTER, name="a requester"), is_senior=False)
OTHER = Actor(person=Person(id="U0OTHER", name="another requester"), is_senior=False)
SENIOR_ACTOR = Actor(person=Person(id=SENIOR, name="a senior"), is_senior=True)
UNCOUNTED = ("is_guest", "is_bot", "is_stranger", "is_deactivated")


def refusal(offer: Offer, actor: Actor) -> str:
    with pytest.raises(Refused) as caught:
        permit(offer, actor, WAITING, NOW)
    return str(caught.value)


def refused(
    offered: Iterable[Offer],
    actor: Actor,
    change: Change,
    now: datetime = NOW,
    frozen: Freeze | None = None,
) -> list[Offer]:
    """Those of the offers that this actor may not take."""
    told_no = []
    for offer in offered:
        try:
            permit(offer, actor, change, now, frozen)
        except Refused:
            told_no.append(offer)
    return told_no


@pytest.mark.parametrize("change", ways().values(), ids=ways())
def test_whoever_asked_may_do_whatever_the_card_offers(change: Change) -> None:
    assert refused(offers(change), REQUESTED_IT, change) == []


@pytest.mark.parametrize("change", ways().values(), ids=ways())
def test_a_senior_may_do_all_but_confirm(change: Change) -> None:
    offered = set(offers(change)) - {Offer.CONFIRM}
    assert refused(offered, SENIOR_ACTOR, change) == []


def test_only_whoever_asked_confirms_the_diff() -> None:
    assert refusal(Offer.CONFIRM, SENIOR_ACTOR) == (
        f"You can't confirm CHG-12. Only <@{REQUESTER}>, who requested it, confirms the diff."
    )


def test_somebody_else_may_look_and_nothing_more() -> None:
    permit(Offer.SHOW_DIFF, OTHER, WAITING, NOW)
    assert refusal(Offer.CANCEL, OTHER) == (
        f"You can't cancel CHG-12. Only <@{REQUESTER}>, who requested it, or a senior can."
    )
    assert "Only" in refusal(Offer.CONFIRM, OTHER)


@pytest.mark.parametrize("flag", UNCOUNTED)
@pytest.mark.parametrize("offer", list(Offer))
@pytest.mark.parametrize("actor", [REQUESTED_IT, SENIOR_ACTOR])
def test_who_never_counts_may_do_nothing_on_whatever_list(
    flag: str, offer: Offer, actor: Actor
) -> None:
    person = actor.person.model_copy(update={flag: True})
    sentence = refusal(offer, Actor(person=person, is_senior=actor.is_senior))
    assert sentence.startswith(f"You can't {offer.verb} CHG-12. ")
    assert "awaiting" not in sentence


def test_a_button_of_a_stale_card_is_refused_with_the_state_of_now() -> None:
    with pytest.raises(Refused) as caught:
        permit(Offer.CONFIRM, REQUESTED_IT, direct(*ROLL_OUT), NOW)
    assert str(caught.value) == "You can't confirm CHG-12 now: it is validating."


def voter(user: str, *, is_senior: bool = True) -> Actor:
    return Actor(person=person(user), is_senior=is_senior, electorate=electorate(FIRST, SECOND))


def told(offer: Offer, actor: Actor, change: Change) -> str:
    with pytest.raises(Refused) as caught:
        permit(offer, actor, change, LATER)
    return str(caught.value)


def test_a_senior_says_yes_or_no_to_what_waits_for_it() -> None:
    assert refused({Offer.APPROVE, Offer.REJECT}, voter(FIRST), awaiting()) == []
    assert told(Offer.APPROVE, voter(FIRST), awaiting(State.SCHEDULED)) == (
        "You can't approve CHG-12 now: it is scheduled."
    )


def test_who_cannot_approve_hears_why_and_who_can() -> None:
    assert told(Offer.APPROVE, voter(REQUESTER), awaiting()) == (
        "You can't approve CHG-12. You requested it. "
        f"Of @platform-seniors, <@{FIRST}>, <@{SECOND}> can."
    )
    assert told(Offer.REJECT, voter(REQUESTER), awaiting()) == (
        "You can't reject CHG-12. You requested it: cancel it instead."
    )
    assert "not among them" in told(Offer.REJECT, voter(PEER), awaiting())


@pytest.mark.parametrize("offer", [Offer.APPROVE, Offer.REJECT])
def test_a_forged_button_on_what_nobody_approves_is_refused(offer: Offer) -> None:
    assert "You can't" in told(offer, voter(FIRST), WAITING)
    assert "Nobody is asked" in told(offer, SENIOR_ACTOR, WAITING)


def test_only_whoever_asked_passes_the_lights_and_in_their_order() -> None:
    red = emergency(*RED)
    lights = (Offer.RED_LIGHT_1, Offer.RED_LIGHT_2, Offer.RED_LIGHT_TYPED)
    assert refused(lights, REQUESTED_IT, red) == list(lights[1:])
    assert refused(lights, SENIOR_ACTOR, red) == list(lights)
    assert told(Offer.RED_LIGHT_1, SENIOR_ACTOR, red) == (
        f"You can't pass light 1 of CHG-12. Only <@{REQUESTER}>, who requested it, passes its red "
        "lights."
    )
    assert told(Offer.RED_LIGHT_TYPED, REQUESTED_IT, emergency(*RED, lit=1)) == (
        "You can't pass light 3 of CHG-12 now: the lights come one after the other; light 2 of 3 "
        "is next."
    )
    assert told(Offer.RED_LIGHT_2, REQUESTED_IT, emergency(*LIT)) == (
        "You can't pass light 2 of CHG-12 now: it is awaiting approval."
    )


def test_a_senior_who_did_not_ask_signs_off_an_emergency_and_nothing_else() -> None:
    assert refused([Offer.SIGN_OFF, Offer.REJECT], voter(FIRST), emergency(*LIT)) == []
    assert told(Offer.SIGN_OFF, voter(REQUESTER), emergency(*LIT)).startswith(
        "You can't sign off CHG-12. You requested it."
    )
    assert "not among them" in told(Offer.SIGN_OFF, voter(PEER), emergency(*LIT))
    assert told(Offer.SIGN_OFF, voter(FIRST), awaiting()) == (
        "You can't sign off CHG-12 now: it is awaiting approval."
    )
    assert "Nobody is asked to sign it off" in told(Offer.SIGN_OFF, SENIOR_ACTOR, emergency(*LIT))


def test_a_freeze_stops_no_emergency() -> None:
    for change in emergencies.ways().values():
        offered = {*offers(change)} - {Offer.SIGN_OFF, Offer.REJECT}
        assert refused(offered, REQUESTED_IT, change, frozen=freeze()) == []
    lit = emergency(*LIT)
    assert refused([Offer.SIGN_OFF], voter(FIRST), lit, emergencies.LATER, freeze()) == []


def test_only_a_senior_releases_what_is_held() -> None:
    held = awaiting(State.HELD)
    assert refused([Offer.RELEASE], voter(REQUESTER), held) == []
    assert told(Offer.RELEASE, voter(REQUESTER, is_senior=False), held) == (
        "You can't release CHG-12. Only a senior can."
    )


@pytest.mark.parametrize("change", ways().values(), ids=ways())
def test_a_freeze_stops_what_reaches_for_the_cluster_and_nothing_else(change: Change) -> None:
    for offer in offers(change):
        if offer in (Offer.CONFIRM, Offer.RETRY, Offer.UNDO):
            with pytest.raises(Refused) as caught:
                permit(offer, REQUESTED_IT, change, NOW, freeze())
            assert str(caught.value) == (
                f"You can't {offer.verb} CHG-12 now: {sentence(freeze(), 'test', 'CHG-12')}"
            )
        else:
            permit(offer, REQUESTED_IT, change, NOW, freeze())


def test_a_freeze_lets_a_pull_request_be_looked_at_again_until_it_is_merged() -> None:
    blocked = ways()["blocked"].model_copy(update={"path": Path.GITOPS})
    permit(Offer.RETRY, REQUESTED_IT, blocked, NOW, freeze())
    progress = blocked.progress.model_copy(update={"pull_request": MERGED})
    stuck = blocked.model_copy(update={"state": State.SYNCING, "progress": progress})
    with pytest.raises(Refused, match="test is frozen until"):
        permit(Offer.RETRY, REQUESTED_IT, stuck, NOW, freeze())


def test_who_comes_before_the_freeze() -> None:
    with pytest.raises(Refused, match="who requested it, confirms the diff"):
        permit(Offer.CONFIRM, OTHER, WAITING, NOW, freeze())
