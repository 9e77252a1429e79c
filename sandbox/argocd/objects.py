"""The objects of an Application in the cluster: what they should be, what they are, and writes.

Ownership is by Argo CD's tracking annotation; whether an object differs is asked of the server, by
a dry run of the apply, as Argo CD does with server-side diff.
"""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.kubernetes.api import APPLY_PATCH
from chatbot.adapters.kubernetes.discovery import Discovery
from chatbot.adapters.kubernetes.objects import Objects
from chatbot.domain.change import Target
from chatbot.domain.errors import NotFound, RedlightError, RetryLater
from chatbot.domain.portdefaults import complete_ports
from sandbox.argocd.health import health

Manifest = dict[str, Any]

MANAGER: Final = "argocd-controller"
TRACKING: Final = "argocd.argoproj.io/tracking-id"
_SERVER_FIELDS: Final = ("managedFields", "resourceVersion", "generation")


@dataclass(frozen=True)
class Compared:
    """One object of an Application, compared."""

    target: Target
    wanted: Manifest | None
    """None: Git does not have it any more."""
    live: Manifest | None
    synced: bool

    def row(self, *, with_health: bool) -> Manifest:
        """Its row in `status.resources`."""
        row: Manifest = {
            "group": self.target.group,
            "version": self.target.api_version.rpartition("/")[2],
            "kind": self.target.kind,
            "namespace": self.target.namespace,
            "name": self.target.name,
            "status": "Synced" if self.synced else "OutOfSync",
        }
        if self.wanted is None:
            row["requiresPruning"] = True
        if with_health and (verdict := self.verdict()):
            row["health"] = {key: text for key, text in zip(_HEALTH, verdict, strict=True) if text}
        return {key: value for key, value in row.items() if value != ""}

    def verdict(self) -> tuple[str, str] | None:
        """Its health; None where the kind has none."""
        if self.live is None:
            return ("Missing", "")
        return health(self.live) if self.wanted is not None else None


_HEALTH: Final = ("status", "message")


class Cluster:
    """The cluster that Applications deploy to."""

    def __init__(self, kubeconfig: str, context: str) -> None:
        self.api = KubernetesClusters(kubeconfig).api(context)
        self._objects = Objects(self.api, Discovery(self.api))
        self._verdicts: dict[str, tuple[str, str, bool]] = {}

    def compare(
        self, application: str, wanted: Sequence[Manifest], known: Iterable[Target]
    ) -> list[Compared]:
        """Every object that Git wants, and every one of `known` that is the Application's own and
        that Git does not want any more."""
        found = [self._compare(manifest) for manifest in wanted]
        keys = {each.target.key for each in found}
        for target in known:
            if target.key in keys:
                continue
            live = self._objects.get(target)
            if live is not None and _owner(live) == application:
                found.append(Compared(target, None, live, synced=False))
        return found

    def placed(self, application: str, manifest: Manifest, namespace: str) -> Manifest:
        """A manifest as it is applied: with its namespace and the Application's mark."""
        placed = copy.deepcopy(manifest)
        metadata = placed["metadata"]
        try:
            namespaced = self._objects.kind_of(_target(placed)).namespaced
        except NotFound:
            namespaced = True  # an unknown kind: the apply will say so
        if namespaced:
            metadata.setdefault("namespace", namespace)
        target = _target(placed)
        where = f"{target.namespace}/{target.name}"
        mark = f"{application}:{target.group}/{target.kind}:{where}"
        metadata["annotations"] = {**(metadata.get("annotations") or {}), TRACKING: mark}
        return placed

    def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Server-side apply by force; ports get the protocol that old servers insist on. Raises
        what the adapter raises."""
        target = _target(manifest)
        try:
            path = self._objects.path(target)
        except NotFound as error:
            group = target.group or "core"
            raise NotFound(
                f"The Kubernetes API could not find {group}/{target.kind} for requested resource"
                f' {target.namespace}/{target.name}. Make sure the "{target.kind}" CRD is'
                " installed on the destination cluster."
            ) from error
        query = {"fieldManager": MANAGER, "force": "true"}
        return self.api.request(
            "PATCH",
            path,
            doing=f"apply {target}",
            body=complete_ports(manifest),
            content_type=APPLY_PATCH,
            query={**query, **({"dryRun": "All"} if dry_run else {})},
        )

    def prune(self, target: Target) -> None:
        """Delete an object; gone already is fine."""
        self.api.request_object("DELETE", self._objects.path(target), doing=f"prune {target}")

    def _compare(self, manifest: Manifest) -> Compared:
        target = _target(manifest)
        live = self._objects.get(target)
        if live is None:
            return Compared(target, manifest, None, synced=False)
        version, text = live["metadata"]["resourceVersion"], json.dumps(manifest, sort_keys=True)
        before = self._verdicts.get(target.key)
        if before is not None and before[:2] == (version, text):
            return Compared(target, manifest, live, synced=before[2])
        synced = self._is_synced(manifest, live)
        self._verdicts[target.key] = (version, text, synced)
        return Compared(target, manifest, live, synced=synced)

    def _is_synced(self, manifest: Manifest, live: Manifest) -> bool:
        try:
            applied = self.apply(manifest, dry_run=True)
        except RetryLater:
            raise
        except RedlightError:
            return False
        return _without_server_fields(applied) == _without_server_fields(live)


def targets(rows: Iterable[Mapping[str, Any]]) -> list[Target]:
    """The objects that `status.resources` lists."""
    return [
        Target(
            api_version="/".join(filter(None, (row.get("group"), row.get("version", "v1")))),
            kind=str(row["kind"]),
            namespace=str(row.get("namespace") or ""),
            name=str(row["name"]),
        )
        for row in rows
    ]


def _target(manifest: Manifest) -> Target:
    metadata = manifest["metadata"]
    return Target(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
    )


def _owner(live: Manifest) -> str:
    annotations = live["metadata"].get("annotations") or {}
    return str(annotations.get(TRACKING, "")).partition(":")[0]


def _without_server_fields(manifest: Manifest) -> Manifest:
    metadata = {k: v for k, v in manifest["metadata"].items() if k not in _SERVER_FIELDS}
    kept = {key: value for key, value in manifest.items() if key != "status"}
    return {**kept, "metadata": metadata}
