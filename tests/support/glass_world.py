"""Breaking the glass as people do in a whole world: the command, the form, the lights."""

from typing import Any

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from chatbot.domain.red_lights import typed_target
from tests.support.slack import Submitted
from tests.support.slack_forms import pressed
from tests.support.world import CHANNELS, INCIDENTS, REQUESTER, SENIOR, World

REASONS = {
    "criterion": "service_down",
    "justification": "Checkout answers with 503 since 09:10.",
    "blast_radius": "All of checkout, for some seconds.",
    "rollback_plan": "Scale back to 4, no data is touched.",
}


def submit(world: World, text: str, user: str = REQUESTER, **fields: str | None) -> Submitted:
    """`/breakglass TEXT`, fill in the form, submit; what the form said."""
    words = text.split()
    channel = CHANNELS.get(words[1] if len(words) > 1 else "", CHANNELS["prod"])
    world.slack.command(user, channel, "/breakglass", text)
    world.slack.view(user, "breakglass_request")
    return world.slack.submit(user, {**REASONS, **fields})


def ask(world: World, text: str, **fields: str | None) -> Change:
    """An emergency whose plan is on its card."""
    before = len(world.changes())
    answer = submit(world, text, **fields)
    assert not answer.errors, answer.errors
    world.until(lambda: len(world.changes()) > before)
    return world.wait(world.store.changes(limit=1)[0], State.AWAITING_CONFIRMATION)


def replicas(world: World) -> int:
    """Of prod's `deployment/web`."""
    count: int = world.live("deploy/web", "shop-prod")["spec"]["replicas"]
    return count


def press(world: World, card: dict[str, Any], user: str, button: str, **forged: str) -> None:
    """Press a button as a look at the card had it, with parts of one's own making."""
    action = {**pressed(card["blocks"], button, None), **forged}
    world.slack.send_click(user, INCIDENTS, card["ts"], action)


def light(world: World, change: Change, number: int) -> None:
    """The requester passes light 1 or 2."""
    world.click(change, f"red_light_{number}")
    world.until(lambda: f"red_light.{number}" in world.events(change))


def type_target(world: World, change: Change, typed: str = "") -> Submitted:
    """Fill in the form of the third light, which is open."""
    world.slack.view(REQUESTER, "red_light_typed")
    return world.slack.submit(REQUESTER, {"confirmation": typed or typed_target(change)})


def lit(world: World, change: Change) -> Change:
    """All three lights, one after the other."""
    light(world, change, 1)
    light(world, change, 2)
    assert not type_target(world, change).errors
    return world.wait(change, State.AWAITING_APPROVAL)


def applied(world: World, text: str, **fields: str | None) -> Change:
    """Asked for, passed through the lights, signed off by a senior, and in the cluster."""
    change = lit(world, ask(world, text, **fields))
    signed_off(world, change)
    world.until(lambda: "change.applied" in world.events(change))
    return change


def signed_off(world: World, change: Change, senior: str = SENIOR) -> None:
    """A senior presses the button, as soon as it is there."""
    world.click(change, "sign_off", senior)
    world.until(lambda: "change.signed_off" in world.events(change))
