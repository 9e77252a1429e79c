"""Paying Git back after an emergency, one step at a time, over an API server and a Git host."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Operation
from chatbot.domain.errors import StaleChange
from chatbot.domain.gitedit import RESTARTED_AT
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.obligation import Kind
from chatbot.domain.offers import Offer, offers
from chatbot.domain.pull_request import PullRequestState
from chatbot.services.comparison import Comparison
from tests.support import kube
from tests.support.emergency_path import EmergencyPath
from tests.support.forge import ForgeProcess, running_forge


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path / "forge") as started:
        yield started


@pytest.fixture
def path(
    store: SqliteStore,
    embedded_clusters: KubernetesClusters,
    embedded_admin: kube.Admin,
    shop: str,
    forge: ForgeProcess,
) -> EmergencyPath:
    made = EmergencyPath(store, embedded_clusters, embedded_admin, shop, forge=forge)
    made.running()
    return made


def _in_git(path: EmergencyPath, ref: str = "main") -> dict[str, object]:
    content: bytes = path.repo.get_contents(
        f"environments/{path.shop}/web.yaml", ref=ref
    ).decoded_content
    read: dict[str, object] = yaml.safe_load(content)
    return read


def test_git_gets_what_was_applied_and_the_debt_is_paid_when_it_is_merged(
    path: EmergencyPath,
) -> None:
    change = path.merged(path.rolled_out(replicas=5))
    assert _in_git(path)["spec"]["replicas"] == 5  # type: ignore[index]
    waits = path.step(change)
    assert waits.state is State.RECONCILING
    assert path.owes(waits) == {Kind.POSTMORTEM}
    assert waits.progress.waiting is not None
    assert waits.progress.waiting.reason == "for the postmortem"
    assert "reconciliation.met" in path.kinds(waits)
    path.postmortem(waits)
    done = path.step(waits)
    assert (done.state, done.due_at) == (State.COMPLETED, None)


def test_nothing_is_paid_while_the_pull_request_is_open(path: EmergencyPath) -> None:
    asked = path.until(path.rolled_out(), State.PR_OPEN)
    assert path.step(asked).state is State.PR_OPEN
    assert path.owes(asked) == set(Kind)


def test_the_edit_is_made_of_what_the_server_says_was_written(path: EmergencyPath) -> None:
    """Somebody takes the image over while the rollout is watched: it is not ours to tell."""
    web = kube.deployment(path.shop, replicas=4, image="registry.example/web:2")
    web["metadata"]["labels"] = {"urgent": "yes"}
    applied = path.applied(operation=Operation.APPLY, manifest=yaml.safe_dump(web), replicas=None)
    taken = kube.deployment(path.shop, replicas=7)
    del taken["spec"]["template"], taken["spec"]["selector"]
    path.admin.apply_as("hand", taken, force=True)
    path.healthy()
    asked = path.until(applied, State.PR_OPEN)
    said = _in_git(path, asked.branch)
    assert said["metadata"]["labels"] == {"urgent": "yes"}  # type: ignore[index]
    assert "replicas" not in said["spec"]  # type: ignore[operator]


def test_a_restart_is_brought_to_git_with_the_time_that_was_written(path: EmergencyPath) -> None:
    at = "2026-03-02T09:30:00Z"
    change = path.requested(operation=Operation.RESTART, replicas=None)
    change = path.ledger.note(change, "restart.timed", restarted_at=at)
    change = path.until(path.signed_off(change), State.VALIDATING)
    path.healthy()
    path.until(change, State.PR_OPEN)
    template = _in_git(path, change.branch)["spec"]["template"]  # type: ignore[index]
    assert template["metadata"]["annotations"] == {RESTARTED_AT: at}


def test_somebody_elses_change_meanwhile_is_shown_and_not_overwritten(path: EmergencyPath) -> None:
    change = path.merged(path.rolled_out(replicas=5))
    path.scale_by_hand(3)
    differs = path.step(change)
    assert differs.state is State.RECONCILING
    assert differs.due_at is not None, "it is looked at again"
    assert "replicas: 3" in differs.progress.divergence
    assert (path.replicas, path.owes(differs)) == (3, set(Kind))
    events = len(path.kinds(differs))
    assert path.step(differs).progress.divergence == differs.progress.divergence
    assert len(path.kinds(differs)) == events, "the same difference is told once"
    path.scale_by_hand(5)
    paid = path.step(differs)
    assert (path.owes(paid), paid.progress.divergence) == ({Kind.POSTMORTEM}, "")


def test_a_pull_request_that_is_closed_waits_for_a_person_and_can_be_asked_again(
    path: EmergencyPath,
) -> None:
    asked = path.until(path.rolled_out(), State.PR_OPEN)
    assert asked.progress.pull_request is not None
    pull = path.repo.get_pull(asked.progress.pull_request.number)
    pull.edit(state="closed")
    closed = path.step(asked)
    assert (closed.state, closed.due_at) == (State.RECONCILING, None)
    assert path.owes(closed) == set(Kind)
    assert path.until(closed, State.PR_OPEN).progress.pull_request is not None


def test_after_an_undo_git_is_compared_and_not_edited(path: EmergencyPath) -> None:
    asked = path.until(path.rolled_out(replicas=5), State.PR_OPEN)
    undone = path.undone(asked)
    assert path.replicas == 2
    assert undone.progress.pull_request is not None
    paid = path.step(path.step(undone))
    assert path.owes(paid) == {Kind.POSTMORTEM}
    pull = path.repo.get_pull(undone.progress.pull_request.number)
    assert (pull.state, pull.merged) == ("closed", False)
    assert path.git.head(undone.branch) is None
    assert _in_git(path)["spec"]["replicas"] == 2  # type: ignore[index]
    path.postmortem(paid)
    assert path.step(paid).state is State.COMPLETED


def test_an_undo_is_not_paid_while_git_says_something_else(path: EmergencyPath) -> None:
    undone = path.undone(path.rolled_out(replicas=5))
    path.scale_by_hand(4)
    assert path.owes(path.step(undone)) == set(Kind)
    path.scale_by_hand(2)
    assert path.owes(path.step(undone)) == {Kind.POSTMORTEM}


def test_the_first_of_two_emergencies_is_paid_when_live_equals_git_again(
    path: EmergencyPath,
) -> None:
    first = path.until(path.rolled_out(replicas=5), State.PR_OPEN)
    first = path.step(first)
    assert first.due_at is None, "its pull request is a person's now"
    second = path.merged(path.rolled_out(replicas=9))
    woken = path.store.change(first.number)
    assert woken.due_at is not None, "it looks at its pull request anew"
    assert path.step(first).progress.waiting is not None, "it waits behind the second"
    assert path.owes(path.step(second)) == {Kind.POSTMORTEM}
    superseded = path.until(first, State.RECONCILING)
    assert superseded.progress.pull_request is not None
    assert superseded.progress.pull_request.state is PullRequestState.CLOSED
    assert path.owes(path.step(path.step(superseded))) == {Kind.POSTMORTEM}
    assert path.replicas == 9


def test_who_died_after_closing_a_pull_request_still_takes_its_branch_away(
    path: EmergencyPath,
) -> None:
    undone = path.undone(path.until(path.rolled_out(replicas=5), State.PR_OPEN))
    assert undone.progress.pull_request is not None
    path.git.close(undone.progress.pull_request.number)
    assert path.owes(path.step(path.step(undone))) == {Kind.POSTMORTEM}
    assert path.git.head(undone.branch) is None


def test_who_died_after_closing_a_superseded_one_does_not_think_that_a_person_did(
    path: EmergencyPath,
) -> None:
    first = path.until(path.rolled_out(replicas=5), State.PR_OPEN)
    path.step(path.merged(path.rolled_out(replicas=9)))
    assert first.progress.pull_request is not None
    path.git.close(first.progress.pull_request.number)
    superseded = path.until(first, State.RECONCILING)
    assert (superseded.progress.failure, superseded.due_at is None) == (None, False)
    assert path.git.head(first.branch) is None


def test_objects_are_free_again_while_the_postmortem_is_written(path: EmergencyPath) -> None:
    waits = path.step(path.merged(path.rolled_out()))
    other = path.requested()
    assert path.store.hold(other) == []
    assert path.step(waits).progress.waiting is not None


def test_an_undo_that_comes_while_it_is_proved_that_all_is_well_is_done_and_proved_itself(
    path: EmergencyPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wanted what Git says, so nothing is brought into Git, and the undo leads away from it."""
    path.scale_by_hand(3)
    change = path.rolled_out(replicas=2)
    looked = Comparison.divergence

    def undone_meanwhile(comparison: Comparison, compared: Change) -> str:
        found = looked(comparison, compared)
        now = path.store.change(compared.number)
        if now.state is State.RECONCILING and not found:
            path.ledger.advance(now, Event.ROLLBACK_STARTED, "red_light.undo")
        return found

    monkeypatch.setattr(Comparison, "divergence", undone_meanwhile)
    with pytest.raises(StaleChange):
        path.step(path.step(change))
    undoing = path.store.change(change.number)
    assert (undoing.state, path.owes(undoing)) == (State.ROLLING_BACK, set(Kind))
    assert undoing.due_at is not None
    assert undoing.due_at <= path.clock.now()
    undone = path.until(undoing, State.RECONCILING)
    assert path.replicas == 3
    assert "replicas: 3" in path.step(undone).progress.divergence
    assert path.owes(undone) == set(Kind)


def test_what_git_and_the_cluster_agree_on_is_not_undone_any_more(path: EmergencyPath) -> None:
    path.scale_by_hand(3)
    paid = path.step(path.step(path.rolled_out(replicas=2)))
    assert path.owes(paid) == {Kind.POSTMORTEM}
    assert Offer.UNDO not in offers(paid)


class _Died(Exception):
    """The process ended before it could save what it had done."""


def test_a_process_that_dies_before_any_save_repeats_nothing(
    path: EmergencyPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every save of the whole way fails once, after its effect."""
    change = path.signed_off(replicas=5)
    save, failed = path.store.save, set[int]()

    def dying(saved: Change, *rest: Any, **more: Any) -> Change:
        if saved.version not in failed:
            failed.add(saved.version)
            raise _Died
        return save(saved, *rest, **more)

    monkeypatch.setattr(path.store, "save", dying)

    def on(state: State) -> Change:
        for _ in range(40):
            now = path.store.change(change.number)
            if now.state is state:
                return now
            with suppress(_Died):
                path.step(now)
        raise AssertionError(path.store.change(change.number).state)

    on(State.VALIDATING)
    path.healthy()
    asked = on(State.PR_OPEN)
    assert asked.progress.pull_request is not None
    path.repo.get_pull(asked.progress.pull_request.number).merge()
    on(State.RECONCILING)
    while Kind.RECONCILIATION in path.owes(change):
        with suppress(_Died):
            path.step(path.store.change(change.number))
    path.postmortem(change)
    on(State.COMPLETED)
    assert len(failed) == 9, "so many saves there are"
    assert path.replicas == 5
    assert path.repo.get_pulls(state="all").totalCount == 1
    assert len(path.store.obligations(change.number)) == len(Kind)
    kinds = path.kinds(change)
    for once in ("snapshot.taken", "change.applied", "reconciliation.met", "change.completed"):
        assert kinds.count(once) == 1
