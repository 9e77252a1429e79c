"""Who may stop changes, lift that and let one through; what each of it records."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.errors import NotFound, Refused
from chatbot.domain.freeze import Freeze
from chatbot.domain.lifecycle import State
from chatbot.services.freezes import LOOK_AGAIN, Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from tests.support import builders
from tests.support.builders import NOW, REQUESTER
from tests.support.freezes import freeze
from tests.support.store import add_change, move
from tests.unit.services.parts import Hand, Slack, environment

SENIOR, OTHER_SENIOR, MANAGER, MEMBER, GUEST = "U2", "U3", "UMANAGER", "U1", "UGUEST"
ENVIRONMENTS = {name: environment(name) for name in ("dev", "prod")}


class Office:
    """The use cases over a real store. Only the requester may request."""

    def __init__(self, store: SqliteStore, clock: Hand, slack: Slack, *configured: Freeze) -> None:
        for user, flags in ((MANAGER, {}), (GUEST, {"is_guest": True})):
            person = slack.persons["U1"].model_copy(update={"id": user, **flags})
            slack.persons[user] = person
        slack.groups["@platform-seniors"] = frozenset({SENIOR, OTHER_SENIOR, GUEST})
        self.store, self.clock, self.slack = store, clock, slack
        self.people = People(
            slack,
            clock,
            requesters=[REQUESTER],
            seniors=["@platform-seniors"],
            managers=[MANAGER],
        )
        self.ledger = Ledger(store, clock)
        self.freezes = Freezes(store, self.ledger, self.people, ENVIRONMENTS, configured)

    def change(self, state: State = State.AWAITING_CONFIRMATION) -> Change:
        return move(self.store, add_change(self.store), state, due_at=None)

    def events(self) -> list[tuple[str, str]]:
        return [(event.entry.kind, event.entry.actor) for event in self.store.events()]

    def data(self) -> dict[str, Any]:
        """Of the last event."""
        return self.store.events()[-1].entry.data


@pytest.fixture
def office(store: SqliteStore, clock: Hand, slack: Slack) -> Office:
    return Office(store, clock, slack)


def refusal(call: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return str(caught.value)


# --- freezing --------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [REQUESTER, SENIOR, MANAGER])
def test_whoever_may_request_a_senior_and_a_manager_stop_changes(office: Office, user: str) -> None:
    made = office.freezes.freeze(user, "dev", "4h", " year   end ")
    assert made.environments == ("dev",)
    assert (made.start, made.end) == (NOW, NOW + timedelta(hours=4))
    assert (made.reason, made.by) == ("year end", user)
    assert office.freezes.blocking(office.change()) == made
    assert office.events()[0] == ("freeze.begun", user)
    assert office.store.events()[0].entry.data == made.model_dump(mode="json")


@pytest.mark.parametrize(("user", "why"), [(MEMBER, "not on the list"), (GUEST, "Guests")])
def test_others_do_not_and_that_is_recorded(office: Office, user: str, why: str) -> None:
    assert why in refusal(office.freezes.freeze, user, "dev", "4h", "")
    assert office.store.freezes() == []
    assert office.events() == [("request.refused", user)]
    assert office.data()["action"] == "freeze"


def test_a_time_is_read_in_the_zone_of_whoever_typed_it(office: Office) -> None:
    berlin = office.slack.persons[SENIOR].model_copy(update={"time_zone": "Europe/Berlin"})
    office.slack.persons[SENIOR] = berlin
    made = office.freezes.freeze(SENIOR, "dev", "2026-12-24 18:00", "")
    assert made.end == datetime(2026, 12, 24, 17, tzinfo=UTC)


def test_all_stops_every_environment_until_somebody_lifts_it(office: Office) -> None:
    made = office.freezes.freeze(REQUESTER, "all", "", "")
    assert (made.environments, made.end) == ((), None)
    office.clock.move(days=400)
    assert office.freezes.in_force("dev") == office.freezes.in_force() == [made]


@pytest.mark.parametrize(
    ("environment", "until", "said"),
    [
        ("pord", "", "There are `dev`, `prod`, `all`: `/change freeze dev`."),
        ("<!channel>", "", "`&lt;!channel&gt;` is no environment"),
        ("dev", "soon", "“soon” is no time. Write it like 2026-12-01 22:00. The form is `/change"),
        ("dev", "<!here>", "“&lt;!here&gt;” is no time."),
        ("dev", "2026-01-01 10:00", "over already"),
    ],
)
def test_what_cannot_be_frozen_is_told_with_the_right_form(
    office: Office, environment: str, until: str, said: str
) -> None:
    assert said in refusal(office.freezes.freeze, SENIOR, environment, until, "")
    assert office.store.freezes() == []


def test_nobody_makes_a_freeze_that_nobody_could_lift(office: Office) -> None:
    office.slack.groups["@platform-seniors"] = frozenset({GUEST})
    office.slack.persons[MANAGER] = office.slack.persons[MANAGER].model_copy(
        update={"is_deactivated": True}
    )
    said = refusal(office.freezes.freeze, REQUESTER, "all", "", "")
    assert "Nobody could lift this freeze" in said
    assert "`/change freeze all 4h`" in said
    assert office.freezes.freeze(REQUESTER, "all", "4h", "").end


# --- lifting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [SENIOR, MANAGER])
def test_a_senior_and_a_manager_lift_what_was_frozen_by_that_word(
    office: Office, user: str
) -> None:
    first = office.freezes.freeze(REQUESTER, "dev", "4h", "")
    second = office.freezes.freeze(SENIOR, "dev", "", "")
    everywhere = office.freezes.freeze(SENIOR, "all", "4h", "")
    assert office.freezes.unfreeze(user, "dev", "all is well") == [first, second]
    assert office.freezes.in_force("dev") == [everywhere]
    assert office.events()[-1] == ("freeze.lifted", user)
    assert office.data() == {
        "environment": "dev",
        "freezes": [first.id, second.id],
        "because": "all is well",
    }
    assert office.freezes.unfreeze(user, "all") == [everywhere]
    assert office.freezes.in_force() == []


def test_whoever_froze_it_does_not_lift_it_and_hears_who_does(office: Office) -> None:
    made = office.freezes.freeze(REQUESTER, "all", "", "")
    said = refusal(office.freezes.unfreeze, REQUESTER, "all")
    assert said.endswith("only a senior or a manager does: <@U2>, <@U3>, <@UMANAGER>.")
    assert office.freezes.in_force() == [made]
    assert office.events()[-1] == ("request.refused", REQUESTER)


def test_what_is_not_frozen_cannot_be_lifted(office: Office) -> None:
    assert refusal(office.freezes.unfreeze, SENIOR, "dev") == "`dev` is not frozen."
    assert refusal(office.freezes.unfreeze, SENIOR, "all") == "Nothing is frozen."
    office.freezes.freeze(SENIOR, "all", "4h", "")
    said = refusal(office.freezes.unfreeze, SENIOR, "dev")
    assert "every environment is frozen" in said
    assert said.endswith("`/change unfreeze all`.")
    office.clock.move(hours=4)
    assert refusal(office.freezes.unfreeze, SENIOR, "all") == "Nothing is frozen."


def test_a_freeze_of_the_configuration_is_no_commands_to_lift(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    office = Office(store, clock, slack, freeze("config:1", "prod", by=""))
    said = refusal(office.freezes.unfreeze, SENIOR, "prod")
    assert "It stands under `[[freezes]]` of `redlight.toml`" in said
    [still] = office.freezes.in_force("prod")
    assert still.id == "config:1"


# --- letting one through ---------------------------------------------------------------------


def test_a_senior_lets_exactly_one_change_through(office: Office) -> None:
    made = office.freezes.freeze(REQUESTER, "dev", "4h", "year end")
    change, other = office.change(), office.change()
    passed = office.freezes.exempt(SENIOR, change.number, "it mends the <outage>.")
    assert office.freezes.blocking(passed) is None
    assert office.freezes.blocking(other) == made
    assert office.events()[-1] == ("freeze.exempted", SENIOR)
    assert office.data()["because"] == "it mends the <outage>."
    assert [each["id"] for each in office.data()["freezes"]] == [made.id]
    [thread, direct] = office.store.pending_notices(change.number)
    assert thread.notice.text == (
        "<@U2> let CHG-1 through the freeze, because it mends the &lt;outage&gt;."
    )
    assert direct.notice.user == REQUESTER
    assert passed.revision > change.revision, "the card is drawn anew"


def test_the_next_freeze_stops_the_change_again(office: Office) -> None:
    office.freezes.freeze(REQUESTER, "dev", "4h", "")
    change = office.change()
    office.freezes.exempt(SENIOR, change.number, "it is safe")
    again = office.freezes.freeze(REQUESTER, "all", "", "stop the line")
    assert office.freezes.blocking(office.store.change(change.number)) == again
    passed = office.freezes.exempt(OTHER_SENIOR, change.number, "it is the cure")
    assert office.freezes.blocking(passed) is None


def test_a_change_is_let_through_an_announced_freeze_beforehand(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    ahead = freeze("config:1", "dev", by="", start=NOW + timedelta(days=1), end=None)
    office = Office(store, clock, slack, ahead)
    change = office.change()
    office.freezes.exempt(SENIOR, change.number, "agreed with sales")
    office.clock.move(days=2)
    assert office.freezes.in_force("dev") == [ahead]
    assert office.freezes.blocking(store.change(change.number)) is None


@pytest.mark.parametrize(
    ("user", "why"),
    [
        (REQUESTER, "You can't let CHG-1 through. Only a senior can: <@U2>, <@U3>."),
        (MANAGER, "Only a senior can"),
        (GUEST, "Guests"),
    ],
)
def test_only_a_senior_lets_a_change_through(office: Office, user: str, why: str) -> None:
    made = office.freezes.freeze(SENIOR, "dev", "4h", "")
    change = office.change()
    assert why in refusal(office.freezes.exempt, user, change.number, "I want to")
    assert office.freezes.blocking(office.store.change(change.number)) == made
    assert office.events()[-1] == ("request.refused", user)


def test_a_senior_does_not_let_their_own_change_through(office: Office) -> None:
    office.freezes.freeze(SENIOR, "dev", "4h", "")
    own = office.store.create_change(builders.new_change(requester=SENIOR), builders.entry())
    said = refusal(office.freezes.exempt, SENIOR, own.number, "I know what I do")
    assert said == "You can't let CHG-1 through. You requested it; another senior can: <@U3>."


def test_what_needs_no_exception_gets_none(office: Office) -> None:
    change = office.change()
    said = refusal(office.freezes.exempt, SENIOR, change.number, "to be sure")
    assert said == "`dev` is not frozen, so CHG-1 needs no exception."
    office.freezes.freeze(SENIOR, "dev", "4h", "")
    office.freezes.exempt(SENIOR, change.number, "it is safe")
    said = refusal(office.freezes.exempt, SENIOR, change.number, "to be sure")
    assert said == "CHG-1 was let through already."
    done = office.change(State.CANCELLED)
    assert "cancelled already" in refusal(office.freezes.exempt, SENIOR, done.number, "why not")
    with pytest.raises(NotFound):
        office.freezes.exempt(SENIOR, 4711, "why not")


def test_an_exception_counts_although_the_change_moved_on_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.freezes.freeze(SENIOR, "dev", "4h", "")
    stale = office.change()
    move(office.store, stale, State.AWAITING_CONFIRMATION)
    fresh, seen = office.store.change, [stale]
    monkeypatch.setattr(office.store, "change", lambda n: seen.pop() if seen else fresh(n))
    assert office.freezes.exempt(SENIOR, stale.number, "it is safe").progress.exemptions


# --- waiting ---------------------------------------------------------------------------------


def test_a_change_waits_for_the_end_or_looks_again_soon(office: Office) -> None:
    change = office.change(State.APPLYING)
    made = office.freezes.freeze(SENIOR, "dev", "4h", "")
    waits = office.freezes.wait(change, made)
    assert (waits.state, waits.due_at) == (State.APPLYING, NOW + LOOK_AGAIN)
    assert waits.progress.waiting is not None
    assert waits.progress.waiting.reason == "dev is frozen"
    assert office.events()[-1] == ("step.frozen", "redlight")
    office.clock.move(hours=3, minutes=59, seconds=30)
    again = office.freezes.wait(waits, made)
    assert again.due_at == made.end
    assert again.progress.waiting.since == NOW  # type: ignore[union-attr]
    assert again.revision == waits.revision, "nothing that a reader would notice"
    assert [kind for kind, _ in office.events()].count("step.frozen") == 1


def test_letting_a_waiting_change_through_lets_it_go_on_at_once(office: Office) -> None:
    made = office.freezes.freeze(SENIOR, "dev", "4h", "")
    waits = office.freezes.wait(office.change(State.APPLYING), made)
    assert office.freezes.exempt(SENIOR, waits.number, "it is safe").due_at == NOW


def test_letting_a_change_through_leaves_its_time_to_expire(office: Office) -> None:
    office.freezes.freeze(SENIOR, "dev", "4h", "")
    expires = NOW + timedelta(hours=8)
    change = move(office.store, add_change(office.store), State.AWAITING_CONFIRMATION)
    change = office.ledger.rest(change, expires - NOW)
    assert office.freezes.exempt(SENIOR, change.number, "it is safe").due_at == expires


def test_a_card_tells_of_no_freeze_where_the_change_finishes(office: Office) -> None:
    made = office.freezes.freeze(SENIOR, "dev", "4h", "")
    assert office.freezes.shown_on(office.change()) == made
    assert office.freezes.shown_on(office.change(State.VALIDATING)) is None
    assert office.freezes.shown_on(office.change(State.COMPLETED)) is None
