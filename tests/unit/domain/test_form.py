from itertools import product

import pytest

from chatbot.domain.change import RiskLevel
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.form import (
    OPERATION_FIELDS,
    PLACE,
    REQUIRED_DETAILS,
    Form,
    closed,
    fields_for,
    with_defaults,
)
from tests.support.cards import environment, opened

ASSESSMENT = {"risk_assessment", "rollback_plan", "affected_services"}
WINDOW = {"window_start", "window_end"}
LINKS = {"incident_id", "session"}
ASKED = list(product(OPERATION_FIELDS, EnvironmentClass))


@pytest.mark.parametrize("operation", OPERATION_FIELDS)
@pytest.mark.parametrize(
    ("class_", "details"),
    [
        (EnvironmentClass.DEV, set()),
        (EnvironmentClass.TEST, LINKS),
        (EnvironmentClass.STAGING, ASSESSMENT | WINDOW | LINKS),
        (EnvironmentClass.PROD, ASSESSMENT | WINDOW | LINKS),
    ],
)
def test_a_class_asks_for_its_details_and_an_operation_for_its_fields(
    operation: str, class_: EnvironmentClass, details: set[str]
) -> None:
    fields = fields_for(Form(operation=operation), opened(environment(class_)))
    assert fields[:2] == PLACE
    assert set(fields) == {*PLACE, *OPERATION_FIELDS[operation], "justification", *details}
    assert len(fields) == len(set(fields))


@pytest.mark.parametrize(("operation", "class_"), ASKED)
def test_whatever_is_required_is_asked_for(operation: str, class_: EnvironmentClass) -> None:
    fields = fields_for(Form(operation=operation), opened(environment(class_)))
    assert REQUIRED_DETAILS[class_] <= set(fields)


@pytest.mark.parametrize("class_", [EnvironmentClass.DEV, EnvironmentClass.TEST])
def test_dev_and_test_require_no_prose_but_the_justification(class_: EnvironmentClass) -> None:
    assert not REQUIRED_DETAILS[class_]


@pytest.mark.parametrize("operation", ["", "delete", "rollback"])
def test_the_place_alone_is_asked_until_it_is_known(operation: str) -> None:
    assert fields_for(Form(operation=operation), environment()) == PLACE
    assert fields_for(Form(operation="scale"), None) == PLACE


@pytest.mark.parametrize("class_", [EnvironmentClass.STAGING, EnvironmentClass.PROD])
def test_nothing_is_asked_where_nothing_can_be_requested_yet(class_: EnvironmentClass) -> None:
    assert fields_for(Form(operation="scale"), environment(class_)) == PLACE
    assert closed(environment(class_)).startswith(f"Changes to {class_.value} go through a pull")
    assert closed(opened(environment(class_))) == ""


def test_dev_asks_for_three_fields_where_the_namespace_is_known() -> None:
    dev = environment(EnvironmentClass.DEV, namespaces=("shop",))
    fields = fields_for(Form(operation="restart"), dev)
    filled = with_defaults(Form(operation="restart"), dev)
    empty = [name for name in fields if not getattr(filled, name) and name != "environment"]
    assert empty == ["kind", "name", "justification"]


@pytest.mark.parametrize(
    ("class_", "risk"),
    zip(EnvironmentClass, RiskLevel, strict=True),
)
def test_the_class_suggests_its_risk(class_: EnvironmentClass, risk: RiskLevel) -> None:
    assert with_defaults(Form(), environment(class_)).risk_assessment == risk.value


def test_what_was_typed_is_never_replaced() -> None:
    dev = environment(EnvironmentClass.DEV, namespaces=("shop",))
    typed = Form(namespace="other", risk_assessment="high")
    assert with_defaults(typed, dev) == typed
    assert with_defaults(Form(), None) == Form()


def test_a_pattern_of_namespaces_suggests_none() -> None:
    assert with_defaults(Form(), environment(namespaces=("shop-*",))).namespace == ""
