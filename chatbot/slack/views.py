"""The submitted request modal: acknowledge with what the service says, errors on the fields that
they belong to."""

from slack_bolt import Ack, App
from slack_sdk import WebClient

from chatbot.blocks import breakglass_form, request_form, rollback_form, texts
from chatbot.domain.errors import InvalidInput, RedlightError, Refused
from chatbot.domain.form import fields_for
from chatbot.slack import rollbacks
from chatbot.slack.desk import Desk, Payload, on_shown_fields


def register(app: App, desk: Desk) -> None:
    """Listen to the request modal."""

    @app.view(request_form.CALLBACK_ID)
    def submitted(ack: Ack, body: Payload, view: Payload) -> None:
        if rollback_form.named(view):
            rollbacks.submitted(desk, ack, body["user"]["id"], view)
            return
        form = request_form.read(view)
        shown = request_form.asked_fields(view)
        wanted = fields_for(form, desk.environments.get(form.environment))
        if set(wanted) - set(shown):
            ack(response_action="update", view=request_form.view(form, desk.environments))
            return
        try:
            # Words from before another place was chosen count for nothing that is not shown.
            desk.requests.submit(body["user"]["id"], view["id"], form.only(shown))
        except InvalidInput as error:
            ack(response_action="errors", errors=on_shown_fields(error, shown))
        except Refused as refused:
            ack(response_action="push", view=texts.refused(str(refused)))
        except RedlightError as error:
            ack(response_action="push", view=texts.refusal(str(error)))
        else:
            ack()

    @app.action({"block_id": "environment", "action_id": "environment"})
    @app.action({"block_id": "operation", "action_id": "operation"})
    def place_chosen(ack: Ack, body: Payload, client: WebClient) -> None:
        """Ask at once for what the chosen operation and environment need, in either form."""
        ack()
        form, asked = request_form.read(body["view"]), body["view"]["callback_id"]
        build = breakglass_form if asked == breakglass_form.CALLBACK_ID else request_form
        client.views_update(
            view_id=body["view"]["id"],
            hash=body["view"]["hash"],
            view=build.view(form, desk.environments),
        )
