"""What messages show, and what people do with those that stand already, through the page's own
socket."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.slack import SlackWorkspace


def edit(slack: SlackWorkspace, user: str, channel: str, ts: str, text: str) -> None:
    """Say something else in a message of one's own."""
    _send(slack, "edit_message", user, channel, ts, text=text)


def delete(slack: SlackWorkspace, user: str, channel: str, ts: str) -> None:
    """Delete a message of one's own."""
    _send(slack, "delete_message", user, channel, ts)


def add_to_timeline(slack: SlackWorkspace, user: str, channel: str, ts: str) -> None:
    """Choose “Add to timeline” in a message's menu."""
    slack._stack = []  # whatever opens now is new
    _send(slack, "message_shortcut", user, channel, ts, callback_id="add_to_timeline")


def _send(slack: SlackWorkspace, what: str, user: str, channel: str, ts: str, **more: str) -> None:
    place = {"user": user, "channel": slack.channel(channel), "ts": ts}
    slack._ui.send(json.dumps({"t": what, **place, **more}))


def buttons(message: dict[str, Any]) -> list[str]:
    """The action ids of a message's buttons, in order."""
    return [
        element["action_id"]
        for block in message.get("blocks") or []
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def everything(message: dict[str, Any]) -> str:
    """Every text that a message or a view shows, its buttons and dialogs included."""

    def texts(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("text"), str):
                yield part["text"]
            for value in part.values():
                yield from texts(value)
        elif isinstance(part, list):
            for item in part:
                yield from texts(item)

    return "\n".join([message.get("text") or "", *texts(message.get("blocks") or [])])
