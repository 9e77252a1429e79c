"""What people do with a change that takes a pull request: after Argo CD failed with it, and before
it has been in the environment ahead."""

import pytest

from chatbot.domain import promotion
from chatbot.domain.errors import Refused
from chatbot.domain.lifecycle import State
from tests.support.approvals import review
from tests.support.builders import REQUESTER
from tests.unit.services.parts import Hand
from tests.unit.services.test_requests import OTHER, SENIOR, Office, office, retry, take_back

__all__ = ["office"]


@pytest.mark.parametrize("state", [State.SYNCING, State.VALIDATING])
def test_retrying_what_argo_cd_did_not_manage_asks_it_anew_with_the_whole_time(
    office: Office, clock: Hand, state: State
) -> None:
    unhealthy = office.merged(state)
    clock.move(minutes=30)
    after = retry(office, REQUESTER, unhealthy)
    assert after.state is State.SYNCING
    assert (after.progress.sync_attempt, after.progress.sync_asked_at) == (2, clock.now())
    assert (after.progress.failure, after.progress.settling) == (None, {})
    assert after.progress.applied_at == unhealthy.progress.applied_at, "when it was merged"
    asked = office.store.events(after.number)[-1].entry
    assert (asked.kind, asked.data["attempt"]) == ("sync.asked_again", 2)


@pytest.mark.parametrize("state", [State.SYNCING, State.VALIDATING])
def test_undoing_what_argo_cd_did_not_manage_takes_it_out_of_git_and_says_why(
    office: Office, state: State
) -> None:
    after = take_back(office, SENIOR, office.merged(state))
    assert (after.state, after.progress.revert_because) == (State.ROLLING_BACK, "No.")


def test_only_the_requester_says_why_a_change_goes_ahead_and_only_of_this_content(
    office: Office,
) -> None:
    missing = review(content="this", findings=(promotion.unpromoted("staging", "CHG-1"),))
    blocked = office.merged(State.BLOCKED, review=missing, pull_request=None)
    for user in (SENIOR, OTHER):
        with pytest.raises(Refused, match="who requested it, says why it goes ahead"):
            office.requests.go_ahead(user, blocked.number, "because I can")
    after = office.requests.go_ahead(REQUESTER, blocked.number, "staging has\nno queue")
    assert after.state is State.PR_OPEN, "it is looked at anew"
    skip = after.progress.promotion_skip
    assert skip is not None
    assert (skip.content, skip.by, skip.reason) == ("this", REQUESTER, "staging has no queue")
    said = office.store.events(after.number)[-1].entry
    assert (said.kind, said.data["because"]) == ("promotion.skipped", "staging has no queue")
    assert office.refusals(after) == [(SENIOR, "go_ahead"), (OTHER, "go_ahead")]
    with pytest.raises(Refused, match="now: it is pr open"):
        office.requests.go_ahead(REQUESTER, blocked.number, "again")
