"""What never changes is fetched once, and kept while there is room for it."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Remembered(Generic[V]):
    """Values by key, of at most `room` bytes together as `weigh` counts them: how many files a
    repository has, and how large, is not ours to know. What was not used for longest goes first.

    Safe from many threads; two that miss at the same instant both fetch.
    """

    def __init__(self, fetch: Callable[[str], V], weigh: Callable[[V], int], room: int) -> None:
        self._fetch = fetch
        self._weigh = weigh
        self._room = room
        self._lock = Lock()
        self._values: OrderedDict[str, V] = OrderedDict()
        self._weight = 0

    def __call__(self, key: str) -> V:
        """The value; raises what `fetch` raises."""
        known = self.held(key)
        if known is not None:
            return known
        value = self._fetch(key)
        weight = self._weigh(value)
        with self._lock:
            if key not in self._values and weight <= self._room:
                self._values[key] = value
                self._weight += weight
            while self._weight > self._room:
                _, oldest = self._values.popitem(last=False)
                self._weight -= self._weigh(oldest)
        return value

    def held(self, key: str) -> V | None:
        """The value if it is here; nothing is fetched."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)
