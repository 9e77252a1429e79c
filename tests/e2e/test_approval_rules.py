"""Ways of approving what one may not approve: each is refused, says why, and leaves a trace."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.argocd_world import deployed
from tests.support.forge import SENIOR as SENIOR_TOKEN
from tests.support.world import GUEST, OTHER_SENIOR, REQUESTER, SENIOR, World

__all__ = ["deployed"]

pytestmark = pytest.mark.timeout(300)

MANAGER = "U0MANAGER"
WEB = "environments/prod/shop-prod/web.yaml"
WHY = {"rollback_plan": "Scale back to 4.", "affected_services": "checkout"}


def asked(world: World) -> Change:
    change = world.request("scale prod deploy/web 8", **WHY)
    return world.wait(change, State.AWAITING_APPROVAL)


def refused(world: World, user: str, words: str) -> None:
    """This person is told why, and the audit log has it."""
    world.told(user, "prod", words)
    assert (user, "approve") in world.refusals()


def test_nobody_approves_what_is_theirs_or_not_theirs_to_approve(deployed: World) -> None:
    world = deployed
    world.start()
    change = asked(world)
    card = world.card(change)
    world.press(change, card, "approve", REQUESTER)
    refused(world, REQUESTER, "You requested it")
    world.press(change, card, "approve", GUEST)
    refused(world, GUEST, "Guests of the workspace do not count")
    world.press(change, card, "approve", MANAGER)
    refused(world, MANAGER, "you are not among them")
    world.press(change, card, "approve", SENIOR, value="CHG-99")
    world.told(SENIOR, "prod", "CHG-99")
    assert world.change(change).progress.approvals == ()
    assert world.change(change).state is State.AWAITING_APPROVAL

    with ThreadPoolExecutor(max_workers=2) as both:
        for senior in (SENIOR, OTHER_SENIOR):
            both.submit(world.press, change, card, "approve", senior)
    change = world.wait(change, State.COMPLETED)
    assert len(change.progress.approvals) == 1, "one of two that were pressed at once"
    assert world.redlight("audit", "verify").returncode == 0


def test_an_author_and_a_click_on_what_changed_since_do_not_count(deployed: World) -> None:
    world = deployed
    world.start()
    change = asked(world)
    before = world.card(change)
    nine = world.file(WEB, change.branch).replace("replicas: 8", "replicas: 9")
    world.push(change.branch, WEB, nine, token=SENIOR_TOKEN)
    world.shows(change, "replicas: 9", "Needs 1 more")

    world.press(change, before, "approve", OTHER_SENIOR)
    refused(world, OTHER_SENIOR, "changed after this card was drawn")
    world.click(change, "approve", SENIOR)
    refused(world, SENIOR, "You wrote commit")
    assert world.change(change).progress.approvals == ()
    world.click(change, "approve", OTHER_SENIOR)
    world.wait(change, State.COMPLETED)
