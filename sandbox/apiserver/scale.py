"""The `scale` subresource: a small object that shows and changes replicas of a large one. Pure."""

from typing import Any

from sandbox.apiserver.kinds import Resource
from sandbox.apiserver.problems import bad_request

Manifest = dict[str, Any]


def scale_of(manifest: Manifest, resource: Resource) -> Manifest:
    """The `autoscaling/v1` Scale of an object."""
    metadata = manifest["metadata"]
    spec_path, status_path, selector_path = resource.scale_paths
    status: Manifest = {"replicas": _at(manifest, status_path) or 0}
    selector = _selector(manifest, selector_path)
    if selector:
        status["selector"] = selector
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"replicas": _at(manifest, spec_path) or 0},
        "status": status,
    }


def with_replicas(manifest: Manifest, scale: Manifest, resource: Resource) -> Manifest:
    """The object with the replicas that a Scale asks for. Raises a 400 `Problem` without any."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        raise bad_request(
            'Scale in version "v1" cannot be handled as a Scale: .spec.replicas: expected integer'
        )
    return _set(manifest, resource.scale_paths[0].split("."), replicas)


def _at(manifest: Any, path: str) -> Any:
    value = manifest
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _set(value: Manifest, path: list[str], leaf: Any) -> Manifest:
    name, *rest = path
    return {**value, name: _set(value.get(name) or {}, rest, leaf) if rest else leaf}


def _selector(manifest: Manifest, path: str) -> str:
    if path:
        return str(_at(manifest, path) or "")
    labels = _at(manifest, "spec.selector.matchLabels") or {}
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))
