"""Answers that are kept for a short while, by our own clock so that tests can move it."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from chatbot.ports import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """Remembers what a lookup returned, per key; an error is not remembered.

    Safe from many threads. Of those that miss at the same instant one looks up, and the others
    take its answer or its error: when everybody acts at once, the world is asked once.
    """

    def __init__(self, clock: Clock, keep: timedelta) -> None:
        self._clock = clock
        self._keep = keep
        self._lock = Lock()
        self._answers: dict[K, tuple[datetime, V]] = {}
        self._coming: dict[K, Future[V]] = {}

    def get(self, key: K, look_up: Callable[[], V]) -> V:
        """The remembered answer, or a new one from `look_up`, which must not ask for `key`."""
        now = self._clock.now()
        with self._lock:
            known = self._answers.get(key)
            if known and known[0] > now:
                return known[1]
            coming = self._coming.get(key)
            if coming is None:
                mine = self._coming[key] = Future()
        if coming is not None:
            return coming.result()
        try:
            answer = look_up()
        except BaseException as error:
            with self._lock:
                del self._coming[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._coming[key]
            self._answers = {k: kept for k, kept in self._answers.items() if kept[0] > now}
            self._answers[key] = (now + self._keep, answer)
        mine.set_result(answer)
        return answer
