"""`/postmortem`, its form, and what a senior makes of what was handed in."""

from typing import Any

import structlog
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import postmortem_form as form
from chatbot.blocks.notice_buttons import about
from chatbot.domain.errors import RedlightError, Refused
from chatbot.domain.mrkdwn import code
from chatbot.slack.actions import number_of
from chatbot.slack.desk import Desk, Payload, acknowledged, answering, show_view, whisper

log = structlog.get_logger()


def register(app: App, desk: Desk) -> None:
    """Listen to the command, the form and the buttons."""
    _writing(app, desk)
    _judging(app, desk)


def _writing(app: App, desk: Desk) -> None:
    @app.command("/postmortem")
    def postmortem(ack: Ack, command: Payload, client: WebClient, respond: Respond) -> None:
        ack()
        user, words = command["user_id"], str(command.get("text") or "").strip()
        trigger = command["trigger_id"]
        answering(respond, lambda: _open(desk, user, _named(desk, user, words), trigger, client))

    @app.action("write_postmortem")
    def write(
        ack: Ack, body: Payload, action: Payload, client: WebClient, respond: Respond
    ) -> None:
        ack()
        user, trigger = body["user"]["id"], body["trigger_id"]

        def opened() -> None:
            _open(desk, user, number_of(desk.requests, user, action), trigger, client)

        answering(respond, opened)

    @app.view(form.CALLBACK_ID)
    def handed_in(ack: Ack, body: Payload, view: Payload) -> None:
        acknowledged(ack, lambda: _handed_in(desk, body["user"]["id"], form.read(view)))

    @app.view_closed(form.CALLBACK_ID)
    def closed(ack: Ack, body: Payload, view: Payload) -> None:
        """Nobody loses what they typed because they closed the window."""
        ack()
        user, filled = body["user"]["id"], form.read(view)
        if not filled.is_touched:
            return
        try:
            number = desk.requests.named(user, filled.change, "save_postmortem")
            desk.postmortems.save_draft(user, number, filled.text)
        except RedlightError as error:
            log.warning("postmortem.unkept", user=user, because=str(error))


def _judging(app: App, desk: Desk) -> None:
    @app.action("accept_postmortem")
    def accept(ack: Ack, body: Payload, action: Payload, respond: Respond) -> None:
        ack()
        user = body["user"]["id"]

        def accepted() -> None:
            number = number_of(desk.requests, user, action)
            desk.postmortems.accept(user, number, _seen(action))
            whisper(respond, "You accepted the postmortem. It is paid.")

        answering(respond, accepted)

    @app.action(form.RETURN)
    def give_back(
        ack: Ack, body: Payload, action: Payload, client: WebClient, respond: Respond
    ) -> None:
        ack()
        user = body["user"]["id"]

        def ask_why() -> None:
            number = number_of(desk.requests, user, action)
            change = desk.postmortems.may_return(user, number, _seen(action))
            show_view(client, body["trigger_id"], form.return_form(change, _seen(action)))

        answering(respond, ask_why)

    @app.view(form.RETURN)
    def reason_given(ack: Ack, body: Payload, view: Payload) -> None:
        user, (change_id, seen, reason) = body["user"]["id"], form.read_return(view)

        def given_back() -> None:
            number = desk.requests.named(user, change_id, form.RETURN)
            desk.postmortems.give_back(user, number, seen, reason)

        acknowledged(ack, given_back)


def _open(desk: Desk, user: str, number: int, trigger_id: str, client: WebClient) -> None:
    opened = desk.postmortems.open(user, number)
    view = form.view(opened.change, opened.text, opened.seen, opened.note)
    show_view(client, trigger_id, view)


def _handed_in(desk: Desk, user: str, filled: form.Filled) -> dict[str, Any] | None:
    number = desk.requests.named(user, filled.change, "submit_postmortem")
    if filled.is_draft:
        desk.postmortems.save_draft(user, number, filled.text)
        return form.kept(filled.change)
    desk.postmortems.submit(user, number, filled.text, filled.seen)
    return None


def _named(desk: Desk, user: str, words: str) -> int:
    if not words:
        raise Refused(
            f"Which change? Write it like {code('/postmortem CHG-12')}; "
            f"{code('/change list debt')} shows what is owed."
        )
    return desk.requests.named(user, words, "write_postmortem")


def _seen(action: Payload) -> str:
    return about(str(action.get("block_id") or ""))
