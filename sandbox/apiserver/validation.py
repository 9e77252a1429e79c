"""What an object must hold beyond its types: the checks a person runs into first.

Not the whole of Kubernetes' validation; what is left out is accepted.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sandbox.apiserver.problems import Cause

Manifest = dict[str, Any]

_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LONGEST_NAME: Final = 253
_LONGEST_LABEL: Final = 63
_LABEL_NAMED: Final = frozenset({"Namespace", "Service"})
_FREELY_NAMED: Final = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})
_WORKLOADS: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
_STATEFUL_MUTABLE: Final = frozenset(
    {
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "ordinals",
        "persistentVolumeClaimRetentionPolicy",
        "revisionHistoryLimit",
    }
)


def check(kind: str, manifest: Manifest, before: Manifest | None) -> list[Cause]:
    """What is wrong with an object of a built-in kind; `before` is what it would replace."""
    causes = list(_metadata(kind, manifest))
    if kind in _WORKLOADS:
        causes += _workload(manifest)
    if kind == "Pod":
        causes += _pod_spec(manifest.get("spec") or {}, "spec")
    if kind == "Service":
        causes += _service(manifest.get("spec") or {})
    if kind == "ConfigMap":
        causes += _config_map(manifest)
    if before is not None:
        causes += _immutable(kind, before, manifest)
    return causes


def _invalid(field: str, value: Any, why: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {json.dumps(value)}: {why}", field)


def _required(field: str) -> Cause:
    return Cause("FieldValueRequired", "Required value", field)


def _metadata(kind: str, manifest: Manifest) -> Iterator[Cause]:
    metadata = manifest["metadata"]
    name = metadata.get("name", "")
    if not name:
        yield Cause(
            "FieldValueRequired",
            "Required value: name or generateName is required",
            "metadata.name",
        )
    elif kind in _LABEL_NAMED and not (_LABEL.fullmatch(name) and len(name) <= _LONGEST_LABEL):
        yield _invalid(
            "metadata.name",
            name,
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
            "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
            f"regex used for validation is '{_LABEL.pattern}')",
        )
    elif kind not in _FREELY_NAMED and not (
        _SUBDOMAIN.fullmatch(name) and len(name) <= _LONGEST_NAME
    ):
        yield _invalid(
            "metadata.name",
            name,
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character (e.g. "
            f"'example.com', regex used for validation is '{_SUBDOMAIN.pattern}')",
        )
    for value in (metadata.get("labels") or {}).values():
        if not _LABEL_VALUE.fullmatch(value) or len(value) > _LONGEST_LABEL:
            yield _invalid(
                "metadata.labels",
                value,
                "a valid label must be an empty string or consist of alphanumeric characters, '-', "
                "'_' or '.', and must start and end with an alphanumeric character (e.g. "
                "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
                f"'{_LABEL_VALUE.pattern}')",
            )


def _workload(manifest: Manifest) -> Iterator[Cause]:
    spec = manifest.get("spec") or {}
    if spec.get("replicas", 0) < 0:
        yield _invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    selector = spec.get("selector")
    if not selector:
        yield _required("spec.selector")
    elif any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        yield _invalid(
            "spec.template.metadata.labels", labels, "`selector` does not match template `labels`"
        )
    claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates") or ()]
    yield from _pod_spec(template.get("spec") or {}, "spec.template.spec", claims)


def _pod_spec(spec: Manifest, at: str, claims: Sequence[str] = ()) -> Iterator[Cause]:
    containers = spec.get("containers")
    if not containers:
        yield _required(f"{at}.containers")
        return
    names: set[str] = set()
    for index, container in enumerate(containers):
        here = f"{at}.containers[{index}]"
        name = container.get("name")
        if not name:
            yield _required(f"{here}.name")
        elif not _LABEL.fullmatch(name):
            yield _invalid(f"{here}.name", name, "a lowercase RFC 1123 label is needed")
        elif name in names:
            yield Cause(
                "FieldValueDuplicate", f"Duplicate value: {json.dumps(name)}", f"{here}.name"
            )
        names.add(name or "")
        if not container.get("image"):
            yield _required(f"{here}.image")
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()} | set(claims)
    for index, container in enumerate(containers):
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            if mount.get("name") not in volumes:
                field = f"{at}.containers[{index}].volumeMounts[{number}].name"
                message = f"Not found: {json.dumps(mount.get('name'))}"
                yield Cause("FieldValueNotFound", message, field)


def _service(spec: Manifest) -> Iterator[Cause]:
    needs_ports = spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None"
    if needs_ports and not spec.get("ports"):
        yield _required("spec.ports")


def _config_map(manifest: Manifest) -> Iterator[Cause]:
    for key in manifest.get("data") or {}:
        if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
            yield _invalid(
                f"data[{key}]",
                key,
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            )


def _immutable(kind: str, before: Manifest, after: Manifest) -> Iterator[Cause]:
    old, new = before.get("spec") or {}, after.get("spec") or {}
    if kind in _WORKLOADS - {"StatefulSet"} and old.get("selector") != new.get("selector"):
        yield _invalid("spec.selector", new.get("selector"), "field is immutable")
    if kind == "StatefulSet":
        frozen = [
            {name: value for name, value in spec.items() if name not in _STATEFUL_MUTABLE}
            for spec in (old, new)
        ]
        if frozen[0] != frozen[1]:
            yield Cause(
                "FieldValueForbidden",
                "Forbidden: updates to statefulset spec for fields other than 'replicas', "
                "'template', and 'updateStrategy' are forbidden",
                "spec",
            )
    if kind == "Service" and old.get("clusterIP") and new.get("clusterIP") != old["clusterIP"]:
        yield _invalid("spec.clusterIP", new.get("clusterIP"), "field is immutable")
    if kind in {"ConfigMap", "Secret"} and before.get("immutable"):
        for field in ("data", "binaryData", "immutable"):
            if before.get(field) != after.get(field):
                message = "Forbidden: field is immutable when `immutable` is set"
                yield Cause("FieldValueForbidden", message, field)
    if kind == "RoleBinding" and before.get("roleRef") != after.get("roleRef"):
        yield _invalid("roleRef", after.get("roleRef"), "cannot change roleRef")
