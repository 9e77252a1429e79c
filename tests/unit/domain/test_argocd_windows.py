"""Which sync windows would hold a sync up, by Argo CD's rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatbot.domain.argocd import Application, read_application
from chatbot.domain.argocd_windows import blocking, read_windows
from chatbot.domain.cron import parse_cron

SUNDAY = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
OPEN, CLOSED = "0 12 * * *", "0 14 * * *"


def application(**sync_policy: Any) -> Application:
    return read_application(
        {
            "metadata": {"name": "prod", "namespace": "argocd"},
            "spec": {
                "project": "shop",
                "destination": {"server": "https://prod.example", "namespace": "shop-prod"},
                "source": {},
                "syncPolicy": sync_policy,
            },
        }
    )


def reasons(*rows: dict[str, Any], found: Application | None = None) -> tuple[str, ...]:
    windows = read_windows({"spec": {"syncWindows": list(rows)}})
    return blocking(windows, found or application(), SUNDAY)


def window(kind: str, schedule: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "schedule": schedule, "duration": "1h", "applications": ["*"], **fields}


def test_without_windows_nothing_blocks() -> None:
    assert read_windows({}) == ()
    assert reasons() == ()


def test_an_open_deny_window_blocks_and_says_until_when() -> None:
    [reason] = reasons(window("deny", OPEN), window("allow", OPEN))
    assert reason == "the deny window '0 12 * * *' for 1h (UTC) is open until 2026-03-01 13:00 UTC"


def test_a_closed_deny_window_does_not_block() -> None:
    assert reasons(window("deny", CLOSED)) == ()


def test_a_closed_allow_window_blocks_unless_another_is_open() -> None:
    assert reasons(window("allow", CLOSED)) == (
        "the allow window '0 14 * * *' for 1h (UTC) is not open",
    )
    assert reasons(window("allow", CLOSED), window("allow", OPEN)) == ()


@pytest.mark.parametrize("row", [window("deny", OPEN), window("allow", CLOSED)])
def test_a_sync_by_hand_passes_where_the_window_lets_it(row: dict[str, Any]) -> None:
    row = {**row, "manualSync": True}
    assert reasons(row) == ()
    assert reasons(row, found=application(automated={})) != ()


def test_one_deny_window_against_syncs_by_hand_is_enough() -> None:
    assert reasons(window("deny", OPEN, manualSync=True), window("deny", OPEN)) != ()


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        ({"applications": ["other"]}, False),
        ({"applications": ["pr*"]}, True),
        ({"applications": [], "namespaces": ["shop-*"]}, True),
        ({"applications": [], "clusters": ["https://prod.example"]}, True),
        ({"applications": ["other"], "namespaces": ["shop-prod"]}, True),
        ({"applications": ["other"], "namespaces": ["shop-prod"], "andOperator": True}, False),
        ({"applications": []}, False),
    ],
)
def test_a_window_is_about_what_it_names(matching: dict[str, Any], expected: bool) -> None:
    assert bool(reasons(window("deny", OPEN, **matching))) is expected


def test_a_window_opens_in_its_own_time_zone() -> None:
    assert reasons(window("deny", "0 13 * * *", timeZone="Europe/Berlin")) != ()
    assert reasons(window("deny", "0 12 * * *", timeZone="Europe/Berlin")) == ()


@pytest.mark.parametrize(
    "broken", [{"schedule": "often"}, {"duration": "soon"}, {"timeZone": "Mars/Base"}]
)
def test_a_window_that_cannot_be_read_blocks(broken: dict[str, str]) -> None:
    [reason] = reasons({**window("deny", OPEN), **broken})
    assert "sync window of project shop blocks" in reason


@pytest.mark.parametrize(
    ("schedule", "fires"),
    [
        ("30 12 * * *", True),
        ("*/15 * * * *", True),
        ("*/20 * * * *", False),
        ("30 10-14 1,15 mar sun", True),
        ("30 12 * * 7", True),
        ("30 12 * * mon-fri", False),
        ("30 12 2 * sun", True),
        ("30 12 2 * *", False),
        ("30/5 12 * * ?", True),
        ("@hourly", False),
    ],
)
def test_a_schedule_fires_when_cron_says_so(schedule: str, fires: bool) -> None:
    assert parse_cron(schedule).fires_at(SUNDAY) is fires


def test_the_last_time_is_found_within_its_reach_only() -> None:
    daily = parse_cron("@daily")
    assert daily.last_before(SUNDAY, timedelta(hours=13)) == SUNDAY.replace(hour=0, minute=0)
    assert daily.last_before(SUNDAY, timedelta(hours=12)) is None


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "5-1 * * * *", "*/0 * * * *", "x"])
def test_a_schedule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the schedule"):
        parse_cron(text)
