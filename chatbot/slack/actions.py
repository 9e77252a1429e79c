"""Buttons. Who pressed and what stands in the value are claims; the services check them."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import texts
from chatbot.domain.change import parse_change_id
from chatbot.domain.errors import Refused
from chatbot.slack.desk import Desk, Payload, answering

Press = Callable[[str, int, Payload], Any]


def register(app: App, desk: Desk) -> None:
    """Listen to the buttons of the card."""
    requests = desk.requests
    presses: dict[str, Press] = {
        "confirm_diff": lambda user, number, action: requests.confirm(
            user, number, _seen_digest(action)
        ),
        "cancel": lambda user, number, _: requests.take_back(user, number),
        "retry": lambda user, number, _: requests.retry(user, number),
        "open_backfill": lambda user, number, _: requests.open_backfill(user, number),
    }
    for action_id, press in presses.items():
        app.action(action_id)(_listener(press))

    @app.action("show_diff")
    def show_diff(
        ack: Ack, body: Payload, action: Payload, client: WebClient, respond: Respond
    ) -> None:
        ack()

        def show() -> None:
            change = requests.see(body["user"]["id"], _number(action))
            client.views_open(trigger_id=body["trigger_id"], view=texts.whole_diff(change))

        answering(respond, show)


def _listener(press: Press) -> Callable[..., None]:
    def pressed(ack: Ack, body: Payload, action: Payload, respond: Respond) -> None:
        ack()
        answering(respond, lambda: press(body["user"]["id"], _number(action), action))

    return pressed


def _number(action: Payload) -> int:
    number = parse_change_id(str(action.get("value", "")))
    if number is None:
        raise Refused("This button names no change. Use the buttons of the change's own card.")
    return number


def _seen_digest(action: Payload) -> str:
    """The plan above the button, from the block id that the card gave it."""
    prefix, _, digest = str(action.get("block_id") or "").partition(":")
    return digest if prefix == "decide" else ""
