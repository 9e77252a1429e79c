from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from chatbot.domain.errors import NotFound, Refused, RetryLater
from chatbot.domain.person import Person
from chatbot.ports import Chat, Clock
from chatbot.services.people import People


class Hand(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Workspace(Chat):  # type: ignore[misc] # only the part of Chat that knows people
    """People and groups in memory, counting how often each was asked for."""

    def __init__(self) -> None:
        self.persons = {
            name: Person(id=name, name=name, email=f"{name.lower()}@example.com")
            for name in ("U1", "U2", "U3")
        }
        self.groups = {"@platform-seniors": frozenset({"U2", "U3"})}
        self.asked: Counter[str] = Counter()
        self.down = False

    def _ask(self, what: str) -> None:
        self.asked[what] += 1
        if self.down:
            raise RetryLater("Slack does not answer")

    def person(self, user: str) -> Person:
        self._ask(user)
        if user not in self.persons:
            raise NotFound(f"no user {user}")
        return self.persons[user]

    def user_by_email(self, email: str) -> str | None:
        self._ask(email)
        return next((p.id for p in self.persons.values() if p.email == email), None)

    def group_members(self, handle: str) -> frozenset[str]:
        self._ask(handle)
        if handle not in self.groups:
            raise NotFound(f"no group {handle}")
        return self.groups[handle]


@pytest.fixture
def slack() -> Workspace:
    return Workspace()


@pytest.fixture
def clock() -> Hand:
    return Hand()


def test_lists_hold_ids_emails_and_groups(slack: Workspace, clock: Hand) -> None:
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
    slack: Workspace, clock: Hand
) -> None:
    people = People(slack, clock)
    assert people.refuse_unless_requester("U1") == slack.persons["U1"]
    assert not people.is_senior("U1")


def test_a_guest_counts_on_no_list(slack: Workspace, clock: Hand) -> None:
    slack.persons["U2"] = slack.persons["U2"].model_copy(update={"is_guest": True})
    people = People(slack, clock, seniors=["@platform-seniors"], managers=["U2"])
    assert not people.is_requester("U2")
    assert not people.is_senior("U2")
    assert not people.is_manager("U2")
    assert people.seniors() == {"U3"}
    with pytest.raises(Refused, match="Guests"):
        people.refuse_unless_requester("U2")


def test_answers_are_kept_for_a_minute_and_then_asked_for_again(
    slack: Workspace, clock: Hand
) -> None:
    people = People(slack, clock, seniors=["@platform-seniors"])
    for _ in range(3):
        assert people.is_senior("U2")
    assert slack.asked == {"@platform-seniors": 1, "U2": 1}
    slack.groups["@platform-seniors"] = frozenset({"U3"})
    clock.time += timedelta(seconds=59)
    assert people.is_senior("U2")
    clock.time += timedelta(seconds=2)
    assert not people.is_senior("U2")


def test_one_entry_that_slack_does_not_know_is_warned_about_and_the_others_hold(
    slack: Workspace, clock: Hand
) -> None:
    people = People(slack, clock, seniors=["@gone", "gone@example.com", "U9", "U1"])
    with capture_logs() as logs:
        assert people.is_senior("U1")
    assert [log["entry"] for log in logs] == ["@gone", "gone@example.com", "U9"]
    assert people.unknown_entries() == ["@gone", "gone@example.com", "U9"]


def test_a_list_of_requesters_that_resolves_to_nobody_does_not_open_the_door(
    slack: Workspace, clock: Hand
) -> None:
    people = People(slack, clock, requesters=["@gone"])
    assert not people.is_requester("U1")
    with pytest.raises(Refused):
        people.refuse_unless_requester("U1")


def test_while_slack_is_down_nobody_is_let_through_and_the_failure_is_not_remembered(
    slack: Workspace, clock: Hand
) -> None:
    people = People(slack, clock, seniors=["@platform-seniors"])
    slack.down = True
    with pytest.raises(RetryLater):
        people.is_senior("U2")
    slack.down = False
    assert people.is_senior("U2")
