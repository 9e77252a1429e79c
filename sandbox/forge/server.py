"""The HTTP side: authentication, one request at a time, pages, ETags and GitHub's headers.

Handlers run on one worker thread, so each request sees and leaves a whole state; a refused request
changes nothing because handlers check before they write.
"""

import asyncio
import hashlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.forge import git_http
from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError, not_found
from sandbox.forge.git import GitError
from sandbox.forge.identity import Identity, identify
from sandbox.forge.rest import (
    accounts,
    gitdata,
    issues,
    protection,
    pulls,
    repos,
    reviews,
    statuses,
)
from sandbox.forge.rest.call import Answer, Call, Page, Route, Text
from sandbox.forge.shapes.links import Links
from sandbox.forge.web import site

PREFIXES = ("/api/v3", "")
MOST_PER_PAGE = 100
LARGEST_REQUEST = 64 * 1024 * 1024
# The first route that fits wins, so the longer paths come before those that end in `.+`.
ROUTES: tuple[Route, ...] = (
    *accounts.ROUTES,
    *statuses.ROUTES,
    *protection.ROUTES,
    *gitdata.ROUTES,
    *repos.ROUTES,
    *reviews.ROUTES,
    *pulls.ROUTES,
    *issues.ROUTES,
)


@dataclass(frozen=True)
class Rendered:
    """An answer ready to send."""

    status: int
    body: bytes
    content_type: str = "application/json"
    link: str = ""


def build(forge: Forge) -> web.Application:
    """The whole forge as an aiohttp application: API, Git over HTTP, and web pages."""
    app = web.Application(client_max_size=LARGEST_REQUEST)
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forge")

    async def on_worker(work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(worker, work)

    async def stop_worker(_app: web.Application) -> None:
        worker.shutdown(wait=True)

    app.on_cleanup.append(stop_worker)
    for prefix in PREFIXES:
        for route in ROUTES:
            handler = _endpoint(forge, route, prefix, on_worker)
            app.router.add_route(route.method, prefix + route.path, handler)
        app.router.add_route("*", prefix + "/repos/{tail:.*}", _nothing_here)
    app.router.add_route("*", "/api/{tail:.*}", _nothing_here)
    git_http.add_routes(app, forge, on_worker)
    site.add_routes(app, forge, on_worker)
    return app


async def _nothing_here(_request: web.Request) -> web.Response:
    return _send(_error(not_found()), None, None)


def _endpoint(
    forge: Forge,
    route: Route,
    prefix: str,
    on_worker: Callable[[Callable[[], Any]], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        identity = None
        try:
            identity = identify(forge, request.headers.get("Authorization"))
            body = await _body(request)
            rendered = await on_worker(
                lambda: _perform(forge, route, prefix, request, identity=identity, body=body)
            )
        except ApiError as error:
            rendered = _error(error)
        return _send(rendered, identity, request)

    return handle


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON") from error
    if isinstance(body, list):
        return {"": body}
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object")
    return body


def _perform(
    forge: Forge,
    route: Route,
    prefix: str,
    request: web.Request,
    *,
    identity: Identity,
    body: dict[str, Any],
) -> Rendered:
    _check_access(forge, route, request, identity)
    origin = f"{request.scheme}://{request.host}"
    call = Call(
        forge=forge,
        login=identity.login,
        links=Links(f"{origin}{prefix}", origin, forge.owner, forge.name),
        params=dict(request.match_info),
        query=dict(request.query),
        body=body,
        accept=request.headers.get("Accept", ""),
    )
    changed = forge.sync()
    try:
        return _render(route.handler(call), call, request)
    except (GitError, subprocess.TimeoutExpired) as error:
        print(f"forge: {request.method} {request.path}: {error}", file=sys.stderr, flush=True)
        return _error(ApiError(500, "Server Error"))
    finally:
        if changed or request.method != "GET":
            forge.save()


def _check_access(forge: Forge, route: Route, request: web.Request, identity: Identity) -> None:
    if route.access == "app":
        if identity.kind != "app":
            raise ApiError(401, "A JSON web token could not be decoded")
        return
    if identity.kind == "nobody":
        # A private repository hides itself from strangers; the rest says that it wants to know.
        raise not_found() if "/repos/" in route.path else ApiError(401, "Requires authentication")
    if identity.kind == "app" and route.access != "token":
        raise ApiError(403, "Resource not accessible by integration")
    if "{repo}" in route.path and not _is_this_repo(forge, request):
        raise not_found()
    if not forge.may(identity.login, route.needs):
        if not forge.may(identity.login, "read"):
            raise not_found()
        if identity.is_installation:
            raise ApiError(403, "Resource not accessible by integration")
        rights = "admin rights to" if route.needs == "admin" else "push access to"
        raise ApiError(403, f"Must have {rights} Repository.")


def _is_this_repo(forge: Forge, request: web.Request) -> bool:
    named = f"{request.match_info['owner']}/{request.match_info['repo']}"
    return named.lower() == f"{forge.owner}/{forge.name}".lower()


def _render(answer: Any, call: Call, request: web.Request) -> Rendered:
    if isinstance(answer, Text):
        return Rendered(200, answer.text.encode(), answer.content_type)
    if isinstance(answer, Page):
        return _render_page(answer, call, request)
    if not isinstance(answer, Answer):
        answer = Answer(200, answer)
    body = b"" if answer.body is None else _dump(answer.body)
    return Rendered(answer.status, body)


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _render_page(page: Page, call: Call, request: web.Request) -> Rendered:
    most = max(page.per_page, MOST_PER_PAGE)
    size = min(max(_number(call.query.get("per_page"), page.per_page), 1), most)
    number = max(_number(call.query.get("page"), 1), 1)
    last = max(-(-len(page.items) // size), 1)
    rows = [page.render(item) for item in page.items[(number - 1) * size : number * size]]
    body = page.wrap(rows) if page.wrap else rows
    targets: dict[str, int] = {}
    if number > 1:
        targets |= {"prev": min(number - 1, last), "first": 1}
    if number < last:
        targets |= {"next": number + 1, "last": last}
    address = f"{request.scheme}://{request.host}{request.rel_url.raw_path}"
    link = ", ".join(
        f'<{address}?{urlencode({**call.query, "page": target})}>; rel="{name}"'
        for name, target in targets.items()
    )
    return Rendered(200, _dump(body), link=link)


def _number(given: str | None, default: int) -> int:
    return int(given) if given and given.isdecimal() else default


def _error(error: ApiError) -> Rendered:
    return Rendered(error.status, _dump(error.body))


def _send(
    rendered: Rendered, identity: Identity | None, request: web.Request | None
) -> web.Response:
    headers = {
        "Content-Type": f"{rendered.content_type}; charset=utf-8",
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
        "X-RateLimit-Limit": str(accounts.RATE_LIMIT),
        "X-RateLimit-Remaining": str(accounts.RATE_LIMIT - 1),
        "X-RateLimit-Used": "1",
        "X-RateLimit-Reset": str(int(time.time()) + 3600),
        "X-RateLimit-Resource": "core",
    }
    if identity and identity.kind == "user" and not identity.is_installation:
        headers["X-OAuth-Scopes"] = "read:org, repo"
    if rendered.link:
        headers["Link"] = rendered.link
    if request is not None and request.method == "GET" and rendered.status == 200:
        etag = f'W/"{hashlib.sha256(rendered.body).hexdigest()}"'
        headers |= {"ETag": etag, "Cache-Control": "private, max-age=60, s-maxage=60"}
        if etag.removeprefix("W/") in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
    if not rendered.body:
        del headers["Content-Type"]
        return web.Response(status=rendered.status, headers=headers)
    return web.Response(status=rendered.status, headers=headers, body=rendered.body)
