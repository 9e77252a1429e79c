"""Objects in memory, the counter of changes, and who watches them.

Everything runs on one event loop, so a method that does not await is a transaction.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

Manifest = dict[str, Any]
StorageKey = tuple[str, str]

_REMEMBERED: Final = 5000
"""Changes kept for watches that start in the past."""


@dataclass(frozen=True)
class Event:
    """One change of one object. Stored manifests are never altered, only replaced."""

    version: int
    key: StorageKey
    before: Manifest | None
    after: Manifest | None
    """None: deleted."""


class Storage:
    """Every object by resource, namespace and name."""

    def __init__(self) -> None:
        self.version = 1
        self._objects: dict[StorageKey, dict[tuple[str, str], Manifest]] = {}
        self._history: deque[Event] = deque(maxlen=_REMEMBERED)
        self._watchers: set[asyncio.Queue[Event]] = set()

    def get(self, key: StorageKey, namespace: str, name: str) -> Manifest | None:
        """An object, or None. It must not be altered."""
        return self._objects.get(key, {}).get((namespace, name))

    def all_of(self, key: StorageKey, namespace: str = "") -> list[Manifest]:
        """Objects of a resource by namespace and name; of all namespaces when it is empty."""
        rows = sorted(self._objects.get(key, {}).items())
        return [manifest for (place, _), manifest in rows if not namespace or place == namespace]

    def everything(self) -> Iterator[tuple[StorageKey, Manifest]]:
        """All objects, with where they are kept."""
        for key, rows in list(self._objects.items()):
            for manifest in list(rows.values()):
                yield key, manifest

    def put(self, key: StorageKey, manifest: Manifest) -> Manifest:
        """Store a new or changed object; returns it with its resourceVersion."""
        self.version += 1
        metadata = {**manifest["metadata"], "resourceVersion": str(self.version)}
        stored = {**manifest, "metadata": metadata}
        rows = self._objects.setdefault(key, {})
        place = (metadata.get("namespace", ""), metadata["name"])
        before = rows.get(place)
        rows[place] = stored
        self._tell(Event(self.version, key, before, stored))
        return stored

    def remove(self, key: StorageKey, manifest: Manifest) -> None:
        """Delete an object."""
        self.version += 1
        metadata = manifest["metadata"]
        self._objects[key].pop((metadata.get("namespace", ""), metadata["name"]))
        self._tell(Event(self.version, key, manifest, None))

    def since(self, version: int) -> list[Event] | None:
        """Changes after a version; None when they are not all remembered."""
        if version < self.version and (not self._history or self._history[0].version > version + 1):
            return None
        return [event for event in self._history if event.version > version]

    @contextmanager
    def watching(self) -> Iterator[asyncio.Queue[Event]]:
        """A queue of every change from now on."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def _tell(self, event: Event) -> None:
        self._history.append(event)
        for queue in self._watchers:
            queue.put_nowait(event)
