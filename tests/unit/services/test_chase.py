"""The chase over real rows: who hears what when, once, whoever looks and whatever fails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.chase import Ladder
from chatbot.domain.errors import RetryLater
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Button
from chatbot.domain.obligation import Kind
from tests.support.builders import REQUESTER
from tests.support.instant import at_once
from tests.support.store import make_store
from tests.unit.services.owing import (
    COLLEAGUE,
    INCIDENTS,
    MANAGER,
    OTHER_SENIOR,
    SENIOR,
    Office,
    emergency,
)
from tests.unit.services.parts import Hand, Slack


@pytest.fixture
def office(store: SqliteStore, clock: Hand, slack: Slack) -> Office:
    return Office(store, clock, slack)


def test_nothing_is_said_before_the_first_rung(office: Office) -> None:
    change = emergency(office.store, office.clock)
    office.tick()
    assert office.owed(change).next_at == office.owed(change).due_at - timedelta(hours=12)
    assert office.store.obligations_due(office.clock.now()) == []
    office.tick(hours=11, minutes=59)
    assert office.events(change) == []


def test_a_rung_is_told_with_its_time_and_what_to_do(office: Office) -> None:
    change = emergency(office.store, office.clock)
    office.tick(hours=12)
    told = office.notices(change, "12 h left")
    due = int(office.owed(change).due_at.timestamp())
    assert [(each.user, each.buttons) for each in told] == [
        (REQUESTER, (Button.WRITE_POSTMORTEM, Button.SNOOZE)),
        (REQUESTER, (Button.SNOOZE,)),
    ]
    assert told[0].text == (
        f"⏳ *12 h left* (until <!date^{due}^{{date_short_pretty}} {{time}}|2026-03-03 09:30 UTC>)"
        " for the postmortem of *CHG-1* · Scale deployment/web to 3 · prod. You own it."
        " Write it: `/postmortem CHG-1`."
    )
    news = [each.announcement for each in office.store.announcements_due(office.clock.now())]
    assert [each.channel for each in news] == [INCIDENTS] * 2
    assert f"<@{REQUESTER}> owns it" in news[0].text
    assert office.store.rungs(change.number, Kind.POSTMORTEM) == ["12h before"]


def test_at_the_breach_the_managers_hear_and_it_stays_on_the_record(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.tick(hours=24)
    everybody = sorted([REQUESTER, SENIOR, OTHER_SENIOR, MANAGER])
    assert office.receivers(change, "is overdue since") == everybody
    assert "Your non-emergency requests to prod wait until it is in." in "".join(
        each.text for each in office.notices(change) if each.user == REQUESTER
    )
    [news] = [each.announcement for each in office.store.announcements_due(office.clock.now())]
    assert f"Owner <@{REQUESTER}>, seniors <@{SENIOR}> <@{OTHER_SENIOR}>." in news.text
    assert f"Non-emergency prod requests by <@{REQUESTER}> wait until it is in." in news.text
    assert office.owed(change).breached_at == office.clock.now()
    assert [each["event"] for each in office.events(change)] == [
        "obligation.breached",
        "obligation.reminded",
    ]


def test_a_breach_is_recorded_while_slack_cannot_say_who_is_to_be_told(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.slack.down = True
    office.tick(hours=24)
    assert [each["event"] for each in office.events(change)] == ["obligation.breached"]
    assert office.store.obligations_due(office.clock.now()) == []
    office.slack.down = False
    office.tick(seconds=5)
    assert len(office.receivers(change, "is overdue since")) == 4


def test_what_slack_asks_for_is_waited_for(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    limit = RetryLater("Slack limits how often we may call", after=timedelta(minutes=2))
    office.clock.move(hours=20)

    def limited(_: str) -> frozenset[str]:
        raise limit

    office.slack.group_members = limited  # type: ignore[method-assign]
    office.chase.run()
    assert office.owed(change).next_at == office.clock.now() + timedelta(minutes=2)


def test_two_schedulers_at_once_climb_a_rung_once(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    beside = make_store(office.store._connections.path.parent)
    other = Office(beside, office.clock, office.slack)
    try:
        for _ in range(8):
            office.clock.move(hours=4)
            at_once(office.chase.run, other.chase.run, office.chase.run, other.chase.run)
    finally:
        beside.close()
    rungs = [each["rung"] for each in office.events(change) if "rung" in each]
    assert rungs == ["12h before", "4h before", "breach", "4h after", "8h after"]
    assert office.store.rungs(change.number, Kind.POSTMORTEM) == rungs
    assert len([1 for each in office.events(change) if each["event"].endswith("breached")]) == 1


def test_what_is_met_is_chased_no_more(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    met = office.owed(change).model_copy(update={"met_at": office.clock.now()})
    office.store.save_obligation(met, [])
    office.tick(hours=30)
    assert office.events(change) == []


def test_a_ladder_that_changed_with_the_start_counts_at_once(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.tick(hours=12)
    denser = office.chasing(Ladder.of_hours((12, 10, 4, 1)))
    denser.look_at_all()
    office.clock.move(hours=2)
    denser.run()
    assert office.store.rungs(change.number, Kind.POSTMORTEM) == ["12h before", "10h before"]


def test_a_reminder_draws_the_card_anew_and_outdates_who_works_on_the_change(
    office: Office,
) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.tick(hours=12)
    now = office.store.change(change.number)
    assert (now.revision, now.version) == (change.revision + 1, change.version + 1)
    assert now.state is State.RECONCILING
    assert change.number in office.store.deliveries_due(office.clock.now())
    assert change.number in office.shown


def test_whoever_owns_it_now_is_reminded(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    handed = office.owed(change).model_copy(update={"owner": COLLEAGUE})
    office.store.save_obligation(handed, [])
    office.tick(hours=12)
    assert office.receivers(change, "You own it") == [COLLEAGUE]


def test_an_obligation_that_cannot_be_looked_at_does_not_keep_others_from_it(
    office: Office,
) -> None:
    broken = emergency(office.store, office.clock, Kind.POSTMORTEM)
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)

    def channel(asked: Change) -> str:
        if asked.number == broken.number:
            raise KeyError("an environment that is gone")
        return INCIDENTS

    office.clock.move(hours=12)
    replace(office.chase, channel=channel).run()
    assert office.store.rungs(broken.number, Kind.POSTMORTEM) == []
    assert office.store.rungs(change.number, Kind.POSTMORTEM) == ["12h before"]
