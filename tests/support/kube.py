"""The hand of a cluster's administrator in tests: what the bot may not do, or others do.

Plays controllers and kubelet (statuses, pods, events) and other field managers.
"""

from pathlib import Path
from typing import Any

import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ResourceNotFoundError

Manifest = dict[str, Any]

TIMEOUT = (3, 15)
ROLE_FILE = Path(__file__).parents[2] / "docs" / "rbac" / "role.yaml"


class Admin:
    """May do everything. Uses the official dynamic client as it is, and none of our adapter."""

    def __init__(self, kubeconfig: Path, cache: Path) -> None:
        configuration = Configuration()
        config.load_kube_config(
            str(kubeconfig), client_configuration=configuration, persist_config=False
        )
        self._client = DynamicClient(ApiClient(configuration), cache_file=str(cache))

    def create(self, manifest: Manifest) -> Manifest:
        metadata = manifest["metadata"]
        answer = self._kind(manifest).create(
            body=manifest, namespace=metadata.get("namespace"), _request_timeout=TIMEOUT
        )
        return answer.to_dict()

    def ensure(self, manifest: Manifest) -> Manifest:
        """Create unless it is there."""
        try:
            return self.create(manifest)
        except ApiException as error:
            if error.status != 409:
                raise
            return self.get(manifest)

    def ensure_served(self, manifest: Manifest) -> bool:
        """`ensure`; False while the server does not know the kind, which it learns a moment after
        it is defined."""
        try:
            return bool(self.ensure(manifest))
        except (ApiException, ResourceNotFoundError):
            return False

    def get(self, manifest: Manifest) -> Manifest:
        metadata = manifest["metadata"]
        answer = self._kind(manifest).get(
            name=metadata["name"], namespace=metadata.get("namespace"), _request_timeout=TIMEOUT
        )
        return answer.to_dict()

    def exists(self, manifest: Manifest) -> bool:
        try:
            self.get(manifest)
        except ApiException as error:
            if error.status != 404:
                raise
            return False
        return True

    def delete(self, manifest: Manifest) -> None:
        metadata = manifest["metadata"]
        self._kind(manifest).delete(
            name=metadata["name"], namespace=metadata.get("namespace"), _request_timeout=TIMEOUT
        )

    def apply_as(self, manager: str, manifest: Manifest, *, force: bool = False) -> Manifest:
        """Server-side apply in another field manager's name."""
        answer = self._kind(manifest).server_side_apply(
            body=manifest,
            namespace=manifest["metadata"].get("namespace"),
            field_manager=manager,
            force_conflicts=force,
            _request_timeout=TIMEOUT,
        )
        return answer.to_dict()

    def patch_as(self, manager: str, manifest: Manifest, patch: Manifest) -> Manifest:
        """A merge patch in another field manager's name."""
        answer = self._kind(manifest).patch(
            body=patch,
            name=manifest["metadata"]["name"],
            namespace=manifest["metadata"].get("namespace"),
            content_type="application/merge-patch+json",
            field_manager=manager,
            _request_timeout=TIMEOUT,
        )
        return answer.to_dict()

    def set_status(self, manifest: Manifest, status: Manifest) -> Manifest:
        """What a controller or a kubelet would report."""
        answer = self._kind(manifest).status.patch(
            body={"status": status},
            name=manifest["metadata"]["name"],
            namespace=manifest["metadata"].get("namespace"),
            content_type="application/merge-patch+json",
            _request_timeout=TIMEOUT,
        )
        return answer.to_dict()

    def bind(self, role: str, user: str, namespace: str = "") -> None:
        """Bind a ClusterRole to a user in a namespace, or cluster-wide."""
        kind = "RoleBinding" if namespace else "ClusterRoleBinding"
        self.ensure(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": kind,
                "metadata": {
                    "name": f"{role}-{user}",
                    **({"namespace": namespace} if namespace else {}),
                },
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": role,
                },
                "subjects": [
                    {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}
                ],
            }
        )

    def allow(self, user: str, group: str, resource: str) -> None:
        """A rule of the documented shape for a further kind, for one user everywhere."""
        verbs = ["get", "list", "patch", "create", "delete"]
        name = f"{resource}.{group}"
        self.ensure(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": name},
                "rules": [{"apiGroups": [group], "resources": [resource], "verbs": verbs}],
            }
        )
        self.bind(name, user)

    def install_roles(self) -> None:
        """The roles as the documentation ships them."""
        for role in yaml.safe_load_all(ROLE_FILE.read_text()):
            self.ensure(role)

    def _kind(self, manifest: Manifest) -> Any:
        return self._client.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])


def deployment(namespace: str, name: str = "web", **spec: Any) -> Manifest:
    """A Deployment with one container `app`; `image` sets its image, the rest goes to the spec."""
    image = spec.pop("image", "registry.example/web:1")
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
            **spec,
        },
    }


def config_map(namespace: str, name: str = "settings", **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def service(namespace: str, name: str = "web") -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }


def resource_quota(namespace: str, name: str = "compute", **hard: str) -> Manifest:
    """Limits by resource; write `requests__cpu` for `requests.cpu`."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"hard": {resource.replace("__", "."): much for resource, much in hard.items()}},
    }


def limit_range(namespace: str, **defaults: Manifest) -> Manifest:
    """For containers: `default` are limits, `defaultRequest` requests."""
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "defaults", "namespace": namespace},
        "spec": {"limits": [{"type": "Container", **defaults}]},
    }


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def definition(group: str, kind: str, *, scalable: bool = False) -> Manifest:
    """A CustomResourceDefinition `v1` without a schema to speak of."""
    plural = f"{kind.lower()}s"
    subresources: Manifest = {"status": {}}
    if scalable:
        subresources["scale"] = {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
        }
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": subresources,
                }
            ],
        },
    }
