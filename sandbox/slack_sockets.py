"""The two WebSockets that pass through the edge: the bot's Socket Mode and the page's `/ui`.

Towards the bot, frames are made what Slack would send; towards local-slack, the bot's answers are
held against Slack's rules. Towards the page, views are dressed; from it, submissions are completed.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.slack_api import EDGE
from sandbox.slack_clicks import BORROW, click_in_modal, enrich_click, take_shortcut
from sandbox.slack_dressing import dress
from sandbox.slack_limits import examine
from sandbox.slack_state import Hook, Pending, new_id
from sandbox.slack_upstream import Edge
from sandbox.slack_views import (
    DEEPEST_STACK,
    complete,
    inputs,
    keep_open,
    mark,
    name_blocks,
    owner,
    public,
    remark,
)

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse
Change = Callable[[str], Awaitable[str | None]]
ACK_SECONDS = 3.0
PING_SECONDS = 0.25
PING = b"Ping from the sandbox"
"""Slack's pings say something, too. After an empty one, of two bytes, the SDK's client waits for
more before it hands on the envelope that came just before."""
PERSON = "as"  # `/ui?as=person`: a program that acts as a person and wants views undressed


async def _pump(source: Socket, sink: Socket, change: Change) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            changed = await change(message.data)
            if changed is not None:
                await sink.send_str(changed)


async def _join(
    request: web.Request, near: web.WebSocketResponse, out: Change, back: Change
) -> None:
    """Connect a socket of ours with its twin at local-slack until either side goes."""
    upstream = request.app[EDGE].upstream
    url = f"{upstream.url}{request.path}"
    async with upstream.session.ws_connect(url, max_msg_size=0) as far:
        pumps = {
            asyncio.create_task(_pump(near, far, out)),
            asyncio.create_task(_pump(far, near, back)),
        }
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in done:
                pump.result()
        except ConnectionError:
            pass  # one side went away while we were writing to it: the other is closed below
        finally:
            for pump in pumps:
                pump.cancel()
            await near.close()


async def bot_socket(request: web.Request) -> web.StreamResponse:
    """`/socket/<id>`: Socket Mode."""
    edge = request.app[EDGE]
    near = web.WebSocketResponse(max_msg_size=0)
    await near.prepare(request)
    edge.state.bots.add(near)

    # Not the Host header: the Slack SDK's own WebSocket client leaves the port out of it.
    name, port = request.get_extra_info("sockname")[:2]

    async def to_bot(text: str) -> str | None:
        return _to_bot(edge, edge.upstream.through(text, f"{name}:{port}"))

    async def from_bot(text: str) -> str | None:
        return await _from_bot(edge, text)

    pings = asyncio.create_task(_ping(near))
    try:
        await _join(request, near, from_bot, to_bot)
    finally:
        pings.cancel()
        edge.state.bots.discard(near)
    return near


async def _ping(bot: web.WebSocketResponse) -> None:
    """Ping often, as Slack does; the SDK's client can only be closed between two frames."""
    while not bot.closed:
        await bot.ping(PING)
        await asyncio.sleep(PING_SECONDS)


def _to_bot(edge: Edge, text: str) -> str | None:
    frame = json.loads(text)
    envelope = frame.get("envelope_id")
    if envelope is None:
        return text
    state = edge.state
    if envelope in state.envelopes:
        return None  # Slack gives an envelope to one connection; local-slack to each
    payload = frame["payload"]
    user = payload.get("user") or {}
    user_id = user.get("id", "") if isinstance(user, dict) else str(user)
    user_id = user_id or payload.get("user_id", "")
    if "trigger_id" in payload:
        state.triggers[payload["trigger_id"]] = (time.monotonic(), user_id)
        state.upstream_trigger = payload["trigger_id"]
    if payload.get("command") == BORROW:
        return None
    if payload.get("response_url"):
        hook_id = payload["response_url"].rsplit("/", 1)[-1]
        state.hooks[hook_id] = Hook(user_id, time.monotonic())
    if isinstance(user, dict) and user_id in state.workspace.users:
        user["team_id"] = state.workspace.users[user_id].get("team_id", state.workspace.team)
    if isinstance(payload.get("view"), dict):
        payload["view"] = public(payload["view"])
    if payload.get("type") == "block_actions":
        enrich_click(edge, payload)
    if frame["type"] == "slash_commands":
        payload["text"] = state.workspace.with_mentions(payload.get("text") or "")
    kind = payload.get("type") if frame["type"] == "interactive" else frame["type"]
    state.envelopes[envelope] = Pending(payload, str(kind), time.monotonic())
    return json.dumps(frame)


async def _from_bot(edge: Edge, text: str) -> str:
    frame = json.loads(text)
    pending = edge.state.envelopes.get(frame.get("envelope_id", ""))
    if pending is None or pending.acknowledged:
        return text
    pending.acknowledged = True
    took = time.monotonic() - pending.sent
    if took > ACK_SECONDS:
        edge.state.violations.append(f"{pending.kind}: acknowledged after {took:.1f} s, not 3 s")
    answer = frame.get("payload") or {}
    if pending.kind == "slash_commands" and answer:
        frame["payload"] = _private_message(edge, answer)
    elif pending.kind == "view_submission":
        frame["payload"] = _view_answer(edge, pending, answer)
        told = {"t": "edge_ack", "view": pending.payload["view"]["id"], "answer": answer}
        for page in list(edge.state.pages):
            await page.send_json(told)
    return json.dumps(frame)


def _private_message(edge: Edge, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer in the acknowledgement of a command: only the person sees it unless told."""
    broken = examine(answer).sentences()
    if broken:
        edge.state.violations += [f"ack: {sentence}" for sentence in broken]
        return {}
    return {"response_type": "ephemeral", **answer, "blocks": name_blocks(answer.get("blocks"))}


def _view_answer(edge: Edge, pending: Pending, answer: dict[str, Any]) -> dict[str, Any]:
    """The `response_action` as local-slack must get it; a bad one becomes an error on the modal."""
    view = pending.payload["view"]
    action = answer.get("response_action")
    if not answer or action == "clear":
        edge.state.modals.clear()
        return answer
    fields = [block["block_id"] for block, _ in inputs(view)]
    broken = examine({"response_action": None, **answer}).sentences()
    if action == "errors" and not broken:
        broken = [
            f"errors: {name} is no input block" for name in answer["errors"] if name not in fields
        ]
    if action == "push" and len(edge.state.modals) >= DEEPEST_STACK:
        broken.append(f"push: a stack holds at most {DEEPEST_STACK} views")
    if broken:
        edge.state.violations += [f"response_action: {sentence}" for sentence in broken]
        sentence = f"Slack cannot use the app's answer: {broken[0]}"
        return {"response_action": "errors", "errors": {(fields or ["view"])[0]: sentence}}
    if action == "errors":
        return answer
    if action == "push":
        user = edge.state.modals[view["id"]].user if view["id"] in edge.state.modals else ""
        marked = mark(answer["view"], new_id("V"), user=user, below=tuple(edge.state.modals))
    elif view["id"] in edge.state.modals:
        marked = remark(edge.state, answer["view"], view["id"])
    else:
        marked = mark(answer["view"], view["id"])
    keep_open(edge.state, marked)
    return {**answer, "view": marked}


async def page_socket(request: web.Request) -> web.StreamResponse:
    """`/ui`: the browser's socket, and the one through which tests act as a person."""
    edge = request.app[EDGE]
    person = PERSON in request.query
    near = web.WebSocketResponse(max_msg_size=0)
    await near.prepare(request)
    edge.state.pages.add(near)

    async def from_page(text: str) -> str | None:
        frame = json.loads(text)
        if frame.get("t") == "view_close":
            edge.state.modals.clear()
        if frame.get("t") in ("view_action", "message_shortcut"):
            act = click_in_modal if frame["t"] == "view_action" else take_shortcut
            await act(edge, {**frame, "address": f"{request.scheme}://{request.host}"})
            return None
        if frame.get("t") != "view_submit" or not edge.state.stack:
            return text
        zone = edge.state.workspace.users.get(frame["user"], {}).get("tz", "Etc/UTC")
        view = edge.state.stack[-1]
        frame["values"], complaints = complete(view, frame.get("values") or {}, zone)
        if complaints:
            await near.send_json({"t": "view_errors", "errors": complaints})
            return None
        return json.dumps(frame)

    async def to_page(text: str) -> str | None:
        return _to_page(edge, edge.upstream.through(text, request.host), person=person)

    try:
        await _join(request, near, from_page, to_page)
    finally:
        edge.state.pages.discard(near)
    return near


def _to_page(edge: Edge, text: str, *, person: bool) -> str:
    frame = json.loads(text)
    kind = frame.get("t")
    if kind not in ("init", "view", "home"):
        return text

    def shown(view: dict[str, Any]) -> dict[str, Any]:
        if person:
            return {**public(view), "user": owner(view)}
        zone = edge.state.workspace.users.get(owner(view), {}).get("tz", "Etc/UTC")
        return dress(public(view), edge.state.workspace, zone)

    if kind == "view":
        edge.state.stack = frame["stack"]
        frame["stack"] = [shown(view) for view in frame["stack"]]
    elif kind == "home":
        frame["view"] = shown(frame["view"])
    else:
        told = frame["state"]
        edge.state.stack = told["modalStack"]
        told["modalStack"] = [shown(view) for view in told["modalStack"]]
        told["homeViews"] = {
            user: {app: shown(view) for app, view in by_app.items()}
            for user, by_app in told["homeViews"].items()
        }
    return json.dumps(frame)
