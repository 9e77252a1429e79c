"""An emergency that is undone, and a second one on the same object while the first is still open,
asked for by somebody who is in debt."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from chatbot.domain.obligation import Kind
from chatbot.domain.pull_request import PullRequestState
from tests.support import glass_world as glass
from tests.support import incident_world as incident
from tests.support.argocd import AUTOMATED
from tests.support.argocd_world import deployed
from tests.support.incident_world import MANAGER, owing
from tests.support.world import INCIDENTS, REQUESTER, SENIOR, World, pull_requests

__all__ = ["deployed", "owing"]

pytestmark = pytest.mark.timeout(300)

IN_PROD = "environments/prod/shop-prod/web.yaml"


def reconciled(world: World, change: Change) -> bool:
    owed = world.store.obligation(change.number, Kind.RECONCILIATION)
    return owed is not None and owed.met_at is not None


def undo_button(world: World, change: Change) -> dict[str, Any]:
    [button] = [
        element
        for block in world.card(change)["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == "cancel"
    ]
    found: dict[str, Any] = button
    return found


def test_an_emergency_is_undone_by_who_asked_for_it_or_by_a_senior(owing: World) -> None:
    world = owing
    world.start()
    before = world.live("deploy/web")["spec"]["replicas"]
    in_prod = glass.applied(world, "scale prod deploy/web 6")
    in_test = glass.applied(world, f"scale test deploy/web {before + 1}")
    for change in (in_prod, in_test):
        world.wait(change, State.PR_OPEN)
        button = undo_button(world, change)
        assert button["style"] == button["confirm"]["style"] == "danger", "one red light"
    world.click(in_prod, "cancel", MANAGER)
    world.told(MANAGER, INCIDENTS, "You can't undo")
    for change, user in ((in_prod, REQUESTER), (in_test, SENIOR)):
        world.click(change, "cancel", user)
        world.until(lambda change=change: "change.undone" in world.events(change))
        [light] = [
            event.entry
            for event in world.store.events(change.number)
            if event.entry.kind == "red_light.undo"
        ]
        assert light.actor == user
    assert glass.replicas(world) == 4
    assert world.live("deploy/web")["spec"]["replicas"] == before
    for change in (in_prod, in_test):
        world.until(lambda change=change: reconciled(world, change))
    assert incident.auto_sync(world) == (AUTOMATED, "")
    assert [pull.state for pull in pull_requests(world)] == ["closed", "closed"]
    assert not any(pull.merged for pull in pull_requests(world))
    assert world.change(in_prod).state is State.RECONCILING, "the postmortem is owed all the same"

    incident.close(world, in_prod)
    incident.expect_told(world, in_prod, "signed off", "applied", "undone", "closed")
    incident.expect_once(world, in_prod)
    assert "replicas: 4" in world.file(IN_PROD)


def overdue(world: World, change: Change) -> None:
    """Time went by: everything that a change owes was due an hour ago."""
    past = datetime.now(UTC) - timedelta(hours=1)
    for owed in world.store.obligations(change.number):
        late = owed.model_copy(update={"due_at": past, "next_at": past})
        world.store.save_obligation(late, [])


def test_a_second_emergency_takes_over_and_both_close_when_live_equals_git(
    deployed: World,
) -> None:
    world = deployed
    world.start()
    first = world.wait(glass.applied(world, "scale prod deploy/web 6"), State.PR_OPEN)
    overdue(world, first)
    world.slack.command(REQUESTER, "#prod-changes", "/change", "scale prod deploy/api 4")
    world.told(REQUESTER, "prod", "You can't request changes to `prod`")
    assert (REQUESTER, "request") in world.refusals()

    second = glass.applied(world, "scale prod deploy/web 8")
    assert glass.replicas(world) == 8
    world.wait(second, State.PR_OPEN)
    world.shows(first, f"behind {second.id}")
    assert not reconciled(world, first)
    world.merge(second)
    for change in (second, first):
        world.until(lambda change=change: reconciled(world, change))
        incident.close(world, change)
        incident.expect_told(world, change, "signed off", "applied", "closed")
    assert "pull_request.superseded" in world.events(first)
    assert "replicas: 8" in world.file(IN_PROD)
    assert glass.replicas(world) == 8
    states = [world.change(change).progress.pull_request for change in (first, second)]
    assert [pull.state for pull in states if pull] == [
        PullRequestState.CLOSED,
        PullRequestState.MERGED,
    ]
    assert world.store.check_audit().reason == ""
