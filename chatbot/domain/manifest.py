"""Manifests as people paste them: read as Kubernetes would, or refused in one clear sentence.

Words such as `yes`, `on` and `017` mean what they mean to Kubernetes (YAML 1.1: true, true, 15),
so that the diff shows what will happen. Where that is a trap, in keys, labels and annotations,
the text is refused with the advice to put quotes around.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from chatbot.domain.change import Target
from chatbot.domain.errors import InvalidInput
from chatbot.domain.names import (
    NAME_RULE,
    NAMESPACE_RULE,
    dns_label,
    dns_subdomain,
    path_segment,
)
from chatbot.domain.yamltext.tree import Node, NodeKind, YamlError, compose, shorten, to_json

Manifest = dict[str, Any]
"""A Kubernetes object as JSON."""

NO_SECRETS: Final = (
    "a Secret is not taken here, because its data would be readable in Slack and in Git; send a"
    " SealedSecret, an ExternalSecret or a reference to your vault instead"
)
_RBAC = "rbac.authorization.k8s.io"
_SERVER_METADATA: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def parse(text: str, field: str = "manifest") -> list[Manifest]:
    """The objects of a YAML text, one or many documents, `List`s unwrapped, in order. Raises
    `InvalidInput` with one sentence for `field`, with line and column counted from 1."""
    try:
        return _parse(text)
    except YamlError as error:
        sentence = str(error)
        raise InvalidInput({field: sentence + "." * (not sentence.endswith("?"))}) from error


def target_of(manifest: Manifest) -> Target:
    """What an object is called in its cluster."""
    metadata = manifest["metadata"]
    return Target(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
    )


def place(
    manifest: Manifest,
    *,
    namespaced: bool,
    default_namespace: str,
    owns_namespace: Callable[[str], bool],
    field: str = "manifest",
) -> Manifest:
    """The object with its namespace written into it. Raises `InvalidInput` when it has none,
    has one that its kind does not take, or one that the environment does not own."""
    name = str(target_of(manifest))
    own = str(manifest["metadata"].get("namespace") or "")
    if not namespaced:
        if own:
            sentence = f"{name} has the namespace `{own}`, but its kind takes none; remove it."
            raise InvalidInput({field: sentence})
        return manifest
    namespace = own or default_namespace
    if not namespace:
        sentence = f"{name} has no namespace; write one under `metadata`, or choose one above."
        raise InvalidInput({field: sentence})
    if not owns_namespace(namespace):
        sentence = f"{name} is for the namespace `{namespace}`, which this environment does not own"
        raise InvalidInput({field: f"{sentence}."})
    placed = deepcopy(manifest)
    placed["metadata"]["namespace"] = namespace
    return placed


def without_server_fields(manifest: Manifest) -> Manifest:
    """The object without what the server fills in: `status` and its own part of `metadata`."""
    kept = {key: deepcopy(value) for key, value in manifest.items() if key != "status"}
    metadata = kept["metadata"]
    for key in _SERVER_METADATA:
        metadata.pop(key, None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and annotations.pop(_LAST_APPLIED, None) and not annotations:
        del metadata["annotations"]
    return kept


def _parse(text: str) -> list[Manifest]:
    objects = [pair for root in compose(text) for pair in _unwrap(root)]
    if not objects:
        raise YamlError(1, 1, "there is no manifest here; paste at least one object")
    seen: dict[str, int] = {}
    for node, manifest in objects:
        _check(node, manifest)
        target = target_of(manifest)
        if target.key in seen:
            raise node.error(f"{target} stands on line {seen[target.key]} already")
        seen[target.key] = node.line
    return [manifest for _, manifest in objects]


def _unwrap(root: Node, *, inside: bool = False) -> list[tuple[Node, Manifest]]:
    if root.resolved().kind is not NodeKind.MAPPING:
        raise root.error("expected a mapping with `apiVersion`, `kind` and `metadata`")
    manifest = to_json(root)
    items = root.get("items")
    if items is None or not str(manifest.get("kind", "")).endswith("List"):
        return [(root, manifest)]
    if inside:
        raise root.error("a list of objects cannot stand inside another")
    if items.resolved().kind is not NodeKind.SEQUENCE:
        raise items.error("expected a list of objects")
    return [pair for item in items.resolved().items for pair in _unwrap(item, inside=True)]


def _check(node: Node, manifest: Manifest) -> None:
    for key in ("apiVersion", "kind"):
        value = manifest.get(key)
        if not isinstance(value, str) or not value or value != value.strip():
            raise _at(node, key).error(f"this object needs `{key}`, such as {_EXAMPLES[key]}")
    group, slash, _ = manifest["apiVersion"].rpartition("/")
    if manifest["kind"] == "Secret" and not (slash and group):
        raise _at(node, "kind").error(NO_SECRETS)
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        raise _at(node, "metadata").error("this object needs a `metadata` mapping with a `name`")
    _check_names(node, metadata, rbac=group == _RBAC)
    _check_texts(node, metadata)
    _check_containers(node)


_EXAMPLES = {"apiVersion": "`apps/v1`", "kind": "`Deployment`"}


def _check_names(node: Node, metadata: dict[str, Any], *, rbac: bool) -> None:
    if "generateName" in metadata:
        raise _at(node, "metadata", "generateName").error(
            "`generateName` makes a new object at every try; give a `name`"
        )
    name = metadata.get("name")
    place = _at(node, "metadata", "name")
    if name is None or name == "":
        raise place.error("this object needs a `name` under `metadata`")
    if not isinstance(name, str):
        raise place.error(f"the name reads as `{shorten(str(name))}`, not text; put quotes around")
    if not (path_segment(name) if rbac else dns_subdomain(name)):
        raise place.error(f"`{shorten(name)}` cannot be a name; use {NAME_RULE}")
    namespace = metadata.get("namespace")
    if namespace is None:
        return
    if not isinstance(namespace, str) or not dns_label(namespace):
        raise _at(node, "metadata", "namespace").error(
            f"`{shorten(str(namespace))}` cannot be a namespace; use {NAMESPACE_RULE}"
        )


def _check_texts(node: Node, metadata: dict[str, Any]) -> None:
    for key in ("labels", "annotations"):
        texts = metadata.get(key)
        if texts is None:
            continue
        if not isinstance(texts, dict):
            raise _at(node, "metadata", key).error(f"expected a mapping under `{key}`")
        for name, value in texts.items():
            if not isinstance(value, str):
                raise _at(node, "metadata", key, name).error(
                    f"the value of `{shorten(name)}` must be text; put quotes around"
                )


def _check_containers(node: Node) -> None:
    """The mistake people make most: fields of a container beside it, or without the dash."""
    spec = _at(node, "spec", "template", "spec")
    containers = spec.get("containers")
    if containers is None:
        return
    if containers.resolved().kind is not NodeKind.SEQUENCE:
        raise containers.error(
            "expected a list; does every item of `containers` start with `- name:`?"
        )
    for item in containers.resolved().items:
        if item.resolved().kind is not NodeKind.MAPPING:
            raise item.error("expected a mapping; is `image` indented under `containers`?")


def _at(node: Node, *path: str) -> Node:
    """The deepest node on a path that is written out, to point at."""
    for key in path:
        found = node.get(key)
        if found is None:
            break
        node = found
    return node
