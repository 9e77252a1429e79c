"""`/change rollback CHG-n` and the form behind it."""

from slack_bolt import Ack
from slack_sdk import WebClient

from chatbot.blocks import rollback_form, texts
from chatbot.domain.change import format_change_id
from chatbot.domain.errors import InvalidInput, RedlightError
from chatbot.domain.preapproval import covered_until
from chatbot.slack.desk import Desk, Payload, show_view


def ask(desk: Desk, user: str, number: int, trigger_id: str, client: WebClient) -> None:
    """Open the form, if the change can be rolled back. Raises `Refused`."""
    known = desk.requests.named(user, format_change_id(number), "roll_back")
    original = desk.rollbacks.asked(user, known)
    environment = desk.environments[original.request.environment]
    until = covered_until(original, environment)
    covered = until if until and until > desk.clock.now() else None
    view = rollback_form.view(original, environment.request_path, covered)
    show_view(client, trigger_id, view)


def submitted(desk: Desk, ack: Ack, user: str, view: Payload) -> None:
    """Take the filled form."""
    try:
        number = desk.requests.named(user, rollback_form.named(view), "roll_back")
        typed = rollback_form.justification(view)
        desk.rollbacks.submit(user, str(view["id"]), number, typed)
    except InvalidInput as error:
        ack(response_action="errors", errors=error.fields)
    except RedlightError as error:
        ack(response_action="push", view=texts.refusal(str(error)))
    else:
        ack()
