from datetime import timedelta

import pytest

from chatbot.domain.change import Change
from chatbot.domain.freeze import Phase, announcement, how_to_lift, in_force, sentence
from chatbot.domain.frozen import blocking, is_underway
from tests.support.builders import NOW
from tests.support.cards import CONFIRM, direct, ways
from tests.support.freezes import exemption, freeze

HOUR = timedelta(hours=1)
DATE = "<!date^1772447400^{date_short_pretty} {time}|2026-03-02 10:30 UTC>"
STOPPED = {
    "requested",
    "blocked",
    "awaiting_confirmation",
    "awaiting_confirmation_conflicts",
    "awaiting_confirmation_autoscaler",
    "applying_behind",
    "reconciling",
    "reconciling_git_is_down",
    "pr_open",
    "pr_closed",
    "failed",
    "failed_before_the_apply",
    "rolling_back_stuck",
}


def test_a_freeze_holds_from_its_start_until_before_its_end() -> None:
    one = freeze()
    assert one.phase(one.start - HOUR) is Phase.AHEAD
    assert one.phase(one.start) is Phase.BEGUN
    assert one.phase(NOW + HOUR - timedelta(seconds=1)) is Phase.BEGUN
    assert one.phase(NOW + HOUR) is Phase.OVER


def test_a_freeze_without_an_end_holds_until_somebody_lifts_it() -> None:
    assert freeze(end=None).phase(NOW + 10_000 * HOUR) is Phase.BEGUN


def test_a_freeze_stops_the_environments_that_it_names_or_all() -> None:
    test, both = freeze(), freeze("both", "staging", "prod")
    everywhere = freeze("all", environments=())
    freezes = [test, both, everywhere]
    assert in_force(freezes, "test", NOW) == (test, everywhere)
    assert in_force(freezes, "prod", NOW) == (both, everywhere)
    assert in_force(freezes, "dev", NOW) == (everywhere,)
    assert in_force(freezes, "dev", NOW + HOUR) == ()


def test_the_freeze_that_lasts_longest_is_named_first() -> None:
    short, long = freeze("short"), freeze("long", end=NOW + 9 * HOUR)
    endless = freeze("endless", end=None)
    assert in_force([short, endless, long], "test", NOW) == (endless, long, short)


def test_a_change_is_stopped_until_it_is_let_through_each_freeze() -> None:
    one, other = freeze(), freeze("other", end=NOW + 2 * HOUR)
    assert blocking(direct(*CONFIRM), [one, other], NOW) == other
    assert blocking(direct(*CONFIRM, exemptions=(exemption("other"),)), [one, other], NOW) == one
    both = (exemption("other"), exemption())
    assert blocking(direct(*CONFIRM, exemptions=both), [one, other], NOW) is None
    assert blocking(direct(*CONFIRM), [freeze("prod", "prod")], NOW) is None


@pytest.mark.parametrize("name", ways())
def test_what_is_being_applied_rolled_out_or_put_back_finishes(name: str) -> None:
    change: Change = ways()[name]
    assert is_underway(change) == (name not in STOPPED)


def test_the_sentence_says_until_when_why_who_and_how_to_ask() -> None:
    assert sentence(freeze(), "test", "CHG-12") == (
        f"test is frozen until {DATE}, because year end (says <@U0SENIOR>). "
        "A senior can let CHG-12 through: `/change exempt CHG-12 because …`."
    )


@pytest.mark.parametrize(
    ("fields", "environment", "said"),
    [
        ({"end": None}, "", "test is frozen until somebody lifts it, because year end"),
        ({"environments": ()}, "test", f"every environment is frozen until {DATE}, because"),
        ({"environments": ("staging", "prod")}, "prod", f"prod is frozen until {DATE}"),
        ({"environments": ("staging", "prod")}, "", "staging and prod are frozen until"),
        ({"reason": ""}, "", f"test is frozen until {DATE} (says"),
        ({"by": ""}, "", "because year end (says `redlight.toml`)."),
        ({"reason": "<!channel> `x."}, "", "because &lt;!channel&gt; 'x (says"),
    ],
)
def test_an_announcement_tells_what_is_known(
    fields: dict[str, object], environment: str, said: str
) -> None:
    assert said in announcement(freeze(**fields), environment)


def test_how_to_lift_follows_from_where_it_stands() -> None:
    assert how_to_lift(freeze()).endswith("`/change unfreeze test`.")
    assert how_to_lift(freeze(environments=())).endswith("`/change unfreeze all`.")
    assert how_to_lift(freeze(by="")).startswith("It stands under `[[freezes]]`")
