"""What `/change` answers, over real services and a store; Slack's own part is written down."""

import json
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.chase import Ladder
from chatbot.domain.lifecycle import State
from chatbot.domain.timeline import entries_of
from chatbot.services.approvals import Approvals
from chatbot.services.break_glass import BreakGlass
from chatbot.services.debtors import Debtors
from chatbot.services.decisions import Decisions
from chatbot.services.delegations import Delegations
from chatbot.services.electorates import Electorates
from chatbot.services.freezes import Freezes
from chatbot.services.intake import Intake
from chatbot.services.ledger import Ledger
from chatbot.services.obligations import Obligations
from chatbot.services.people import People
from chatbot.services.postmortems import Postmortems
from chatbot.services.presence import Presence
from chatbot.services.requests import Requests
from chatbot.services.rollback_requests import RollbackRequests
from chatbot.services.rush import Rush
from chatbot.services.sign_offs import SignOffs
from chatbot.services.sources import Sources
from chatbot.services.timeline import Timeline
from chatbot.services.voices import Voices
from chatbot.slack import commands
from chatbot.slack.desk import Desk
from tests.support.builders import REQUESTER, SENIOR
from tests.support.cards import MERGED
from tests.support.store import add_change, move
from tests.unit.services.parts import Hand, Slack, environment

ENVIRONMENTS = {"dev": environment(), "prod": environment("prod", "prod")}


class Listeners:
    """Stands for the Bolt app and for Slack: says a command, keeps what was answered."""

    def __init__(self, desk: Desk) -> None:
        self.views: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        commands.register(self, desk)  # type: ignore[arg-type]

    def command(self, name: str) -> Any:
        assert name == "/change"
        return lambda listener: setattr(self, "listener", listener)

    def views_open(self, *, trigger_id: str, view: dict[str, Any]) -> None:
        assert trigger_id
        self.views.append(view)

    def say(self, text: str, user: str = REQUESTER) -> str:
        """Everything that is answered, in one text."""
        said = len(self.answers)
        self.listener(  # type: ignore[attr-defined]
            ack=lambda: None,
            command={"user_id": user, "text": text, "trigger_id": "T1"},
            client=self,
            respond=lambda **answer: self.answers.append(answer),
        )
        return str(self.answers[said:])


def desk_of(store: SqliteStore, clock: Hand, slack: Slack) -> Desk:
    """What the listeners stand on; there is no cluster."""

    def no_clusters(_: str) -> Any:
        raise AssertionError("asked a cluster")

    ledger = Ledger(store, clock)
    people = People(slack, clock, seniors=[SENIOR])
    freezes = Freezes(store, ledger, people, ENVIRONMENTS, ())
    decisions = Decisions(store, ledger, lambda _: None, lambda _: None, freezes.blocking)
    electorates = Electorates(store, people, ENVIRONMENTS)
    requests = Requests(
        store=store,
        ledger=ledger,
        people=people,
        intake=Intake(
            ENVIRONMENTS,
            no_clusters,  # type: ignore[arg-type]
            Sources(None, "main", store),  # type: ignore[arg-type]
            clock.now,
            Presence(clock),
        ),
        environments=ENVIRONMENTS,
        decisions=decisions,
    )
    return Desk(
        requests=requests,
        rollbacks=RollbackRequests(store, people, ENVIRONMENTS, decisions),
        environments=ENVIRONMENTS,
        store=store,
        chat=slack,
        clock=clock,
        rush=Rush(),
        approvals=Approvals(
            ledger, people, electorates, Voices(ledger, people, electorates), decisions
        ),
        delegations=Delegations(store, ledger, people, decisions),
        freezes=freezes,
        break_glass=BreakGlass(ledger, people, requests.intake, ENVIRONMENTS, decisions),
        sign_offs=SignOffs(ledger, people, electorates, decisions, lambda _: ("#incidents",)),
        debtors=Debtors(store, clock, slack, ENVIRONMENTS, refuses=True),
        obligations=Obligations(store, ledger, people, Ladder.of_hours((12, 4, 1)), lambda _: None),
        postmortems=Postmortems(
            ledger,
            people,
            lambda number: entries_of(store.events(number)),
            lambda _: "#incidents",
            lambda _: None,
            lambda _: None,
        ),
        timeline=Timeline(store, ledger, people),
    )


@pytest.fixture
def listeners(store: SqliteStore, clock: Hand, slack: Slack) -> Listeners:
    return Listeners(desk_of(store, clock, slack))


def test_a_command_for_a_place_that_nothing_deploys_opens_no_form(
    listeners: Listeners,
) -> None:
    assert "names it under [environments.prod.argocd]" in listeners.say("scale prod d/w 5")
    assert listeners.views == []
    assert listeners.say("scale dev d/w 5") == "[]"
    assert len(listeners.views) == 1


def test_a_list_of_what_is_open_says_so_when_all_is_done(
    listeners: Listeners, store: SqliteStore
) -> None:
    for words in ("", " open", " Mine"):
        assert "No changes here." in listeners.say(f"list{words}")
    move(store, add_change(store), State.COMPLETED)
    assert "Nothing is open." in listeners.say("list")
    assert "Nothing is open." in listeners.say("list Open")
    assert "CHG-1" in listeners.say("list mine")
    assert "No changes here." in listeners.say("list kafka")


def test_a_senior_lends_their_say_and_takes_it_back(listeners: Listeners) -> None:
    said = listeners.say("delegate <@U1|somebody> 3d", SENIOR)
    assert "<@U1> approves for you until <!date^" in said
    assert f"<@U1> does not speak for <@{SENIOR}> any more" in listeners.say(
        "undelegate <@U1>", SENIOR
    )


def test_who_has_no_say_lends_none(listeners: Listeners, store: SqliteStore) -> None:
    assert "Only a senior has a say to delegate." in listeners.say("delegate <@U1> 3d")
    assert "I can't tell who `@somebody` is" in listeners.say("delegate @somebody 3d", SENIOR)
    assert store.delegations() == []


def test_a_rollback_opens_a_form_that_names_the_change(
    listeners: Listeners, store: SqliteStore
) -> None:
    assert "There is no CHG-1" in listeners.say("rollback CHG-1")
    change = add_change(store)
    assert "`/change cancel CHG-1` cancels it" in listeners.say("rollback CHG-1")
    taken = {"pull_request": MERGED, "snapshot": ()}
    progress = change.progress.model_copy(update=taken)
    move(store, change, State.COMPLETED, progress=progress)
    assert listeners.say("rollback chg-1") == "[]"
    [view] = listeners.views
    assert view["callback_id"] == "change_request"
    assert json.loads(view["private_metadata"]) == {"change": "CHG-1"}


def test_what_is_frozen_stands_at_the_top_of_the_lists_that_it_concerns(
    listeners: Listeners, store: SqliteStore
) -> None:
    add_change(store)
    said = listeners.say("freeze prod 4h because year end", SENIOR)
    assert "prod is frozen until" in said
    assert "because year end" in said
    for words in ("", " open", " prod"):
        said = listeners.say(f"list{words}")
        assert "prod is frozen" in said
        assert "/change unfreeze prod" in said
    for words in (" dev", " mine", " web"):
        assert "frozen" not in listeners.say(f"list{words}")


def test_who_lifts_a_freeze_hears_what_stays(listeners: Listeners) -> None:
    listeners.say("freeze all because stop the line", SENIOR)
    listeners.say("freeze dev 4h", SENIOR)
    said = listeners.say("unfreeze dev", SENIOR)
    assert "This freeze of `dev` is lifted. Still:" in said
    assert "every environment is frozen until somebody lifts it, because stop the line" in said
    assert "not frozen any more" in listeners.say("unfreeze all", SENIOR)
    assert "Nothing is frozen." in listeners.say("unfreeze all", SENIOR)


def test_an_exception_is_made_by_command_and_refused_where_no_change_is_named(
    listeners: Listeners, store: SqliteStore
) -> None:
    add_change(store)
    assert "There is no CHG-12" in listeners.say("exempt CHG-12 because it is safe", SENIOR)
    listeners.say("freeze dev 4h", SENIOR)
    said = listeners.say("exempt CHG-1 because it mends the outage", SENIOR)
    assert "CHG-1 may go on" in said
    assert store.change(1).progress.exemptions
