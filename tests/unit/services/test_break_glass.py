"""The three red lights: none skipped, replayed, pressed by somebody else, or carried to other
content; each with its own words in the audit log, and each refusal told and recorded."""

from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.errors import InvalidInput, Refused
from chatbot.domain.lifecycle import State
from chatbot.domain.red_lights import passed
from tests.support.builders import REQUESTER
from tests.support.cards import DIGEST, SNAPSHOT, plan
from tests.support.emergencies import BYPASSED
from tests.unit.services.approving import FIRST, GUEST, PEER
from tests.unit.services.glass import TARGET, Glass
from tests.unit.services.parts import Hand, Slack

OTHER = "e" * 64


@pytest.fixture
def glass(store: SqliteStore, clock: Hand, slack: Slack) -> Glass:
    return Glass(store, clock, slack)


def test_the_plan_says_what_it_goes_past_and_then_waits_for_the_lights(glass: Glass) -> None:
    change = glass.planned()
    assert change.state is State.AWAITING_CONFIRMATION
    assert change.progress.bypassed == BYPASSED
    [event] = [e for e in glass.store.events(change.number) if e.entry.kind == "change.planned"]
    assert event.entry.data["bypassed"] == list(BYPASSED)
    assert "#incidents" in glass.told(change)["lights:0"]


def test_three_lights_ask_the_seniors(glass: Glass) -> None:
    change = glass.lit()
    assert change.state is State.AWAITING_APPROVAL
    assert [one.number for one in passed(change)] == [1, 2, 3]
    lit = [e.entry for e in glass.store.events(change.number) if "red_light" in e.entry.kind]
    assert [entry.kind for entry in lit] == ["red_light.1", "red_light.2", "red_light.3"]
    assert {(entry.actor, entry.data["digest"]) for entry in lit} == {(REQUESTER, DIGEST)}
    assert len({entry.data["words"] for entry in lit}) == 3
    assert lit[2].data["typed"] == TARGET


def refused(glass: Glass, action: str, *, by: str = REQUESTER) -> None:
    assert glass.refusals()[-1] == (by, action)


@pytest.mark.parametrize(
    ("lit", "light", "sentence"),
    [
        (0, 2, "light 1 of 3 is next"),
        (0, 3, "light 1 of 3 is next"),
        (1, 3, "light 2 of 3 is next"),
        (1, 1, "light 1 was passed already; light 2 of 3 is next"),
        (2, 1, "light 1 was passed already; light 3 of 3 is next"),
    ],
)
def test_no_light_is_skipped_or_replayed(glass: Glass, lit: int, light: int, sentence: str) -> None:
    change = glass.planned()
    for number in range(1, lit + 1):
        glass.light(change, number)
    with pytest.raises(Refused, match=sentence):
        glass.type(change) if light == 3 else glass.light(change, light)
    assert len(passed(glass.now(change))) == lit
    refused(glass, "red_light_typed" if light == 3 else f"red_light_{light}")


def test_the_second_light_opens_its_form_again_and_counts_once(glass: Glass) -> None:
    change = glass.planned()
    glass.light(change, 1)
    first = glass.light(change, 2)
    assert glass.light(change, 2) == first
    assert glass.kinds(change).count("red_light.2") == 1


@pytest.mark.parametrize("user", [FIRST, PEER, GUEST])
def test_nobody_else_passes_a_light(glass: Glass, user: str) -> None:
    change = glass.planned()
    with pytest.raises(Refused, match="You can't pass light 1 of CHG-1"):
        glass.light(change, 1, user)
    glass.light(change, 1)
    with pytest.raises(Refused, match="You can't pass light 2"):
        glass.light(change, 2, user)
    glass.light(change, 2)
    with pytest.raises(Refused, match="You can't pass light 3"):
        glass.type(change, user=user)
    assert [who for who, _ in glass.refusals(change)] == [user] * 3


@pytest.mark.parametrize("digest", [OTHER, ""])
def test_no_light_is_carried_to_other_content(glass: Glass, digest: str) -> None:
    change = glass.planned()
    with pytest.raises(Refused, match="not what this light was shown for any more"):
        glass.light(change, 1, digest=digest)
    glass.light(change, 1)
    glass.light(change, 2)
    with pytest.raises(Refused, match="not what this light was shown for"):
        glass.type(change, digest=digest)
    refused(glass, "red_light_typed")


@pytest.mark.parametrize("typed", ["", "prod", TARGET.upper(), f"{TARGET}x", "test" + TARGET[4:]])
def test_another_target_is_told_at_its_field_and_recorded(glass: Glass, typed: str) -> None:
    change = glass.planned()
    glass.light(change, 1)
    glass.light(change, 2)
    with pytest.raises(InvalidInput) as wrong:
        glass.type(change, typed)
    assert f"Type exactly {TARGET}" in wrong.value.fields["confirmation"]
    refused(glass, "red_light_typed")
    assert glass.now(change).state is State.AWAITING_CONFIRMATION
    assert glass.type(change, f" {TARGET}\n").state is State.AWAITING_APPROVAL


def test_a_plan_that_is_made_anew_starts_with_the_first_light(glass: Glass) -> None:
    change = glass.planned()
    glass.light(change, 1)
    again = glass.now(change).model_copy(update={"state": State.REQUESTED})
    replanned = glass.emergencies.plan(again)
    assert passed(replanned) == ()
    with pytest.raises(Refused, match="light 1 of 3 is next"):
        glass.light(replanned, 2)
    glass.plan = plan(digest=OTHER)
    with pytest.raises(Refused, match="not what this light"):
        glass.light(replanned, 1, digest=OTHER)


def test_lights_that_are_not_passed_in_time_end_it(glass: Glass, clock: Hand) -> None:
    change = glass.planned()
    clock.move(minutes=59)
    glass.light(change, 1)
    waits = glass.emergencies.expire(glass.now(change))
    assert waits.state is State.AWAITING_CONFIRMATION
    assert waits.due_at == clock.now() + timedelta(minutes=1)
    clock.move(minutes=1)
    over = glass.emergencies.expire(waits)
    assert (over.state, over.due_at) == (State.EXPIRED, None)
    assert "red lights were not passed in time" in glass.told(over)["expired"]


def test_what_has_touched_the_cluster_does_not_expire(glass: Glass, clock: Hand) -> None:
    change = glass.ledger.note(glass.planned(), "test.touched", snapshot=SNAPSHOT)
    clock.move(hours=3)
    assert glass.emergencies.expire(change).state is State.AWAITING_CONFIRMATION
    assert glass.light(change, 1).due_at is None


def test_a_restart_gets_its_time_before_its_plan(glass: Glass) -> None:
    timed = glass.emergencies.plan(glass.asked(operation="restart", replicas=None))
    assert (timed.state, timed.progress.restarted_at) == (State.REQUESTED, "2026-03-02T09:30:00Z")
    assert glass.emergencies.plan(timed).state is State.AWAITING_CONFIRMATION


def test_a_freeze_stops_no_light(glass: Glass) -> None:
    glass.freezes.freeze(FIRST, "prod", "4h", "year end")
    assert glass.freezes.in_force("prod")
    assert glass.lit().state is State.AWAITING_APPROVAL


@pytest.mark.parametrize("user", [GUEST, "U404"])
def test_who_may_not_request_changes_breaks_no_glass(glass: Glass, user: str) -> None:
    glass.slack.persons.setdefault(user, glass.slack.persons[GUEST])
    with pytest.raises(Refused):
        glass.break_glass.welcome(user)
    refused(glass, "break_glass", by=user)
