"""Asking an outside system that may be slow, where nobody may be kept waiting for it."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from threading import Thread
from typing import TypeVar

from chatbot.domain.errors import RetryLater

T = TypeVar("T")


def within(limit: timedelta, call: Callable[[], T]) -> T:
    """What `call` gives, or raises. Raises `RetryLater` when it takes longer than `limit`; the
    call then goes on by itself, and what comes of it is dropped."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except Exception as error:  # noqa: BLE001 - raised where somebody waits for it
            answer.set_exception(error)

    # A pool would be waited for at the end of the process, however slow the call is.
    Thread(target=run, name="quickly", daemon=True).start()
    try:
        return answer.result(limit.total_seconds())
    except TimeoutError:
        if answer.done():
            raise
        raise RetryLater(f"no answer within {limit.total_seconds():g} s") from None
