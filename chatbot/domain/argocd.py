"""An Argo CD Application as Redlight needs to see it, read from the resource as it stands.

Versions differ in what they write: v2 stores the health of every resource and v3 does not by
default; v3 knows `automated.enabled`. What is missing is empty here, and a word that we do not
know counts as `Unknown`, because a newer Argo CD must not stop a change from being shown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

Json = Any

CHANGE_INFO: Final = "redlight.dev/change"
"""Name of the entry in an operation's `info` that says which change asked for it."""

ATTEMPT_INFO: Final = "redlight.dev/attempt"
"""Name of the entry that tells a person's retry from the first try; absent for the first."""

PAUSED_BY: Final = "redlight.dev/paused-by"
"""The annotation with which Redlight marks an Application whose auto-sync it paused."""

REFRESH: Final = "argocd.argoproj.io/refresh"
"""The annotation that asks Argo CD to look at once; it takes it away when it has."""


class SyncStatus(StrEnum):
    """Whether the cluster is what Git says, in Argo CD's words."""

    SYNCED = "Synced"
    OUT_OF_SYNC = "OutOfSync"
    UNKNOWN = "Unknown"


class Health(StrEnum):
    """Argo CD's health words."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    SUSPENDED = "Suspended"
    MISSING = "Missing"
    UNKNOWN = "Unknown"


class Phase(StrEnum):
    """How far an operation is, in Argo CD's words."""

    RUNNING = "Running"
    TERMINATING = "Terminating"
    FAILED = "Failed"
    ERROR = "Error"
    SUCCEEDED = "Succeeded"

    @property
    def completed(self) -> bool:
        """Whether nothing more will happen to it."""
        return self in (Phase.FAILED, Phase.ERROR, Phase.SUCCEEDED)


@dataclass(frozen=True)
class Source:
    """Where an Application's manifests come from."""

    repo_url: str
    path: str
    target_revision: str


@dataclass(frozen=True)
class SyncOperation:
    """A sync that somebody asked for."""

    change: str
    """The change that asked for it; empty when it was not Redlight."""
    attempt: int
    revisions: tuple[str, ...]
    """What was asked for; empty: whatever the Application follows."""
    initiated_by: str
    """User name; `automated` for auto-sync, empty when nobody said."""

    def __str__(self) -> str:
        """Whose it is, for a sentence."""
        if self.change:
            return f"for {self.change}"
        if self.initiated_by == AUTOMATED:
            return "of auto-sync"
        return f"by {self.initiated_by}" if self.initiated_by else "of somebody else"


AUTOMATED: Final = "automated"


@dataclass(frozen=True)
class ResourceResult:
    """What an operation did to one object."""

    name: str
    """`deployment/web in shop`."""
    failed: bool
    message: str


@dataclass(frozen=True)
class OperationState:
    """The operation that runs, or that ran last."""

    operation: SyncOperation
    phase: Phase
    message: str
    revisions: tuple[str, ...]
    """What it resolved to; empty while Argo CD has not said."""
    started_at: datetime | None
    finished_at: datetime | None
    results: tuple[ResourceResult, ...]


@dataclass(frozen=True)
class Deployed:
    """One successful sync of the past."""

    revisions: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True)
class Resource:
    """One object of the Application."""

    name: str
    """`deployment/web in shop`."""
    sync: SyncStatus
    health: Health | None
    """None where Argo CD does not store it (v3) or the kind has none."""
    message: str


@dataclass(frozen=True)
class Pause:
    """What the annotation `redlight.dev/paused-by` says."""

    change: str
    """Empty when nobody can read the annotation."""
    until: datetime | None
    was_set: bool
    """Whether `spec.syncPolicy` had the key `automated` at all."""
    automated: Json
    """The value it had."""

    def to_annotation(self) -> str:
        """The annotation's text."""
        text: dict[str, Json] = {"change": self.change}
        if self.until is not None:
            text["until"] = self.until.astimezone(UTC).isoformat(timespec="seconds")
        if self.was_set:
            text["automated"] = self.automated
        return json.dumps(text, separators=(",", ":"))


@dataclass(frozen=True)
class Application:
    """One Application."""

    name: str
    namespace: str
    resource_version: str
    deleting: bool
    generated_by: str
    """The ApplicationSet that makes it, and that may undo a pause; empty: none."""
    project: str
    project_namespace: str
    """Where its AppProject is: the namespace of Argo CD itself."""
    server: str
    cluster: str
    """The destination by its address or its name."""
    destination_namespace: str
    sources: tuple[Source, ...]
    multi_source: bool
    has_automated: bool
    automated: Json
    """`spec.syncPolicy.automated` as it is written."""
    sync_options: tuple[str, ...]
    retry: Mapping[str, Json] | None
    sync: SyncStatus
    revisions: tuple[str, ...]
    """What it was compared to last: one for each source."""
    health: Health
    health_message: str
    reconciled_at: datetime | None
    asked_to_look: bool
    """Whether Argo CD was asked for a look that it has not taken yet."""
    operation: SyncOperation | None
    """Asked for and not finished."""
    state: OperationState | None
    history: tuple[Deployed, ...]
    """Oldest first; Argo CD keeps ten by default."""
    conditions: tuple[str, ...]
    """`ComparisonError: …`, warnings left out."""
    resources: tuple[Resource, ...]
    paused_by: Pause | None

    @property
    def auto_sync(self) -> bool:
        """Whether Argo CD syncs it by itself. `{}` means yes; v3's `enabled: false` means no."""
        return isinstance(self.automated, Mapping) and self.automated.get("enabled") is not False

    @property
    def self_heal(self) -> bool:
        """Whether a change made directly in the cluster is taken back."""
        return self.auto_sync and self.automated.get("selfHeal") is True

    @property
    def in_flight(self) -> SyncOperation | None:
        """The operation that runs or is about to."""
        if self.state is not None and not self.state.phase.completed:
            return self.state.operation
        return self.operation


def read_application(manifest: Mapping[str, Json]) -> Application:
    """Read an Application of `argoproj.io/v1alpha1`, v2.x or v3.x."""
    metadata, spec, status = (_part(manifest, key) for key in ("metadata", "spec", "status"))
    policy, annotations = _part(spec, "syncPolicy"), _part(metadata, "annotations")
    destination = _part(spec, "destination")
    compared, health = _part(status, "sync"), _part(status, "health")
    multi_source = bool(spec.get("sources"))
    return Application(
        name=str(metadata.get("name") or ""),
        namespace=str(metadata.get("namespace") or ""),
        resource_version=str(metadata.get("resourceVersion") or ""),
        deleting=bool(metadata.get("deletionTimestamp")),
        generated_by=next(
            (str(o.get("name")) for o in _rows(metadata, "ownerReferences")
             if o.get("kind") == "ApplicationSet"), "",
        ),
        project=str(spec.get("project") or "default"),
        project_namespace=str(
            status.get("controllerNamespace") or metadata.get("namespace") or ""
        ),
        server=str(destination.get("server") or ""),
        cluster=str(destination.get("name") or ""),
        destination_namespace=str(destination.get("namespace") or ""),
        sources=tuple(
            _source(row) for row in (spec["sources"] if multi_source else [_part(spec, "source")])
        ),
        multi_source=multi_source,
        has_automated="automated" in policy,
        automated=policy.get("automated"),
        sync_options=tuple(map(str, policy.get("syncOptions") or ())),
        retry=_part(policy, "retry") or None,
        sync=_word(SyncStatus, compared.get("status"), SyncStatus.UNKNOWN),
        revisions=_revisions(compared),
        health=_word(Health, health.get("status"), Health.UNKNOWN),
        health_message=str(health.get("message") or ""),
        reconciled_at=_time(status.get("reconciledAt")),
        asked_to_look=REFRESH in annotations,
        operation=_operation(manifest["operation"]) if manifest.get("operation") else None,
        state=_state(_part(status, "operationState")),
        history=tuple(
            Deployed(_revisions(row), _time(row.get("deployedAt")))
            for row in _rows(status, "history")
        ),
        conditions=tuple(
            f"{row.get('type')}: {row.get('message')}"
            for row in _rows(status, "conditions")
            if str(row.get("type")).endswith("Error")
        ),
        resources=tuple(_resource(row) for row in _rows(status, "resources")),
        paused_by=read_pause(annotations[PAUSED_BY]) if PAUSED_BY in annotations else None,
    )  # fmt: skip


def read_pause(annotation: str) -> Pause:
    """What the annotation says; `change` is empty when it is not what Redlight writes."""
    try:
        said = json.loads(annotation)
    except ValueError:
        said = None
    if not isinstance(said, Mapping) or not isinstance(said.get("change"), str):
        return Pause("", None, was_set=False, automated=None)
    return Pause(
        change=said["change"],
        until=_time(said.get("until")),
        was_set="automated" in said,
        automated=said.get("automated"),
    )


def short(revisions: Sequence[str]) -> str:
    """Revisions as people read them."""
    return ", ".join(revision[:7] for revision in revisions if revision) or "no revision"


def _source(row: Mapping[str, Json]) -> Source:
    return Source(
        repo_url=str(row.get("repoURL") or ""),
        path=str(row.get("path") or ""),
        target_revision=str(row.get("targetRevision") or "HEAD"),
    )


def _operation(row: Mapping[str, Json]) -> SyncOperation:
    info = {str(entry.get("name")): str(entry.get("value")) for entry in _rows(row, "info")}
    by, attempt = _part(row, "initiatedBy"), info.get(ATTEMPT_INFO, "1")
    return SyncOperation(
        change=info.get(CHANGE_INFO, ""),
        attempt=int(attempt) if attempt.isdecimal() else 1,
        revisions=_revisions(_part(row, "sync")),
        initiated_by=AUTOMATED if by.get("automated") else str(by.get("username") or ""),
    )


def _state(row: Mapping[str, Json]) -> OperationState | None:
    if not row:
        return None
    result = _part(row, "syncResult")
    return OperationState(
        operation=_operation(_part(row, "operation")),
        phase=_word(Phase, row.get("phase"), Phase.RUNNING),
        message=str(row.get("message") or ""),
        revisions=_revisions(result),
        started_at=_time(row.get("startedAt")),
        finished_at=_time(row.get("finishedAt")),
        results=tuple(
            ResourceResult(
                name=_name(entry),
                failed=entry.get("status") == "SyncFailed"
                or entry.get("hookPhase") in (Phase.FAILED, Phase.ERROR),
                message=str(entry.get("message") or ""),
            )
            for entry in _rows(result, "resources")
        ),
    )


def _resource(row: Mapping[str, Json]) -> Resource:
    health = _part(row, "health")
    return Resource(
        name=_name(row),
        sync=_word(SyncStatus, row.get("status"), SyncStatus.UNKNOWN),
        health=_word(Health, health["status"], Health.UNKNOWN) if health.get("status") else None,
        message=str(health.get("message") or ""),
    )


def _name(row: Mapping[str, Json]) -> str:
    where = f" in {row['namespace']}" if row.get("namespace") else ""
    return f"{str(row.get('kind') or 'object').lower()}/{row.get('name')}{where}"


def _revisions(row: Mapping[str, Json]) -> tuple[str, ...]:
    """`revisions` of several sources, or the one `revision`."""
    many = row.get("revisions")
    if isinstance(many, Sequence) and not isinstance(many, str) and any(many):
        return tuple(str(revision) for revision in many)
    return (str(row["revision"]),) if row.get("revision") else ()


_Word = TypeVar("_Word", bound=StrEnum)


def _word(words: type[_Word], said: Json, otherwise: _Word) -> _Word:
    return words(said) if said in words.__members__.values() else otherwise


def _time(said: Json) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        read = datetime.fromisoformat(said)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _part(row: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    part = row.get(key)
    return part if isinstance(part, Mapping) else {}


def _rows(row: Mapping[str, Json], key: str) -> list[Mapping[str, Json]]:
    rows = row.get(key)
    return [each for each in rows if isinstance(each, Mapping)] if isinstance(rows, list) else []
