"""What an emergency says beyond an ordinary request: why, and who feels it."""

import pytest

from chatbot.domain.change import RiskLevel, Target
from chatbot.domain.emergency import Criterion
from chatbot.domain.errors import InvalidInput
from chatbot.domain.form import Form
from chatbot.services.intake import Intake
from tests.integration.test_services_intake import environments, intake, scale, web

__all__ = ["environments", "intake", "web"]


def emergency(**fields: str) -> Form:
    typed = {
        "criterion": "service_down",
        "blast_radius": "All of checkout.",
        "rollback_plan": "Scale back.",
    }
    return scale(**{**typed, **fields})


def test_an_emergency_says_why_and_who_feels_it(intake: Intake, web: Target) -> None:
    request = intake.read_emergency(emergency(incident_id="#inc-checkout"))
    assert (request.criterion, request.targets) == (Criterion.SERVICE_DOWN, (web,))
    assert request.blast_radius == "All of checkout."
    assert request.incident_id == "#inc-checkout"
    assert request.risk_assessment is RiskLevel.LOW


def test_an_emergency_can_be_asked_for_where_changes_are_closed(
    intake: Intake, web: Target
) -> None:
    request = intake.read_emergency(emergency(environment="prod", namespace=web.namespace))
    assert (request.environment, request.risk_assessment) == ("prod", RiskLevel.CRITICAL)


@pytest.mark.parametrize(
    ("fields", "blamed", "sentence"),
    [
        ({"criterion": ""}, "criterion", "Choose one"),
        ({"criterion": "boredom"}, "criterion", "data-loss risk"),
        ({"justification": ""}, "justification", "what is wrong"),
        ({"blast_radius": ""}, "blast_radius", "Who and what feels this"),
        ({"rollback_plan": ""}, "rollback_plan", "undone"),
        ({"incident_id": "#no channel"}, "incident_id", "#inc-7"),
        ({"incident_id": "x" * 300}, "incident_id", "Only the incident's id"),
        ({"environment": "mars"}, "environment", "Choose one of dev, test"),
        ({"operation": "explode"}, "operation", "Choose one of apply"),
        ({"name": "wbe"}, "name", "There is no Deployment wbe"),
        ({"replicas": "five"}, "replicas", "whole number"),
    ],
)
def test_each_field_of_an_emergency_that_does_not_hold_has_its_own_sentence(
    intake: Intake, web: Target, fields: dict[str, str], blamed: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as found:
        intake.read_emergency(emergency(**fields))
    assert list(found.value.fields) == [blamed]
    assert sentence in found.value.fields[blamed]
