"""Who lends their say to whom, for how long, and what is recorded of it."""

from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.errors import Refused
from tests.support.builders import NOW, REQUESTER
from tests.unit.services.approving import FIRST, GUEST, PEER, SECOND, Council
from tests.unit.services.parts import Hand, Slack

DAY = timedelta(days=1)


@pytest.fixture
def council(store: SqliteStore, clock: Hand, slack: Slack) -> Council:
    return Council(store, clock, slack)


def recorded(council: Council) -> list[tuple[str, str, dict[str, object]]]:
    entries = [event.entry for event in council.store.events()]
    return [(entry.kind, entry.actor, entry.data) for entry in entries]


def test_a_senior_lends_their_say_and_the_log_knows(council: Council) -> None:
    lent = council.delegations.delegate(FIRST, PEER, DAY)
    assert (lent.senior, lent.delegate, lent.since, lent.until) == (FIRST, PEER, NOW, NOW + DAY)
    assert council.store.delegations() == [lent]
    assert recorded(council) == [
        ("delegation.given", FIRST, {"delegate": PEER, "until": (NOW + DAY).isoformat()})
    ]


@pytest.mark.parametrize(
    ("user", "to", "because"),
    [
        (PEER, REQUESTER, "Only a senior has a say to delegate"),
        (GUEST, PEER, "Only a senior has a say to delegate"),
        (FIRST, SECOND, "is a senior"),
        (FIRST, FIRST, "is a senior"),
        (FIRST, GUEST, "cannot approve for anybody: Guests"),
        (FIRST, "U0NOBODY", "Slack knows nobody called `U0NOBODY`"),
    ],
)
def test_what_cannot_be_lent_is_refused_and_recorded(
    council: Council, user: str, to: str, because: str
) -> None:
    with pytest.raises(Refused, match=because):
        council.delegations.delegate(user, to, DAY)
    assert council.store.delegations() == []
    assert council.refusals() == [(user, "delegate")]


def test_nobody_speaks_for_two(council: Council) -> None:
    council.delegations.delegate(FIRST, PEER, DAY)
    with pytest.raises(Refused, match=f"<@{PEER}> speaks for <@{FIRST}> until"):
        council.delegations.delegate(SECOND, PEER, DAY)
    assert council.refusals() == [(SECOND, "delegate")]


def test_when_it_is_over_they_may_speak_for_another(council: Council, clock: Hand) -> None:
    council.delegations.delegate(FIRST, PEER, DAY)
    clock.move(days=1)
    assert council.delegations.delegate(SECOND, PEER, DAY).senior == SECOND


@pytest.mark.parametrize("senior", [FIRST, SECOND])
def test_any_senior_takes_it_back(council: Council, senior: str) -> None:
    council.lend(FIRST, PEER)
    assert council.delegations.undelegate(senior, PEER).senior == FIRST
    assert council.store.delegations() == []
    assert recorded(council)[-1] == (
        "delegation.taken_back",
        senior,
        {"senior": FIRST, "delegate": PEER},
    )


def test_nobody_else_takes_it_back(council: Council) -> None:
    council.lend(FIRST, PEER)
    with pytest.raises(Refused, match="Only a senior"):
        council.delegations.undelegate(PEER, PEER)
    assert len(council.store.delegations()) == 1


def test_what_is_over_or_never_was_cannot_be_taken_back(council: Council, clock: Hand) -> None:
    council.lend(FIRST, PEER, hours=1)
    clock.move(hours=1)
    for to in (PEER, REQUESTER):
        with pytest.raises(Refused, match=f"<@{to}> speaks for nobody now"):
            council.delegations.undelegate(FIRST, to)
    assert council.refusals() == [(FIRST, "undelegate")] * 2
