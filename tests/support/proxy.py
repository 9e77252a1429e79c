"""A recording proxy between the bot and the outside: names and counts every outbound call, answers
in the upstream's place on command, and lets a test act right before or right after one call.

The bot reaches each system through a listener of its own. Calls are named by what they do
(`forge POST git/trees`) and counted per name: several threads of the bot call at once, so that a
number over all calls would mean another call in each run, while "the second `forge POST git/trees`"
means the same one.
"""

import asyncio
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}
)
_START_SECONDS = 10.0
_LOOK_SECONDS = 0.05
_UPSTREAM_SECONDS = 60.0

Name = Callable[[str, str, Mapping[str, str], bytes], str]
"""The name of a call from method, path, query and body; empty: let it pass unseen."""


@dataclass(frozen=True)
class Call:
    """One outbound call: the `occurrence`-th (from 1) of its name since the last `rewind`."""

    name: str
    occurrence: int


@dataclass(frozen=True)
class Fault:
    """What happens at one call instead of its going through: unless something else is said, the
    bot's connection is cut."""

    before: Callable[[], None] | None = None
    """Called before the request reaches the upstream, which it then never does."""
    after: Callable[[], None] | None = None
    """Called when the upstream has answered."""
    reached: bool = False
    """The upstream does what is asked; only its answer does not come through."""
    status: int = 0
    """Answer with this status in the upstream's place."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang: bool = False
    """Never answer: the bot's own timeout must end it."""


@dataclass(frozen=True)
class Arrival:
    """When a call came, and when the bot was told of the fault that happened at it."""

    call: Call
    at: float
    """In seconds of `time.monotonic`."""
    fault: Fault | None = None
    told: float = 0.0
    answered: float = 0.0
    """When the upstream had answered, in the same seconds; 0 until then."""
    caller: str = ""
    """Who called: the credentials that came with it."""


class Proxy:
    """Runs on a thread of its own; a context manager. Add listeners with `listen`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: list[Arrival] = []
        self._counts: Counter[str] = Counter()
        self._faults: dict[Call, Fault] = {}
        self._down: tuple[Callable[[str], bool], Fault] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._runners: list[web.AppRunner] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._cleanup(), self._loop).result(_START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)
        self._loop.close()

    def listen(self, upstream: str, name: Name, *, authority: Path | None = None) -> str:
        """Stand in front of `upstream`; the address (plain HTTP) to give the bot instead.

        `authority` is the CA file of an upstream that speaks TLS.
        """
        listener = _Listener(self, upstream, name, authority)
        started = asyncio.run_coroutine_threadsafe(listener.start(), self._loop)
        runner, address = started.result(_START_SECONDS)
        self._runners.append(runner)
        return address

    def calls(self) -> list[Call]:
        """What came through since the last `rewind`, in order of arrival."""
        return [arrival.call for arrival in self.arrivals()]

    def arrivals(self) -> list[Arrival]:
        """The calls with their times and faults."""
        with self._lock:
            return list(self._arrivals)

    def rewind(self) -> None:
        """Forget the calls, count from one again, and take back every fault."""
        with self._lock:
            self._arrivals.clear()
            self._counts.clear()
            self._faults.clear()
            self._down = None

    def at(self, call: Call, fault: Fault) -> None:
        """Let `fault` happen at one call, once."""
        with self._lock:
            self._faults[call] = fault

    def take_down(self, named: Callable[[str], bool], fault: Fault) -> None:
        """Let `fault` happen at every call with such a name, until `bring_up`."""
        with self._lock:
            self._down = named, fault

    def bring_up(self) -> None:
        """What was taken down answers again."""
        with self._lock:
            self._down = None

    def pending(self) -> list[Call]:
        """Calls with a fault that did not come yet."""
        with self._lock:
            return list(self._faults)

    def arrived(self, name: str, caller: str = "") -> Arrival:
        """Count a call, with the fault that is to happen at it, if any."""
        with self._lock:
            self._counts[name] += 1
            call = Call(name, self._counts[name])
            fault = self._faults.pop(call, None)
            if fault is None and self._down is not None and self._down[0](name):
                fault = self._down[1]
            arrival = Arrival(call, time.monotonic(), fault, caller=caller)
            self._arrivals.append(arrival)
            return arrival

    def told(self, arrival: Arrival) -> None:
        """The bot hears of the fault now."""
        with self._lock:
            if arrival in self._arrivals:
                place = self._arrivals.index(arrival)
                self._arrivals[place] = replace(arrival, told=time.monotonic())

    def answered(self, arrival: Arrival) -> None:
        """The upstream has answered."""
        with self._lock:
            if arrival in self._arrivals:
                place = self._arrivals.index(arrival)
                self._arrivals[place] = replace(arrival, answered=time.monotonic())

    async def _cleanup(self) -> None:
        for runner in self._runners:
            await runner.cleanup()


class _Listener:
    def __init__(self, proxy: Proxy, upstream: str, name: Name, authority: Path | None) -> None:
        self._proxy = proxy
        self._upstream = upstream.rstrip("/")
        self._name = name
        self._ssl = ssl.create_default_context(cafile=str(authority)) if authority else None
        self._host = ""

    async def start(self) -> tuple[web.AppRunner, str]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.cleanup_ctx.append(self._connected)
        app.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._host = f"127.0.0.1:{runner.addresses[0][1]}"
        return runner, f"http://{self._host}"

    async def _connected(self, app: web.Application) -> Any:
        timeout = aiohttp.ClientTimeout(total=_UPSTREAM_SECONDS)
        connector = aiohttp.TCPConnector(limit=0, ssl=self._ssl or True)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, auto_decompress=False
        ) as session:
            self._session = session
            yield

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_socket(request)
        body = await request.read()
        name = self._name(request.method, request.path, request.query, body)
        caller = request.headers.get("Authorization", "")
        arrival = self._proxy.arrived(name, caller) if name else None
        if arrival is None or arrival.fault is None:
            response = await self._forward(request, body)
            if arrival is not None:
                self._proxy.answered(arrival)
            return response
        fault = arrival.fault
        if fault.before:
            fault.before()
        if fault.reached or fault.after:
            await self._forward(request, body)
        if fault.after:
            fault.after()
        while fault.hang and request.transport and not request.transport.is_closing():
            await asyncio.sleep(_LOOK_SECONDS)
        self._proxy.told(arrival)
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers, body=fault.body)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
        # The Host header stays the bot's: addresses in answers then lead through here as well.
        async with self._session.request(
            request.method,
            f"{self._upstream}{request.raw_path}",
            headers=headers,
            data=body or None,
            allow_redirects=False,
        ) as answer:
            passed = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP]
            response = web.Response(status=answer.status, body=await answer.read())
            response.headers.clear()
            response.headers.extend(passed)
            return response

    async def _pass_socket(self, request: web.Request) -> web.StreamResponse:
        """Socket Mode: an acknowledgement is an outbound call as well."""
        near = web.WebSocketResponse(max_msg_size=0, autoping=False)
        await near.prepare(request)
        kinds: dict[str, str] = {}
        ours, theirs = self._host, urlsplit(self._upstream).netloc

        async def to_bot(text: str) -> None:
            frame = json.loads(text)
            if "envelope_id" in frame:
                kinds[frame["envelope_id"]] = _envelope_kind(frame)
            await near.send_str(text.replace(theirs, ours))

        async with self._session.ws_connect(
            f"{self._upstream}{request.raw_path}", max_msg_size=0, autoping=False
        ) as far:

            async def from_bot(text: str) -> None:
                kind = kinds.get(json.loads(text).get("envelope_id", ""), "")
                fault = self._proxy.arrived(f"slack ack {kind}").fault if kind else None
                if fault and fault.before:
                    fault.before()
                if fault is None or fault.reached or fault.after:
                    await far.send_str(text.replace(ours, theirs))
                if fault and fault.after:
                    fault.after()
                if fault and not fault.hang and request.transport is not None:
                    request.transport.abort()

            pumps = {
                asyncio.create_task(_pump(near, far, from_bot)),
                asyncio.create_task(_pump(far, near, to_bot)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                await near.close()
        return near


def _envelope_kind(frame: Mapping[str, Any]) -> str:
    payload = frame.get("payload") or {}
    return str(payload.get("type") or frame.get("type") or "")


async def _pump(source: Any, sink: Any, text: Callable[[str], Any]) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await text(message.data)
        elif message.type is aiohttp.WSMsgType.PING:
            await sink.ping(message.data)
        elif message.type is aiohttp.WSMsgType.PONG:
            await sink.pong(message.data)
