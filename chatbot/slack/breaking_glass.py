"""`/breakglass`, its form, the red lights and the sign-off: acknowledge, parse, call one service,
render."""

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import breakglass_form, red_lights, texts
from chatbot.blocks.request_form import asked_fields, read
from chatbot.domain import story_break_glass
from chatbot.domain.command import HelpCommand, parse_emergency
from chatbot.domain.errors import InvalidInput, RedlightError
from chatbot.domain.form import Form, emergency_fields
from chatbot.slack.actions import number_of, seen_digest
from chatbot.slack.desk import Desk, Payload, answering, on_shown_fields, show_view, whisper


def register(app: App, desk: Desk) -> None:
    """Listen to the command, to both forms and to the three buttons."""
    _register_request(app, desk)
    _register_lights(app, desk)
    requests, sign_offs = desk.requests, desk.sign_offs

    @app.action("sign_off")
    def sign_off(ack: Ack, body: Payload, action: Payload, respond: Respond) -> None:
        ack()

        def authorize() -> None:
            user = body["user"]["id"]
            number = number_of(requests, user, action)
            change = sign_offs.sign_off(user, number, seen_digest(action))
            whisper(respond, story_break_glass.answer(change, sign_offs.missing(change)))

        answering(respond, authorize)


def _register_request(app: App, desk: Desk) -> None:
    glass = desk.break_glass

    @app.command("/breakglass")
    def break_glass(ack: Ack, command: Payload, client: WebClient, respond: Respond) -> None:
        ack()

        def ask() -> None:
            asked = parse_emergency(command.get("text") or "")
            if isinstance(asked, HelpCommand):
                whisper(respond, texts.GLASS_HELP)
                return
            glass.welcome(command["user_id"])
            form = Form(**vars(asked))
            view = breakglass_form.view(form, desk.environments)
            show_view(client, command["trigger_id"], view)

        answering(respond, ask)

    @app.view(breakglass_form.CALLBACK_ID)
    def submitted(ack: Ack, body: Payload, view: Payload) -> None:
        form, shown = read(view), asked_fields(view)
        if set(emergency_fields(form, desk.environments.get(form.environment))) - set(shown):
            ack(response_action="update", view=breakglass_form.view(form, desk.environments))
            return
        try:
            # Words from before another operation was chosen count for nothing that is not shown.
            glass.submit(body["user"]["id"], view["id"], form.only(shown))
        except InvalidInput as error:
            ack(response_action="errors", errors=on_shown_fields(error, shown))
        except RedlightError as error:
            ack(response_action="push", view=texts.refusal(str(error)))
        else:
            ack()


def _register_lights(app: App, desk: Desk) -> None:
    requests, glass = desk.requests, desk.break_glass

    @app.action("red_light_1")
    def understood(ack: Ack, body: Payload, action: Payload, respond: Respond) -> None:
        ack()

        def passed() -> None:
            user = body["user"]["id"]
            glass.pass_light(user, number_of(requests, user, action), 1, seen_digest(action))

        answering(respond, passed)

    @app.action("red_light_2")
    def taken_on(
        ack: Ack, body: Payload, action: Payload, client: WebClient, respond: Respond
    ) -> None:
        ack()

        def passed() -> None:
            user = body["user"]["id"]
            number = number_of(requests, user, action)
            change = glass.pass_light(user, number, 2, seen_digest(action))
            place = desk.environments[change.request.environment]
            show_view(client, body["trigger_id"], red_lights.view(change, place))

        answering(respond, passed)

    @app.view(red_lights.CALLBACK_ID)
    def typed(ack: Ack, body: Payload, view: Payload) -> None:
        user, (change_id, digest, target) = body["user"]["id"], red_lights.read(view)
        try:
            number = requests.named(user, change_id, "red_light_typed")
            glass.type_target(user, number, digest, target)
        except InvalidInput as error:
            ack(response_action="errors", errors=error.fields)
        except RedlightError as error:
            ack(response_action="push", view=texts.refusal(str(error)))
        else:
            ack()
