from datetime import timedelta

import pytest

from chatbot.domain.delegation import parse_period, why_not_delegate
from chatbot.domain.errors import Refused
from tests.support.approvals import PEER, person


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("3d", timedelta(days=3)),
        ("12h", timedelta(hours=12)),
        ("1h", timedelta(hours=1)),
        ("14d", timedelta(days=14)),
        ("336H", timedelta(days=14)),
    ],
)
def test_a_period_is_hours_or_days(text: str, period: timedelta) -> None:
    assert parse_period(text) == period


@pytest.mark.parametrize("text", ["", "3", "d", "0h", "30m", "15d", "337h", "-1d", "1.5d", "9999d"])
def test_less_than_an_hour_or_more_than_two_weeks_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="from `1h` to `14d`"):
        parse_period(text)


def test_only_a_senior_lends_and_only_to_a_full_member_who_is_none() -> None:
    to = person(PEER)
    assert why_not_delegate(is_senior=True, to=to, to_is_senior=False) == ""
    assert "Only a senior" in why_not_delegate(is_senior=False, to=to, to_is_senior=False)
    assert "is a senior" in why_not_delegate(is_senior=True, to=to, to_is_senior=True)
    guest = person(PEER, is_guest=True)
    assert "Guests" in why_not_delegate(is_senior=True, to=guest, to_is_senior=False)
