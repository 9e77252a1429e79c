"""Server-side apply, for real and as a dry run.

Our own earlier patches (a restart, an undo) count as another manager for the server, because it
tells managers apart by operation too. A conflict with nobody but ourselves is none: the apply is
sent once more with force.
"""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.adapters.kubernetes.api import APPLY_PATCH, Manifest, writing
from chatbot.adapters.kubernetes.objects import Objects, target_of
from chatbot.domain.change import FieldConflict, Target
from chatbot.domain.diff import CHANGE_ANNOTATION
from chatbot.domain.errors import Conflict, NotFound, RetryLater
from chatbot.domain.managed import FIELD_MANAGER
from chatbot.domain.portdefaults import complete_ports
from chatbot.domain.rollout import judge
from chatbot.ports import DryRun

ESTABLISH_SECONDS = 30.0
"""How long a new definition may take until the server serves it."""

POLL_SECONDS = 0.1

CREATE_RACE_ATTEMPTS = 3
"""Two writers that create one object at once: the later one finds it there the next time."""

_NAMESPACE = ("", "Namespace")
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True)
class _Bundle:
    """What the manifests of one change bring along for each other."""

    namespaces: frozenset[str]
    kinds: frozenset[tuple[str, str]]


def dry_run(objects: Objects, manifests: Sequence[Manifest], *, force: bool) -> list[DryRun]:
    """An answer for each manifest, in order.

    The server cannot answer for an object whose namespace or kind the same bundle creates. Such
    an object counts as new, and its result is the manifest itself, without defaults.
    """
    absent = _absent_parts(objects, manifests)

    def answer(manifest: Manifest) -> DryRun:
        target = target_of(manifest)
        if target.namespace in absent.namespaces or (target.group, target.kind) in absent.kinds:
            return DryRun(target, None, copy.deepcopy(manifest))
        live = objects.get(target)
        try:
            return DryRun(target, live, _apply(objects, manifest, dry=True, force=force))
        except Conflict as conflict:
            if not conflict.owners:
                raise
            return DryRun(target, live, None, _others(target, conflict))

    return objects.api.each(answer, manifests)


def apply(
    objects: Objects, manifests: Sequence[Manifest], *, change: str, force: bool
) -> list[Manifest]:
    """The live objects afterwards, in the order of the manifests: see `Cluster.apply`."""
    waves: list[list[int]] = [[], [], []]
    for index, manifest in enumerate(manifests):
        target = target_of(manifest)
        identity = (target.group, target.kind)
        waves[0 if identity == _NAMESPACE else 1 if identity == _DEFINITION else 2].append(index)

    def one(index: int) -> Manifest:
        return _apply(objects, _stamped(manifests[index], change), dry=False, force=force)

    results: dict[int, Manifest] = {}
    for wave in waves:
        results.update(zip(wave, objects.api.each(one, wave), strict=True))
        if wave is waves[1] and wave:
            for index in wave:
                _wait_until_served(objects, target_of(manifests[index]))
            objects.discovery.forget()
    return [results[index] for index in range(len(manifests))]


def _apply(objects: Objects, manifest: Manifest, *, dry: bool, force: bool) -> Manifest:
    target = target_of(manifest)
    path, body = objects.path(target), complete_ports(manifest)
    for attempt in range(1, CREATE_RACE_ATTEMPTS + 1):
        try:
            return objects.api.request(
                "PATCH",
                path,
                doing=f"apply {target.place}",
                body=body,
                content_type=APPLY_PATCH,
                query=writing(dry_run=dry, force=force),
            )
        except Conflict as conflict:
            if set(conflict.owners.values()) == {FIELD_MANAGER}:
                force = True
            elif conflict.owners or attempt == CREATE_RACE_ATTEMPTS:
                raise
    raise RetryLater(f"{target.place} keeps changing while it is applied")


def _others(target: Target, conflict: Conflict) -> tuple[FieldConflict, ...]:
    return tuple(
        FieldConflict(target=target, field=field, manager=manager)
        for field, manager in conflict.owners.items()
        if manager != FIELD_MANAGER
    )


def _stamped(manifest: Manifest, change: str) -> Manifest:
    metadata = dict(manifest["metadata"])
    metadata["annotations"] = {**(metadata.get("annotations") or {}), CHANGE_ANNOTATION: change}
    return {**manifest, "metadata": metadata}


def _absent_parts(objects: Objects, manifests: Sequence[Manifest]) -> _Bundle:
    """Namespaces and kinds that this bundle brings and the server does not have yet."""
    namespaces: set[str] = set()
    kinds: set[tuple[str, str]] = set()
    for manifest in manifests:
        target = target_of(manifest)
        if (target.group, target.kind) == _NAMESPACE and objects.get(target) is None:
            namespaces.add(target.name)
        elif (target.group, target.kind) == _DEFINITION:
            spec = manifest.get("spec") or {}
            identity = (str(spec.get("group")), str((spec.get("names") or {}).get("kind")))
            if objects.get(target) is None:
                kinds.add(identity)
    return _Bundle(frozenset(namespaces), frozenset(kinds))


def _wait_until_served(objects: Objects, target: Target) -> None:
    deadline = time.monotonic() + ESTABLISH_SECONDS
    while time.monotonic() < deadline:
        live = objects.get(target)
        if live is None:
            raise NotFound(f"{target} vanished right after it was applied")
        status = judge(live)
        if status.done:
            return
        if status.failed:
            raise Conflict(status.message, remedy="Choose other names in the definition.")
        time.sleep(POLL_SECONDS)
    raise RetryLater(f"{target} is applied, and the cluster does not serve it yet")
