"""Watches: what changed since a version, as the stream of events that a client asked for. Pure,
but for the queue."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from sandbox.apiserver.kinds import Resource
from sandbox.apiserver.problems import expired
from sandbox.apiserver.selectors import Matcher
from sandbox.apiserver.storage import Event, Storage

Manifest = dict[str, Any]

_FROM_NOW: Final = frozenset({"", "0"})


@dataclass(frozen=True)
class Scope:
    """Which objects a list or a watch is about."""

    resource: Resource
    namespace: str
    matches: Matcher

    def covers(self, manifest: Manifest) -> bool:
        """Whether an object of the resource is in scope."""
        in_namespace = not self.namespace or manifest["metadata"]["namespace"] == self.namespace
        return in_namespace and self.matches(manifest)

    def listed(self, storage: Storage) -> list[Manifest]:
        """The objects in scope now."""
        everything = storage.all_of(self.resource.storage_key, self.namespace)
        return [self.shown(manifest) for manifest in everything if self.covers(manifest)]

    def shown(self, manifest: Manifest) -> Manifest:
        """An object in the version that was asked for."""
        return {**manifest, "apiVersion": self.resource.api_version, "kind": self.resource.kind}


async def watch(
    storage: Storage, scope: Scope, since: str, *, seconds: float, bookmarks: bool
) -> AsyncIterator[Manifest]:
    """Events as watch clients read them, until `seconds` have passed. Without a version to start
    from, the objects that are there come first as `ADDED`."""
    with storage.watching() as queue:
        seen = storage.version
        for row in _missed(storage, scope, since):
            yield row
        async for event in _until(queue, seconds):
            if event.version > seen:
                for row in _rows(event, scope):
                    yield row
        if bookmarks:
            yield _bookmark(scope.resource, storage.version)


def _missed(storage: Storage, scope: Scope, since: str) -> list[Manifest]:
    if since in _FROM_NOW:
        return [{"type": "ADDED", "object": manifest} for manifest in scope.listed(storage)]
    events = storage.since(int(since))
    if events is None:
        return [{"type": "ERROR", "object": expired(int(since)).to_status()}]
    return [row for event in events for row in _rows(event, scope)]


async def _until(queue: asyncio.Queue[Event], seconds: float) -> AsyncIterator[Event]:
    clock = asyncio.get_running_loop().time
    ends = clock() + seconds
    while (left := ends - clock()) > 0:
        try:
            yield await asyncio.wait_for(queue.get(), left)
        except TimeoutError:
            return


def _rows(event: Event, scope: Scope) -> list[Manifest]:
    if event.key != scope.resource.storage_key:
        return []
    was = event.before is not None and scope.covers(event.before)
    if event.after is not None and scope.covers(event.after):
        kind = "MODIFIED" if was else "ADDED"
        return [{"type": kind, "object": scope.shown(event.after)}]
    if was and event.before is not None:
        last = event.after or event.before
        metadata = {**last["metadata"], "resourceVersion": str(event.version)}
        return [{"type": "DELETED", "object": scope.shown({**last, "metadata": metadata})}]
    return []


def _bookmark(resource: Resource, version: int) -> Manifest:
    return {
        "type": "BOOKMARK",
        "object": {
            "kind": resource.kind,
            "apiVersion": resource.api_version,
            "metadata": {"resourceVersion": str(version), "creationTimestamp": None},
        },
    }
