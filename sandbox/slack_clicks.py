"""Clicks as Slack tells them to the bot, those inside a modal included.

local-slack's page cannot click inside a modal: a field with `dispatch_action` stays silent there.
The edge makes that event itself and sends it down the bot's own connection.
"""

import time
import uuid
from typing import Any

from sandbox.slack_messages import with_metadata
from sandbox.slack_state import Pending, new_id
from sandbox.slack_upstream import Edge
from sandbox.slack_views import complete, inputs, owner, public
from sandbox.slack_workspace import APP_ID


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
    envelope = str(uuid.uuid4())
    state.envelopes[envelope] = Pending(payload, "block_actions", now)
    told = {"envelope_id": envelope, "type": "interactive", "payload": payload}
    await next(iter(state.bots)).send_json({**told, "accepts_response_payload": False})
