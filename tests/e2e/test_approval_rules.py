"""Ways of approving what one may not approve: each is refused, says why, and leaves a trace."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from chatbot.domain.change import Change
from chatbot.domain.delegation import Delegation
from chatbot.domain.events import AuditEntry
from chatbot.domain.lifecycle import State
from tests.support.argocd_world import deployed
from tests.support.forge import SENIOR as SENIOR_TOKEN
from tests.support.world import GUEST, OTHER_SENIOR, REQUESTER, SENIOR, World, pull_requests

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
    [approval] = change.progress.approvals
    [late] = {SENIOR, OTHER_SENIOR} - {approval.user}
    refused(world, late, f"You can't approve {change.id} now")
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


def test_a_request_that_expired_is_approved_by_nobody(deployed: World) -> None:
    world = deployed
    world.configure(('class = "prod"\n', 'class = "prod"\napproval_timeout_hours = 2\n'))
    world.start(skips=True)
    change = asked(world)
    card = world.card(change)
    world.skip(timedelta(hours=2))
    change = world.wait(change, State.EXPIRED)
    world.press(change, card, "approve", SENIOR)
    refused(world, SENIOR, f"You can't approve {change.id} now: it is expired")
    assert change.progress.approvals == ()
    assert "approval.expired" in world.events(change)
    assert not [pull for pull in pull_requests(world) if pull.merged]


def test_nobody_speaks_for_longer_than_was_lent_or_in_another_place(deployed: World) -> None:
    world = deployed
    world.start()
    prod = asked(world)
    now = datetime.now(UTC)
    over = Delegation(
        senior=SENIOR,
        delegate=MANAGER,
        since=now - timedelta(hours=2),
        until=now - timedelta(hours=1),
    )
    entry = AuditEntry(kind="delegation.made", actor=SENIOR, change=None, at=over.since)
    assert world.store.delegate(over, entry) is None
    world.press(prod, world.card(prod), "approve", MANAGER)
    refused(world, MANAGER, f"You spoke for <@{SENIOR}> until")

    staging = world.request("scale staging deploy/web 8", **WHY)
    world.wait(staging, State.AWAITING_APPROVAL)
    card = world.card(staging)
    for user, words in ((SENIOR, "changed after this card was drawn"), (MANAGER, "You spoke for")):
        world.press(staging, card, "approve", user, value=prod.id)
        world.told(user, "staging", words)
    assert world.change(prod).progress.approvals == (), "a yes to staging is none to prod"
    said_no = [event.entry for event in world.store.events(prod.number)]
    refusals = [one.actor for one in said_no if one.kind == "request.refused"]
    assert refusals == [MANAGER, SENIOR, MANAGER]

    world.click(staging, "approve", MANAGER)
    staging = world.wait(staging, State.COMPLETED)
    assert [one.user for one in staging.progress.approvals] == [MANAGER], "staging asks no senior"
    assert world.change(prod).state is State.AWAITING_APPROVAL
    assert world.redlight("audit", "verify").returncode == 0
