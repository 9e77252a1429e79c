from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.errors import InvalidInput
from chatbot.domain.window import Gate, gate, parse_until, parse_window

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def refused(start: str, end: str, zone: str = "UTC") -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse_window(start, end, zone, NOW)
    return dict(caught.value.fields)


def test_no_window_is_none() -> None:
    assert parse_window("", "", "UTC", NOW) is None


def test_a_window_is_read_in_the_zone_of_whoever_typed_it() -> None:
    window = parse_window("2026-12-01 22:00", "2026-12-02 02:00", "Europe/Berlin", NOW)
    assert window is not None
    assert window.start == datetime(2026, 12, 1, 21, tzinfo=UTC)
    assert window.end == datetime(2026, 12, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    ["2026-12-01 22:00", " 2026-12-01T22:00 ", "2026-12-01 22:00:00", "2026-12-01T22:00:00+00:00",
     "2026-12-01T23:00+01:00", "2026-12-01 22:00Z"],
)  # fmt: skip
def test_common_ways_to_write_a_time_are_understood(typed: str) -> None:
    window = parse_window("", typed, "UTC", NOW)
    assert window is not None
    assert window.end == datetime(2026, 12, 1, 22, tzinfo=UTC)


def test_an_offset_wins_over_the_zone() -> None:
    window = parse_window("", "2026-12-01T22:00+00:00", "Asia/Tokyo", NOW)
    assert window is not None
    assert window.end == datetime(2026, 12, 1, 22, tzinfo=UTC)


def test_an_empty_start_means_now() -> None:
    window = parse_window("", "2026-12-01 22:00", "UTC", NOW)
    assert window is not None
    assert window.start == NOW


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe"])
def test_an_unknown_zone_is_utc(zone: str) -> None:
    window = parse_window("", "2026-12-01 22:00", zone, NOW)
    assert window is not None
    assert window.end == datetime(2026, 12, 1, 22, tzinfo=UTC)


def test_a_window_across_the_end_of_summer_time_has_its_extra_hour() -> None:
    window = parse_window("2026-10-25 00:00", "2026-10-25 06:00", "Europe/Berlin", NOW)
    assert window is not None
    assert window.end - window.start == timedelta(hours=7)


def test_an_hour_that_the_clocks_skip_is_refused() -> None:
    fields = refused("2026-03-29 02:30", "2026-03-29 06:00", "Europe/Berlin")
    assert "the clocks skip this hour" in fields["window_start"]


@pytest.mark.parametrize(
    "typed", ["tonight", "22:00", "2026-12-01", "01.12.2026 22:00", "x" * 3_000]
)
def test_what_is_no_time_is_told_with_an_example(typed: str) -> None:
    sentence = refused("", typed)["window_end"]
    assert "Write it like 2026-12-01 22:00." in sentence
    assert len(sentence) < 200


@pytest.mark.parametrize(
    ("typed", "zone"), [("0001-01-01 00:00", "Asia/Tokyo"), ("9999-12-31 23:59", "America/Lima")]
)
def test_a_year_out_of_reach_is_refused(typed: str, zone: str) -> None:
    assert "out of reach" in refused(typed, "2026-12-01 22:00", zone)["window_start"]


def test_a_window_must_end_after_it_starts_and_after_now() -> None:
    assert "must end" in refused("2026-12-01 22:00", "")["window_end"]
    assert "ends before" in refused("2026-12-01 22:00", "2026-12-01 22:00")["window_end"]
    assert "over already" in refused("2026-01-01 22:00", "2026-01-02 22:00")["window_end"]


TYPED = st.text() | st.datetimes().map(lambda at: f"{at:%Y-%m-%d %H:%M}")
ZONES = st.sampled_from(("UTC", "Europe/Berlin", "America/Lima", "Australia/Lord_Howe", "nowhere"))


@given(TYPED, TYPED, ZONES | st.text())
def test_any_text_is_a_window_or_a_sentence_on_one_of_its_fields(
    start: str, end: str, zone: str
) -> None:
    assert blamed(start, end, zone) <= {"window_start", "window_end"}


def blamed(start: str, end: str, zone: str) -> set[str]:
    """The fields that do not hold; none when the window is sound."""
    try:
        window = parse_window(start, end, zone, NOW)
    except InvalidInput as error:
        return set(error.fields)
    assert window is None or window.start < window.end
    return set()


@pytest.mark.parametrize(
    ("hours", "said"),
    [(-1, Gate.EARLY), (0, Gate.OPEN), (1, Gate.OPEN), (2, Gate.OVER), (3, Gate.OVER)],
)
def test_a_window_is_open_from_its_start_until_before_its_end(hours: int, said: Gate) -> None:
    window = parse_window("2026-12-01 22:00", "2026-12-02 00:00", "UTC", NOW)
    assert window is not None
    assert gate(window, window.start + timedelta(hours=hours)) is said


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("2026-03-02 18:00", datetime(2026, 3, 2, 17, tzinfo=UTC)),
        ("2026-12-24T18:00+00:00", datetime(2026, 12, 24, 18, tzinfo=UTC)),
        ("4h", NOW + timedelta(hours=4)),
        ("90m", NOW + timedelta(minutes=90)),
        ("1D12H", NOW + timedelta(hours=36)),
        ("2w", NOW + timedelta(days=14)),
    ],
)
def test_until_is_a_time_in_the_readers_zone_or_a_length_of_time(
    text: str, until: datetime
) -> None:
    assert parse_until(text, "Europe/Berlin", NOW) == until


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-03-02 10:29", "2026-03-02 10:29 is over already."),
        ("0h", "“0h” is no time. Write it like 2026-12-01 22:00."),
        ("tomorrow", "“tomorrow” is no time. Write it like 2026-12-01 22:00."),
        ("2026-12-24", "“2026-12-24” is no time. Write it like 2026-12-01 22:00."),
    ],
)
def test_what_is_no_time_to_come_is_told(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_until(text, "Europe/Berlin", NOW)
    assert caught.value.fields == {"until": sentence}


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{1,9}[wdhm]", fullmatch=True))
def test_any_until_gives_a_time_to_come_or_a_sentence(text: str) -> None:
    try:
        until = parse_until(text, "UTC", NOW)
    except InvalidInput as error:
        fields = error.fields
    else:
        assert until > NOW
        return
    assert list(fields) == ["until"]
