"""The form of `/breakglass`: where and what as in the request form, then why the glass may be
broken, and what that means."""

import json
from collections.abc import Mapping
from typing import Final

from chatbot.blocks.kit import Block, View, context, field_block, modal, select, text_input
from chatbot.blocks.request_form import form_block, hidden
from chatbot.domain.emergency import Criterion
from chatbot.domain.environment import Environment
from chatbot.domain.form import (
    PLACE,
    Form,
    emergency_fields,
    with_defaults,
)

CALLBACK_ID: Final = "breakglass_request"
_REQUIRED: Final = frozenset({"rollback_plan"})
_INTRODUCTION: Final = (
    "For what cannot wait for a pull request. Three red lights come next, then a senior signs off, "
    "then it is applied at once. In return you owe a postmortem and Git reconciliation."
)


def view(form: Form, environments: Mapping[str, Environment]) -> View:
    """The modal for what is known so far."""
    environment = environments.get(form.environment)
    fields = emergency_fields(form, environment)
    state = {"change": "", "fields": list(fields), "typed": hidden(form, fields)}
    shown = with_defaults(form, environment)
    return modal(
        CALLBACK_ID,
        "Break the glass",
        [context(_INTRODUCTION), *(_block(field, shown, environments) for field in fields)],
        submit="To the red lights" if len(fields) > len(PLACE) else "Next",
        private_metadata=json.dumps(state),
    )


def _block(field: str, form: Form, environments: Mapping[str, Environment]) -> Block:
    match field:
        case "criterion":
            reasons = [(one.value, one.words) for one in Criterion]
            element = select(field, reasons, form.criterion, "Which of the four?")
            return field_block(field, "Why may the glass be broken?", element)
        case "blast_radius":
            element = text_input(field, form.blast_radius, "", multiline=False)
            hint = "For example: all of checkout for some seconds, 3 pods."
            return field_block(field, "Who and what feels it?", element, hint=hint)
        case "incident_id":
            element = text_input(field, form.incident_id, "INC-7 or #inc-checkout")
            hint = "One that is there already; else one is made. An id or a channel's name."
            return field_block(field, "Incident", element, hint=hint, optional=True)
    return form_block(field, form, environments, _REQUIRED)
