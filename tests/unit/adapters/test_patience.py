from contextlib import suppress
from datetime import timedelta

import pytest

from chatbot.adapters.patience import Patience
from chatbot.domain.errors import RetryLater


class Time:
    now = 100.0


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def patience(time: Time) -> Patience:
    return Patience(lambda: time.now)


def refused(patience: Patience, seconds: float | None) -> None:
    after = None if seconds is None else timedelta(seconds=seconds)
    with suppress(RetryLater), patience.honoured():
        raise RetryLater("GitHub limits how often we may call", after=after)


def called(patience: Patience) -> bool:
    with suppress(RetryLater), patience.honoured():
        return True
    return False


def test_nothing_is_called_until_the_time_has_passed(patience: Patience, time: Time) -> None:
    assert called(patience)
    refused(patience, 7)
    time.now += 6.9
    assert not called(patience)
    time.now += 0.1
    assert called(patience)


def test_who_is_kept_back_hears_why_and_how_long(patience: Patience, time: Time) -> None:
    refused(patience, 7)
    time.now += 3
    with pytest.raises(RetryLater, match="limits how often") as kept, patience.honoured():
        pytest.fail("this must not be called")
    assert kept.value.after == timedelta(seconds=4)


def test_of_two_calls_under_way_the_longer_time_counts(patience: Patience, time: Time) -> None:
    with suppress(RetryLater), patience.honoured():
        refused(patience, 9)
        raise RetryLater("GitHub is not well", after=timedelta(seconds=2))
    time.now += 8
    assert not called(patience)
    time.now += 1
    assert called(patience)


def test_a_refusal_without_a_time_keeps_nobody_else_back(patience: Patience) -> None:
    refused(patience, None)
    assert called(patience)
