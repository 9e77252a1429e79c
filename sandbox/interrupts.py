"""Ending on Ctrl-C, on `kill` and when the terminal closes, without losing a program that is just
being started: the signal waits until somebody is responsible for stopping it."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

_SIGNALS = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # not on Windows
    _SIGNALS.append(signal.SIGHUP)


class _Once:
    """The first signal raises KeyboardInterrupt, now or after `held_back`; later ones do nothing,
    so that impatience does not break off the clean-up."""

    seen = False
    held = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        first, self.seen = not self.seen, True
        if first and not self.held:
            raise KeyboardInterrupt


_once = _Once()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let the first signal raise KeyboardInterrupt in this block. For the main thread."""
    before = {number: signal.signal(number, _once) for number in _SIGNALS}
    _once.seen = False
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let a signal wait until the end of this block, which should be short."""
    before = _once.seen
    _once.held = True
    try:
        yield
    finally:
        _once.held = False
    if _once.seen and not before:
        raise KeyboardInterrupt
