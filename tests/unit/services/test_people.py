import pytest
from structlog.testing import capture_logs

from chatbot.domain.errors import Refused, RetryLater
from chatbot.services.people import People
from tests.unit.services.parts import Hand, Slack


def test_lists_hold_ids_emails_and_groups(slack: Slack, clock: Hand) -> None:
    people = People(
        slack,
        clock,
        requesters=["U1", "u2@example.com"],
        seniors=["@platform-seniors"],
        managers=["u1@example.com"],
    )
    assert [people.is_requester(user) for user in ("U1", "U2", "U3")] == [True, True, False]
    assert [people.is_senior(user) for user in ("U1", "U2", "U3")] == [False, True, True]
    assert people.is_manager("U1")
    assert not people.is_manager("U2")
    assert people.seniors() == {"U2", "U3"}
    assert people.unknown_entries() == []


def test_without_a_list_every_full_member_requests_and_nobody_is_senior(
    slack: Slack, clock: Hand
) -> None:
    people = People(slack, clock)
    assert people.refuse_unless_requester("U1") == slack.persons["U1"]
    assert not people.is_senior("U1")


def test_a_guest_counts_on_no_list(slack: Slack, clock: Hand) -> None:
    slack.persons["U2"] = slack.persons["U2"].model_copy(update={"is_guest": True})
    people = People(slack, clock, seniors=["@platform-seniors"], managers=["U2"])
    assert not people.is_requester("U2")
    assert not people.is_senior("U2")
    assert not people.is_manager("U2")
    assert people.seniors() == {"U3"}
    with pytest.raises(Refused, match="Guests"):
        people.refuse_unless_requester("U2")


def test_answers_are_kept_for_a_minute_and_then_asked_for_again(slack: Slack, clock: Hand) -> None:
    people = People(slack, clock, seniors=["@platform-seniors"])
    for _ in range(3):
        assert people.is_senior("U2")
    assert slack.asked == {"@platform-seniors": 1, "U2": 1}
    slack.groups["@platform-seniors"] = frozenset({"U3"})
    clock.move(seconds=59)
    assert people.is_senior("U2")
    clock.move(seconds=2)
    assert not people.is_senior("U2")


def test_one_entry_that_slack_does_not_know_is_warned_about_and_the_others_hold(
    slack: Slack, clock: Hand
) -> None:
    people = People(slack, clock, seniors=["@gone", "gone@example.com", "U9", "U1"])
    with capture_logs() as logs:
        assert people.is_senior("U1")
    assert [log["entry"] for log in logs] == ["@gone", "gone@example.com", "U9"]
    assert people.unknown_entries() == ["@gone", "gone@example.com", "U9"]


def test_a_list_of_requesters_that_resolves_to_nobody_does_not_open_the_door(
    slack: Slack, clock: Hand
) -> None:
    people = People(slack, clock, requesters=["@gone"])
    assert not people.is_requester("U1")
    with pytest.raises(Refused):
        people.refuse_unless_requester("U1")


def test_while_slack_is_down_nobody_is_let_through_and_the_failure_is_not_remembered(
    slack: Slack, clock: Hand
) -> None:
    people = People(slack, clock, seniors=["@platform-seniors"])
    slack.down = True
    with pytest.raises(RetryLater):
        people.is_senior("U2")
    slack.down = False
    assert people.is_senior("U2")
