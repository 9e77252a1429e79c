import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import TERMINAL, Event, State, allows
from chatbot.domain.offers import Offer, deploys, needs_person, offers, stands_still, touched
from tests.support.approvals import awaiting
from tests.support.builders import NOW
from tests.support.cards import (
    APPLY,
    ASK,
    BACK,
    COMPARE,
    CONFIRM,
    DENIED,
    MERGED,
    RECONCILE,
    SNAPSHOT,
    direct,
    plan,
    pull_request,
    ways,
)
from tests.support.emergencies import ASKING, LIT, OWING, RED, ROLLED, SIGNED, emergency

MOVES = {
    Offer.CONFIRM: Event.CONFIRMED,
    Offer.APPROVE: Event.APPROVED,
    Offer.REJECT: Event.REJECTED,
    Offer.RELEASE: Event.RELEASED,
    Offer.CANCEL: Event.CANCELLED,
    Offer.UNDO: Event.ROLLBACK_STARTED,
    Offer.RED_LIGHT_TYPED: Event.APPROVED,
    Offer.SIGN_OFF: Event.CONFIRMED,
}
"""What pressing the button makes of a change."""

CHANGES = st.builds(
    lambda make, state, due_at, **progress: make(state, due_at=due_at, **progress),
    st.sampled_from((direct, emergency)),
    st.sampled_from(State),
    due_at=st.sampled_from((None, NOW)),
    plan=st.sampled_from((None, plan())),
    snapshot=st.sampled_from((None, SNAPSHOT)),
    started_digest=st.sampled_from(("", "d" * 64)),
    failure=st.sampled_from((None, DENIED)),
    pull_request=st.sampled_from((None, pull_request(), MERGED)),
) | st.builds(
    lambda state, due_at, **progress: awaiting(state, due_at=due_at, **progress),
    st.sampled_from(State),
    due_at=st.sampled_from((None, NOW)),
    plan=st.sampled_from((None, plan())),
    failure=st.sampled_from((None, DENIED)),
    pull_request=st.sampled_from((None, pull_request(), MERGED)),
)


@given(CHANGES)
def test_every_offer_leads_somewhere_by_the_lifecycle(change: Change) -> None:
    for offer in offers(change):
        if event := MOVES.get(offer):
            assert allows(change.state, event)
        elif offer is Offer.RETRY:
            assert allows(change.state, Event.RETRIED) or stands_still(change)
        elif offer is Offer.OPEN_BACKFILL:
            assert change.state is State.RECONCILING
            assert change.progress.pull_request
        else:
            assert change.progress.plan


@given(CHANGES)
def test_cancel_and_undo_tell_whether_the_cluster_was_touched(change: Change) -> None:
    offered = offers(change)
    assert not (Offer.CANCEL in offered and Offer.UNDO in offered)
    if Offer.UNDO in offered:
        assert touched(change) or deploys(change)
    if Offer.CANCEL in offered and change.state is not State.APPLYING:
        assert not touched(change)


@given(CHANGES)
def test_no_two_buttons_of_a_card_share_an_action(change: Change) -> None:
    ids = [offer.action_id for offer in offers(change)]
    assert len(ids) == len(set(ids))


@given(CHANGES)
def test_whatever_stands_still_can_be_moved_by_a_person(change: Change) -> None:
    stuck = change.state in (State.BLOCKED, State.FAILED) or (
        stands_still(change)
        and change.state in (State.RECONCILING, State.PR_OPEN, State.ROLLING_BACK)
    )
    if stuck:
        assert Offer.RETRY in offers(change)
        assert needs_person(change)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_what_is_over_offers_and_needs_nothing(state: State) -> None:
    change = direct(state, failure=DENIED)
    assert offers(change) == ()
    assert not needs_person(change)


@pytest.mark.parametrize(
    ("change", "offered"),
    [
        (direct(), (Offer.CANCEL,)),
        (direct(*CONFIRM), (Offer.CONFIRM, Offer.SHOW_DIFF, Offer.CANCEL)),
        (direct(*CONFIRM, snapshot=SNAPSHOT), (Offer.CONFIRM, Offer.SHOW_DIFF, Offer.UNDO)),
        (direct(*APPLY), (Offer.SHOW_DIFF,)),
        (direct(*APPLY, started_digest=""), (Offer.SHOW_DIFF, Offer.CANCEL)),
        (direct(*RECONCILE, due_at=NOW), (Offer.SHOW_DIFF,)),
        (direct(*ASK, pull_request=pull_request()), (Offer.SHOW_DIFF, Offer.UNDO)),
        (
            direct(*COMPARE, pull_request=pull_request(), failure=DENIED),
            (Offer.OPEN_BACKFILL, Offer.RETRY, Offer.SHOW_DIFF, Offer.UNDO),
        ),
        (
            direct(*COMPARE, pull_request=MERGED, failure=DENIED),
            (Offer.OPEN_BACKFILL, Offer.RETRY, Offer.SHOW_DIFF),
        ),
        (direct(*BACK, failure=DENIED, due_at=NOW), ()),
        (direct(*BACK, failure=DENIED), (Offer.RETRY,)),
    ],
)
def test_buttons_stand_in_the_agreed_order(change: Change, offered: tuple[Offer, ...]) -> None:
    assert offers(change) == offered


@pytest.mark.parametrize(
    ("change", "offered"),
    [
        (emergency(due_at=NOW), (Offer.CANCEL,)),
        (emergency(*RED), (Offer.RED_LIGHT_1, Offer.SHOW_DIFF, Offer.CANCEL)),
        (emergency(*RED, lit=1), (Offer.RED_LIGHT_2, Offer.SHOW_DIFF, Offer.CANCEL)),
        (
            emergency(*RED, lit=2),
            (Offer.RED_LIGHT_2, Offer.RED_LIGHT_TYPED, Offer.SHOW_DIFF, Offer.CANCEL),
        ),
        (emergency(*RED, snapshot=SNAPSHOT), (Offer.RED_LIGHT_1, Offer.SHOW_DIFF, Offer.UNDO)),
        (emergency(*LIT), (Offer.SIGN_OFF, Offer.REJECT, Offer.SHOW_DIFF, Offer.CANCEL)),
        (emergency(*SIGNED, due_at=NOW), (Offer.SHOW_DIFF,)),
        (emergency(*SIGNED, failure=DENIED), (Offer.RETRY, Offer.SHOW_DIFF, Offer.UNDO)),
        (
            emergency(*SIGNED, started_digest="", snapshot=None, due_at=NOW),
            (Offer.SHOW_DIFF, Offer.CANCEL),
        ),
        (emergency(*ROLLED, due_at=NOW), (Offer.SHOW_DIFF, Offer.UNDO)),
        (emergency(*OWING, due_at=NOW), (Offer.SHOW_DIFF, Offer.UNDO)),
        (emergency(*ASKING, pull_request=pull_request()), (Offer.SHOW_DIFF, Offer.UNDO)),
        (emergency(*OWING, pull_request=MERGED, due_at=NOW), (Offer.SHOW_DIFF,)),
        (emergency(*OWING, reconciled_at=NOW, due_at=NOW), (Offer.SHOW_DIFF,)),
        (emergency(*OWING, State.ROLLING_BACK, due_at=NOW), (Offer.SHOW_DIFF,)),
        (
            emergency(*OWING, State.ROLLING_BACK, failure=DENIED),
            (Offer.RETRY, Offer.SHOW_DIFF),
        ),
        (
            emergency(*OWING, State.ROLLING_BACK, State.RECONCILING, due_at=NOW),
            (Offer.SHOW_DIFF,),
        ),
    ],
)
def test_an_emergency_offers_its_lights_then_the_sign_off_then_one_way_back(
    change: Change, offered: tuple[Offer, ...]
) -> None:
    assert offers(change) == offered


@pytest.mark.parametrize(
    ("change", "offered"),
    [
        (awaiting(State.REQUESTED, plan=None), (Offer.CANCEL,)),
        (awaiting(State.PR_OPEN, due_at=NOW), (Offer.SHOW_DIFF, Offer.CANCEL)),
        (awaiting(State.BLOCKED), (Offer.RETRY, Offer.SHOW_DIFF, Offer.CANCEL)),
        (awaiting(), (Offer.APPROVE, Offer.REJECT, Offer.SHOW_DIFF, Offer.CANCEL)),
        (awaiting(State.SCHEDULED), (Offer.SHOW_DIFF, Offer.CANCEL)),
        (awaiting(State.SCHEDULED, pull_request=MERGED), (Offer.SHOW_DIFF,)),
        (awaiting(State.SYNCING, pull_request=MERGED), (Offer.SHOW_DIFF,)),
        (
            awaiting(State.SYNCING, pull_request=MERGED, failure=DENIED),
            (Offer.RETRY, Offer.SHOW_DIFF, Offer.UNDO),
        ),
        (awaiting(State.VALIDATING, pull_request=MERGED), (Offer.SHOW_DIFF,)),
        (awaiting(State.FAILED, pull_request=MERGED), (Offer.RETRY, Offer.SHOW_DIFF)),
        (awaiting(State.ROLLING_BACK, pull_request=MERGED), ()),
        (awaiting(State.ROLLING_BACK, failure=DENIED), (Offer.RETRY,)),
        (awaiting(State.HELD, failure=DENIED), (Offer.RELEASE, Offer.SHOW_DIFF)),
    ],
)
def test_where_a_pull_request_goes_first_it_can_be_taken_back_until_it_is_merged(
    change: Change, offered: tuple[Offer, ...]
) -> None:
    assert offers(change) == offered


def test_the_states_that_wait_for_people_say_so() -> None:
    needing = {name for name, change in ways().items() if needs_person(change)}
    assert needing == {
        "awaiting_confirmation",
        "awaiting_confirmation_autoscaler",
        "awaiting_confirmation_conflicts",
        "blocked",
        "failed",
        "failed_before_the_apply",
        "pr_closed",
        "rolling_back_stuck",
    }
