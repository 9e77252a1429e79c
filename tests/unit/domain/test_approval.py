from datetime import timedelta
from typing import Any

import pytest

from chatbot.domain.approval import (
    Electorate,
    able,
    expires_at,
    met,
    rule_of,
    standing,
    why_not,
    why_not_reject,
)
from chatbot.domain.change import Change, RiskLevel
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.lifecycle import State
from chatbot.domain.review import Author
from tests.support.approvals import (
    ASKED_AT,
    FIRST,
    LATER,
    PEER,
    SECOND,
    THIRD,
    approval,
    awaiting,
    delegation,
    electorate,
    person,
)
from tests.support.builders import NOW, REQUESTER, change_request
from tests.support.cards import environment


def told(user: str, change: Change, voters: Electorate, **flags: bool) -> str:
    return why_not(person(user, **flags), change, voters, LATER)


# --- how many, and whose ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("class_", "risk", "count", "seniors_only"),
    [
        ("staging", "low", 1, False),
        ("staging", "high", 1, False),
        ("staging", "critical", 2, True),
        ("prod", "low", 1, True),
        ("prod", "critical", 1, True),
    ],
)
def test_class_and_risk_say_how_many_and_whether_seniors(
    class_: str, risk: str, count: int, seniors_only: bool
) -> None:
    rule = rule_of(environment(EnvironmentClass(class_)), RiskLevel(risk))
    assert (rule.count, rule.seniors_only) == (count, seniors_only)
    assert rule.timeout == timedelta(hours=8)


def test_the_environment_says_how_many_and_for_how_long() -> None:
    place = environment(EnvironmentClass.PROD, approvals=3, approval_timeout=timedelta(hours=1))
    assert rule_of(place, RiskLevel.LOW).count == 3
    assert expires_at(awaiting(), place) == ASKED_AT + timedelta(hours=1)
    assert expires_at(awaiting(review=None), place) is None


# --- who may ---------------------------------------------------------------------------------


def test_a_senior_may() -> None:
    assert told(FIRST, awaiting(), electorate()) == ""


@pytest.mark.parametrize("flag", ["is_guest", "is_bot", "is_stranger", "is_deactivated"])
def test_who_never_counts_may_not_whatever_list_they_are_on(flag: str) -> None:
    assert told(FIRST, awaiting(), electorate(), **{flag: True})
    everybody = electorate(voters=None)
    assert told(PEER, awaiting(), everybody, **{flag: True})
    lent = electorate(delegations=(delegation(),))
    assert told(PEER, awaiting(), lent, **{flag: True})


def test_nobody_approves_what_they_requested() -> None:
    voters = electorate(REQUESTER, FIRST)
    assert told(REQUESTER, awaiting(), voters) == "You requested it."


@pytest.mark.parametrize(
    "author",
    [
        Author(login="Octo-U0First", email="somebody@home.example"),
        Author(login="", email="U0FIRST@example.com"),
    ],
    ids=["by login", "by e-mail"],
)
def test_nobody_approves_a_commit_of_their_own(author: Author) -> None:
    assert told(FIRST, awaiting(authors=(author,)), electorate()) == "You wrote a commit in it."
    named = author.model_copy(update={"commit": "3f2a91c" + "0" * 33})
    assert told(FIRST, awaiting(authors=(named,)), electorate()) == (
        "You wrote commit `3f2a91c` in it."
    )
    assert told(SECOND, awaiting(authors=(author,)), electorate()) == ""


def test_nobody_approves_a_branch_of_their_own_whatever_else_is_in_it() -> None:
    mine, theirs = Author(login="octo-u0first"), Author(login="octo-u0second")
    branch = change_request(manifest_ref=f"fix at {'a' * 40}", manifest_authors=(mine,))
    change = awaiting(authors=(theirs,), request=branch)
    assert told(FIRST, change, electorate()) == "You wrote a commit in it."
    assert told(SECOND, change, electorate()) == "You wrote a commit in it."
    assert told(FIRST, awaiting(request=branch, review=None), electorate()) != ""
    adopted = branch.model_copy(update={"manifest_ref": f"#7 at {'a' * 40}"})
    change = awaiting(authors=(theirs,), request=adopted)
    assert told(FIRST, change, electorate()) == "", "what counts is the pull request as it is now"
    assert told(SECOND, change, electorate()) != ""


@pytest.mark.parametrize("reference", [f"mcp-ocs/change-chg-5 at {'a' * 40}", f"#7 at {'a' * 40}"])
def test_nobody_approves_what_brings_a_change_that_they_requested(reference: str) -> None:
    mine = Author(user=FIRST, requested="CHG-5")
    request = change_request(manifest_ref=reference, manifest_authors=(mine,))
    for change in (awaiting(request=request), awaiting(request=request, review=None)):
        assert told(FIRST, change, electorate()) == "You requested CHG-5, which is part of it."
        assert told(SECOND, change, electorate(logins={})) == "", "whose it is, is known"


def test_somebody_without_a_known_login_may_be_the_author_whom_nobody_knows() -> None:
    stranger = awaiting(authors=(Author(login="octo-x", email="x@home.example"),))
    half = electorate(logins={FIRST: frozenset({"octo-first"})})
    assert told(FIRST, stranger, half) == ""
    assert told(SECOND, stranger, half) == (
        "You may have written a commit in it. Redlight knows neither who `octo-x` is nor what your "
        "GitHub login is: a platform owner names it under [github_logins] in redlight.toml."
    )


def test_an_author_who_is_known_or_an_app_casts_no_doubt_on_others() -> None:
    nobody_mapped = electorate(logins={})
    known = Author(login="octo-x", email=person(PEER).email)
    app = Author(login="renovate[bot]", email="29139614+renovate[bot]@users.noreply.github.com")
    assert told(FIRST, awaiting(authors=(known, app)), nobody_mapped) == ""


def test_who_is_no_senior_is_told_who_is() -> None:
    assert told(PEER, awaiting(), electorate()) == (
        "It needs @platform-seniors, and you are not among them."
    )


def test_where_no_senior_is_asked_for_any_other_full_member_may() -> None:
    everybody = electorate(
        class_=EnvironmentClass.STAGING, voters=None, named="those who may request"
    )
    assert told("U0ANYBODY", awaiting(), everybody) == ""
    assert told(REQUESTER, awaiting(), everybody) == "You requested it."


def test_nobody_says_yes_twice() -> None:
    change = awaiting(approvals=(approval(FIRST),))
    two = electorate(approvals=2)
    assert told(FIRST, change, two) == "You have said yes to this already."
    assert told(SECOND, change, two) == ""


def test_a_yes_to_what_was_there_before_is_no_yes() -> None:
    change = awaiting(approvals=(approval(FIRST, digest="older"),))
    assert told(FIRST, change, electorate()) == ""
    assert standing(change, electorate()).missing == 1


def test_too_late_is_too_late_even_before_anybody_noticed() -> None:
    voters = electorate(approval_timeout=timedelta(minutes=5))
    assert told(FIRST, awaiting(), voters).startswith("Approvals were taken until <!date^")
    assert told(FIRST, awaiting(State.EXPIRED), voters) == ""


# --- delegates -------------------------------------------------------------------------------


def test_a_delegate_may_while_the_delegation_runs() -> None:
    assert told(PEER, awaiting(), electorate(delegations=(delegation(),))) == ""
    over = electorate(delegations=(delegation(until=LATER),))
    assert told(PEER, awaiting(), over).startswith(f"You spoke for <@{FIRST}> until <!date^")
    early = delegation().model_copy(update={"since": LATER + timedelta(minutes=1)})
    assert told(PEER, awaiting(), electorate(delegations=(early,)))


def test_a_running_delegation_counts_beside_one_that_is_over() -> None:
    lent = (delegation(FIRST, until=NOW), delegation(SECOND))
    for delegations in (lent, lent[::-1]):
        assert told(PEER, awaiting(), electorate(delegations=delegations)) == ""


def test_a_delegate_of_somebody_who_is_no_senior_any_more_may_not() -> None:
    lent = electorate(SECOND, delegations=(delegation(FIRST),))
    assert "not among them" in told(PEER, awaiting(), lent)


def test_nobody_approves_through_somebody_else_what_they_had_a_hand_in() -> None:
    theirs = electorate(REQUESTER, SECOND, delegations=(delegation(REQUESTER),))
    assert told(PEER, awaiting(), theirs) == (f"You speak for <@{REQUESTER}>, who requested it.")
    wrote = awaiting(authors=(Author(login=f"octo-{FIRST.lower()}"),))
    lent = electorate(delegations=(delegation(FIRST),))
    assert told(PEER, wrote, lent) == f"You speak for <@{FIRST}>, who wrote a commit in it."


def test_a_senior_and_their_delegate_have_one_voice() -> None:
    lent = electorate(approvals=2, delegations=(delegation(FIRST),))
    first = awaiting(approvals=(approval(FIRST),))
    assert told(PEER, first, lent) == (
        f"You speak for <@{FIRST}>, and <@{FIRST}> has said yes already: that is one voice."
    )
    spoken = awaiting(approvals=(approval(PEER, behalf=FIRST),))
    assert told(FIRST, spoken, lent) == (
        f"<@{PEER}> has said yes for you already: that is one voice."
    )
    both = awaiting(approvals=(approval(PEER, behalf=FIRST), approval(FIRST)))
    assert standing(both, lent).missing == 1


def test_a_delegates_yes_outlives_the_delegation() -> None:
    change = awaiting(approvals=(approval(PEER, behalf=FIRST),))
    assert met(change, electorate(delegations=()))
    assert not met(change, electorate(SECOND, THIRD))


# --- what counts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approvals", "fields", "missing"),
    [
        ((), {}, 2),
        ((approval(FIRST),), {}, 1),
        ((approval(FIRST), approval(SECOND)), {}, 0),
        ((approval(FIRST), approval(SECOND), approval(THIRD)), {}, 0),
        ((approval(FIRST), approval(FIRST)), {}, 1),
        ((approval(FIRST), approval(PEER)), {}, 1),
        ((approval(FIRST), approval(REQUESTER)), {}, 1),
        ((approval(FIRST), approval(SECOND, digest="older")), {}, 1),
        ((approval(FIRST), approval(SECOND, at=ASKED_AT + timedelta(hours=8))), {}, 1),
    ],
)
def test_each_voice_counts_once_for_what_it_said_yes_to(
    approvals: tuple[Any, ...], fields: dict[str, Any], missing: int
) -> None:
    stand = standing(awaiting(approvals=approvals), electorate(approvals=2, **fields))
    assert stand.missing == missing == max(0, 2 - len(stand.counted))


def test_who_left_or_lost_their_say_counts_no_more() -> None:
    change = awaiting(approvals=(approval(FIRST),))
    assert met(change, electorate())
    assert not met(change, electorate(SECOND, THIRD))
    gone = electorate().knowing(person(FIRST, is_deactivated=True))
    assert not met(change, gone)
    unknown = electorate(persons={SECOND: person(SECOND)})
    assert not met(change, unknown)


def test_an_author_who_said_yes_earlier_counts_no_more() -> None:
    change = awaiting(
        approvals=(approval(FIRST),), authors=(Author(login=f"octo-{FIRST.lower()}"),)
    )
    assert not met(change, electorate())


# --- saying no -------------------------------------------------------------------------------


def test_whoever_could_say_yes_can_say_no_and_an_author_too() -> None:
    wrote = awaiting(authors=(Author(login=f"octo-{FIRST.lower()}"),))
    lent = electorate(delegations=(delegation(SECOND),))
    for user in (FIRST, SECOND, PEER):
        assert why_not_reject(person(user), wrote, lent, LATER) == ""
    assert "not among them" in why_not_reject(person(PEER), wrote, electorate(), LATER)
    assert "Guests" in why_not_reject(person(FIRST, is_guest=True), wrote, lent, LATER)


def test_whoever_requested_it_cancels_instead() -> None:
    voters = electorate(REQUESTER)
    assert why_not_reject(person(REQUESTER), awaiting(), voters, LATER) == (
        "You requested it: cancel it instead."
    )


def test_those_who_can_are_those_whom_nothing_hinders() -> None:
    change = awaiting(approvals=(approval(SECOND),))
    voters = electorate(approvals=2, delegations=(delegation(THIRD),))
    assert able(change, voters, LATER) == [FIRST, PEER, THIRD]
