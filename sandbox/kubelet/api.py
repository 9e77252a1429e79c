"""The API calls of the loop, as plain JSON, over either API server."""

import json
from collections.abc import Sequence
from typing import Any, Final

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError

from sandbox.kubelet.pods import COMPONENT

Manifest = dict[str, Any]

_TIMEOUT: Final = (3.0, 10.0)
"""Seconds to connect, and to wait for an answer."""
_MERGE_PATCH: Final = "application/merge-patch+json"


class Api:
    """A cluster by kubeconfig and context (empty: the current one).

    Raises what the official client raises, but for objects that are already there or gone.
    """

    def __init__(self, kubeconfig: str, context: str = "") -> None:
        settings = Configuration()
        config.load_kube_config(
            kubeconfig,
            context=context or None,
            client_configuration=settings,
            persist_config=False,
        )
        # Only as a transport: all paths are known here, so nothing needs to be discovered.
        self._client: Any = DynamicClient(  # type: ignore[no-untyped-call]
            ApiClient(settings), discoverer=lambda *_: None
        )

    def revision(self) -> str:
        """Of the whole cluster: another one when anything was written."""
        revision: str = self._get("/api/v1/namespaces", limit=1)["metadata"]["resourceVersion"]
        return revision

    def workloads(self) -> list[Manifest]:
        """Deployments, StatefulSets and DaemonSets of all namespaces."""
        kinds = ("Deployment", "StatefulSet", "DaemonSet")
        return [
            {**item, "apiVersion": "apps/v1", "kind": kind}
            for kind in kinds
            for item in self._get(f"/apis/apps/v1/{kind.lower()}s")["items"]
        ]

    def pods(self) -> list[Manifest]:
        """Pods of all namespaces."""
        items: list[Manifest] = self._get("/api/v1/pods")["items"]
        return items

    def service_account_namespaces(self) -> set[str]:
        """Namespaces that have their `default` service account."""
        found = self._get("/api/v1/serviceaccounts", field_selector="metadata.name=default")
        return {item["metadata"]["namespace"] for item in found["items"]}

    def create(self, plural: str, manifest: Manifest) -> Manifest | None:
        """Create an object of the core group; None when it is there, or its namespace is gone."""
        namespace = manifest["metadata"]["namespace"]
        path = f"/api/v1/namespaces/{namespace}/{plural}"
        try:
            return self._send("post", path, manifest)
        except (ConflictError, NotFoundError):
            return None

    def set_pod_status(self, pod: Manifest, status: Manifest) -> None:
        """Report a pod's status, unless the pod is gone."""
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
        self._patch(path, {"status": status})

    def set_workload_status(self, workload: Manifest, status: Manifest) -> Manifest | None:
        """Report a workload's status; returns the status as stored, None when it is gone."""
        metadata = workload["metadata"]
        plural = f"{workload['kind'].lower()}s"
        path = f"/apis/apps/v1/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"
        stored = self._patch(f"{path}/status", {"status": status})
        return (stored.get("status") or {}) if stored is not None else None

    def delete_pod(self, pod: Manifest) -> None:
        """Delete a pod at once, unless it is gone."""
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
        try:
            self._send("delete", path, body)
        except (NotFoundError, ConflictError):
            return

    def _patch(self, path: str, body: Manifest) -> Manifest | None:
        try:
            return self._send("patch", path, body, content_type=_MERGE_PATCH)
        except NotFoundError:
            return None

    def _get(self, path: str, **options: Any) -> Manifest:
        return self._request("get", path, options)

    def _send(self, method: str, path: str, body: Any, **options: Any) -> Manifest:
        writer = {} if method == "delete" else {"field_manager": COMPONENT}
        return self._request(method, path, {"body": body, **writer, **options})

    def _request(self, method: str, path: str, options: Manifest) -> Manifest:
        response = self._client.request(
            method, path, serialize=False, _request_timeout=_TIMEOUT, **options
        )
        answer: Manifest = json.loads(response.data)
        return answer


def owner_uid(pod: Manifest) -> str:
    """The uid of a pod's controlling workload; empty when it has none."""
    references: Sequence[Manifest] = pod["metadata"].get("ownerReferences") or ()
    return next((row["uid"] for row in references if row.get("controller")), "")
