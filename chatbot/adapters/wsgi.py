"""A WSGI server on a thread of its own that ends when it is told to.

Waitress's own `run` goes on until the last client has hung up, and a scraper keeps its connection
open; so the loop is turned here, and every socket is closed by the thread that reads it.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

TURN = 0.2
"""Seconds that one turn of the loop waits for news: how late a stop is noticed."""

FINISH = 5
"""Seconds for what is being handled when the server is stopped."""


class WsgiThread:
    """Listens from the start, answers once it is started. Port 0 takes a free one. Raises `OSError`
    when the address is taken."""

    def __init__(
        self, name: str, app: Callable[..., Any], *, host: str, port: int, threads: int
    ) -> None:
        self._sockets: dict[int, Any] = {}
        self._server: Any = create_server(
            app, map=self._sockets, host=host, port=port, threads=threads
        )
        self._stopping = Event()
        self._thread = Thread(target=self._serve, name=name, daemon=True)

    @property
    def port(self) -> int:
        """The port that was taken."""
        return int(self._server.effective_port)

    @property
    def is_alive(self) -> bool:
        """Whether requests are answered."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Answer requests."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being handled, hang up on everybody."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(TURN + 2 * FINISH)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=TURN, map=self._sockets, count=1)
        self._server.task_dispatcher.shutdown(timeout=FINISH)
        wasyncore.loop(timeout=0, map=self._sockets, count=1)  # the last answers go out
        wasyncore.close_all(self._sockets)
