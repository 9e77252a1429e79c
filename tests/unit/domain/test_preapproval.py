"""When the approval of a change covers its rollback, and when it does not."""

from datetime import timedelta
from typing import Any

import pytest

from chatbot.domain.approval import standing
from chatbot.domain.change import Change, ObjectAction, PlannedObject
from chatbot.domain.lifecycle import State
from chatbot.domain.preapproval import approved_with, covered_until, is_exact, restored_by
from chatbot.domain.review import ApprovedWith, Author
from tests.support.approvals import (
    FIRST,
    LATER,
    SECOND,
    WAY,
    approval,
    awaiting,
    electorate,
    environment,
    review,
)
from tests.support.builders import REQUESTER, target

HOURS = timedelta(hours=4)
WEB, DB = target(), target("db")
BEFORE: dict[str, Any] = {WEB.key: {"kind": "Deployment", "spec": {"replicas": 2}}}


def planned(*targets: Any) -> tuple[PlannedObject, ...]:
    return tuple(
        PlannedObject(target=one, action=ObjectAction.CHANGE, diff="", resource_version="")
        for one in targets
    )


def original(state: State = State.COMPLETED, **fields: Any) -> Change:
    """It changed `web`, and a senior approved it."""
    said: dict[str, Any] = {"restores": restored_by(BEFORE, [WEB.key]), "rollback_for": HOURS}
    steps = {State.AWAITING_APPROVAL: WAY}.get(state, (*WAY, State.SCHEDULED, state))
    change = awaiting(*steps, approvals=(approval(FIRST),), review=review(**{**said, **fields}))
    plan = change.progress.plan
    assert plan is not None
    progress = change.progress.model_copy(
        update={"plan": plan.model_copy(update={"objects": planned(WEB)})}
    )
    return change.model_copy(update={"progress": progress, "number": 12})


def rollback(requester: str = REQUESTER) -> Change:
    return awaiting().model_copy(update={"requester": requester, "number": 13})


def test_it_covers_the_time_from_the_end_that_was_promised_and_still_holds() -> None:
    done = original()
    ended = done.progress.steps[-1].at
    assert covered_until(done, environment(rollback_approved_for=HOURS)) == ended + HOURS
    shorter = environment(rollback_approved_for=HOURS / 2)
    assert covered_until(done, shorter) == ended + HOURS / 2
    longer = environment(rollback_approved_for=HOURS * 9)
    assert covered_until(done, longer) == ended + HOURS, "nobody said yes to more"


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        (original(), 0),
        (original(rollback_for=timedelta()), 4),
        (original(State.SYNCING), 4),
        (original(State.HELD), 4),
    ],
    ids=["not any more", "never promised", "not done", "taken back"],
)
def test_it_covers_nothing_unless_it_was_promised_and_holds_and_is_done(
    change: Change, hours: int
) -> None:
    place = environment(rollback_approved_for=timedelta(hours=hours))
    assert covered_until(change, place) is None


def test_exactly_what_was_there_before_is_covered() -> None:
    assert is_exact(original(), planned(WEB), BEFORE, ())
    beside = {**BEFORE, DB.key: {"kind": "Deployment", "spec": {"replicas": 9}}}
    assert is_exact(original(), planned(WEB), beside, ()), "what it does not touch does not count"


@pytest.mark.parametrize(
    ("objects", "after", "authors"),
    [
        ((WEB,), {WEB.key: {"kind": "Deployment", "spec": {"replicas": 3}}}, ()),
        ((WEB,), {}, ()),
        ((WEB, DB), BEFORE, ()),
        ((), BEFORE, ()),
        ((WEB,), BEFORE, (Author(login="octo-first"),)),
    ],
    ids=["another value", "it is gone", "one more object", "nothing", "somebody's commit"],
)
def test_whatever_else_is_not(objects: Any, after: Any, authors: Any) -> None:
    assert not is_exact(original(), planned(*objects), after, authors)


def test_those_who_approved_the_original_are_named() -> None:
    covering = approved_with(rollback(), original(), electorate(), LATER)
    assert covering == ApprovedWith(change=12, by=(FIRST,), until=LATER)


def test_an_approval_by_whoever_asks_for_the_rollback_is_not_enough() -> None:
    assert approved_with(rollback(FIRST), original(), electorate(), LATER) is None
    assert approved_with(rollback(SECOND), original(), electorate(), LATER) is not None


def test_whoever_lost_their_say_since_counts_no_more() -> None:
    assert approved_with(rollback(), original(), electorate(SECOND), LATER) is None


def test_a_rule_that_asks_for_more_by_now_counts() -> None:
    assert approved_with(rollback(), original(), electorate(approvals=2), LATER) is None


def test_a_rollback_that_was_covered_itself_covers_nothing() -> None:
    by = ApprovedWith(change=11, by=(FIRST,), until=LATER)
    covered = original(approved_with=by)
    silent = covered.model_copy(
        update={"progress": covered.progress.model_copy(update={"approvals": ()})}
    )
    assert standing(silent, electorate()).missing == 0
    assert approved_with(rollback(), silent, electorate(), LATER) is None
