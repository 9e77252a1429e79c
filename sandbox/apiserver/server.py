"""The server as a part that programs and tests start and stop."""

import asyncio
import json
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from sandbox.apiserver.handlers import Api

_STARTS_WITHIN: Final = 10.0
_STOPS_WITHIN: Final = 10.0
_HOST: Final = "127.0.0.1"


def kubeconfig(url: str, token: str, contexts: tuple[str, ...]) -> dict[str, Any]:
    """A kubeconfig with these contexts, all of one cluster; the first is the current one."""
    cluster = {"server": url}
    user = {"token": token} if token else {}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [
            {"name": name, "context": {"cluster": "sandbox", "user": "admin"}} for name in contexts
        ],
        "current-context": contexts[0],
    }


async def listen(api: Api, port: int) -> tuple[web.AppRunner, str]:
    """Serve on loopback; port 0 takes a free one. Returns the runner to clean up and the URL."""
    runner = web.AppRunner(
        api.application(),
        access_log=None,
        handler_cancellation=True,  # a watch ends when its client goes
        shutdown_timeout=0.5,
    )
    await runner.setup()
    site = web.TCPSite(runner, _HOST, port)
    await site.start()
    bound = runner.addresses[0][1]
    return runner, f"http://{_HOST}:{bound}"


class ApiServer:
    """The server on a thread of its own; a context manager."""

    def __init__(self, *, port: int = 0, token: str = "") -> None:
        self.url = ""
        """Where it listens, once started."""
        self.token = token
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._ready: Future[str] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="api-server", daemon=True)

    def start(self) -> Self:
        """Returns when the server answers. Raises `OSError` when the port is taken."""
        self._thread.start()
        self.url = self._ready.result(timeout=_STARTS_WITHIN)
        return self

    def stop(self) -> None:
        """Returns when the port is free again. What was stored is gone."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=_STOPS_WITHIN)

    def write_kubeconfig(self, path: Path, *contexts: str) -> Path:
        """Write a kubeconfig with these contexts (`sandbox` when none is named)."""
        config = kubeconfig(self.url, self.token, contexts or ("sandbox",))
        path.write_text(json.dumps(config, indent=2) + "\n")
        path.chmod(0o600)
        return path

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        try:
            runner, url = await listen(Api(self.token), self._port)
        except OSError as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(url)
        try:
            await self._stop.wait()
        finally:
            await runner.cleanup()
