from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.backoff import FIRST_DELAY, LONGEST_DELAY, retry_delay

ATTEMPTS = st.integers(min_value=0, max_value=10_000)
JITTER = st.floats(min_value=0, max_value=1, exclude_max=True)


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 1), (1, 2), (5, 32), (9, 300), (900, 300)])
def test_the_delay_doubles_up_to_five_minutes(attempts: int, seconds: int) -> None:
    assert retry_delay(attempts, 0) == timedelta(seconds=seconds)


@given(ATTEMPTS, JITTER)
def test_the_delay_is_never_none_and_never_too_long(attempts: int, jitter: float) -> None:
    assert FIRST_DELAY / 2 <= retry_delay(attempts, jitter) <= LONGEST_DELAY


@given(ATTEMPTS, JITTER, st.integers(min_value=1, max_value=86_400))
def test_we_stay_away_at_least_as_long_as_asked(attempts: int, jitter: float, asked: int) -> None:
    after = timedelta(seconds=asked)
    assert retry_delay(attempts, jitter, after=after) >= after


def test_two_changes_do_not_come_back_at_once() -> None:
    assert retry_delay(5, 0.1) != retry_delay(5, 0.9)
