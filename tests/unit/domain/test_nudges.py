from datetime import datetime, timedelta

import pytest

from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.nudges import Rung, due_rung, next_moment
from tests.support.approvals import ASKED_AT, awaiting, review
from tests.support.cards import environment

PROD = environment(EnvironmentClass.PROD, approval_timeout=timedelta(hours=8))


def after(hours: float) -> datetime:
    return ASKED_AT + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("nudged", "hours", "rung"),
    [
        (None, 3.99, None),
        (None, 4, Rung.SENIORS),
        (None, 7, Rung.MANAGERS),
        (4, 5.99, None),
        (4, 6, Rung.MANAGERS),
        (5.9, 6, Rung.MANAGERS),
        (6, 7, None),
    ],
)
def test_each_rung_is_climbed_once_at_its_time(
    nudged: float | None, hours: float, rung: Rung | None
) -> None:
    change = awaiting(nudged_at=None if nudged is None else after(nudged))
    assert due_rung(change, PROD, after(hours)) is rung


def test_something_is_to_be_done_at_each_rung_and_at_the_expiry() -> None:
    assert next_moment(awaiting(), PROD) == after(4)
    assert next_moment(awaiting(nudged_at=after(4)), PROD) == after(6)
    assert next_moment(awaiting(nudged_at=after(6)), PROD) == after(8)
    assert next_moment(awaiting(review=None), PROD) is None


def test_new_content_starts_anew() -> None:
    change = awaiting(nudged_at=after(6), review=review(asked_at=after(7)))
    assert due_rung(change, PROD, after(8)) is None
    assert due_rung(change, PROD, after(11)) is Rung.SENIORS


def test_nobody_is_reminded_before_anybody_was_asked() -> None:
    assert due_rung(awaiting(review=None), PROD, after(100)) is None
