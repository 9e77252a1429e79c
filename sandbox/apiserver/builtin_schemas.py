"""Schemas of the built-in kinds, read off the official client's models.

The models know every field and its type; they do not know how lists merge, so that is said here.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from kubernetes.client import models

from sandbox.apiserver.schema import ANY, Schema, Shape

LIST_KEYS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("V1PodSpec", "containers"): ("name",),
    ("V1PodSpec", "initContainers"): ("name",),
    ("V1PodSpec", "ephemeralContainers"): ("name",),
    ("V1PodSpec", "volumes"): ("name",),
    ("V1PodSpec", "imagePullSecrets"): ("name",),
    ("V1PodSpec", "hostAliases"): ("ip",),
    ("V1PodSpec", "resourceClaims"): ("name",),
    ("V1PodSpec", "schedulingGates"): ("name",),
    ("V1PodSpec", "topologySpreadConstraints"): ("topologyKey", "whenUnsatisfiable"),
    ("V1PodStatus", "podIPs"): ("ip",),
    ("V1Container", "env"): ("name",),
    ("V1Container", "ports"): ("containerPort", "protocol"),
    ("V1Container", "volumeMounts"): ("mountPath",),
    ("V1Container", "volumeDevices"): ("devicePath",),
    ("V1EphemeralContainer", "env"): ("name",),
    ("V1EphemeralContainer", "ports"): ("containerPort", "protocol"),
    ("V1EphemeralContainer", "volumeMounts"): ("mountPath",),
    ("V1ResourceRequirements", "claims"): ("name",),
    ("V1ServiceSpec", "ports"): ("port", "protocol"),
    ("V1ServiceAccount", "secrets"): ("name",),
    ("V1ObjectMeta", "ownerReferences"): ("uid",),
    ("V1CustomResourceDefinitionStatus", "conditions"): ("type",),
    ("V2HorizontalPodAutoscalerStatus", "conditions"): ("type",),
}
"""Lists that merge by key, from the API's `x-kubernetes-list-map-keys`; `conditions` of the
workloads and of pods merge by type as well (see `_field`)."""

_SETS: Final = frozenset({("V1ObjectMeta", "finalizers")})

_ATOMIC: Final = frozenset(
    {
        "V1LabelSelector",
        "V1ConfigMapKeySelector",
        "V1SecretKeySelector",
        "V1ObjectFieldSelector",
        "V1ResourceFieldSelector",
        "V1NodeSelector",
        "V1NodeSelectorTerm",
        "V1LocalObjectReference",
        "V1ObjectReference",
        "V1TypedLocalObjectReference",
        "V1RoleRef",
        "V1Subject",
    }
)
"""Types that are one value, from `x-kubernetes-map-type: atomic`."""

_ATOMIC_FIELDS: Final = frozenset({("V1ServiceSpec", "selector"), ("V1PodSpec", "nodeSelector")})

_QUANTITIES: Final = frozenset({"limits", "requests", "hard", "used", "overhead"})
"""Maps whose values may be numbers although the models say text."""

_CONTAINER: Final = re.compile(r"(List|list|Dict|dict)[\[(](?:str, ?)?(.+)[\])]")
_SCALARS: Final[Mapping[str, Shape]] = {
    "str": Shape.STRING,
    "bytes": Shape.STRING,
    "datetime": Shape.STRING,
    "int": Shape.INTEGER,
    "float": Shape.NUMBER,
    "bool": Shape.BOOLEAN,
}


@cache
def model_schema(model: str) -> Schema:
    """The schema of a model of the official client, such as `V1Deployment`."""
    if model in {"V1JSONSchemaProps", "V1MicroTime"}:
        return ANY
    cls = getattr(models, model)
    types: Mapping[str, str] = cls.openapi_types
    names: Mapping[str, str] = cls.attribute_map
    fields = {names[python]: _field(model, names[python], kind) for python, kind in types.items()}
    return Schema(Shape.STRUCT, fields=fields, atomic=model in _ATOMIC)


def _field(model: str, name: str, kind: str) -> Callable[[], Schema]:
    match = _CONTAINER.fullmatch(kind)
    if match is None:
        return cache(lambda: _plain(kind))
    is_list, inner = match[1].lower() == "list", match[2]
    item = ANY if name in _QUANTITIES else None
    value = cache(lambda: item or _plain(inner))
    if not is_list:
        atomic = (model, name) in _ATOMIC_FIELDS
        return cache(lambda: Schema(Shape.MAP, inner=value, atomic=atomic))
    keys = LIST_KEYS.get((model, name), ())
    if name == "conditions" and model.endswith("Status"):
        keys = ("type",)
    is_set = (model, name) in _SETS
    merged = bool(keys) or is_set
    return cache(
        lambda: Schema(Shape.LIST, inner=value, keys=keys, is_set=is_set, atomic=not merged)
    )


def _plain(kind: str) -> Schema:
    if kind in _SCALARS:
        return Schema(_SCALARS[kind])
    if kind == "object" or _CONTAINER.fullmatch(kind):
        return ANY
    return model_schema(kind)
