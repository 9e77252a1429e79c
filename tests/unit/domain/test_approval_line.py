"""The card's line about approval, held against the rule itself."""

import re
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.approval import Electorate, standing, voice_of, why_not
from chatbot.domain.approval_line import explanation, who_can
from chatbot.domain.change import Change
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
    review,
)
from tests.support.builders import NOW, REQUESTER
from tests.support.cards import DIGEST

PEOPLE = (REQUESTER, FIRST, SECOND, THIRD, PEER, "U0OTHER")
FLAGS = ("", "", "", "", "is_guest", "is_deactivated")
_users = st.sampled_from(PEOPLE)
_persons = st.fixed_dictionaries(
    {
        user: st.sampled_from(FLAGS).map(
            lambda flag, user=user: person(user, **({flag: True} if flag else {}))
        )
        for user in PEOPLE
    }
)
_authors = st.lists(
    st.sampled_from(
        [
            *(Author(login=f"octo-{user.lower()}", commit="3f2a91c") for user in PEOPLE),
            Author(email=f"{SECOND.lower()}@example.com"),
            Author(login="octo-x", email="x@home.example"),
        ]
    ),
    max_size=2,
).map(tuple)
_approvals = st.lists(
    st.builds(
        approval,
        _users,
        behalf=st.sampled_from(("", "", *PEOPLE)),
        digest=st.sampled_from((DIGEST, DIGEST, "older")),
    ),
    max_size=4,
).map(tuple)
_delegations = st.lists(
    st.builds(
        delegation,
        st.sampled_from((REQUESTER, FIRST, SECOND, THIRD)),
        st.sampled_from((PEER, "U0OTHER")),
        st.sampled_from((NOW, LATER + timedelta(days=1))),
    ),
    max_size=2,
    unique_by=(lambda lent: lent.senior, lambda lent: lent.delegate),
).map(tuple)
_changes = st.builds(
    lambda state, asked_at, authors, approvals: awaiting(
        state, review=review(authors=authors, asked_at=asked_at), approvals=approvals
    ),
    st.sampled_from([*State, *[State.AWAITING_APPROVAL] * len(State)]),
    st.sampled_from((ASKED_AT, ASKED_AT - timedelta(hours=9))),
    _authors,
    _approvals,
)
_electorates = st.builds(
    electorate,
    class_=st.sampled_from((EnvironmentClass.PROD, EnvironmentClass.STAGING)),
    approvals=st.integers(1, 3),
    voters=st.none() | st.frozensets(_users),
    persons=_persons,
    logins=st.frozensets(_users).map(
        lambda known: {user: frozenset({f"octo-{user.lower()}"}) for user in known}
    ),
    delegations=_delegations,
)


def needed(line: str) -> int:
    """How many the line asks for."""
    found = re.match(r"Needs (\d+) more of ", line)
    return int(found[1]) if found else 0


def mentioned(text: str) -> set[str]:
    return set(re.findall(r"<@(\w+)>", text))


def excluded(line: str) -> set[str]:
    """Whom the line says cannot: each group stands in the parentheses as `not ‹people›, who …`."""
    inside = re.search(r"\((not .*?)\)(?: ·|$)", line, re.MULTILINE)
    return mentioned(inside[1]) if inside else set()


@given(_changes, _electorates)
def test_whoever_the_line_excludes_is_refused_and_it_asks_for_as_many_as_are_missing(
    change: Change, voters: Electorate
) -> None:
    line = explanation(change, voters, LATER)
    if change.state is not State.AWAITING_APPROVAL:
        assert line == ""
        return
    assert needed(line) == standing(change, voters).missing
    for user in excluded(line):
        assert why_not(person(user), change, voters, LATER)
    if needed(line):
        assert change.requester in excluded(line)


@given(_changes, _electorates)
def test_whoever_the_line_asks_is_let_in(change: Change, voters: Electorate) -> None:
    line = explanation(change, voters, LATER)
    asked = re.search(r"more of (.*?) \(not ", line)
    for user in re.findall(r"<@(\w+)> for <@", asked[1] if asked else ""):
        assert not why_not(voters.persons[user], change, voters, LATER)


@given(_changes, _electorates, _users)
def test_a_yes_that_is_let_in_counts_and_no_other_does(
    change: Change, voters: Electorate, user: str
) -> None:
    given_now = approval(user, behalf="", at=LATER)
    voice = voters.voice(user, LATER)
    given_now = given_now.model_copy(update={"behalf": voice if voice != user else ""})
    before = standing(change, voters)
    more = change.progress.model_copy(update={"approvals": (*change.progress.approvals, given_now)})
    after = standing(change.model_copy(update={"progress": more}), voters)
    refused = why_not(voters.persons[user], change, voters, LATER)
    if change.state is State.AWAITING_APPROVAL:
        assert (len(after.counted) == len(before.counted) + 1) == (not refused)


@given(_changes, _electorates)
def test_no_voice_counts_twice(change: Change, voters: Electorate) -> None:
    counted = standing(change, voters).counted
    voices = [voice_of(one) for one in counted]
    assert len(voices) == len(set(voices))
    assert change.requester not in {*voices, *(one.user for one in counted)}


@given(_changes, _electorates)
def test_those_who_are_said_to_be_able_are(change: Change, voters: Electorate) -> None:
    said = who_can(change, voters, LATER)
    if voters.voters is not None:
        for user in mentioned(said):
            assert not why_not(voters.persons[user], change, voters, LATER)


def line_of(change: Change, **fields: Any) -> str:
    return explanation(change, electorate(**fields), LATER)


def test_the_line_says_how_many_of_whom_not_whom_and_until_when() -> None:
    assert re.sub("<!date[^>]*>", "TIME", line_of(awaiting())) == (
        f"Needs 1 more of @platform-seniors (not <@{REQUESTER}>, who requested it) · "
        "expires TIME, in 7 h 42 min"
    )
    wrote = awaiting(authors=(Author(login=f"octo-{FIRST.lower()}", commit="3f2a91c"),))
    assert f"; not <@{FIRST}>, who wrote commit `3f2a91c` in it)" in line_of(wrote)


def test_the_line_names_who_speaks_for_whom_and_who_said_yes() -> None:
    change = awaiting(approvals=(approval(SECOND),))
    line = line_of(change, approvals=2, delegations=(delegation(FIRST),))
    assert f"Needs 1 more of @platform-seniors or <@{PEER}> for <@{FIRST}> (" in line
    assert line.endswith(f"\n✔ Yes by <@{SECOND}>.")


def test_new_content_says_whose_yes_is_void() -> None:
    change = awaiting(approvals=(approval(FIRST, digest="older"),))
    assert f"The content changed: what <@{FIRST}> said yes to counts no more." in line_of(change)
    anew = awaiting(approvals=(approval(FIRST, digest="older"), approval(FIRST)))
    assert "counts no more" not in line_of(anew, approvals=2)


def test_a_quorum_that_cannot_be_reached_is_told_with_the_way_out() -> None:
    hopeless = explanation(awaiting(), electorate(FIRST, approvals=2), LATER)
    assert "Too few are left who may." in hopeless
    assert "/change delegate @somebody 3d" in hopeless
    assert "Too few" not in line_of(awaiting(), approvals=2)
    assert "Too few" not in line_of(awaiting(), approvals=9, voters=None)
    one_voice = electorate(FIRST, approvals=2, delegations=(delegation(FIRST),))
    assert "Too few" in explanation(awaiting(), one_voice, LATER)


def test_somebody_who_cannot_hears_who_can() -> None:
    assert who_can(awaiting(), electorate(FIRST, SECOND), LATER) == (
        f"Of @platform-seniors, <@{FIRST}>, <@{SECOND}> can."
    )
    everybody = electorate(voters=None, named="those who may request")
    assert who_can(awaiting(), everybody, LATER) == "Any other of those who may request can."
    assert who_can(awaiting(), electorate(REQUESTER), LATER) == ""
