"""What two people do at the same instant has one outcome, and each of them is told which."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from tests.chaos.emergency_races import EMERGENCY
from tests.chaos.plugin import Tally
from tests.chaos.programme import Programme
from tests.chaos.races import DIRECT, GITOPS, Race, Track

FULL, SHORT = 100, 3
SHORT_OF_EMERGENCIES = 2
"""Of each race one: to close an emergency takes long."""
SHARES = 4
"""Parts of the full number that can run beside each other."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    shares = SHARES if metafunc.config.getoption("--full") else 1
    metafunc.parametrize("share", [f"{part}/{shares}" for part in range(1, shares + 1)])


@pytest.fixture
def track(programme: Programme) -> Iterator[Track]:
    made = Track(programme.theatre.stage())
    yield made
    made.close()


@pytest.mark.timeout(3600)
def test_yes_no_and_a_new_commit(track: Track, share: str, programme: Programme) -> None:
    tally = run("races", GITOPS, track, share, programme)
    assert tally.good == tally.played > 0


@pytest.mark.timeout(3600)
def test_confirm_and_cancel(track: Track, share: str, programme: Programme) -> None:
    tally = run("races direct", DIRECT, track, share, programme)
    assert tally.good == tally.played > 0


@pytest.mark.timeout(3600)
def test_sign_off_and_refuse(track: Track, share: str, programme: Programme) -> None:
    short = SHORT_OF_EMERGENCIES
    tally = run("races emergency", EMERGENCY, track, share, programme, short=short)
    assert tally.good == tally.played > 0


def run(
    line: str,
    races: Mapping[Race, Sequence[float]],
    track: Track,
    share: str,
    programme: Programme,
    *,
    short: int = SHORT,
) -> Tally:
    """The rounds of a share, each kind in turn, and each with every skew; what was played."""
    tally = Tally(programme.record, line)
    part, parts = map(int, share.split("/"))
    rounds = range(FULL if programme.full else short)[part - 1 :: parts]
    kinds = list(races.items())
    for count, number in enumerate(rounds, start=1):
        race, skews = kinds[number % len(kinds)]
        skew = skews[number // len(kinds) % len(skews)]
        tally.played += 1
        try:
            race(track, skew)
            track.after()
        except BaseException:
            programme.theatre.clear()
            raise
        tally.good += 1
        programme.tell(f"{line} {share}: {count}/{len(rounds)} {race.__name__} {skew:+.2f} s")
    tally.finish()
    return tally
