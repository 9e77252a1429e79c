"""Handing over, taking over, putting a reminder off: who may, what it says, what stays written."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.errors import InvalidInput, Refused, StaleChange
from chatbot.domain.notice import Audience, Button
from chatbot.domain.obligation import Kind
from chatbot.services.debtors import Debtors
from tests.support.builders import REQUESTER, message
from tests.support.instant import at_once
from tests.unit.services.owing import COLLEAGUE, GUEST, SENIOR, Office, emergency
from tests.unit.services.parts import Hand, Slack, environment


@pytest.fixture
def office(store: SqliteStore, clock: Hand, slack: Slack) -> Office:
    return Office(store, clock, slack)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return str(caught.value)


def test_a_handover_is_offered_and_nothing_changes_hands_before_it_is_accepted(
    office: Office,
) -> None:
    change = emergency(office.store, office.clock)
    office.obligations.offer(REQUESTER, change.number, COLLEAGUE, Kind.POSTMORTEM)
    assert office.owed(change).owner == REQUESTER
    [asked] = [each for each in office.notices(change) if each.audience is Audience.DIRECT]
    assert asked.user == COLLEAGUE
    assert asked.buttons == (Button.ACCEPT_HANDOVER, Button.DECLINE_HANDOVER)
    assert f"<@{REQUESTER}> asks you to take over the postmortem of *CHG-1*" in asked.text

    [taken] = office.obligations.accept(COLLEAGUE, change.number)
    assert taken.owner == COLLEAGUE
    assert office.owed(change).offered is None
    assert office.owed(change, Kind.RECONCILIATION).owner == REQUESTER
    assert office.receivers(change, "took over the postmortem") == [REQUESTER]
    assert office.events(change) == [
        {
            "event": "obligation.handover_offered",
            "actor": REQUESTER,
            "kind": "postmortem",
            "owner": REQUESTER,
            "to": COLLEAGUE,
        },
        {
            "event": "obligation.handed_over",
            "actor": COLLEAGUE,
            "kind": "postmortem",
            "from": REQUESTER,
            "to": COLLEAGUE,
        },
    ]


def test_without_a_kind_everything_is_offered_and_accepted(office: Office) -> None:
    change = emergency(office.store, office.clock)
    assert len(office.obligations.offer(SENIOR, change.number, COLLEAGUE)) == 2
    assert len(office.obligations.accept(COLLEAGUE, change.number)) == 2
    assert {each.owner for each in office.store.obligations()} == {COLLEAGUE}


def test_what_is_declined_stays_where_it_is(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.obligations.offer(SENIOR, change.number, COLLEAGUE)
    office.obligations.decline(COLLEAGUE, change.number)
    assert office.owed(change).owner == REQUESTER
    assert office.receivers(change, "does not take over the postmortem") == [REQUESTER, SENIOR]
    assert "Nobody is asked" in refusal(lambda: office.obligations.accept(COLLEAGUE, change.number))


def test_who_may_hand_over_what_to_whom(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    number, offer = change.number, office.obligations.offer
    said = refusal(lambda: offer(COLLEAGUE, number, COLLEAGUE))
    assert said == (
        "You can't hand over the postmortem of CHG-1. "
        f"Only <@{REQUESTER}>, who owns it, or a senior hands it over."
    )
    assert "only full members" in refusal(lambda: offer(REQUESTER, number, GUEST))
    assert "Guests" in refusal(lambda: offer(GUEST, number, COLLEAGUE))
    assert "owns it already" in refusal(lambda: offer(SENIOR, number, REQUESTER))
    assert "Slack knows nobody" in refusal(lambda: offer(SENIOR, number, "UNOBODY"))
    offer(REQUESTER, number, COLLEAGUE)
    assert "was asked already" in refusal(lambda: offer(REQUESTER, number, COLLEAGUE))
    said = refusal(lambda: office.obligations.accept(SENIOR, number))
    assert f"It was offered to <@{COLLEAGUE}>, and to nobody else." in said
    actions = [each["action"] for each in office.events(change, "request.refused")]
    assert actions == ["handover"] * 6 + ["accept_handover"]


def test_a_change_that_owes_nothing_has_nothing_to_hand_over(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.pay(change, Kind.POSTMORTEM)
    said = refusal(lambda: office.obligations.offer(REQUESTER, change.number, COLLEAGUE))
    assert "was met" in said
    kind = Kind.RECONCILIATION
    said = refusal(lambda: office.obligations.offer(REQUESTER, change.number, COLLEAGUE, kind))
    assert said == "CHG-1 owes nothing: only emergencies do, from their apply on."


def test_of_two_clicks_at_once_one_takes_over_and_the_other_is_told(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.obligations.offer(REQUESTER, change.number, COLLEAGUE)

    def accept() -> object:
        return office.obligations.accept(COLLEAGUE, change.number)

    outcomes = at_once(accept, accept)
    refused = [each for each in outcomes if isinstance(each, Refused)]
    assert len(refused) == 1
    assert "You own it already." in str(refused[0])
    assert [each["event"] for each in office.events(change)].count("obligation.handed_over") == 1


def test_a_snooze_skips_one_reminder_once_and_everybody_reads_why(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.tick(hours=13)
    office.obligations.snooze(REQUESTER, change.number, "I sleep until <!channel> six.")
    [said] = office.notices(change, "snoozed the postmortem")
    assert "is skipped, because I sleep until &lt;!channel&gt; six. It stays due" in said.text
    office.tick(hours=8)
    assert office.store.rungs(change.number, Kind.POSTMORTEM) == ["12h before"]
    office.tick(hours=2)
    assert office.store.rungs(change.number, Kind.POSTMORTEM) == ["12h before", "1h before"]
    assert Button.SNOOZE not in office.notices(change, "*1 h left")[0].buttons
    again = refusal(lambda: office.obligations.snooze(REQUESTER, change.number, "again"))
    assert "It was snoozed already" in again


def test_what_cannot_be_snoozed(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    snooze, number = office.obligations.snooze, change.number
    assert f"Only <@{REQUESTER}>, who owns it, can" in refusal(lambda: snooze(SENIOR, number, "x"))
    with pytest.raises(InvalidInput):
        snooze(REQUESTER, number, " \n ")
    office.clock.move(hours=23, minutes=30)
    assert "No reminder is left to skip" in refusal(lambda: snooze(REQUESTER, number, "x"))
    office.clock.move(hours=1)
    assert "what is overdue cannot be snoozed" in refusal(
        lambda: office.obligations.may_snooze(REQUESTER, number)
    )


def test_what_is_met_too_late_is_a_breach_whether_the_chase_saw_it_or_not(office: Office) -> None:
    change = emergency(office.store, office.clock)
    office.clock.move(hours=25)
    paid = office.pay(change, Kind.RECONCILIATION)
    assert (paid.met_at, paid.breached_at) == (office.clock.now(), office.clock.now())
    kinds = [event.entry.kind for event in office.store.events(change.number)]
    assert kinds == ["change.requested", "obligation.breached", "reconciliation.met"]


def test_what_was_found_of_a_change_that_has_moved_on_pays_nothing(office: Office) -> None:
    change = emergency(office.store, office.clock)
    office.ledger.note(change, "change.retried")
    with pytest.raises(StaleChange):
        office.pay(change, Kind.RECONCILIATION)
    assert office.owed(change, Kind.RECONCILIATION).is_open


def test_who_has_overdue_debt_asks_for_nothing_new_in_prod(office: Office) -> None:
    change = emergency(office.store, office.clock, Kind.POSTMORTEM)
    office.store.card_shown(change.number, message(), 1)
    places = {"prod": environment("prod", "prod"), "live": environment("live", "prod")}
    places["dev"] = environment()
    debtors = Debtors(office.store, office.clock, office.slack, places, refuses=True)
    debtors.refuse(REQUESTER, "prod")
    office.clock.move(hours=24)
    said = refusal(lambda: debtors.refuse(REQUESTER, "live"))
    assert said.startswith(
        "You can't request changes to `live` now: the postmortem of "
        "<https://slack.example/C0DEV/1772443800.000100|CHG-1> is overdue, and you own it."
    )
    debtors.refuse(REQUESTER, "dev")
    debtors.refuse(REQUESTER, "")
    debtors.refuse(SENIOR, "prod")
    Debtors(office.store, office.clock, office.slack, places, refuses=False).refuse(
        REQUESTER, "prod"
    )
    office.pay(change, Kind.POSTMORTEM)
    debtors.refuse(REQUESTER, "prod")


def test_the_list_of_debt_begins_with_what_is_overdue(office: Office) -> None:
    late = emergency(office.store, office.clock, Kind.POSTMORTEM, hours=30)
    soon = emergency(office.store, office.clock, Kind.RECONCILIATION, hours=2)
    office.clock.move(hours=3)
    listed = office.obligations.listed(COLLEAGUE)
    assert [each.change for each in listed] == [soon.number, late.number]
    assert listed[0].due_at - listed[0].since == timedelta(hours=2)
    assert "Guests" in refusal(lambda: office.obligations.listed(GUEST))
