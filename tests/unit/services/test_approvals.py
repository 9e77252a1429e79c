"""Yes, no and letting go over a real store: who may, what is recorded, clicks at one instant."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Failure
from chatbot.domain.errors import InvalidInput, NotFound, Refused, RetryLater, StaleChange
from chatbot.domain.lifecycle import State
from chatbot.domain.review import Author, Channel
from tests.support.approvals import review
from tests.support.builders import NOW, REQUESTER
from tests.support.cards import DIGEST, plan
from tests.support.instant import at_once
from tests.unit.services.approving import BOT, FIRST, GONE, GUEST, PEER, SECOND, STRANGER, Council
from tests.unit.services.parts import Hand, Slack


@pytest.fixture
def council(store: SqliteStore, clock: Hand, slack: Slack) -> Council:
    return Council(store, clock, slack)


@pytest.fixture
def pair(store: SqliteStore, clock: Hand, slack: Slack) -> Council:
    """Where two have to say yes."""
    return Council(store, clock, slack, approvals=2)


# --- yes -------------------------------------------------------------------------------------


def test_a_seniors_yes_moves_the_change_on_and_is_recorded_with_its_digest(
    council: Council,
) -> None:
    change = council.change()
    after = council.approve(FIRST, change)
    assert after.state is State.SCHEDULED
    [given] = after.progress.approvals
    assert (given.user, given.digest, given.at, given.behalf) == (FIRST, DIGEST, NOW, "")
    assert council.kinds(change)[-1] == "change.approved"
    entry = council.store.events(change.number)[-1].entry
    assert entry.actor == FIRST
    assert (entry.data["digest"], entry.data["approved_by"]) == (DIGEST, [FIRST])
    assert (council.woken, council.shown) == ([change.number], [change.number])
    assert f"<@{FIRST}>" in council.told(change)[f"outcome:approved:{change.revision}"]


def test_a_yes_among_several_waits_for_the_others(pair: Council) -> None:
    change = pair.change()
    first = pair.approve(FIRST, change)
    assert first.state is State.AWAITING_APPROVAL
    assert pair.approvals.missing(first) == 1
    assert pair.kinds(change)[-1] == "approval.given"
    second = pair.approve(SECOND, change)
    assert second.state is State.SCHEDULED
    assert pair.approvals.missing(second) == 0
    assert [one.user for one in second.progress.approvals] == [FIRST, SECOND]


def test_a_review_at_github_is_a_yes_in_another_channel(council: Council) -> None:
    change = council.change()
    after = council.approvals.voices.given(change, FIRST, DIGEST, Channel.GITHUB)
    assert after.state is State.SCHEDULED
    assert council.store.events(change.number)[-1].entry.data["channel"] == "github"


@pytest.mark.parametrize(
    ("user", "because"),
    [
        (REQUESTER, "You requested it"),
        (PEER, "It needs @platform-seniors, and you are not among them"),
        (GUEST, "Guests"),
        (STRANGER, "shared channel"),
        (GONE, "deactivated"),
        (BOT, "bots"),
    ],
)
@pytest.mark.parametrize("what", ["approve", "reject"])
def test_whoever_may_not_is_told_why_and_it_is_recorded(
    council: Council, user: str, because: str, what: str
) -> None:
    change = council.change()
    act = council.approve if what == "approve" else council.reject
    with pytest.raises(Refused, match=f"You can't {what} {change.id}") as refused:
        act(user, change)
    assert because in str(refused.value)
    assert council.store.change(change.number) == change
    assert council.refusals(change) == [(user, what)]
    assert council.woken == []


def test_whoever_may_not_hears_who_can(council: Council) -> None:
    with pytest.raises(Refused, match=f"Of @platform-seniors, <@{FIRST}>, <@{SECOND}> can"):
        council.approve(PEER, council.change())


@pytest.mark.parametrize(
    ("author", "lists"),
    [
        (Author(login="Octo-Two", email="at@home.example"), {"github_logins": {FIRST: "octo-two"}}),
        (Author(email="u2@example.com"), {}),
        (Author(login="octo-two"), {"github_logins": {"u2@example.com": "octo-two"}}),
    ],
    ids=["login", "e-mail", "login of an e-mail"],
)
def test_the_author_of_a_commit_may_not(
    store: SqliteStore, clock: Hand, slack: Slack, author: Author, lists: dict[str, Any]
) -> None:
    council = Council(store, clock, slack, people=lists)
    change = council.change(review=review(authors=(author,)))
    with pytest.raises(Refused, match="You wrote a commit in it"):
        council.approve(FIRST, change)
    assert council.refusals(change) == [(FIRST, "approve")]
    assert council.approve(SECOND, change).state is State.SCHEDULED


def test_an_unknown_author_may_be_anybody_whose_login_is_not_configured(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    council = Council(store, clock, slack, people={"github_logins": {SECOND: "octo-three"}})
    stranger = Author(login="octo-x", email="x@home.example")
    change = council.change(review=review(authors=(stranger,)))
    with pytest.raises(Refused, match=r"nor what your GitHub login is.*\[github_logins\]"):
        council.approve(FIRST, change)
    assert council.approve(SECOND, change).state is State.SCHEDULED


@pytest.mark.parametrize("digest", ["older", ""])
def test_a_yes_to_what_is_not_there_any_more_is_refused(council: Council, digest: str) -> None:
    change = council.change()
    with pytest.raises(Refused, match="changed after this card was drawn"):
        council.approve(FIRST, change, digest)
    assert council.refusals(change) == [(FIRST, "approve")]


def test_a_yes_to_earlier_content_does_not_count_for_the_new(pair: Council) -> None:
    change = pair.approve(FIRST, pair.change())
    anew = pair.ledger.note(change, "test.pushed", plan=plan(digest="e" * 64))
    assert pair.approvals.missing(anew) == 2
    again = pair.approve(FIRST, anew, "e" * 64)
    assert pair.approvals.missing(again) == 1


def test_a_second_yes_of_the_same_person_is_refused(pair: Council) -> None:
    change = pair.change()
    pair.approve(FIRST, change)
    with pytest.raises(Refused, match="You have said yes to this already"):
        pair.approve(FIRST, change)
    assert len(pair.store.change(change.number).progress.approvals) == 1


def test_too_late_is_refused_before_the_row_says_so(council: Council, clock: Hand) -> None:
    change = council.change()
    clock.move(hours=8)
    with pytest.raises(Refused, match="Approvals were taken until"):
        council.approve(FIRST, change)


@pytest.mark.parametrize("state", [State.EXPIRED, State.CANCELLED, State.SYNCING, State.BLOCKED])
def test_a_button_of_an_old_card_is_refused_with_the_state(council: Council, state: State) -> None:
    change = council.change(state)
    with pytest.raises(Refused, match=f"now: it is {state}"):
        council.approve(FIRST, change)
    assert council.refusals(change) == [(FIRST, "approve")]


def test_staging_takes_any_other_full_member(council: Council) -> None:
    change = council.change(place="staging")
    with pytest.raises(Refused, match="You requested it"):
        council.approve(REQUESTER, change)
    with pytest.raises(Refused, match="Guests"):
        council.approve(GUEST, change)
    assert council.approve(PEER, change).state is State.SCHEDULED


def test_where_requesters_are_listed_staging_takes_them_and_seniors(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    council = Council(store, clock, slack, people={"requesters": [REQUESTER, "U0SENIOR"]})
    with pytest.raises(Refused, match="those who may request changes"):
        council.approve(PEER, council.change(place="staging"))
    for user in ("U0SENIOR", FIRST):
        assert council.approve(user, council.change(place="staging")).state is State.SCHEDULED


def test_somebody_who_left_the_seniors_has_no_say_within_a_minute(
    council: Council, clock: Hand
) -> None:
    change = council.change()
    council.slack.groups["@platform-seniors"] = frozenset({SECOND})
    clock.move(seconds=61)
    with pytest.raises(Refused, match="not among them"):
        council.approve(FIRST, change)


def test_a_yes_of_somebody_who_left_since_counts_no_more(pair: Council, clock: Hand) -> None:
    change = pair.approve(FIRST, pair.change())
    gone = pair.slack.persons[FIRST].model_copy(update={"is_deactivated": True})
    pair.slack.persons[FIRST] = gone
    clock.move(seconds=61)
    assert pair.approvals.missing(change) == 2


def test_while_slack_cannot_say_who_somebody_is_nobody_may(council: Council) -> None:
    change = council.change()
    council.slack.down = True
    with pytest.raises(RetryLater):
        council.approve(FIRST, change)
    assert council.store.change(change.number) == change


# --- delegates -------------------------------------------------------------------------------


def test_a_delegate_says_yes_for_their_senior(council: Council) -> None:
    council.lend(FIRST, PEER)
    after = council.approve(PEER, council.change())
    [given] = after.progress.approvals
    assert (given.user, given.behalf) == (PEER, FIRST)
    assert council.store.events(after.number)[-1].entry.data["behalf"] == FIRST


def test_a_delegate_after_the_expiry_is_refused_and_it_is_recorded(
    council: Council, clock: Hand
) -> None:
    council.lend(FIRST, PEER, hours=1)
    clock.move(hours=1)
    change = council.change()
    with pytest.raises(Refused, match=f"You spoke for <@{FIRST}> until"):
        council.approve(PEER, change)
    assert council.refusals(change) == [(PEER, "approve")]


def test_a_delegate_whose_senior_took_it_back_is_refused(council: Council) -> None:
    council.lend(FIRST, PEER)
    council.delegations.undelegate(FIRST, PEER)
    with pytest.raises(Refused, match="not among them"):
        council.approve(PEER, council.change())


def test_a_senior_and_their_delegate_are_one_voice(pair: Council) -> None:
    pair.lend(FIRST, PEER)
    change = pair.change()
    pair.approve(PEER, change)
    with pytest.raises(Refused, match=f"<@{PEER}> has said yes for you already"):
        pair.approve(FIRST, change)
    assert pair.approve(SECOND, change).state is State.SCHEDULED


# --- no --------------------------------------------------------------------------------------


def test_a_no_ends_the_change_with_its_reason(council: Council) -> None:
    change = council.change()
    assert council.approvals.may_reject(FIRST, change.number) == change
    after = council.approvals.reject(FIRST, change.number, "  The quota is full. <!here>  ")
    assert after.state is State.REJECTED
    assert after.progress.failure
    assert after.progress.failure.sentence == "U2 said no: The quota is full. <!here>"
    entry = council.store.events(change.number)[-1].entry
    assert (entry.kind, entry.actor) == ("change.rejected", FIRST)
    assert entry.data["reason"] == "The quota is full. <!here>"
    told = council.told(change)
    assert "> The quota is full. &lt;!here&gt;" in told["outcome:rejected"]
    assert told["outcome:rejected"].startswith(f"{REQUESTER}: ")


def test_a_no_of_a_delegate_names_their_senior(council: Council) -> None:
    council.lend(FIRST, PEER)
    change = council.reject(PEER, council.change())
    assert council.store.events(change.number)[-1].entry.data["behalf"] == FIRST


def test_a_no_needs_a_reason(council: Council) -> None:
    change = council.change()
    with pytest.raises(InvalidInput) as caught:
        council.approvals.reject(FIRST, change.number, " \n")
    assert "reason" in caught.value.fields
    assert council.store.change(change.number) == change


def test_who_may_not_reject_is_told_before_the_form(council: Council) -> None:
    change = council.change()
    with pytest.raises(Refused, match="cancel it instead"):
        council.approvals.may_reject(REQUESTER, change.number)
    assert council.refusals(change) == [(REQUESTER, "reject")]
    with pytest.raises(NotFound):
        council.approvals.may_reject(FIRST, 404)


# --- letting go ------------------------------------------------------------------------------


def test_a_senior_releases_what_is_held_and_why_it_failed_stays(council: Council) -> None:
    failure = Failure(sentence="Unhealthy.", at=NOW)
    change = council.change(State.HELD, failure=failure)
    with pytest.raises(Refused, match="Only a senior can"):
        council.approvals.release(REQUESTER, change.number)
    after = council.approvals.release(FIRST, change.number)
    assert (after.state, after.progress.failure) == (State.ROLLED_BACK, failure)
    assert council.kinds(change)[-2:] == ["request.refused", "hold.released"]
    with pytest.raises(Refused, match="now: it is rolled back"):
        council.approvals.release(FIRST, change.number)


# --- at the same instant ---------------------------------------------------------------------

ROUNDS = 20


def test_of_two_seniors_at_the_same_instant_both_count_where_two_are_needed(pair: Council) -> None:
    for _ in range(ROUNDS):
        change = pair.change()
        outcomes = at_once(
            partial(pair.approve, FIRST, change), partial(pair.approve, SECOND, change)
        )
        assert all(isinstance(outcome, Change) for outcome in outcomes)
        assert pair.store.change(change.number).state is State.SCHEDULED
        assert pair.kinds(change)[-2:] == ["approval.given", "change.approved"]


@pytest.mark.parametrize("second", [FIRST, SECOND], ids=["a double click", "another senior"])
def test_where_one_is_needed_one_counts_and_the_other_is_told(
    council: Council, second: str
) -> None:
    for _ in range(ROUNDS):
        change = council.change()
        outcomes = at_once(
            partial(council.approve, FIRST, change), partial(council.approve, second, change)
        )
        [held] = [outcome for outcome in outcomes if isinstance(outcome, Change)]
        [told] = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert council.store.change(change.number) == held
        assert "You have said yes" in str(told) or "now: it is scheduled" in str(told)
        assert council.kinds(change)[-2:] == ["change.approved", "request.refused"]
    assert council.store.check_audit().broken is None


def test_a_yes_and_a_no_at_the_same_instant_have_one_outcome(council: Council) -> None:
    for _ in range(ROUNDS):
        change = council.change()
        yes, no = at_once(
            partial(council.approve, FIRST, change),
            partial(council.approvals.reject, SECOND, change.number, "no"),
        )
        state = council.store.change(change.number).state
        won, told = (yes, no) if state is State.SCHEDULED else (no, yes)
        assert isinstance(won, Change)
        assert str(told).endswith(f"now: it is {state}.")


def test_a_yes_at_the_instant_of_new_content_never_counts_for_it(council: Council) -> None:
    for _ in range(ROUNDS):
        change = council.change()

        def push(change: Change = change) -> Change:
            return council.ledger.note(change, "test.pushed", plan=plan(digest="e" * 64))

        yes, pushed = at_once_or_stale(partial(council.approve, FIRST, change), push)
        now = council.store.change(change.number)
        if isinstance(pushed, Change):
            assert isinstance(yes, Refused)
            assert now.state is State.AWAITING_APPROVAL
        else:
            assert isinstance(yes, Change)
            assert now.progress.approvals[0].digest == DIGEST


def at_once_or_stale(*calls: Callable[[], Any]) -> list[Any]:
    """As `at_once`; a call that lost against another write gives None."""

    def tolerant(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except StaleChange:
            return None

    return at_once(*(partial(tolerant, call) for call in calls))


def test_expiry_is_counted_from_when_people_were_asked(council: Council, clock: Hand) -> None:
    change = council.change(review=review(asked_at=clock.now() - timedelta(hours=7)))
    clock.move(minutes=59)
    assert council.approve(FIRST, change).state is State.SCHEDULED
