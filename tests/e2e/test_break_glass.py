"""An emergency, as the person who breaks the glass and the senior who signs it off see it: every
light and the sign-off refuse who and what they have to."""

import pytest

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support import glass_world as glass
from tests.support.world import (
    GUEST,
    INCIDENTS,
    OTHER_SENIOR,
    REQUESTER,
    SENIOR,
    World,
    everything,
)

pytestmark = pytest.mark.timeout(300)

MANAGER = "U0MANAGER"
STALE = {"block_id": f"decide:{'e' * 64}"}


def test_what_the_form_lacks_stands_at_its_fields(world: World) -> None:
    world.start()
    found = glass.submit(
        world,
        "scale prod deploy/wbe 6",
        justification=" ",
        blast_radius=" ",
        rollback_plan=" ",
        incident_id="#no channel",
        replicas="many",
    )
    assert set(found.errors) == {
        "justification",
        "blast_radius",
        "rollback_plan",
        "incident_id",
        "replicas",
    }
    found = world.slack.submit(REQUESTER, {**glass.REASONS, "incident_id": "", "replicas": "6"})
    assert "There is no Deployment wbe" in found.errors["name"]
    assert world.slack.submit(REQUESTER, {"name": "web"}).errors == {}
    world.until(world.changes)
    world.slack.command(GUEST, INCIDENTS, "/breakglass", "prod")
    world.told(GUEST, INCIDENTS, "Guests")


def test_no_light_is_skipped_replayed_carried_over_or_passed_by_somebody_else(
    world: World,
) -> None:
    world.start()
    change = glass.ask(world, "scale prod deploy/web 6")
    card = world.card(change)
    assert "EMERGENCY" in everything(card)
    world.shows(change, "1 of 3", "about to change *prod* directly", "All of checkout")

    def refused(words: str, button: str, user: str = REQUESTER, **forged: str) -> None:
        before = len(world.refusals())
        glass.press(world, world.card(change), user, button, **forged)
        world.told(user, INCIDENTS, words)
        world.until(lambda: len(world.refusals()) > before)

    refused("passes its red lights", "red_light_1", SENIOR)
    refused("light 1 of 3 is next", "red_light_1", action_id="red_light_2")
    refused("awaiting confirmation", "red_light_1", SENIOR, action_id="sign_off")
    refused("CHG-404", "red_light_1", value="CHG-404")
    refused("not what this light was shown for", "red_light_1", **STALE)
    glass.light(world, change, 1)
    world.shows(change, "2 of 3", "You are bypassing", "Pull request", "postmortem within 24 h")
    refused("light 1 was passed already", "red_light_2", action_id="red_light_1")
    refused("not what this light was shown for", "red_light_2", **STALE)
    refused("passes its red lights", "red_light_2", OTHER_SENIOR)
    glass.light(world, change, 2)
    wrong = glass.type_target(world, change, "prod/shop-prod/deployment/api")
    assert "Type exactly prod/shop-prod/deployment/web" in wrong.errors["confirmation"]
    world.slack.close(REQUESTER)
    world.shows(change, "3 of 3", "Type the target")
    world.click(change, "red_light_2")
    assert not glass.type_target(world, change).errors
    world.wait(change, State.AWAITING_APPROVAL)
    assert world.events(change).count("red_light.2") == 1
    assert (REQUESTER, "red_light_typed") in world.refusals()


def test_the_sign_off_is_a_seniors_who_did_not_ask_and_for_what_the_card_shows(
    world: World,
) -> None:
    world.configure(('"@platform-seniors"', '"@platform-seniors", "U0REQUESTER"'))
    world.start()
    was = glass.replicas(world)
    change = glass.lit(world, glass.ask(world, "scale prod deploy/web 6"))
    for senior in (SENIOR, OTHER_SENIOR):
        world.until(lambda who=senior: paged(world, who, change))
    world.shows(change, "Needs the sign-off of", "not <@U0REQUESTER>", "Goes past", "service down")
    card = world.card(change)
    for user, words, forged in (
        (REQUESTER, "You requested it", {}),
        (MANAGER, "not among them", {}),
        (GUEST, "Guests", {}),
        (SENIOR, "changed after this card was drawn", STALE),
        (SENIOR, "CHG-404", {"value": "CHG-404"}),
        (SENIOR, "You can't approve", {"action_id": "approve"}),
    ):
        glass.press(world, card, user, "sign_off", **forged)
        world.told(user, INCIDENTS, words)
    assert len(world.refusals()) == 6
    world.click(change, "reject", OTHER_SENIOR)
    world.slack.view(OTHER_SENIOR, "reject_reason")
    world.slack.submit(OTHER_SENIOR, {"reason": "That makes it worse."})
    world.wait(change, State.REJECTED)
    world.tells(change, "passed red light 3", "That makes it worse")
    glass.press(world, card, SENIOR, "sign_off")
    world.told(SENIOR, INCIDENTS, "now: it is rejected")
    assert glass.replicas(world) == was, "nothing was applied"


def paged(world: World, senior: str, change: Change) -> str | None:
    """The page, if it has come."""
    for message in world.slack.direct_messages(senior):
        if "sign-off is needed" in (text := everything(message)) and change.id in text:
            return text
    return None


def test_a_freeze_and_a_github_that_is_down_stop_no_emergency(world: World) -> None:
    world.start(GITHUB_API_URL="http://127.0.0.1:9")
    world.slack.command(
        OTHER_SENIOR, INCIDENTS, "/change", "freeze prod 4h because of the year end"
    )
    change = glass.ask(world, "scale prod deploy/web 6")
    glass.light(world, change, 1)
    world.shows(change, "Freeze until", "the year end", "Policy could not be looked up")
    glass.light(world, change, 2)
    assert not glass.type_target(world, change).errors
    world.wait(change, State.AWAITING_APPROVAL)
    glass.signed_off(world, change, OTHER_SENIOR)
    world.until(lambda: "change.applied" in world.events(change))
    assert glass.replicas(world) == 6
