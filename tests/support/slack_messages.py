"""What people do with messages that stand already, through the page's own socket."""

import json

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
