"""Start and stop a forge: as a program until a signal comes, or inside another program."""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import TracebackType

from aiohttp import web

from sandbox.forge.core import Forge
from sandbox.forge.server import build

LOOPBACK = "127.0.0.1"
START_TIMEOUT_SECONDS = 30.0


async def serve(
    forge: Forge,
    port: int,
    *,
    ready: Callable[[str], None],
    stop: asyncio.Event,
    host: str = LOOPBACK,
) -> None:
    """Listen until `stop` is set; `ready` gets the address. Port 0 takes a free one."""
    runner = web.AppRunner(build(forge), access_log=None)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, host, port, shutdown_timeout=2.0)
        await listener.start()
        _, bound, *_ = runner.addresses[0]
        ready(f"http://{host}:{bound}")
        await stop.wait()
    finally:
        await runner.cleanup()


def run(forge: Forge, port: int, *, ready: Callable[[str], None], host: str = LOOPBACK) -> None:
    """Serve in the foreground until SIGTERM or SIGINT."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(wanted, stop.set)
        await serve(forge, port, ready=ready, stop=stop, host=host)

    asyncio.run(main())


class Running:
    """A forge on a thread of its own; a context manager. `url` is its address."""

    def __init__(self, forge: Forge, port: int = 0) -> None:
        self.forge = forge
        self.url = ""
        self._port = port
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="forge-server", daemon=True)

    def start(self) -> "Running":
        """Return once it listens; raises OSError when it cannot."""
        self._thread.start()
        if not self._started.wait(START_TIMEOUT_SECONDS):
            raise TimeoutError("the forge did not start in time")
        if self._failure:
            raise self._failure
        return self

    def stop(self) -> None:
        """Stop listening and wait for the thread to end."""
        if self._loop and self._stop and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_TIMEOUT_SECONDS)

    def __enter__(self) -> "Running":
        return self if self.url else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except OSError as error:
            self._failure = error
            self._started.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await serve(self.forge, self._port, ready=self._note, stop=self._stop)

    def _note(self, url: str) -> None:
        self.url = url
        self._started.set()


def start(forge: Forge, port: int = 0) -> Running:
    """Start a forge on a thread and return it, listening; call `stop()` on it when done."""
    return Running(forge, port).start()
