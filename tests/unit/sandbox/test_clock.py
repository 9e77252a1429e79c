from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from sandbox.clock import FASTEST, SandboxClock, set_speed, skip
from sandbox.prompt import answer

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clock"


def test_untold_it_shows_the_real_time(path: Path) -> None:
    with time_machine.travel(START, tick=False):
        assert SandboxClock(path).now() == START


def test_told_to_run_fast_it_never_jumps_and_a_new_bot_goes_on(path: Path) -> None:
    with time_machine.travel(START, tick=False) as machine:
        set_speed(path, 600)
        assert SandboxClock(path).now() == START
        machine.shift(6)
        assert SandboxClock(path).now() == START + timedelta(hours=1)
        set_speed(path, 1)
        machine.shift(10)
        assert SandboxClock(path).now() == START + timedelta(hours=1, seconds=10)
        set_speed(path, FASTEST)
        machine.shift(1)
        assert SandboxClock(path).now() == START + timedelta(hours=2, seconds=10)


def test_a_skip_is_a_jump_from_what_was_shown_and_then_the_pace_of_every_day(path: Path) -> None:
    with time_machine.travel(START, tick=False) as machine:
        set_speed(path, 600)
        machine.shift(6)
        skip(path, timedelta(hours=2))
        assert SandboxClock(path).now() == START + timedelta(hours=3)
        machine.shift(10)
        assert SandboxClock(path).now() == START + timedelta(hours=3, seconds=10)


@pytest.mark.parametrize("line", ["0.5", "-1", "99999", "fast", "nan"])
def test_what_is_no_speed_is_answered_with_what_to_type(path: Path, line: str) -> None:
    assert answer(line, path).startswith("Type how fast the clock runs: 1")
    assert not path.exists()


def test_a_line_sets_the_clock_and_says_what_that_means(path: Path) -> None:
    assert answer("600\n", path).startswith("An hour passes in 6.0 s")
    assert answer("\n", path) == ""
    assert answer("1\n", path).startswith("The clock runs as it is")
    assert SandboxClock(path).now() - datetime.now(UTC) < timedelta(minutes=10)
