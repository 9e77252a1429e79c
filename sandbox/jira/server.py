"""The HTTP side: sign-in, faults, one handler for each call, and two pages."""

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from sandbox.jira import pages
from sandbox.jira.errors import ApiError
from sandbox.jira.rest import ROUTES, Answer, Call, Handler, server_info
from sandbox.jira.state import Fault, Jira

_Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(jira: Jira) -> web.Application:
    """The whole double as an aiohttp application."""
    app = web.Application()
    for version in ("2", "3") if jira.is_cloud else ("2",):
        for method, path, handler in ROUTES:
            endpoint = _endpoint(jira, version, handler)
            app.router.add_route(method, f"/rest/api/{version}{path}", endpoint)
    app.router.add_route("*", "/rest/{rest:.*}", _nothing_here)
    _add_pages(app, jira)
    _add_controls(app, jira)
    return app


async def _nothing_here(_: web.Request) -> web.StreamResponse:
    return web.json_response({"message": "null for uri", "status-code": 404}, status=404)


def _add_pages(app: web.Application, jira: Jira) -> None:
    async def index(_: web.Request) -> web.StreamResponse:
        return web.Response(text=pages.index(jira), content_type="text/html")

    async def browse(request: web.Request) -> web.StreamResponse:
        try:
            issue = jira.issue(request.match_info["key"])
        except ApiError as error:
            return web.Response(text=str(error), status=404)
        return web.Response(text=pages.issue(jira, issue), content_type="text/html")

    app.router.add_get("/", index)
    app.router.add_get("/browse/{key}", browse)


def _add_controls(app: web.Application, jira: Jira) -> None:
    async def fault(request: web.Request) -> web.StreamResponse:
        jira.faults.append(Fault(**await request.json()))
        return web.json_response({})

    async def calls(_: web.Request) -> web.StreamResponse:
        return web.json_response({"calls": jira.calls})

    async def issues(_: web.Request) -> web.StreamResponse:
        told = [{"key": each.key, **asdict(each)} for each in jira.issues.values()]
        return web.Response(text=json.dumps(told, default=str), content_type="application/json")

    async def reset(_: web.Request) -> web.StreamResponse:
        jira.reset()
        return web.json_response({})

    app.router.add_post("/_jira/fault", fault)
    app.router.add_get("/_jira/calls", calls)
    app.router.add_get("/_jira/issues", issues)
    app.router.add_post("/_jira/reset", reset)


def _endpoint(jira: Jira, version: str, handler: Handler) -> _Endpoint:
    async def handle(request: web.Request) -> web.StreamResponse:
        call = f"{request.method} {request.path}"
        jira.calls.append(call)
        fault = jira.take_fault(call)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        answer, headers = Answer(503), {"X-AREQUESTID": "sandbox"}
        if fault is None or fault.after or not fault.answers:
            answer = await _answer(jira, version, handler, request)
        if fault is not None and fault.answers:
            if fault.drop and request.transport is not None:
                request.transport.abort()
            if fault.retry_after:
                headers["Retry-After"] = str(fault.retry_after)
            answer = Answer(fault.status, {"errorMessages": ["Bad weather"], "errors": {}})
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        return web.json_response(answer.body, status=answer.status, headers=headers)

    return handle


async def _answer(jira: Jira, version: str, handler: Handler, request: web.Request) -> Answer:
    try:
        if handler is not server_info:
            _sign_in(jira, request.headers.get("Authorization", ""))
        body = await _body(request)
        query = {name: ",".join(request.query.getall(name)) for name in request.query}
        if request.path.endswith(("/search", "/search/jql")):
            query |= {name: _flat(value) for name, value in body.items() if value}
        base = f"{request.scheme}://{request.host}/rest/api/{version}"
        return handler(Call(jira, version, base, dict(request.match_info), query, body))
    except ApiError as error:
        return Answer(error.status, error.body)


def _flat(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _sign_in(jira: Jira, header: str) -> None:
    """Cloud knows an e-mail with its API token, Data Center a personal access token."""
    scheme, _, given = header.partition(" ")
    if jira.is_cloud and scheme == "Basic":
        try:
            given = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            given = ""
        if given == f"{jira.user}:{jira.token}":
            return
    if not jira.is_cloud and scheme == "Bearer" and given == jira.token:
        return
    raise ApiError(401, "Client must be authenticated to access this resource.")


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ApiError(400, "Unexpected character in the request's body.") from error
    if not isinstance(body, dict):
        raise ApiError(400, "The request's body must be a JSON object.")
    return body
