"""One call of the bot, from its token to its answer: faults, sign-in, limits, then the work.

`/api/<method>` and `/_hooks/response/<id>` come through here; both are recorded, so that a test can
say what the bot did and how often.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.slack_limits import examine
from sandbox.slack_methods import METHODS
from sandbox.slack_state import Call, Fault
from sandbox.slack_upstream import Edge, Refusal
from sandbox.slack_views import name_blocks

EDGE = web.AppKey("edge", Edge)
Answer = tuple[int, Any]
MESSAGES = ("chat.postMessage", "chat.postEphemeral", "chat.update", "chat.meMessage")
VIEWS = ("views.open", "views.push", "views.update", "views.publish")
_JSON_FIELDS = ("blocks", "attachments", "view", "metadata")
_HOOK_USES, _HOOK_SECONDS = 5, 30 * 60


async def _arguments(request: web.Request) -> tuple[str, dict[str, Any]]:
    """The token and the arguments, from the query, a form or a JSON body."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.read()  # a client sends nothing at all when there are no arguments
        args.update(json.loads(body) if body else {})
    else:
        args.update(await request.post())
    for name in _JSON_FIELDS:
        if isinstance(args.get(name), str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                continue  # the limits answer for it: a string is no array
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    posted = str(args.pop("token", ""))
    return (bearer if scheme == "Bearer" else posted), args


def _sign_in(edge: Edge, method: str, token: str) -> None:
    workspace = edge.state.workspace
    if not token:
        raise Refusal("not_authed")
    wanted, other = workspace.bot_tokens, workspace.app_tokens
    if method == "apps.connections.open":
        wanted, other = other, wanted
    if token in other:
        raise Refusal("not_allowed_token_type")
    if token not in wanted:
        raise Refusal("invalid_auth")


def _check_limits(edge: Edge, method: str, args: dict[str, Any], call: Call) -> None:
    if method in VIEWS:
        checked = {"view": args.get("view")}
        expected = "home" if method == "views.publish" else "modal"
    elif method in MESSAGES:
        checked = args
        expected = ""
    else:
        return
    report = examine(checked)
    view = args.get("view")
    if expected and isinstance(view, dict) and view.get("type") not in (None, expected):
        report.add("/view/type", f"must be {expected}")
    if not report.found:
        return
    call.violations = report.sentences()
    edge.state.violations += [f"{method}: {sentence}" for sentence in call.violations]
    raise Refusal(
        "invalid_arguments" if expected else _message_error(report.found),
        errors=call.violations,
        response_metadata={"messages": [f"[ERROR] {each}" for each in call.violations]},
    )


def _message_error(found: list[tuple[str, str]]) -> str:
    pointer, message = found[0]
    if pointer == "/text":
        return "msg_too_long" if message.startswith("must be less") else "no_text"
    if pointer.startswith("/metadata"):
        return "metadata_too_large" if "bytes" in message else "invalid_metadata_format"
    return "invalid_attachments" if pointer == "/attachments" else "invalid_blocks"


async def _method(edge: Edge, method: str, token: str, call: Call) -> Answer:
    try:
        _sign_in(edge, method, token)
        _check_limits(edge, method, call.args, call)
        handler = METHODS.get(method)
        if handler is None:
            return 200, await edge.upstream.call(method, call.args)
        return 200, await handler(edge, call.args)
    except Refusal as refusal:
        return 200, refusal.answer


async def _respond(edge: Edge, hook_id: str, call: Call) -> Answer:
    """A post to a response_url: checked, counted, and private unless it says otherwise."""
    hook = edge.state.hooks.get(hook_id)
    body = call.args
    if hook is None or time.monotonic() - hook.issued > _HOOK_SECONDS:
        return 404, {"ok": False, "error": "expired_url"}
    if hook.uses >= _HOOK_USES:
        return 404, {"ok": False, "error": "used_url"}
    hook.uses += 1
    deleting = body.get("delete_original") in (True, "true")
    report = examine(body)
    if report.found and not deleting:
        call.violations = report.sentences()
        edge.state.violations += [f"response_url: {each}" for each in call.violations]
        return 400, {"ok": False, "error": _message_error(report.found)}
    sent = {"response_type": "ephemeral", **body, "blocks": name_blocks(body.get("blocks"))}
    for flag in ("replace_original", "delete_original"):
        sent[flag] = body.get(flag) in (True, "true")
    upstream = edge.upstream
    if hook.channel:
        place = {"channel": hook.channel, "user": hook.user}
        await upstream.call("chat.postEphemeral", {**sent, **place})
        return 200, {"ok": True}
    async with upstream.session.post(
        f"{upstream.url}/_hooks/response/{hook_id}", json=sent
    ) as response:
        return response.status, {"ok": response.ok}


async def _weathered(
    request: web.Request, call: Call, fault: Fault | None, work: Callable[[], Awaitable[Answer]]
) -> web.StreamResponse:
    """Do the work and answer, unless a fault gets in between."""
    headers = {}
    status = 200
    if fault is not None and fault.delay:
        await asyncio.sleep(fault.delay)
    if fault is None or fault.after or not fault.answers:
        status, call.answer = await work()
    if fault is not None and fault.answers:
        limited = fault.status == HTTPStatus.TOO_MANY_REQUESTS
        error = fault.error or ("ratelimited" if limited else "internal_error")
        status, call.answer = fault.status, {"ok": False, "error": error}
        if fault.retry_after:
            headers["Retry-After"] = str(fault.retry_after)
        if fault.drop and request.transport is not None:
            request.transport.abort()
    call.status = status
    text = request.app[EDGE].upstream.through(json.dumps(call.answer), request.host)
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


async def serve_method(request: web.Request) -> web.StreamResponse:
    """`/api/<method>`, by GET or POST."""
    edge = request.app[EDGE]
    method = request.match_info["method"]
    try:
        token, args = await _arguments(request)
    except ValueError:
        return web.json_response({"ok": False, "error": "invalid_json"})
    call = edge.state.record(method, args)
    fault = edge.state.take_fault(method)
    return await _weathered(request, call, fault, lambda: _method(edge, method, token, call))


async def serve_hook(request: web.Request) -> web.StreamResponse:
    """`/_hooks/response/<id>`: recorded as the method `response_url`."""
    edge = request.app[EDGE]
    try:
        _, args = await _arguments(request)
    except ValueError:
        return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
    call = edge.state.record("response_url", args)
    fault = edge.state.take_fault("response_url")
    hook = request.match_info["id"]
    return await _weathered(request, call, fault, lambda: _respond(edge, hook, call))
