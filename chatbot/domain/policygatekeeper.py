"""Gatekeeper's two documents: the ConstraintTemplate, which holds Rego, and the Constraint, which
says where it applies and with which parameters."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from chatbot.domain import policymatch
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.policy import as_mapping, text_of

TEMPLATES: Final = "templates.gatekeeper.sh"
CONSTRAINTS: Final = "constraints.gatekeeper.sh"
TARGET: Final = "admission.k8s.gatekeeper.sh"
_CEL: Final = "K8sNativeValidation"


class BrokenPolicy(ValueError):
    """A policy that cannot be used; `str(error)` says why."""


@dataclass(frozen=True)
class Template:
    """A ConstraintTemplate."""

    kind: str
    """Of the constraints that use it."""
    path: str
    rego: str
    libs: tuple[str, ...]
    modern: bool
    """Written for Rego v1 (`source.version: v1`)."""
    schema: Mapping[str, Any]
    """OpenAPI schema of the parameters."""


@dataclass(frozen=True)
class Constraint:
    """A template in use."""

    kind: str
    name: str
    path: str
    enforcement: Enforcement
    match: policymatch.Match
    parameters: Any

    @property
    def policy(self) -> str:
        """What results call it."""
        return f"{self.kind}/{self.name}"


def template(document: Mapping[str, Any], path: str) -> Template:
    """Read a ConstraintTemplate, v1 or v1beta1. Raises `BrokenPolicy`."""
    spec = as_mapping(document.get("spec"))
    crd = as_mapping(as_mapping(spec.get("crd")).get("spec"))
    kind = text_of(as_mapping(crd.get("names")).get("kind"))
    if not kind:
        raise BrokenPolicy("the template has no `spec.crd.spec.names.kind`")
    source = _source(spec.get("targets"))
    libs = source.get("libs") or []
    if not isinstance(libs, list) or not all(isinstance(lib, str) for lib in libs):
        raise BrokenPolicy("`libs` must be a list of Rego texts")
    rego = source.get("rego")
    if not isinstance(rego, str) or not rego.strip():
        raise BrokenPolicy("the template has no Rego")
    schema = as_mapping(as_mapping(crd.get("validation")).get("openAPIV3Schema"))
    return Template(
        kind=kind,
        path=path,
        rego=rego,
        libs=tuple(libs),
        modern=source.get("version") == "v1",
        schema=schema,
    )


def constraint(document: Mapping[str, Any], path: str) -> Constraint:
    """Read a Constraint. Raises `BrokenPolicy`."""
    spec = document.get("spec") or {}
    if not isinstance(spec, dict):
        raise BrokenPolicy("`spec` must be a mapping")
    action = spec.get("enforcementAction") or "deny"
    if action == "scoped":
        raise BrokenPolicy(
            "`enforcementAction: scoped` is not supported; use `deny`, `warn` or `dryrun`"
        )
    if action not in list(Enforcement):
        raise BrokenPolicy(
            f"`enforcementAction` is `{action}`; it must be `deny`, `warn` or `dryrun`"
        )
    try:
        match = policymatch.read(spec.get("match"))
    except policymatch.MatchError as error:
        raise BrokenPolicy(str(error)) from error
    parameters = spec.get("parameters")
    return Constraint(
        kind=text_of(document.get("kind")),
        name=text_of(as_mapping(document.get("metadata")).get("name")),
        path=path,
        enforcement=Enforcement(action),
        match=match,
        parameters={} if parameters is None else parameters,
    )


def with_defaults(schema: Mapping[str, Any], value: Any) -> Any:
    """The value with the schema's defaults filled in, as the API server does it: only inside
    what is there."""
    if isinstance(value, dict):
        filled = dict(value)
        for name, part in as_mapping(schema.get("properties")).items():
            if not isinstance(part, dict):
                continue
            if name not in filled and "default" in part:
                filled[name] = deepcopy(part["default"])
            if name in filled:
                filled[name] = with_defaults(part, filled[name])
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            known = as_mapping(schema.get("properties"))
            for name in filled.keys() - known.keys():
                filled[name] = with_defaults(others, filled[name])
        return filled
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        return [with_defaults(items, one) for one in value]
    return value


def _source(targets: Any) -> dict[str, Any]:
    """The Rego of the one target: `rego`, `libs` and, of `code`, `version`."""
    if not isinstance(targets, list) or len(targets) != 1 or not isinstance(targets[0], dict):
        raise BrokenPolicy("the template must have exactly one target")
    target = targets[0]
    if target.get("target") != TARGET:
        raise BrokenPolicy(f"the target is `{target.get('target')}`; it must be `{TARGET}`")
    codes = target.get("code") or []
    if not isinstance(codes, list) or not all(isinstance(code, dict) for code in codes):
        raise BrokenPolicy("`code` must be a list of mappings")
    for code in codes:
        if code.get("engine") == "Rego":
            return as_mapping(code.get("source"))
    if target.get("rego"):
        return target
    if any(code.get("engine") == _CEL for code in codes):
        raise BrokenPolicy(
            "the template is written in CEL (`K8sNativeValidation`), which is not evaluated here;"
            " give it a `Rego` engine beside, or leave it to the cluster's own admission"
        )
    raise BrokenPolicy("the template has no Rego")
