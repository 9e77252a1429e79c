"""The loop: look at everything, move each workload one step, again."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import DynamicApiError
from urllib3.exceptions import HTTPError

from sandbox.kubelet.api import Api, owner_uid
from sandbox.kubelet.pods import COMPONENT, events, new_pod, pod_status
from sandbox.kubelet.rollout import (
    HASH_LABEL,
    Settings,
    WantedPod,
    is_expired,
    mode_of,
    moments,
    template_hash,
    wanted_pods,
    wanted_replicas,
)
from sandbox.kubelet.statuses import workload_status

Manifest = dict[str, Any]

_PERIOD: Final = 0.2
_AT_LEAST_EVERY: Final = 5.0
"""Seconds between two looks at a cluster in which nothing was written."""
_STOPS_WITHIN: Final = 15.0
_log = logging.getLogger(__name__)


@dataclass
class _Wish:
    """What a workload wanted when it was last looked at, and since when (monotonic seconds)."""

    template_hash: str
    count: int
    since: float
    moments: tuple[float, ...]
    """Seconds after that at which time alone makes a difference."""
    reported: tuple[Manifest, Manifest] | None = None
    """The status that was sent last, and what the server made of it."""


class Kubelet:
    """Plays controller manager and kubelet on one cluster. `step()` moves everything once;
    `start()` and `stop()` run it on a thread. It owns no truth: started anew, it goes on."""

    def __init__(
        self,
        kubeconfig: str,
        context: str = "",
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = Api(kubeconfig, context)
        self._settings = settings or Settings()
        self._clock = clock
        self._wishes: dict[str, _Wish] = {}
        self._revision = ""
        self._looked = float("-inf")
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> None:
        """Move every workload one step towards what it wants. One that the server refuses, because
        of a quota for example, keeps no other from moving. Raises what the official client raises
        when nothing can be listed."""
        workloads = {item["metadata"]["uid"]: item for item in self._api.workloads()}
        owned: dict[str, list[Manifest]] = defaultdict(list)
        for pod in self._api.pods():
            owned[owner_uid(pod)].append(pod)
        self._collect_orphans(owned, set(workloads))
        self._ensure_service_accounts({w["metadata"]["namespace"] for w in workloads.values()})
        for uid, workload in workloads.items():
            try:
                self._move(workload, owned[uid])
            except (ApiException, DynamicApiError) as error:
                name = workload["metadata"]["name"]
                _log.warning("%s: %s: will try again: %s", COMPONENT, name, error)
        self._wishes = {uid: wish for uid, wish in self._wishes.items() if uid in workloads}

    def start(self) -> Self:
        """Run on a thread until `stop`; an API server that is away is tried again."""
        self._thread = threading.Thread(target=self._run, name=COMPONENT, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._done.set()
        if self._thread is not None:
            self._thread.join(timeout=_STOPS_WITHIN)

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
                self._step_if_due()
            except (ApiException, DynamicApiError, HTTPError, OSError) as error:
                _log.warning("%s: will try again: %s", COMPONENT, error)
            self._done.wait(_PERIOD)

    def _step_if_due(self) -> None:
        """Look at everything when something was written, when time alone moves a workload, and now
        and then: a look is many lists, and a cluster is still most of the time."""
        now, revision = self._clock(), self._api.revision()
        moving = any(
            self._looked < wish.since + after <= now
            for wish in self._wishes.values()
            for after in wish.moments
        )
        if moving or revision != self._revision or now - self._looked >= _AT_LEAST_EVERY:
            self.step()
            self._revision, self._looked = revision, now

    def _collect_orphans(self, owned: dict[str, list[Manifest]], workloads: set[str]) -> None:
        """Pods that this loop made and whose workload is gone."""
        for uid in owned.keys() - workloads - {""}:
            for pod in owned[uid]:
                if HASH_LABEL in (pod["metadata"].get("labels") or {}):
                    self._api.delete_pod(pod)

    def _ensure_service_accounts(self, namespaces: set[str]) -> None:
        """Pods are refused in a namespace without its `default` service account."""
        for namespace in namespaces - self._api.service_account_namespaces():
            metadata = {"name": "default", "namespace": namespace}
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
            self._api.create("serviceaccounts", account)

    def _move(self, workload: Manifest, pods: list[Manifest]) -> None:
        if workload["spec"].get("paused") or workload["metadata"].get("deletionTimestamp"):
            return
        wish = self._wish(workload)
        age = self._clock() - wish.since
        wanted = wanted_pods(workload, pods, age, self._settings)
        self._make_pods(workload, pods, wanted)
        status = workload_status(
            workload,
            wanted,
            count=wish.count,
            template_hash=wish.template_hash,
            expired=is_expired(workload, age, self._settings),
            now=_now(),
        )
        if wish.reported != (status, workload.get("status")):
            stored = self._api.set_workload_status(workload, status)
            wish.reported = None if stored is None else (status, stored)

    def _wish(self, workload: Manifest) -> _Wish:
        """The current wish; its age starts when template or count change."""
        uid = workload["metadata"]["uid"]
        now_wanted = (template_hash(workload), wanted_replicas(workload, self._settings))
        wish = self._wishes.get(uid)
        if wish is None or (wish.template_hash, wish.count) != now_wanted:
            wish = _Wish(*now_wanted, self._clock(), moments(workload, self._settings))
            self._wishes[uid] = wish
        return wish

    def _make_pods(
        self, workload: Manifest, pods: list[Manifest], wanted: dict[str, WantedPod]
    ) -> None:
        present: dict[str, Manifest] = {}
        for pod in pods:
            name, labels = pod["metadata"]["name"], pod["metadata"].get("labels") or {}
            if name in wanted and labels.get(HASH_LABEL) == wanted[name].template_hash:
                present[name] = pod
            else:
                self._api.delete_pod(pod)
        for name, target in wanted.items():
            found = present.get(name) or self._api.create(
                "pods", new_pod(workload, name, target.template_hash)
            )
            if found is not None and mode_of(found) is not target.mode:
                self._report(found, target)

    def _report(self, pod: Manifest, target: WantedPod) -> None:
        now = _now()
        self._api.set_pod_status(pod, pod_status(pod, target.mode, now))
        for event in events(pod, target.mode, now):
            self._api.create("events", event)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
