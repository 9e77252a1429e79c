"""The ladder: each rung at its time, once, whatever the clock does."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.domain.chase import Ladder, Role, Rung, due_rung, next_rung, skippable
from chatbot.domain.obligation import Kind, Obligation, Snooze
from tests.support.builders import NOW, REQUESTER

LADDER = Ladder.of_hours((1, 12, 4))
DUE = NOW + timedelta(hours=24)
HOUR = timedelta(hours=1)
RUNGS = [
    "12h before",
    "4h before",
    "1h before",
    "breach",
    *(f"{hours}h after" for hours in range(1, 25)),
]


def owed(**fields: Any) -> Obligation:
    defaults: dict[str, Any] = {
        "change": 1,
        "kind": Kind.POSTMORTEM,
        "owner": REQUESTER,
        "since": NOW,
        "due_at": DUE,
    }
    return Obligation(**{**defaults, **fields})


def climbed(obligation: Obligation, rung: Rung) -> Obligation:
    return obligation.model_copy(update={"reminded_for": rung.at})


def climb(obligation: Obligation, moments: list[datetime]) -> list[str]:
    """The rungs that are climbed when somebody looks at these moments, in this order."""
    names = []
    for now in moments:
        if (rung := due_rung(obligation, LADDER, now)) is not None:
            names.append(rung.name)
            obligation = climbed(obligation, rung)
    return names


def test_the_rungs_of_two_days_stand_at_their_hours() -> None:
    minutes = [NOW + timedelta(minutes=n) for n in range(48 * 60 + 1)]
    names = climb(owed(), minutes)
    assert names == RUNGS


@pytest.mark.parametrize(
    ("left", "roles"),
    [
        (12 * HOUR, (Role.OWNER,)),
        (4.5 * HOUR, (Role.OWNER,)),
        (4 * HOUR, (Role.OWNER, Role.SENIORS)),
        (1 * HOUR, (Role.OWNER, Role.SENIORS)),
        (0 * HOUR, tuple(Role)),
        (-7 * HOUR, tuple(Role)),
    ],
)
def test_first_the_owner_then_the_seniors_then_the_managers(
    left: timedelta, roles: tuple[Role, ...]
) -> None:
    assert Rung(DUE - left, left).roles == roles


def test_after_a_downtime_only_the_rung_that_is_due_now_is_climbed() -> None:
    assert climb(owed(), [NOW, DUE - timedelta(minutes=90)]) == ["4h before"]
    assert climb(owed(), [NOW, DUE + timedelta(hours=19, minutes=5)]) == ["19h after"]


def test_a_clock_that_steps_back_says_nothing_again() -> None:
    back = [DUE - 3.5 * HOUR, DUE - 4.5 * HOUR, DUE - 4 * HOUR, DUE - 1.5 * HOUR, DUE - HOUR]
    assert climb(owed(), back) == ["4h before", "1h before"]
    over = [DUE + 3.2 * HOUR, DUE + 2.2 * HOUR, DUE + 3.9 * HOUR, DUE + 4 * HOUR]
    assert climb(owed(), over) == ["3h after", "4h after"]


def test_what_is_met_is_not_chased() -> None:
    assert due_rung(owed(met_at=NOW), LADDER, DUE + HOUR) is None


def test_no_reminder_comes_from_before_there_was_a_debt() -> None:
    short = owed(due_at=NOW + 4 * HOUR)
    assert due_rung(short, LADDER, NOW) is None
    assert next_rung(short, LADDER).name == "1h before"


def test_a_snooze_skips_the_next_reminder_and_never_the_breach() -> None:
    first = climbed(owed(), Rung(DUE - 12 * HOUR, 12 * HOUR))
    skipped = skippable(first, LADDER, DUE - 11 * HOUR)
    assert skipped is not None
    assert skipped.name == "4h before"
    snooze = Snooze(by=REQUESTER, at=DUE - 11 * HOUR, reason="asleep", until=skipped.at)
    snoozed = first.model_copy(update={"snoozed": snooze})
    assert climb(snoozed, [DUE - 4 * HOUR, DUE - 2 * HOUR, DUE - HOUR]) == ["1h before"]
    assert next_rung(snoozed, LADDER).name == "1h before"
    assert skippable(owed(), LADDER, DUE - HOUR) is None


def test_the_next_rung_is_where_the_chase_looks_again() -> None:
    assert next_rung(owed(), LADDER).at == DUE - 12 * HOUR
    assert next_rung(owed(reminded_for=DUE - HOUR), LADDER).name == "breach"
    assert next_rung(owed(reminded_for=DUE), LADDER).name == "1h after"
    assert next_rung(owed(reminded_for=DUE + 7 * HOUR), LADDER).at == DUE + 8 * HOUR


@settings(deadline=None)
@given(st.lists(st.integers(min_value=-60, max_value=60 * 48), max_size=60))
def test_whatever_the_clock_does_no_rung_is_climbed_twice_or_after_a_later_one(
    minutes: list[int],
) -> None:
    names = climb(owed(), [NOW + timedelta(minutes=each) for each in minutes])
    assert [name for name in RUNGS if name in names] == names


@given(st.integers(min_value=0, max_value=60 * 48), st.integers(min_value=1, max_value=60 * 12))
def test_nothing_is_due_before_the_next_rung_and_something_is_at_it(first: int, later: int) -> None:
    now = NOW + timedelta(minutes=first)
    obligation = owed()
    if (rung := due_rung(obligation, LADDER, now)) is not None:
        obligation = climbed(obligation, rung)
    following = next_rung(obligation, LADDER)
    then = now + timedelta(minutes=later)
    assert (due_rung(obligation, LADDER, then) is not None) == (following.at <= then)
