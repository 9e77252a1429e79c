"""Clicks as Slack tells them to the bot, those inside a modal and in a message's menu included.

local-slack's page cannot click inside a modal: a field with `dispatch_action` stays silent there.
It has no message shortcuts either. The edge makes these events itself and sends them down the
bot's own connection.
"""

import asyncio
import time
import uuid
from typing import Any

from sandbox.slack_messages import with_metadata
from sandbox.slack_state import Hook, Pending, new_id
from sandbox.slack_upstream import Edge
from sandbox.slack_views import complete, inputs, owner, public
from sandbox.slack_workspace import APP_ID

BORROW = "/_edge"
"""A command that never reaches the bot: local-slack opens views only for triggers of its own."""
_BORROW_SECONDS = 2.0


def enrich_click(edge: Edge, payload: dict[str, Any]) -> None:
    """Make local-slack's `block_actions` what Slack would send for this place."""
    message = payload.get("message")
    container = payload["container"]
    if message is None:
        view = edge.state.homes.get(payload["user"]["id"])
        payload["container"] = {"type": "view", "view_id": view["id"] if view else ""}
        payload["view"] = view
        for name in ("channel", "message", "response_url"):
            payload.pop(name, None)
    elif message.get("subtype") == "ephemeral":
        container["is_ephemeral"] = True
        del payload["message"]  # Slack does not send what it does not keep
    else:
        payload["message"] = with_metadata(edge, message["channel"], message)
        if message.get("thread_ts"):
            container["thread_ts"] = message["thread_ts"]


async def click_in_modal(edge: Edge, frame: dict[str, Any]) -> None:
    """Tell the bot that a person changed a field which asks for `dispatch_action`.

    `frame` holds the `block_id` of the field and the `values` filled in so far, as a submission
    would. A field that does not ask for it changes in silence, as in Slack.
    """
    state = edge.state
    if not state.stack or not state.bots:
        return
    marked = state.stack[-1]
    view, user_id = public(marked), owner(marked)
    asked = {
        block["block_id"]: element
        for block, element in inputs(view)
        if block.get("dispatch_action")
    }
    element = asked.get(frame["block_id"])
    if element is None:
        return
    user = state.workspace.users[user_id]
    team = user.get("team_id", state.workspace.team)
    values, _ = complete(view, frame["values"], user.get("tz", "Etc/UTC"))
    action = {"block_id": frame["block_id"], "action_id": element["action_id"]}
    chosen = values[frame["block_id"]][element["action_id"]]
    trigger, now = new_id("trigger."), time.monotonic()
    payload = {
        "type": "block_actions",
        "api_app_id": view.get("app_id", APP_ID),
        "team": {"id": state.workspace.team},
        "user": {"id": user_id, "name": user["name"], "team_id": team},
        "container": {"type": "view", "view_id": view["id"]},
        "view": {**view, "state": {"values": values}},
        "trigger_id": trigger,
        "actions": [{**action, **chosen, "action_ts": f"{time.time():.6f}"}],
    }
    state.triggers[trigger] = (now, user_id)
    await _tell_bot(edge, payload)


async def take_shortcut(edge: Edge, frame: dict[str, Any]) -> None:
    """Tell the bot that a person chose a shortcut in a message's menu. `frame` holds the `user`,
    the `channel`, the message's `ts` and the shortcut's `callback_id`."""
    state = edge.state
    if not state.bots:
        return
    channel = await edge.channel(frame["channel"])
    message = await edge.message(channel["id"], frame["ts"])
    await _borrow_trigger(edge, frame["user"], channel["id"])
    user = state.workspace.users[frame["user"]]
    trigger, hook, now = new_id("trigger."), new_id("hook"), time.monotonic()
    state.triggers[trigger] = (now, user["id"])
    state.hooks[hook] = Hook(user["id"], now, channel=channel["id"])
    payload = {
        "type": "message_action",
        "callback_id": frame["callback_id"],
        "trigger_id": trigger,
        "response_url": f"{frame['address']}/_hooks/response/{hook}",
        "action_ts": f"{time.time():.6f}",
        "api_app_id": APP_ID,
        "team": {"id": state.workspace.team},
        "user": {
            "id": user["id"],
            "name": user["name"],
            "team_id": user.get("team_id", state.workspace.team),
        },
        "channel": {"id": channel["id"], "name": channel["name"]},
        "message_ts": message["ts"],
        "message": with_metadata(edge, channel["id"], message),
    }
    await _tell_bot(edge, payload)


async def _borrow_trigger(edge: Edge, user: str, channel: str) -> None:
    """Have local-slack give out a trigger, in which the one that we give out is dressed."""
    state, upstream = edge.state, edge.upstream
    state.upstream_trigger = ""
    asked = {"channel": channel, "user": user, "command": BORROW, "text": ""}

    async def ask() -> None:
        # It answers when the bot has acknowledged, which it never will: the trigger came before.
        async with upstream.session.post(f"{upstream.url}/_control/command", json=asked):
            pass

    asking = asyncio.create_task(ask())
    deadline = time.monotonic() + _BORROW_SECONDS
    while not state.upstream_trigger and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    asking.cancel()


async def _tell_bot(edge: Edge, payload: dict[str, Any]) -> None:
    """Send it in an envelope down one of the bot's connections, if there is any."""
    state, envelope = edge.state, str(uuid.uuid4())
    state.envelopes[envelope] = Pending(payload, payload["type"], time.monotonic())
    told = {"envelope_id": envelope, "type": "interactive", "payload": payload}
    for bot in list(state.bots)[:1]:
        await bot.send_json({**told, "accepts_response_payload": False})
