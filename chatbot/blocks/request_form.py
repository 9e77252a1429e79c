"""The request modal: domain `Form` to view and back. Environment and operation come first, then
only the fields that they ask for. What was given for fields that are not shown travels along in the
view, so that a mistyped environment, or a look at another one, costs nobody their words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.blocks.kit import Block, Element, View, field_block, modal, select, text_input
from chatbot.domain.change import RiskLevel
from chatbot.domain.command import REQUESTABLE
from chatbot.domain.environment import Environment
from chatbot.domain.form import PLACE, REQUIRED_DETAILS, Form, fields_for, with_defaults

CALLBACK_ID = "change_request"
_MOST_HIDDEN = 2_500
"""Characters of JSON; Slack keeps 3,000 with a view."""


@dataclass(frozen=True)
class _Text:
    label: str
    placeholder: str = ""
    hint: str = ""
    multiline: bool = False
    optional: bool = False


_TEXTS: Mapping[str, _Text] = {
    "namespace": _Text("Namespace", "shop"),
    "kind": _Text("Kind", "Deployment"),
    "name": _Text("Name", "web"),
    "replicas": _Text("Replicas", "5"),
    "manifest": _Text(
        "Manifest",
        "apiVersion: apps/v1 …",
        "YAML, one or many documents. Over 3,000 characters? Push a branch and name it below.",
        multiline=True,
        optional=True,
    ),
    "manifest_ref": _Text(
        "Pull request or branch",
        "#214 or my-branch",
        "Instead of a pasted manifest: the changed files of this environment are read from there.",
        optional=True,
    ),
    "justification": _Text(
        "Why?",
        "",
        "For example: p95 at 900 ms since 09:10, the queue grows by 200 a minute.",
        multiline=True,
    ),
    "rollback_plan": _Text(
        "How do we undo it?",
        "",
        "For example: scale back to 4, no data is touched.",
        multiline=True,
    ),
    "affected_services": _Text(
        "Affected services", "checkout, payments", "For example: checkout, payments."
    ),
    "window_start": _Text(
        "Earliest start",
        "2026-12-01 22:00",
        "In your own time zone. Empty: any time.",
        optional=True,
    ),
    "window_end": _Text("Latest end", "2026-12-02 02:00", "In your own time zone.", optional=True),
    "incident_id": _Text("Incident", "INC-7", "For example: INC-7.", optional=True),
    "session": _Text(
        "Diagnostic session", "https://…", "The link to where you found out.", optional=True
    ),
}


def view(form: Form, environments: Mapping[str, Environment]) -> View:
    """The modal for what is known so far."""
    environment = environments.get(form.environment)
    fields = fields_for(form, environment)
    required = REQUIRED_DETAILS[environment.class_] if environment else frozenset()
    state = {"change": "", "fields": list(fields), "typed": hidden(form, fields)}
    shown = with_defaults(form, environment)
    return modal(
        CALLBACK_ID,
        "Request a change",
        [form_block(field, shown, environments, required) for field in fields],
        submit="Request" if len(fields) > len(PLACE) else "Next",
        private_metadata=json.dumps(state),
    )


def read(view_payload: Mapping[str, Any]) -> Form:
    """The form as it was filled in so far, with what was typed for fields that are not shown."""
    values: Mapping[str, Mapping[str, Any]] = view_payload["state"]["values"]
    typed = {
        field: _value(field, elements.get(field) or {})
        for field, elements in values.items()
        if field in Form.model_fields
    }
    kept = json.loads(view_payload.get("private_metadata") or "{}").get("typed") or {}
    return Form.model_validate({**kept, **typed})


def hidden(form: Form, fields: Sequence[str]) -> Mapping[str, str]:
    """For the view to keep: what was given and is not shown; the longest is left out where there is
    no room for all."""
    kept: dict[str, str] = form.model_dump(exclude={*PLACE, *fields}, exclude_defaults=True)
    while len(json.dumps(kept)) > _MOST_HIDDEN:
        del kept[max(kept, key=lambda name: len(kept[name]))]
    return kept


def asked_fields(view_payload: Mapping[str, Any]) -> Sequence[str]:
    """The fields that the submitted view showed."""
    return [block["block_id"] for block in view_payload["blocks"] if block["type"] == "input"]


def form_block(
    field: str, form: Form, environments: Mapping[str, Environment], required: frozenset[str]
) -> Block:
    """The block of one field, with what was typed; `required` are fields that the place insists
    on."""
    chosen = getattr(form, field)
    if field in PLACE:
        label, element = _place(field, chosen, environments)
        return field_block(field, label, element, dispatch=True)
    if field == "risk_assessment":
        levels = [(level.value, level.value) for level in RiskLevel]
        return field_block(field, "Risk", select(field, levels, chosen, "How risky?"))
    text = _TEXTS[field]
    optional = field not in required and (text.optional or field in _FREE_UNLESS_REQUIRED)
    element = text_input(field, chosen, text.placeholder, multiline=text.multiline)
    return field_block(field, text.label, element, hint=text.hint, optional=optional)


_FREE_UNLESS_REQUIRED = frozenset({"rollback_plan", "affected_services"})


def _place(field: str, chosen: str, environments: Mapping[str, Environment]) -> tuple[str, Element]:
    if field == "environment":
        names = [(name, name) for name in environments]
        return "Environment", select(field, names, chosen, "Where?")
    operations = [(operation.value, operation.value) for operation in REQUESTABLE]
    return "Operation", select(field, operations, chosen, "What?")


def _value(field: str, element: Mapping[str, Any]) -> str:
    selected = element.get("selected_option")
    if selected:
        return str(selected["value"])
    typed = str(element.get("value") or "")
    # In YAML the blanks before the first word are its indentation.
    return typed if field == "manifest" and typed.strip() else typed.strip()
