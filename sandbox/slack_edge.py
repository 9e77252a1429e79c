"""Stands between the bot and local-slack, so that the sandbox's Slack refuses what Slack refuses.

local-slack gives a real Web API, Socket Mode and a page, but takes any block, keeps no metadata
and lacks methods. This proxy stands in front of all of it:

    python -m sandbox.slack_edge --upstream http://127.0.0.1:3000 --port 3001 --workspace FILE

For tests: `POST /_edge/fault` brings bad weather, `POST /_edge/disconnect` cuts Socket Mode as
Slack does when it refreshes connections (`?abruptly`: without a word), `GET /_edge/calls` and
`/_edge/violations` tell what the bot did.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import click
from aiohttp import web

from sandbox.slack_api import EDGE, serve_hook, serve_method
from sandbox.slack_messages import with_metadata
from sandbox.slack_sockets import bot_socket, page_socket
from sandbox.slack_state import Fault, State
from sandbox.slack_upstream import Edge, Upstream
from sandbox.slack_workspace import Workspace

_SCRIPTS = [Path(__file__).with_name(f"slack_page{part}.js") for part in ("", "_text", "_menu")]
_TAG = b'<script src="/_edge/page.js"></script></head>'
_DROPPED = ("content-length", "content-encoding", "transfer-encoding", "connection", "host")
_TIMEOUT = aiohttp.ClientTimeout(total=30)


async def _script(_request: web.Request) -> web.StreamResponse:
    scripts = "\n".join(script.read_text("utf-8") for script in _SCRIPTS)
    return web.Response(text=scripts, content_type="text/javascript")


async def _calls(request: web.Request) -> web.StreamResponse:
    state = request.app[EDGE].state
    return web.json_response({"calls": state.told(request.query.get("method"))})


async def _violations(request: web.Request) -> web.StreamResponse:
    return web.json_response({"violations": request.app[EDGE].state.violations})


async def _fault(request: web.Request) -> web.StreamResponse:
    request.app[EDGE].state.faults.append(Fault(**await request.json()))
    return web.json_response({"ok": True})


async def _disconnect(request: web.Request) -> web.StreamResponse:
    bots = list(request.app[EDGE].state.bots)
    for bot in bots:
        if "abruptly" not in request.query:
            await bot.send_json({"type": "disconnect", "reason": "refresh_requested"})
        await bot.close()
    return web.json_response({"ok": True, "connections": len(bots)})


async def _connections(request: web.Request) -> web.StreamResponse:
    return web.json_response({"connections": len(request.app[EDGE].state.bots)})


async def _messages(request: web.Request) -> web.StreamResponse:
    edge = request.app[EDGE]
    channel = request.match_info["channel"]
    found = [with_metadata(edge, channel, message) for message in await edge.messages(channel)]
    return web.json_response({"messages": found})


async def _pass_on(request: web.Request) -> web.StreamResponse:
    """Pages, assets and the control API: as local-slack has them, with our script in the page."""
    edge = request.app[EDGE]
    headers = {k: v for k, v in request.headers.items() if k.lower() not in _DROPPED}
    async with edge.upstream.session.request(
        request.method,
        f"{edge.upstream.url}{request.path_qs}",
        headers=headers,
        data=await request.read(),
    ) as response:
        body = await response.read()
        status, kind = response.status, response.headers.get("Content-Type", "")
    if request.path == "/_control/reset":
        edge.state.reset()
    if kind.startswith("text/html"):
        body = body.replace(b"</head>", _TAG, 1)
    return web.Response(body=body, status=status, headers={"Content-Type": kind})


def create_app(
    upstream: str, workspace: Workspace, *, trigger_seconds: float = 3.0
) -> web.Application:
    """The edge in front of the local-slack at `upstream` (a URL without a trailing slash).

    `trigger_seconds` is how long a trigger_id lives; Slack says three.
    """

    async def connect(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=_TIMEOUT, connector=connector) as session:
            state = State(workspace, trigger_seconds=trigger_seconds)
            app[EDGE] = Edge(state, Upstream(session, upstream))
            yield

    app = web.Application(client_max_size=16 * 1024**2)
    app.cleanup_ctx.append(connect)
    app.router.add_route("*", "/api/{method}", serve_method)
    app.router.add_post("/_hooks/response/{id}", serve_hook)
    app.router.add_get("/socket/{id}", bot_socket)
    app.router.add_get("/ui", page_socket)
    app.router.add_get("/_edge/page.js", _script)
    app.router.add_get("/_edge/calls", _calls)
    app.router.add_get("/_edge/violations", _violations)
    app.router.add_get("/_edge/connections", _connections)
    app.router.add_post("/_edge/fault", _fault)
    app.router.add_post("/_edge/disconnect", _disconnect)
    app.router.add_get("/_control/messages/{channel}", _messages)
    app.router.add_route("*", "/{path:.*}", _pass_on)
    return app


async def serve(app: web.Application, port: int, *, until_eof: bool = False) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; port 0 takes a free one and says which.

    With `until_eof` it also ends when standard input closes, as it does when the parent dies.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        print(f"slack ready on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C still ends the loop
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        if until_eof:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


@click.command()
@click.option("--upstream", required=True, help="where local-slack answers")
@click.option("--port", type=int, default=3001, show_default=True)
@click.option("--workspace", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--trigger-seconds", type=float, default=3.0, show_default=True)
def main(upstream: str, port: int, workspace: Path, trigger_seconds: float) -> None:
    """Stand in front of a running local-slack."""
    known = Workspace.read(workspace)
    app = create_app(upstream.rstrip("/"), known, trigger_seconds=trigger_seconds)
    asyncio.run(serve(app, port))


if __name__ == "__main__":
    main()
