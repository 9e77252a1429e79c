"""A tap in the line between the local Slack and the bots that are compared.

    python -m benchmarks.slack_tap --upstream http://127.0.0.1:3001

The tap is the one app that the local Slack knows. Each bot connects to the tap under a name
(`SLACK_API_URL=http://…/<bot>/api/`), so that two bots can take turns on the same Slack without
being started anew. For a burst it holds back what people do until enough has come together, hands
all of it to one bot at the same instant, and notes when each acknowledgement arrives.

`POST /_tap/burst` gives the seconds to each acknowledgement, `/_tap/answer` the seconds from an
envelope to the end of the call that answers it, `GET /_tap/quiet` returns when the bot is done.
"""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import click
from aiohttp import web

from sandbox.slack_edge import serve
from sandbox.slack_workspace import APP_TOKEN

SECONDS = 30.0
POLL_SECONDS = 0.01


@dataclass
class Burst:
    """What is held back, and what came of it."""

    collect: int
    copies: int
    differ_in: str
    """A field of the modal whose value gets a number of its own in each copy."""
    held: list[dict[str, Any]] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    acks: dict[str, float] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Answer:
    """One envelope and the Web API call that answers it."""

    method: str
    sent: float | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)
    took: float = 0.0


class Tap:
    """Sits between one connection to the local Slack and the named bots."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:
        self.upstream = upstream
        self.session = session
        self.bots: dict[str, web.WebSocketResponse] = {}
        self.aim = ""
        self.burst: Burst | None = None
        self.answer: Answer | None = None
        self.running = 0
        self.last_call = time.perf_counter()
        self.host = ""
        self._far: aiohttp.ClientWebSocketResponse | None = None

    async def listen(self) -> None:
        """Take what the local Slack sends, as long as the tap lives."""
        url = f"{self.upstream}/api/apps.connections.open"
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        async with self.session.post(url, headers=headers) as response:
            where = (await response.json())["url"]
        async with self.session.ws_connect(where, max_msg_size=0) as far:
            self._far = far
            async for message in far:
                if message.type is aiohttp.WSMsgType.TEXT:
                    text = message.data.replace(self.upstream, f"http://{self.host}")
                    await self._to_bot(json.loads(text))

    async def from_bot(self, text: str) -> None:
        """An acknowledgement: noted, and passed on unless its envelope was a copy of ours."""
        now = time.perf_counter()
        envelope = json.loads(text).get("envelope_id", "")
        burst = self.burst
        if burst and envelope in burst.sent:
            burst.acks.setdefault(envelope, now - burst.sent[envelope])
            if len(burst.acks) == len(burst.sent):
                burst.done.set()
        if self._far is not None and not envelope.startswith("copy-"):
            await self._far.send_str(text)

    async def _to_bot(self, frame: dict[str, Any]) -> None:
        if "envelope_id" not in frame or self.aim not in self.bots:
            return  # as in Slack, what happens while no bot listens is not told later
        if self.burst is not None:
            self.burst.held.append(frame)
            if len(self.burst.held) == self.burst.collect:
                await self._release(self.burst)
            return
        if self.answer is not None and self.answer.sent is None:
            self.answer.sent = time.perf_counter()
        await self.bots[self.aim].send_json(frame)

    async def _release(self, burst: Burst) -> None:
        frames = list(burst.held)
        for frame in burst.held:
            frames += [_copy(frame, n, burst.differ_in) for n in range(1, burst.copies)]
        texts = [(frame["envelope_id"], json.dumps(frame)) for frame in frames]
        bot = self.bots[self.aim]
        now = time.perf_counter()
        burst.sent = {envelope: now for envelope, _ in texts}
        for _, text in texts:
            await bot.send_str(text)

    @contextlib.contextmanager
    def call(self, method: str) -> Iterator[None]:
        """Around one Web API call of a bot."""
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self.last_call = time.perf_counter()
            answer = self.answer
            if answer and answer.sent is not None and answer.method == method:
                answer.took = self.last_call - answer.sent
                answer.done.set()


TAP = web.AppKey("tap", Tap)


def _copy(frame: dict[str, Any], number: int, differ_in: str) -> dict[str, Any]:
    """The same from somebody else: another envelope and, of a modal, another view."""
    copy = {**frame, "envelope_id": f"copy-{uuid.uuid4()}"}
    if "view" in frame["payload"]:
        view = {**frame["payload"]["view"], "id": f"V{uuid.uuid4().hex[:10].upper()}"}
        if differ_in:
            view["state"] = _numbered(view["state"], differ_in, number)
        copy["payload"] = {**frame["payload"], "view": view}
    return copy


def _numbered(state: dict[str, Any], field_name: str, number: int) -> dict[str, Any]:
    block = state["values"][field_name]
    typed = block[field_name]
    numbered = {**block, field_name: {**typed, "value": f"{typed['value']}-{number}"}}
    return {**state, "values": {**state["values"], field_name: numbered}}


async def _open(request: web.Request) -> web.StreamResponse:
    url = f"ws://{request.app[TAP].host}/{request.match_info['bot']}/socket"
    return web.json_response({"ok": True, "url": url})


async def _socket(request: web.Request) -> web.StreamResponse:
    tap, name = request.app[TAP], request.match_info["bot"]
    near = web.WebSocketResponse(max_msg_size=0)
    await near.prepare(request)
    await near.send_json({"type": "hello"})
    tap.bots[name] = near
    async for message in near:
        if message.type is aiohttp.WSMsgType.TEXT:
            await tap.from_bot(message.data)
    if tap.bots.get(name) is near:
        del tap.bots[name]
    return near


async def _pass_on(request: web.Request, path: str, method: str) -> web.StreamResponse:
    tap = request.app[TAP]
    kept = ("authorization", "content-type")
    headers = {k: v for k, v in request.headers.items() if k.lower() in kept}
    with tap.call(method):
        async with tap.session.request(
            request.method, f"{tap.upstream}{path}", headers=headers, data=await request.read()
        ) as response:
            body = await response.read()
    return web.Response(body=body, status=response.status, content_type="application/json")


async def _method(request: web.Request) -> web.StreamResponse:
    method = request.match_info["method"]
    query = f"?{request.query_string}" if request.query_string else ""
    return await _pass_on(request, f"/api/{method}{query}", method)


async def _hook(request: web.Request) -> web.StreamResponse:
    return await _pass_on(request, request.path, "response_url")


async def _burst(request: web.Request) -> web.StreamResponse:
    tap, asked = request.app[TAP], await request.json()
    tap.aim = asked["bot"]
    tap.burst = burst = Burst(asked["collect"], asked["copies"], asked["differ_in"])
    try:
        await asyncio.wait_for(burst.done.wait(), SECONDS)
    except TimeoutError:
        missing = f"{len(burst.held)} held, {len(burst.sent)} sent, {len(burst.acks)} acknowledged"
        return web.json_response({"error": missing}, status=504)
    finally:
        tap.burst = None
    return web.json_response({"seconds": list(burst.acks.values())})


async def _answer(request: web.Request) -> web.StreamResponse:
    tap, asked = request.app[TAP], await request.json()
    tap.aim = asked["bot"]
    tap.answer = answer = Answer(asked["method"])
    try:
        await asyncio.wait_for(answer.done.wait(), SECONDS)
    except TimeoutError:
        return web.json_response({"error": f"no {answer.method}"}, status=504)
    finally:
        tap.answer = None
    return web.json_response({"seconds": answer.took})


async def _aim(request: web.Request) -> web.StreamResponse:
    tap, asked = request.app[TAP], await request.json()
    tap.aim = asked["bot"]
    return web.json_response({"connected": tap.aim in tap.bots})


async def _ready(request: web.Request) -> web.StreamResponse:
    """What the tap waits for now: whether a burst or an answer is armed, and for whom."""
    tap = request.app[TAP]
    return web.json_response({"armed": tap.burst is not None or tap.answer is not None})


async def _quiet(request: web.Request) -> web.StreamResponse:
    """Returns when no bot has called Slack for so many seconds."""
    tap, seconds = request.app[TAP], float(request.query["seconds"])
    while tap.running or time.perf_counter() - tap.last_call < seconds:
        await asyncio.sleep(POLL_SECONDS)
    return web.json_response({"ok": True})


def create_app(upstream: str, port: int) -> web.Application:
    """The tap in front of the sandbox's Slack at `upstream` (no trailing slash)."""

    async def connect(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            app[TAP] = tap = Tap(upstream, session)
            tap.host = f"127.0.0.1:{port}"
            listening = asyncio.create_task(tap.listen())
            yield
            listening.cancel()

    app = web.Application(client_max_size=16 * 1024**2)
    app.cleanup_ctx.append(connect)
    app.router.add_route("*", "/{bot}/api/apps.connections.open", _open)
    app.router.add_route("*", "/{bot}/api/{method}", _method)
    app.router.add_get("/{bot}/socket", _socket)
    app.router.add_post("/_hooks/response/{id}", _hook)
    app.router.add_post("/_tap/burst", _burst)
    app.router.add_post("/_tap/answer", _answer)
    app.router.add_post("/_tap/aim", _aim)
    app.router.add_get("/_tap/armed", _ready)
    app.router.add_get("/_tap/quiet", _quiet)
    return app


@click.command()
@click.option("--upstream", required=True, help="where the sandbox's Slack answers")
@click.option("--port", type=int, required=True)
def main(upstream: str, port: int) -> None:
    """Stand between the sandbox's Slack and the bots."""
    asyncio.run(serve(create_app(upstream.rstrip("/"), port), port))


if __name__ == "__main__":
    main()
