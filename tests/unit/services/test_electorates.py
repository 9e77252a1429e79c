"""Who may say yes, out of the lists, Slack and the delegations; and what the card says of it."""

from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.lifecycle import State
from chatbot.domain.review import Author
from chatbot.services.card_drawing import CardDrawing
from chatbot.services.related_cards import RelatedCards
from tests.support.approvals import approval, review
from tests.support.builders import REQUESTER
from tests.unit.services.approving import FIRST, PEER, SECOND, Council
from tests.unit.services.parts import Hand, Slack


def council_of(store: SqliteStore, clock: Hand, slack: Slack, **people: Any) -> Council:
    return Council(store, clock, slack, people=people)


@pytest.fixture
def council(store: SqliteStore, clock: Hand, slack: Slack) -> Council:
    return Council(store, clock, slack)


def test_prod_asks_the_seniors_who_count(council: Council) -> None:
    electorate = council.electorates.of(council.change())
    assert electorate.voters == {FIRST, SECOND}
    assert electorate.named == "@platform-seniors"
    assert {FIRST, SECOND, REQUESTER} <= set(electorate.persons)
    assert electorate.is_listed


def test_staging_asks_everybody_or_those_who_are_listed(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    everybody = council_of(store, clock, slack)
    electorate = everybody.electorates.of(everybody.change(place="staging"))
    assert electorate.voters is None
    listed = council_of(store, clock, slack, requesters=[REQUESTER, PEER])
    electorate = listed.electorates.of(listed.change(place="staging"))
    assert electorate.voters
    assert {REQUESTER, PEER, FIRST} <= electorate.voters
    assert not electorate.is_listed


def test_a_list_of_requesters_costs_no_look_at_each_of_them(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    council = council_of(store, clock, slack, requesters=["@everybody"])
    slack.groups["@everybody"] = frozenset(f"U{n:05}" for n in range(500))
    council.electorates.of(council.change(place="staging"))
    assert not [asked for asked in slack.asked if asked.startswith("U0000")]


def test_seniors_are_called_as_they_are_listed(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    seniors = ["@platform-seniors", "U0SENIOR", "u1@example.com", "gone@example.com"]
    council = council_of(store, clock, slack, seniors=seniors)
    named = council.electorates.of(council.change()).named
    assert named == "@platform-seniors, <@U0SENIOR>, <@U1>"


def test_logins_are_known_by_id_and_by_e_mail(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    logins = {FIRST: "Octo-Two", "u3@example.com": "octo-three", "gone@example.com": "octo-gone"}
    council = council_of(store, clock, slack, github_logins=logins)
    assert council.electorates.of(council.change()).logins == {
        FIRST: {"octo-two"},
        SECOND: {"octo-three"},
    }


def test_whoever_plays_a_part_is_known_and_who_left_is_nobody(council: Council) -> None:
    council.lend(SECOND, "U0SENIOR")
    change = council.change(
        approvals=(approval(PEER), approval("U0LEFT")),
        review=review(authors=(Author(email="u1@example.com"), Author(email="x@home.example"))),
    )
    electorate = council.electorates.of(change)
    assert {PEER, "U0SENIOR"} <= set(electorate.persons)
    assert "U0LEFT" not in electorate.persons
    assert electorate.delegations[0].delegate == "U0SENIOR"


def test_a_mapped_reviewer_is_known_where_reviews_count(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    lists = {"github_logins": {PEER: "octo-one"}}
    for counted in (True, False):
        council = Council(store, clock, slack, people=lists, github_reviews=counted)
        electorate = council.electorates.of(council.change())
        assert (PEER in electorate.persons) is counted


def test_slack_is_asked_once_a_minute(council: Council) -> None:
    change = council.change()
    for _ in range(3):
        council.electorates.of(change)
    assert max(council.slack.asked.values()) == 1


def test_only_a_card_that_waits_for_approval_asks_slack(council: Council) -> None:
    related = RelatedCards(council.store, council.slack)
    drawing = CardDrawing(
        council.environments,
        council.electorates,
        council.freezes,
        related,
        council.clock,
        council.store,
    )
    scheduled = drawing.draw(council.change(State.SCHEDULED))
    assert scheduled.approval == ""
    assert not council.slack.asked
    waiting = drawing.draw(council.change())
    assert waiting.approval.startswith("Needs 1 more of @platform-seniors (not <@U0REQUESTER>")
