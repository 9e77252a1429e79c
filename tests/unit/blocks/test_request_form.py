import json
from itertools import product
from typing import Any

import pytest

from chatbot.blocks.request_form import asked_fields, read, view
from chatbot.domain.command import REQUESTABLE
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.form import Form, fields_for
from tests.support.cards import DIRECT_ENVIRONMENTS, ENVIRONMENTS

ASKED = list(product(REQUESTABLE, EnvironmentClass))
TYPED = Form(
    operation="scale", environment="tst", namespace="shop", kind="deploy", name="web", replicas="5"
)


def submitted(shown: dict[str, Any], **values: str) -> dict[str, Any]:
    """As Slack sends a view back, with what it was filled in with."""
    state = {}
    for block in shown["blocks"]:
        field, element = block["block_id"], block["element"]
        value = values.get(field) or element.get("initial_value")
        if element["type"] == "static_select":
            chosen = [each for each in element["options"] if each["value"] == values.get(field)]
            option = chosen[0] if chosen else element.get("initial_option")
            state[field] = {field: {"type": "static_select", "selected_option": option}}
        else:
            state[field] = {field: {"type": "plain_text_input", "value": value}}
    return {**shown, "state": {"values": state}}


@pytest.mark.parametrize(("operation", "class_"), ASKED)
def test_every_input_is_named_after_its_field(operation: str, class_: EnvironmentClass) -> None:
    form = Form(operation=operation, environment=class_.value)
    shown = view(form, DIRECT_ENVIRONMENTS)
    assert asked_fields(shown) == list(fields_for(form, DIRECT_ENVIRONMENTS[class_.value]))
    for block in shown["blocks"]:
        assert block["block_id"] == block["element"]["action_id"]
    assert shown["callback_id"] == "change_request"
    assert json.loads(shown["private_metadata"])["change"] == ""


def test_what_was_filled_in_is_read_back() -> None:
    form = Form(operation="scale", environment="test", kind="deploy", name="web", replicas="5")
    back = read(submitted(view(form, ENVIRONMENTS), namespace=" shop ", justification="busy"))
    assert back == form.model_copy(update={"namespace": "shop", "justification": "busy"})


def test_a_pasted_manifest_keeps_its_indentation() -> None:
    form = Form(operation="apply", environment="dev")
    pasted = "  kind: ConfigMap\n  data:\n    banner: |\n      Welcome"
    assert read(submitted(view(form, ENVIRONMENTS), manifest=pasted)).manifest == pasted
    assert read(submitted(view(form, ENVIRONMENTS), manifest=" \n ")).manifest == ""


def test_a_mistyped_environment_costs_nobody_their_words() -> None:
    place = view(TYPED, ENVIRONMENTS)
    assert asked_fields(place) == ["environment", "operation"]
    chosen = read(submitted(place, environment="test"))
    assert chosen == TYPED.model_copy(update={"environment": "test"})


def test_a_look_at_another_place_costs_nobody_their_words() -> None:
    first = view(TYPED.model_copy(update={"environment": "test"}), ENVIRONMENTS)
    form = read(submitted(first, justification="busy", incident_id="INC-7"))
    for change in ({"operation": "restart"}, {"environment": "dev"}, {"environment": "prod"}):
        form = read(submitted(view(form, ENVIRONMENTS), **change))
    back = read(submitted(view(form, ENVIRONMENTS), environment="test", operation="scale"))
    typed = {"environment": "test", "justification": "busy", "incident_id": "INC-7"}
    assert back == TYPED.model_copy(update=typed)


def test_a_manifest_that_is_too_long_to_keep_costs_only_itself() -> None:
    long = {"environment": "prod", "manifest": "m" * 3_000, "justification": "busy"}
    form = TYPED.model_copy(update=long)
    assert read(submitted(view(form, ENVIRONMENTS))) == form.model_copy(update={"manifest": ""})


def test_only_what_is_shown_counts() -> None:
    restart = TYPED.model_copy(update={"environment": "test", "operation": "restart"})
    shown = view(restart, ENVIRONMENTS)
    submission = read(submitted(shown)).only(asked_fields(shown))
    assert submission == restart.model_copy(update={"replicas": ""})


def test_only_justification_is_required_prose_in_dev_and_test() -> None:
    for name in ("dev", "test"):
        shown = view(Form(operation="restart", environment=name), ENVIRONMENTS)
        required = {block["block_id"] for block in shown["blocks"] if not block["optional"]}
        place = {"environment", "operation", "namespace", "kind", "name"}
        assert required - place == {"justification"}


def test_a_new_place_is_asked_for_at_once() -> None:
    shown = view(Form(), ENVIRONMENTS)
    assert all(block["dispatch_action"] for block in shown["blocks"])
    assert shown["submit"]["text"] == "Next"
