"""Answers that are kept for a short while, by our own clock so that tests can move it."""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from chatbot.ports import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """Remembers what a lookup returned, per key; an error is not remembered.

    Safe from many threads. Two that miss at the same instant both look up: the answers are equal
    and nobody waits on somebody else's network call.
    """

    def __init__(self, clock: Clock, keep: timedelta) -> None:
        self._clock = clock
        self._keep = keep
        self._lock = Lock()
        self._answers: dict[K, tuple[datetime, V]] = {}

    def get(self, key: K, look_up: Callable[[], V]) -> V:
        """The remembered answer, or a new one from `look_up`."""
        now = self._clock.now()
        with self._lock:
            known = self._answers.get(key)
        if known and known[0] > now:
            return known[1]
        answer = look_up()
        with self._lock:
            self._answers = {k: kept for k, kept in self._answers.items() if kept[0] > now}
            self._answers[key] = (now + self._keep, answer)
        return answer
