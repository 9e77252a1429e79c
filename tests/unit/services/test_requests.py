"""Who may do what with a change, what each click records, and clicks at the same instant."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Failure, Path, Plan, Waiting
from chatbot.domain.change import SnapshotEntry as Entry
from chatbot.domain.errors import NotFound, Refused, RetryLater
from chatbot.domain.form import Form
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.services.decisions import Decisions
from chatbot.services.freezes import Freezes
from chatbot.services.intake import Intake
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.presence import Presence
from chatbot.services.requests import Requests
from chatbot.services.sources import Sources
from tests.support import builders
from tests.support.builders import NOW, REQUESTER
from tests.support.instant import at_once
from tests.support.store import add_change, move
from tests.unit.services.parts import Hand, Slack, environment

SENIOR, OTHER, GUEST, STRANGER, GONE, BOT = "U2", "U1", "UGUEST", "USTRANGER", "UGONE", "UBOT"
PLAN = Plan(objects=(), digest="seen")
FAILURE = Failure(sentence="No.", at=NOW)
SNAPSHOT = (Entry(target=builders.target(), manifest=None),)
PULL_REQUEST = PullRequest(
    number=7,
    url="https://git.example/7",
    branch="mcp-ocs/change-chg-1",
    head_sha="a" * 40,
    state=PullRequestState.CLOSED,
)


class Office:
    """The use cases over a real store, and what they woke."""

    def __init__(self, store: SqliteStore, clock: Hand, slack: Slack) -> None:
        for user, flag in (
            (GUEST, "is_guest"),
            (STRANGER, "is_stranger"),
            (GONE, "is_deactivated"),
            (BOT, "is_bot"),
        ):
            person = slack.persons["U1"].model_copy(update={"id": user, flag: True})
            slack.persons[user] = person
        slack.groups["@platform-seniors"] = frozenset({SENIOR, "U3", GUEST})
        self.store = store
        self.ledger = Ledger(store, clock)
        self.woken: list[int] = []
        self.shown: list[int] = []
        environments = {"dev": environment(), "prod": environment("prod", "prod")}

        def no_clusters(_: str) -> Any:
            raise AssertionError("asked a cluster")

        people = People(slack, clock, seniors=["@platform-seniors"])
        self.freezes = Freezes(store, self.ledger, people, environments, ())
        self.requests = Requests(
            store=store,
            ledger=self.ledger,
            people=people,
            intake=Intake(
                environments,
                no_clusters,  # type: ignore[arg-type]
                Sources(None, "main", store),  # type: ignore[arg-type]
                clock.now,
                Presence(clock),
            ),
            environments=environments,
            decisions=Decisions(
                store, self.ledger, self.woken.append, self.shown.append, self.freezes.blocking
            ),
        )

    def change(self, state: State, **progress: Any) -> Change:
        change = add_change(self.store)
        kept = change.progress.model_copy(update={"plan": PLAN, **progress})
        if state is State.REQUESTED:
            return self.ledger.rest(change, None, **progress)
        return move(self.store, change, state, progress=kept, due_at=None)

    def merged(self, state: State, **more: Any) -> Change:
        """A change to prod that is in Git, and with which Argo CD failed."""
        request = builders.change_request(environment="prod")
        new = builders.new_change(request, path=Path.GITOPS)
        change = self.store.create_change(new, builders.entry())
        merged = PULL_REQUEST.model_copy(update={"state": PullRequestState.MERGED})
        fields = {"plan": PLAN, "pull_request": merged, "failure": FAILURE, "applied_at": NOW}
        progress = change.progress.model_copy(update={**fields, **more})
        return move(self.store, change, state, progress=progress, due_at=None)

    def refusals(self, change: Change) -> list[tuple[str, str]]:
        return [
            (event.entry.actor, event.entry.data["action"])
            for event in self.store.events(change.number)
            if event.entry.kind == "request.refused"
        ]


@pytest.fixture
def office(store: SqliteStore, clock: Hand, slack: Slack) -> Office:
    return Office(store, clock, slack)


Act = Callable[[Office, str, Change], Change]
Make = Callable[[Office], Change]


def confirm(office: Office, user: str, change: Change) -> Change:
    return office.requests.confirm(user, change.number, "seen")


def take_back(office: Office, user: str, change: Change) -> Change:
    return office.requests.take_back(user, change.number)


def retry(office: Office, user: str, change: Change) -> Change:
    return office.requests.retry(user, change.number)


def open_backfill(office: Office, user: str, change: Change) -> Change:
    return office.requests.open_backfill(user, change.number)


def waiting(office: Office) -> Change:
    return office.change(State.AWAITING_CONFIRMATION)


def failed(office: Office) -> Change:
    return office.change(State.FAILED, snapshot=SNAPSHOT, failure=FAILURE)


def emergency(office: Office) -> Change:
    """One that the cluster refused half-way."""
    new = builders.new_change(path=Path.EMERGENCY)
    change = office.store.create_change(new, builders.entry())
    fields = {"plan": PLAN, "snapshot": SNAPSHOT, "failure": FAILURE}
    progress = change.progress.model_copy(update=fields)
    return move(office.store, change, State.FAILED, progress=progress, due_at=None)


def unpaid(office: Office) -> Change:
    return office.change(
        State.RECONCILING, snapshot=SNAPSHOT, failure=FAILURE, pull_request=PULL_REQUEST
    )


ACTS = [
    pytest.param("confirm", confirm, waiting, id="confirm"),
    pytest.param("cancel", take_back, waiting, id="cancel"),
    pytest.param("undo", take_back, failed, id="undo"),
    pytest.param("retry", retry, failed, id="retry"),
    pytest.param("open_backfill", open_backfill, unpaid, id="open_backfill"),
]


@pytest.mark.parametrize(("name", "act", "make"), ACTS)
def test_the_requester_may_and_the_change_is_worked_on_and_drawn(
    office: Office, name: str, act: Act, make: Make
) -> None:
    change = make(office)
    after = act(office, REQUESTER, change)
    assert after.version > change.version
    assert office.store.events(change.number)[-1].entry.actor == REQUESTER
    assert (office.woken, office.shown) == ([change.number], [change.number])


@pytest.mark.parametrize(("name", "act", "make"), ACTS)
def test_a_senior_may_do_all_but_confirm_somebody_elses_diff(
    office: Office, name: str, act: Act, make: Make
) -> None:
    change = make(office)
    if name == "confirm":
        with pytest.raises(Refused, match="who requested it, confirms"):
            act(office, SENIOR, change)
        assert office.refusals(change) == [(SENIOR, "confirm")]
    else:
        act(office, SENIOR, change)
        assert office.store.events(change.number)[-1].entry.actor == SENIOR


@pytest.mark.parametrize("user", [OTHER, GUEST, STRANGER, GONE, BOT])
@pytest.mark.parametrize(("name", "act", "make"), ACTS)
def test_nobody_else_may_and_each_refusal_is_recorded(
    office: Office, name: str, act: Act, make: Make, user: str
) -> None:
    change = make(office)
    with pytest.raises(Refused, match=rf"^You can't .*{change.id}\. "):
        act(office, user, change)
    assert office.store.change(change.number) == change
    assert office.refusals(change) == [(user, name)]
    assert (office.woken, office.shown) == ([], [])


@pytest.mark.parametrize(("name", "act", "make"), ACTS)
def test_a_button_of_an_old_card_is_refused_with_the_state(
    office: Office, name: str, act: Act, make: Make
) -> None:
    change = office.change(State.COMPLETED)
    with pytest.raises(Refused, match="now: it is completed"):
        act(office, REQUESTER, change)
    [(user, _)] = office.refusals(change)
    assert user == REQUESTER


def test_while_slack_cannot_say_who_somebody_is_nobody_may(office: Office, slack: Slack) -> None:
    change = waiting(office)
    slack.down = True
    with pytest.raises(RetryLater):
        confirm(office, REQUESTER, change)
    assert office.store.change(change.number) == change


def test_confirming_binds_the_digest_that_was_seen(office: Office) -> None:
    after = confirm(office, REQUESTER, waiting(office))
    assert after.state is State.APPLYING
    assert (after.progress.confirmed_digest, after.progress.confirmed_by) == ("seen", REQUESTER)
    assert not after.progress.force


def test_confirming_a_diff_that_was_replaced_is_refused(office: Office) -> None:
    change = waiting(office)
    with pytest.raises(Refused, match="changed after this card was drawn"):
        office.requests.confirm(REQUESTER, change.number, "older")
    assert office.refusals(change) == [(REQUESTER, "confirm")]


def test_cancelling_what_touched_the_cluster_means_putting_back(office: Office) -> None:
    assert take_back(office, REQUESTER, failed(office)).state is State.ROLLING_BACK
    assert take_back(office, REQUESTER, waiting(office)).state is State.CANCELLED


@pytest.mark.parametrize("user", [REQUESTER, SENIOR])
def test_the_undo_of_an_emergency_is_a_red_light_of_its_own(office: Office, user: str) -> None:
    change = take_back(office, user, emergency(office))
    assert change.state is State.ROLLING_BACK
    last = office.store.events(change.number)[-1].entry
    assert (last.kind, last.actor) == ("red_light.undo", user)


def test_an_undo_keeps_why_it_failed_for_the_story(office: Office) -> None:
    assert take_back(office, REQUESTER, failed(office)).progress.failure == FAILURE


def test_retrying_where_the_state_stays_wipes_the_failure_and_makes_it_due(
    office: Office, clock: Hand
) -> None:
    after = retry(office, REQUESTER, unpaid(office))
    assert (after.state, after.due_at) == (State.RECONCILING, clock.time)
    assert after.progress.failure is None


def test_retrying_what_was_blocked_plans_it_anew(office: Office) -> None:
    blocked = office.change(State.BLOCKED, failure=FAILURE)
    after = retry(office, REQUESTER, blocked)
    assert (after.state, after.progress.plan) == (State.REQUESTED, None)


def test_asking_git_again_forgets_the_pull_request_that_was_closed(office: Office) -> None:
    after = open_backfill(office, REQUESTER, unpaid(office))
    assert (after.progress.pull_request, after.progress.failure) == (None, None)
    assert after.due_at is not None


def test_every_full_member_may_look_and_no_guest(office: Office) -> None:
    change = waiting(office)
    assert office.requests.see(OTHER, change.number) == change
    with pytest.raises(Refused):
        office.requests.see(GUEST, change.number)
    without_plan = add_change(office.store)
    with pytest.raises(Refused):
        office.requests.see(GUEST, without_plan.number)
    assert office.refusals(change) == [(GUEST, "see")]
    with pytest.raises(NotFound):
        office.requests.see(OTHER, 404)


def test_a_guest_is_turned_away_before_the_form_and_after_it(office: Office) -> None:
    with pytest.raises(Refused, match="Guests"):
        office.requests.welcome(GUEST)
    with pytest.raises(Refused, match="Guests"):
        office.requests.submit(GUEST, "V1", Form())
    refused = [event.entry for event in office.store.events()]
    assert [(e.kind, e.actor, e.change) for e in refused] == [("request.refused", GUEST, None)] * 2
    assert office.store.changes() == []


def test_a_list_is_of_mine_of_what_is_open_of_a_place_or_of_words(office: Office) -> None:
    done = office.change(State.COMPLETED)
    mine = add_change(office.store, justification="the queue grows")
    assert office.requests.listed(OTHER, "mine") == []
    assert {c.number for c in office.requests.listed(REQUESTER, "Mine")} == {
        done.number,
        mine.number,
    }
    assert [c.number for c in office.requests.listed(OTHER, "")] == [mine.number]
    assert [c.number for c in office.requests.listed(OTHER, "open")] == [mine.number]
    assert len(office.requests.listed(OTHER, "dev")) == 2
    assert [c.number for c in office.requests.listed(OTHER, "queue grows")] == [mine.number]


def test_the_list_of_a_place_has_whoever_stands_in_line_there_however_old(office: Office) -> None:
    holder = office.change(State.SYNCING)
    waiting = Waiting(reason="in line", since=NOW, behind=(holder.number,))
    behind = office.change(State.SCHEDULED, waiting=waiting)
    for _ in range(12):
        office.change(State.COMPLETED)
    assert office.store.waiting_in_line("dev") == [behind]
    assert office.store.waiting_in_line("prod") == []
    assert {holder.number, behind.number} <= {
        c.number for c in office.requests.listed(OTHER, "dev")
    }


def test_an_environment_that_nothing_deploys_is_refused_before_a_form(
    office: Office,
) -> None:
    office.requests.welcome(REQUESTER, "dev")
    office.requests.welcome(REQUESTER, "pord")
    with pytest.raises(Refused, match=r"names it under \[environments\.prod\.argocd\]"):
        office.requests.welcome(REQUESTER, "prod")
    [refusal] = [e for e in office.store.events() if e.entry.kind == "request.refused"]
    assert (refusal.entry.actor, refusal.entry.data["action"]) == (REQUESTER, "request")


ROUNDS = 50


@pytest.mark.parametrize(
    ("one", "other", "make"),
    [
        pytest.param(confirm, confirm, waiting, id="confirm twice"),
        pytest.param(take_back, take_back, waiting, id="cancel twice"),
        pytest.param(retry, take_back, failed, id="retry and undo"),
        pytest.param(take_back, take_back, emergency, id="undo an emergency twice"),
    ],
)
def test_of_two_clicks_at_the_same_instant_one_holds_and_the_other_is_told(
    office: Office, one: Act, other: Act, make: Make
) -> None:
    for _ in range(ROUNDS):
        change = make(office)
        before = len(office.store.events(change.number))
        outcomes = at_once(
            partial(one, office, REQUESTER, change),
            partial(other, office, REQUESTER, change),
        )
        [held] = [outcome for outcome in outcomes if isinstance(outcome, Change)]
        [told] = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        now = office.store.change(change.number)
        assert now == held
        assert str(told).endswith(f"now: it is {now.state.value.replace('_', ' ')}.")
        kinds = [event.entry.kind for event in office.store.events(change.number)][before:]
        assert len(kinds) == 2
        assert "request.refused" in kinds
    assert office.store.check_audit().broken is None


def test_a_cancel_at_the_instant_of_a_confirm_always_wins_while_nothing_was_written(
    office: Office,
) -> None:
    for _ in range(ROUNDS):
        change = waiting(office)
        confirmed, cancelled = at_once(
            partial(confirm, office, REQUESTER, change),
            partial(take_back, office, SENIOR, change),
        )
        assert isinstance(cancelled, Change)
        assert office.store.change(change.number).state is State.CANCELLED
        kinds = [event.entry.kind for event in office.store.events(change.number)][-2:]
        if isinstance(confirmed, Change):
            assert kinds == ["change.confirmed", "change.cancelled"]
        else:
            assert kinds == ["change.cancelled", "request.refused"]
            assert str(confirmed) == f"You can't confirm {change.id} now: it is cancelled."
