"""The request form: which fields an operation in an environment asks for, and what was typed.

The names are Slack's block ids and action ids, and those of `/change`'s words.
"""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from chatbot.domain.change import Operation
from chatbot.domain.environment import Environment, EnvironmentClass

PLACE = ("environment", "operation")
"""Asked first: everything else follows from them."""

OPERATION_FIELDS: Mapping[str, tuple[str, ...]] = {
    Operation.APPLY.value: ("namespace", "manifest", "manifest_ref"),
    Operation.SCALE.value: ("namespace", "kind", "name", "replicas"),
    Operation.RESTART.value: ("namespace", "kind", "name"),
}

_LINKS = ("incident_id", "session")
_ASSESSMENT = ("risk_assessment", "rollback_plan", "affected_services")
_WINDOW = ("window_start", "window_end")

DETAIL_FIELDS: Mapping[EnvironmentClass, tuple[str, ...]] = {
    EnvironmentClass.DEV: (),
    EnvironmentClass.TEST: _LINKS,
    EnvironmentClass.STAGING: (*_ASSESSMENT, *_WINDOW, *_LINKS),
    EnvironmentClass.PROD: (*_ASSESSMENT, *_WINDOW, *_LINKS),
}
"""What a class of environments asks for besides the justification."""

REQUIRED_DETAILS: Mapping[EnvironmentClass, frozenset[str]] = {
    EnvironmentClass.DEV: frozenset(),
    EnvironmentClass.TEST: frozenset(),
    EnvironmentClass.STAGING: frozenset({"rollback_plan"}),
    EnvironmentClass.PROD: frozenset({"rollback_plan", "affected_services"}),
}
"""Justification is required everywhere; this is what comes on top."""


EMERGENCY_FIELDS = ("criterion", "justification", "blast_radius", "rollback_plan", "incident_id")
"""What an emergency asks for besides the operation's fields, wherever it is."""


class Form(BaseModel):
    """What was typed, as it was typed; an empty string where nothing was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str = ""
    operation: str = ""
    namespace: str = ""
    kind: str = ""
    name: str = ""
    replicas: str = ""
    manifest: str = ""
    manifest_ref: str = ""
    justification: str = ""
    risk_assessment: str = ""
    rollback_plan: str = ""
    affected_services: str = ""
    window_start: str = ""
    window_end: str = ""
    incident_id: str = ""
    session: str = ""
    criterion: str = ""
    blast_radius: str = ""

    def only(self, fields: Iterable[str]) -> "Form":
        """What stands in these fields; the others are empty."""
        return Form(**{name: getattr(self, name) for name in fields})


def closed(environment: Environment) -> str:
    """Why nothing can be asked for in an environment, as a sentence; empty when it can be."""
    if environment.rules.auto_apply or environment.argocd is not None:
        return ""
    return (
        f"Changes to {environment.name} go through a pull request that Argo CD deploys, and nobody "
        f"has said which Application: a platform owner names it under "
        f"[environments.{environment.name}.argocd]."
    )


def fields_for(form: Form, environment: Environment | None) -> tuple[str, ...]:
    """The fields to show, in order: the place alone until it is known to be one where changes can
    be asked for, then all it asks for."""
    if environment is None or closed(environment) or form.operation not in OPERATION_FIELDS:
        return PLACE
    return (
        *PLACE,
        *OPERATION_FIELDS[form.operation],
        "justification",
        *DETAIL_FIELDS[environment.class_],
    )


def emergency_fields(form: Form, environment: Environment | None) -> tuple[str, ...]:
    """The fields of an emergency, in order; unlike an ordinary change it can be asked for in every
    environment."""
    if environment is None or form.operation not in OPERATION_FIELDS:
        return PLACE
    return (*PLACE, *OPERATION_FIELDS[form.operation], *EMERGENCY_FIELDS)


def with_defaults(form: Form, environment: Environment | None) -> Form:
    """Fill what the environment already decides: its only namespace, its class's risk."""
    if environment is None:
        return form
    defaults = {"risk_assessment": environment.rules.risk_level.value}
    if environment.only_namespace:
        defaults["namespace"] = environment.only_namespace
    empty = {name: value for name, value in defaults.items() if not getattr(form, name)}
    return form.model_copy(update=empty)
