"""A small Bolt app for tests of the sandbox's Slack: forms, a card, and the commonest listeners."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from chatbot.slack.socket_mode import Handler
from tests.support.slack import SlackWorkspace

REQUESTER, SENIOR = "U0REQUESTER", "U0SENIOR1"
DEV = "#dev-changes"
LEVELS = [
    {"text": {"type": "plain_text", "text": level}, "value": level} for level in ("low", "high")
]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def field(name: str, element: dict[str, Any], **block: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(name),
        "element": {"action_id": name, **element},
        **block,
    }


def form(*fields: dict[str, Any], title: str = "Request") -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "request",
        "title": plain(title),
        "submit": plain("Send"),
        "private_metadata": json.dumps({"change": "CHG-1"}),
        "blocks": list(fields),
    }


def card(state: str) -> dict[str, Any]:
    button = {"type": "button", "text": plain("Approve"), "action_id": "approve", "value": "CHG-1"}
    return {"text": state, "blocks": [{"type": "actions", "elements": [button]}]}


REASON = field("reason", {"type": "plain_text_input", "multiline": True, "max_length": 200})


@pytest.fixture
def client(slack: SlackWorkspace) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def bot(slack: SlackWorkspace, client: WebClient) -> Iterator[App]:
    """A Bolt app without listeners, connected; tests add their own."""
    app = App(client=client, token_verification_enabled=False)
    socket = WebClient(token=slack.app_token, base_url=slack.api_url)
    handler = Handler(app, slack.app_token, web_client=socket)
    handler.connect()
    slack.wait_until_connected()
    yield app
    slack.hang_up(handler)


def opens(bot: App, view: dict[str, Any]) -> None:
    """`/change` opens this view."""

    @bot.command("/change")
    def _open(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)


def keeps(bot: App, callback_id: str = "request") -> list[dict[str, Any]]:
    """Every submission of this view is accepted; gives the list they are put into."""
    submitted: list[dict[str, Any]] = []

    @bot.view(callback_id)
    def _keep(ack: Any, view: Any) -> None:
        submitted.append(view)
        ack()

    return submitted
