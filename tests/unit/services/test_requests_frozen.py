"""What a freeze refuses of what people press, and what it does not."""

from collections.abc import Callable
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.errors import Refused
from chatbot.domain.lifecycle import State
from tests.support.builders import REQUESTER
from tests.unit.services.parts import Hand, Slack
from tests.unit.services.test_requests import (
    FAILURE,
    PULL_REQUEST,
    SENIOR,
    SNAPSHOT,
    Office,
    confirm,
    retry,
    take_back,
)

Press = Callable[[Office, str, Change], Change]


@pytest.fixture
def office(store: SqliteStore, clock: Hand, slack: Slack) -> Office:
    return Office(store, clock, slack)


@pytest.mark.parametrize(
    ("state", "progress", "press", "what"),
    [
        (State.AWAITING_CONFIRMATION, {}, confirm, "confirm"),
        (State.FAILED, {"failure": FAILURE, "snapshot": SNAPSHOT}, take_back, "undo"),
        (State.FAILED, {"failure": FAILURE, "snapshot": SNAPSHOT}, retry, "retry"),
        (State.BLOCKED, {"failure": FAILURE}, retry, "retry"),
        (State.ROLLING_BACK, {"failure": FAILURE, "snapshot": SNAPSHOT}, retry, "retry"),
        (State.PR_OPEN, {"snapshot": SNAPSHOT, "pull_request": PULL_REQUEST}, take_back, "undo"),
    ],
)
def test_it_refuses_what_reaches_for_the_cluster_until_a_senior_lets_it_through(
    office: Office, state: State, progress: dict[str, Any], press: Press, what: str
) -> None:
    change = office.change(state, **progress)
    office.freezes.freeze(SENIOR, "dev", "4h", "year end")
    with pytest.raises(Refused) as caught:
        press(office, REQUESTER, change)
    said = str(caught.value)
    assert said.startswith(f"You can't {what} CHG-1 now: dev is frozen until <!date^")
    assert f"because year end (says <@{SENIOR}>)" in said
    assert said.endswith("A senior can let CHG-1 through: `/change exempt CHG-1 because …`.")
    assert office.store.change(change.number) == change
    assert office.refusals(change) == [(REQUESTER, what)]

    office.freezes.exempt(SENIOR, change.number, "it mends the outage")
    assert press(office, REQUESTER, change).version > change.version + 1


def test_it_hinders_nobody_from_cancelling_what_was_not_applied(office: Office) -> None:
    change = office.change(State.AWAITING_CONFIRMATION)
    office.freezes.freeze(SENIOR, "all", "", "")
    assert take_back(office, REQUESTER, change).state is State.CANCELLED


def test_it_hinders_nobody_from_looking(office: Office) -> None:
    change = office.change(State.AWAITING_CONFIRMATION)
    office.freezes.freeze(SENIOR, "all", "", "")
    assert office.requests.see(REQUESTER, change.number) == change
