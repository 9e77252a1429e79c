"""Approve and Reject: a yes is bound to the digest above the button, a no comes with its reason."""

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import reject_form, texts
from chatbot.domain import story_approval
from chatbot.domain.errors import InvalidInput, RedlightError
from chatbot.slack.actions import number_of, seen_digest
from chatbot.slack.desk import Desk, Payload, answering, show_view, whisper


def register(app: App, desk: Desk) -> None:
    """Listen to both buttons and to the form behind the second."""
    requests, approvals = desk.requests, desk.approvals

    @app.action("approve")
    def approve(ack: Ack, body: Payload, action: Payload, respond: Respond) -> None:
        ack()

        def say_yes() -> None:
            user = body["user"]["id"]
            number = number_of(requests, user, action)
            change = approvals.approve(user, number, seen_digest(action))
            whisper(respond, story_approval.answer(change, approvals.missing(change)))

        answering(respond, say_yes)

    @app.action("reject")
    def reject(
        ack: Ack, body: Payload, action: Payload, client: WebClient, respond: Respond
    ) -> None:
        ack()

        def ask_why() -> None:
            user = body["user"]["id"]
            change = approvals.may_reject(user, number_of(requests, user, action))
            show_view(client, body["trigger_id"], reject_form.view(change))

        answering(respond, ask_why)

    @app.view(reject_form.CALLBACK_ID)
    def reason_given(ack: Ack, body: Payload, view: Payload) -> None:
        user, (change_id, reason) = body["user"]["id"], reject_form.read(view)
        try:
            approvals.reject(user, requests.named(user, change_id, "reject"), reason)
        except InvalidInput as error:
            ack(response_action="errors", errors=error.fields)
        except RedlightError as error:
            ack(response_action="push", view=texts.refusal(str(error)))
        else:
            ack()
