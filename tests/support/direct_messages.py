"""What the bot tells one person, and the buttons there."""

from typing import Any

from tests.support.world import World, everything


def told(world: World, user: str, *words: str, times: int = 1) -> dict[str, Any]:
    """The direct message with these words, as soon as so many are there."""

    def heard() -> dict[str, Any] | None:
        found = [
            message
            for message in world.slack.direct_messages(user)
            if all(word in everything(message) for word in words)
        ]
        return found[times - 1] if len(found) >= times else None

    return world.until(heard)


def press(world: World, user: str, message: dict[str, Any], action_id: str) -> None:
    """Press a button of a direct message to this person."""
    [channel] = [
        each["id"] for each in world.slack._channels() if each["is_im"] and user in each["members"]
    ]
    world.slack.click(user, channel, message["ts"], action_id)
