"""The chase over two days of clock: every rung at its time, to whom it concerns, in these words,
once; whatever restarts, sleeps, steps back or runs twice."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatbot.domain.errors import RetryLater
from chatbot.domain.obligation import Kind
from tests.support.builders import NOW, REQUESTER
from tests.support.chased import INCIDENTS, Chased, Heard, everybody
from tests.unit.services.owing import MANAGER, OTHER_SENIOR, SENIOR

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DUE = NOW + 24 * HOUR
NAMED = "*CHG-1* · Scale deployment/web to 3 · prod"
BEFORE = {12: [REQUESTER], 4: sorted([REQUESTER, SENIOR, OTHER_SENIOR])}
BEFORE[1] = BEFORE[4]
HOW = {
    "postmortem": "Write it: `/postmortem CHG-1`.",
    "Git reconciliation": "It is met when Git holds what the cluster has, and Argo CD syncs again.",
}
END = {"postmortem": "it is in", "Git reconciliation": "it is met"}


@pytest.fixture
def chased(tmp_path: Path) -> Iterator[Chased]:
    made = Chased(tmp_path)
    yield made
    made.stop()


def moment(at: datetime) -> str:
    utc = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{utc}>"


def ahead(what: str, left: str, to: str) -> Heard:
    owner = "You own it" if to == REQUESTER else f"<@{REQUESTER}> owns it"
    text = f"⏳ *{left} left* (until {moment(DUE)}) for the {what} of {NAMED}. {owner}. {HOW[what]}"
    hours = int(left.split(maxsplit=1)[0])
    write = ("write_postmortem",) if what == "postmortem" and to != INCIDENTS else ()
    snooze = ("snooze",) if to == REQUESTER and hours > 1 else ()
    return Heard(DUE - hours * HOUR, to, text, (*write, *snooze))


def overdue(what: str, hours: int, to: str) -> Heard:
    lasting = f", for {hours} h" if 0 < hours < 24 else ", for 1 d" if hours else ""
    owner, end = f"<@{REQUESTER}> owns it", END[what]
    wait = f"Non-emergency prod requests by <@{REQUESTER}> wait until {end}."
    if to == REQUESTER:
        owner, wait = "You own it", f"Your non-emergency requests to prod wait until {end}."
    if to == INCIDENTS:
        owner = f"Owner <@{REQUESTER}>, seniors <@{SENIOR}> <@{OTHER_SENIOR}>"
    text = (
        f"🔴 The {what} of {NAMED} is overdue since {moment(DUE)}{lasting}. {owner}. {wait} "
        f"{HOW[what]}"
    )
    write = ("write_postmortem",) if what == "postmortem" and to != INCIDENTS else ()
    return Heard(DUE + hours * HOUR, to, text, write)


def two_days(*, skip: frozenset[int] = frozenset()) -> set[Heard]:
    """Everything that is said in 48 hours; `skip` are hours from when it is due, whose rungs are
    not climbed."""
    said = set()
    for what in HOW:
        for hours, users in BEFORE.items():
            if -hours not in skip:
                left = f"{hours} h"
                said |= {ahead(what, left, to) for to in (*users, INCIDENTS)}
        for hours in range(25):
            if hours not in skip:
                said |= {overdue(what, hours, to) for to in (*everybody(), INCIDENTS)}
    return said


def in_order(heard: Iterable[Heard]) -> list[Heard]:
    """To compare: each of these and no other, and each once."""
    return sorted(heard, key=str)


def rungs(chased: Chased, kind: Kind = Kind.POSTMORTEM) -> list[str]:
    return chased.services.store.rungs(chased.change.number, kind)


def test_two_days_tell_every_rung_to_the_minute(chased: Chased) -> None:
    for hours in range(1, 49):
        chased.until(NOW + hours * HOUR - MINUTE, HOUR)
        chased.until(NOW + hours * HOUR, MINUTE)
    assert in_order(chased.slack.heard) == in_order(two_days())
    kinds = [event.entry.kind for event in chased.services.store.events(chased.change.number)]
    assert kinds.count("obligation.breached") == 2
    assert kinds.count("obligation.reminded") == 2 * (3 + 25)
    assert chased.services.store.check_audit().broken is None
    thread = [one.text for one in chased.slack.messages if "is overdue since" in one.text]
    assert f"🔴 The postmortem is overdue since {moment(DUE)}." in thread


def test_a_restart_between_any_two_looks_changes_nothing(chased: Chased) -> None:
    chased.until(DUE + 24 * HOUR, 30 * MINUTE, chased.restart)
    assert in_order(chased.slack.heard) == in_order(two_days())


def test_two_schedulers_at_once_say_everything_once(tmp_path: Path) -> None:
    chased = Chased(tmp_path, schedulers=2)
    try:
        chased.until(DUE + 24 * HOUR, 15 * MINUTE)
        assert in_order(chased.slack.heard) == in_order(two_days())
        assert len(rungs(chased)) == len(set(rungs(chased))) == 28
    finally:
        chased.stop()


def test_after_a_day_of_downtime_only_the_rung_of_now_is_climbed(chased: Chased) -> None:
    chased.until(DUE - 5 * HOUR, 15 * MINUTE)
    chased.stop()
    chased.clock.time = DUE + 19 * HOUR
    chased.start()
    chased.tick()
    slept = frozenset({-4, -1, *range(19)})
    chased.until(DUE + 24 * HOUR, 15 * MINUTE)
    assert in_order(chased.slack.heard) == in_order(two_days(skip=slept))
    assert rungs(chased)[:2] == ["12h before", "19h after"]
    kinds = [event.entry.kind for event in chased.services.store.events(chased.change.number)]
    assert kinds.count("obligation.breached") == 2


@pytest.mark.parametrize("hours", [-11.5, -3.5, -0.5, 0.5, 7.5])
def test_a_clock_that_steps_back_an_hour_says_nothing_again(chased: Chased, hours: float) -> None:
    chased.until(DUE + hours * HOUR, 15 * MINUTE)
    chased.clock.move(hours=-1)
    chased.restart()
    chased.until(DUE + 24 * HOUR, 15 * MINUTE)
    assert in_order(chased.slack.heard) == in_order(two_days())


def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(chased: Chased) -> None:
    for hours in (-12, -4, 0, 1):
        chased.until(DUE + hours * HOUR - MINUTE, 15 * MINUTE)
        for method in ("send", "announce"):
            chased.slack.fail(method, RetryLater("the answer was lost"), after=True)
        chased.until(DUE + hours * HOUR, MINUTE)
        chased.restart()
    chased.until(DUE + 24 * HOUR, 15 * MINUTE)
    assert sorted((each.to, each.text) for each in chased.slack.heard) == sorted(
        (each.to, each.text) for each in two_days()
    )


def test_what_waited_for_slack_until_it_was_untrue_is_not_said(chased: Chased) -> None:
    chased.until(DUE - 13 * HOUR, HOUR)
    chased.clock.time = DUE - 12 * HOUR
    chased.slack.down = True
    chased.services.debt.chase.run()
    chased.restart()
    chased.clock.time = DUE - 3 * HOUR
    chased.slack.down = False
    chased.tick()
    direct = [each for each in chased.slack.heard if each.to != INCIDENTS]
    assert {each.to for each in direct} == {REQUESTER, SENIOR, OTHER_SENIOR}
    assert all("*3 h left*" in each.text for each in direct)
    assert all("*3 h left*" in each.text for each in chased.slack.heard)


def test_what_is_paid_is_chased_no_more_and_the_breach_stays(chased: Chased) -> None:
    chased.until(DUE + 2 * HOUR, 15 * MINUTE)
    postmortems, number = chased.services.desk.postmortems, chased.change.number
    opened = postmortems.open(REQUESTER, number)
    assert "the postmortem was overdue" in opened.text.timeline
    text = opened.text.model_copy(
        update={"summary": "It was down.", "impact": "All.", "root_cause": "A limit."}
    )
    postmortems.submit(REQUESTER, number, text, opened.seen)
    postmortems.accept(SENIOR, number, text.digest[:16])
    chased.restart()
    before = chased.clock.now()
    chased.until(DUE + 6 * HOUR, 15 * MINUTE)
    later = [each.text for each in chased.heard_after(before) if "is overdue" in each.text]
    assert later
    assert all("Git reconciliation" in text for text in later)
    owed = chased.services.store.obligation(number, Kind.POSTMORTEM)
    assert owed is not None
    assert owed.breached_at == DUE
    assert owed.met_at == DUE + 2 * HOUR
    assert MANAGER in {each.to for each in chased.heard_after(before)}
