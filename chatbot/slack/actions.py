"""Buttons. Who pressed and what stands in the value are claims; the services check them."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import texts
from chatbot.services.requests import Requests
from chatbot.slack.desk import Desk, Payload, answering, show_view

Press = Callable[[str, int, Payload], Any]


def register(app: App, desk: Desk) -> None:
    """Listen to the buttons of the card."""
    requests = desk.requests
    presses: dict[str, Press] = {
        "confirm_diff": lambda user, number, action: requests.confirm(
            user, number, seen_digest(action)
        ),
        "release_hold": lambda user, number, _: desk.approvals.release(user, number),
        "cancel": lambda user, number, _: requests.take_back(user, number),
        "retry": lambda user, number, _: requests.retry(user, number),
        "open_backfill": lambda user, number, _: requests.open_backfill(user, number),
    }
    for action_id, press in presses.items():
        app.action(action_id)(_listener(requests, press))

    @app.action("show_diff")
    def show_diff(
        ack: Ack, body: Payload, action: Payload, client: WebClient, respond: Respond
    ) -> None:
        ack()

        def show() -> None:
            user = body["user"]["id"]
            change = requests.see(user, number_of(requests, user, action))
            show_view(client, body["trigger_id"], texts.whole_diff(change))

        answering(respond, show)


def _listener(requests: Requests, press: Press) -> Callable[..., None]:
    def pressed(ack: Ack, body: Payload, action: Payload, respond: Respond) -> None:
        ack()
        user = body["user"]["id"]
        answering(respond, lambda: press(user, number_of(requests, user, action), action))

    return pressed


def number_of(requests: Requests, user: str, action: Payload) -> int:
    """The change that a button's value names. Raises `Refused`."""
    return requests.named(user, str(action.get("value", "")), str(action["action_id"]))


def seen_digest(action: Payload) -> str:
    """The plan above the button, from the block id that the card gave it."""
    prefix, _, digest = str(action.get("block_id") or "").partition(":")
    return digest if prefix == "decide" else ""
