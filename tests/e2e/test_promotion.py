"""Prod gets what staging had: a change that was not there waits until it was, or goes ahead for a
reason that whoever approves it reads."""

import pytest

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.argocd_world import deployed
from tests.support.world import CHANNELS, OTHER_SENIOR, REQUESTER, SENIOR, World, buttons

__all__ = ["deployed"]

pytestmark = pytest.mark.timeout(300)

WHY = {"rollback_plan": "Scale back to 4.", "affected_services": "checkout"}


def completed(world: World, change: Change) -> Change:
    world.wait(change, State.AWAITING_APPROVAL)
    world.click(change, "approve", SENIOR)
    return world.wait(change, State.COMPLETED)


def test_prod_waits_for_staging_or_for_a_reason_that_the_approver_reads(deployed: World) -> None:
    world = deployed
    world.configure(('class = "prod"\n', 'class = "prod"\npromoted_from = "staging"\n'))
    world.start()
    change = world.request("scale prod deploy/web 6", **WHY)
    world.wait(change, State.BLOCKED)
    skip = f"/change promote-skip {change.id} because"
    world.shows(change, "this has not completed in staging", skip)
    assert "approve" not in buttons(world.card(change))

    ahead = world.request("scale staging deploy/web 6", **WHY)
    completed(world, ahead)
    world.wait(change, State.AWAITING_APPROVAL)
    world.shows(change, f"{ahead.id} completed the same before")
    completed(world, change)
    assert world.live("deploy/web", "shop-prod")["spec"]["replicas"] == 6

    urgent = world.request("scale prod deploy/web 7", **WHY)
    world.wait(urgent, State.BLOCKED)
    skip = f"promote-skip {urgent.id} because staging has no such queue"
    world.slack.command(OTHER_SENIOR, CHANNELS["prod"], "/change", skip)
    world.told(OTHER_SENIOR, "prod", "who requested it, says why it goes ahead")
    assert (OTHER_SENIOR, "go_ahead") in world.refusals()
    world.slack.command(REQUESTER, CHANNELS["prod"], "/change", skip)
    world.wait(urgent, State.AWAITING_APPROVAL)
    world.shows(urgent, "not completed in staging", "staging has no such queue")
    completed(world, urgent)
    assert "promotion.skipped" in world.events(urgent)
    assert world.redlight("audit", "verify").returncode == 0
