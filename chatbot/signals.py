"""Being told to stop, by SIGTERM or SIGINT, without losing a signal or waiting for oneself."""

import select
import signal
import socket
from typing import Self

_STOPS = (signal.SIGTERM, signal.SIGINT)


class StopSignal:
    """SIGTERM or SIGINT, for the main thread to wait for in a `with` block; told once is for good.

    A handler that sets a `threading.Event` may interrupt the main thread just when its `wait()`
    holds the event's lock, and then waits for that for ever. So our handler does nothing: Python's
    own, in C, writes to a socket that a signal came, and the wait looks whether something is there.
    """

    def __enter__(self) -> Self:
        self._told, self._tell = socket.socketpair()
        self._tell.settimeout(0)  # a full one has told already
        self._fd = signal.set_wakeup_fd(self._tell.fileno(), warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, lambda *_: None) for number in _STOPS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd)
        self._tell.close()
        self._told.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether we are told to stop, within so many seconds; None: however long that takes."""
        told, _, _ = select.select([self._told], [], [], seconds)
        return bool(told)
