"""The controller: take up operations, refresh Applications, sync by itself what asks for it."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from chatbot.domain.errors import RedlightError
from sandbox.argocd.automation import automatic_operation
from sandbox.argocd.comparison import (
    Comparison,
    compare,
    revision_fields,
    sources,
    status_of,
    wanted_revisions,
)
from sandbox.argocd.objects import MANAGER, Cluster
from sandbox.argocd.operation import Result, carry_out
from sandbox.argocd.repository import Repository, RepositoryError

Manifest = dict[str, Any]

SYNC_ANNOTATION: Final = "sandbox.redlight.dev/sync"
"""On an Application: `fail` ends its operations as Failed, `stall` keeps them Running."""

REFRESH_ANNOTATION: Final = "argocd.argoproj.io/refresh"
_APPLICATIONS: Final = "/apis/argoproj.io/v1alpha1/{}applications"
_HISTORY: Final = 10
_PERIOD: Final = 0.2
_AT_LEAST_EVERY: Final = 5.0
"""Seconds between two looks at every object while nothing happens."""
_STOPS_WITHIN: Final = 30.0
_COMPLETED: Final = ("Succeeded", "Failed", "Error")
_log = logging.getLogger(__name__)


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Settings:
    """How fast it is. Times in seconds; Argo CD's own defaults are 180, 5 and none."""

    git_seconds: float = 1.0
    """Between two looks at Git and the cluster."""
    self_heal_seconds: float = 0.5
    """From the end of an operation until a difference is healed."""
    sync_seconds: float = 0.2
    """How long an operation runs at least, so that it can be seen."""
    stores_health: bool = False
    """Whether `status.resources` has health, as in v2; v3 leaves it out."""
    time: Callable[[], datetime] = _utc
    """The time that it writes down: whoever reads it compares it with a time of their own."""


@dataclass(frozen=True)
class _Sight:
    """The same as before: nothing was written, to the cluster or to Git."""

    cluster: str
    """The revision of the whole cluster."""
    refs: Mapping[str, str]


class Controller:
    """Plays Argo CD's application controller on one cluster and one repository. `step()` moves
    every Application once; `start()` and `stop()` run it on a thread. It owns no truth: started
    anew, it goes on with the operations that it finds running."""

    def __init__(
        self, kubeconfig: str, repo_url: str, context: str = "", settings: Settings | None = None
    ) -> None:
        self._cluster = Cluster(kubeconfig, context)
        self._settings = settings or Settings()
        self._folder = tempfile.TemporaryDirectory(prefix="redlight-argocd-")
        self._repository = Repository(repo_url, Path(self._folder.name))
        self._fetched = self._refreshed = self._looked = float("-inf")
        self._still: _Sight | None = None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> None:
        """Move every Application one step, or those until it is told to stop. Raises
        `RepositoryError` when Git is away at the first look, and what the adapter of the cluster
        raises."""
        applications, sight = self._list(), None
        due = time.monotonic() - self._refreshed >= self._settings.git_seconds
        if due:
            self._refreshed = time.monotonic()
            self._fetch()
            sight = _Sight(applications["metadata"]["resourceVersion"], self._repository.refs)
            due = self._is_news(sight)
        for application in applications["items"]:
            if self._done.is_set():
                return
            try:
                self._move(application, due=due)
            except RedlightError as error:
                name = application["metadata"]["name"]
                _log.warning("argocd: %s: will try again: %s", name, error)
                sight = None
        if due:
            self._still = sight if all(map(_is_synced, applications["items"])) else None
            self._looked = time.monotonic()

    def start(self) -> Self:
        """Run on a thread until `stop`; what is away is tried again."""
        self._thread = threading.Thread(target=self._run, name=MANAGER, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._done.set()
        if self._thread is not None:
            self._thread.join(timeout=_STOPS_WITHIN)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._done.is_set():
            try:
                self.step()
            except (RedlightError, RepositoryError) as error:
                _log.warning("argocd: will try again: %s", error)
            self._done.wait(_PERIOD)

    def _fetch(self) -> None:
        try:
            self._repository.fetch()
        except RepositoryError:
            if self._fetched == float("-inf"):
                raise
            _log.warning("argocd: Git is away; going on with what was fetched")
        self._fetched = time.monotonic()

    def _is_news(self, sight: "_Sight") -> bool:
        """Whether a look at every object could show anything: a cluster is still most of the time,
        and what is not as Git says may wait for its time to be healed."""
        looked = time.monotonic() - self._looked
        return sight != self._still or looked >= _AT_LEAST_EVERY

    def _list(self) -> Manifest:
        path = _APPLICATIONS.format("")
        return self._cluster.api.request("GET", path, doing="list Applications")

    def _move(self, application: Manifest, *, due: bool) -> None:
        state = (application.get("status") or {}).get("operationState") or {}
        running = bool(state) and state.get("phase") not in _COMPLETED
        if running:
            if self._operate(application, state):
                self._refresh(self._read(application))
        elif application.get("operation"):
            self._take_up(application)
        elif due or self._asked_to_refresh(application):
            self._refresh(application)

    # Operations

    def _take_up(self, application: Manifest) -> None:
        """The operation moves into the status; `.operation` goes when it is over."""
        state = {
            "operation": application["operation"],
            "phase": "Running",
            "startedAt": self._now(),
            "message": None,
            "finishedAt": None,
            "syncResult": None,
            "retryCount": None,
        }
        before = (application.get("status") or {}).get("operationState") or {}
        stale = dict.fromkeys(before.get("operation") or {})
        state["operation"] = {**stale, **application["operation"]}
        self._patch(application, {"status": {"operationState": state}})

    def _operate(self, application: Manifest, state: Manifest) -> bool:
        """Go on with the running operation; whether it has ended. Whatever stands in `.operation`
        by now, this one is carried out to its end."""
        if state["phase"] == "Terminating":
            self._finish(application, state, None, Result("Failed", "Operation terminated"))
            return True
        if self._age(state["startedAt"]) < self._settings.sync_seconds:
            return False
        fate = _annotations(application).get(SYNC_ANNOTATION)
        if fate == "stall":
            said = {"message": "waiting for completion of hook batch/Job/stalled"}
            if state.get("message") != said["message"]:
                self._patch(application, {"status": {"operationState": said}})
            return False
        sync = state["operation"].get("sync") or {}
        self._fetch()
        seen = compare(
            application, wanted_revisions(application, sync), self._repository, self._cluster
        )
        if fate == "fail":
            said_why = "one or more synchronization tasks completed unsuccessfully"
            result = Result("Failed", f"{said_why}, reason: told to fail by {SYNC_ANNOTATION}")
        else:
            result = carry_out(sync, seen, self._cluster)
        self._finish(application, state, seen, result)
        return True

    def _finish(
        self, application: Manifest, state: Manifest, seen: Comparison | None, result: Result
    ) -> None:
        ended: Manifest = {
            "phase": result.phase,
            "message": result.message,
            "finishedAt": self._now(),
        }
        status: Manifest = {"operationState": ended}
        sync = state["operation"].get("sync") or {}
        if seen is not None and seen.revisions:
            revisions = revision_fields(application, seen.revisions)
            ended["syncResult"] = {
                "revision": "",
                **revisions,
                **_source_fields(application),
                "resources": list(result.resources),
            }
            if result.phase == "Succeeded" and not sync.get("resources"):
                status["history"] = _history(application, state, revisions, self._now())
        self._patch(application, {"operation": None, "status": status})

    def _age(self, at: str) -> float:
        return (self._settings.time() - datetime.fromisoformat(at)).total_seconds()

    def _now(self) -> str:
        return self._settings.time().strftime("%Y-%m-%dT%H:%M:%SZ")

    # Refreshing

    def _asked_to_refresh(self, application: Manifest) -> bool:
        fresh = not application.get("status")
        return fresh or REFRESH_ANNOTATION in _annotations(application)

    def _refresh(self, application: Manifest) -> None:
        now, before = self._now(), application.get("status") or {}
        wanted = wanted_revisions(application, {})
        seen = compare(application, wanted, self._repository, self._cluster)
        status = status_of(application, seen, now, with_health=self._settings.stores_health)
        automatic = automatic_operation(
            application, seen, self._settings.self_heal_seconds, self._settings.time()
        )
        if automatic.condition is not None:
            others = [row for row in status["conditions"] if row["type"] != "SyncError"]
            known = [row for row in before.get("conditions") or () if row["type"] == "SyncError"]
            same = [row for row in known if row["message"] == automatic.condition]
            new = {"type": "SyncError", "message": automatic.condition, "lastTransitionTime": now}
            status["conditions"] = [*others, *(same or [new])] if automatic.condition else others
        patch: Manifest = {}
        if not _says(before, status) or _is_newer(before):
            patch["status"] = {**status, "reconciledAt": now}
        if REFRESH_ANNOTATION in _annotations(application):
            patch["metadata"] = {"annotations": {REFRESH_ANNOTATION: None}}
            patch.setdefault("status", {})["reconciledAt"] = now
        if patch:
            self._patch(application, patch)
        if automatic.operation is not None:
            self._start_automatically(application, automatic.operation)

    def _start_automatically(self, application: Manifest, operation: Manifest) -> None:
        """As Argo CD does: with a look whether somebody else was faster."""
        latest = self._read(application)
        if not latest.get("operation") and latest["spec"] == application["spec"]:
            version = latest["metadata"]["resourceVersion"]
            guard = {"metadata": {"resourceVersion": version}}
            self._patch(application, {**guard, "operation": operation})

    def _read(self, application: Manifest) -> Manifest:
        return self._cluster.api.request("GET", _path(application), doing="read an Application")

    def _patch(self, application: Manifest, patch: Manifest) -> None:
        self._cluster.api.request(
            "PATCH",
            _path(application),
            doing="write to an Application",
            body=patch,
            content_type="application/merge-patch+json",
            query={"fieldManager": MANAGER},
        )


def _path(application: Manifest) -> str:
    metadata = application["metadata"]
    collection = _APPLICATIONS.format(f"namespaces/{metadata['namespace']}/")
    return f"{collection}/{metadata['name']}"


def _is_synced(application: Manifest) -> bool:
    status = (application.get("status") or {}).get("sync") or {}
    return status.get("status") == "Synced"


def _annotations(application: Manifest) -> Manifest:
    annotations: Manifest = application["metadata"].get("annotations") or {}
    return annotations


def _source_fields(application: Manifest) -> Manifest:
    if application["spec"].get("sources"):
        return {"sources": sources(application)}
    return {"source": sources(application)[0]}


def _history(
    application: Manifest, state: Manifest, revisions: Manifest, now: str
) -> list[Manifest]:
    rows: list[Manifest] = (application.get("status") or {}).get("history") or []
    entry = {
        "id": rows[-1]["id"] + 1 if rows else 0,
        "deployStartedAt": state["startedAt"],
        "deployedAt": now,
        "initiatedBy": state["operation"].get("initiatedBy") or {},
        **revisions,
        **_source_fields(application),
    }
    return [*rows, entry][-_HISTORY:]


def _says(before: Manifest, status: Manifest) -> bool:
    """Whether the status says this already."""
    return all((before.get(key) or None) == (value or None) for key, value in status.items())


def _is_newer(before: Manifest) -> bool:
    """Whether an operation has ended since the last refresh was written down."""
    finished = str((before.get("operationState") or {}).get("finishedAt") or "")
    return str(before.get("reconciledAt") or "") < finished
