"""“Add to timeline” in a message's menu, the form behind it, and what becomes of messages that
are in a timeline."""

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import texts, timeline_form
from chatbot.domain.change import MessageRef, format_change_id, parse_change_id
from chatbot.domain.errors import RedlightError
from chatbot.domain.events import SYSTEM
from chatbot.domain.timeline_message import TimelineMessage
from chatbot.slack.desk import Desk, Payload, answering, show_view, whisper


def register(app: App, desk: Desk) -> None:
    """Listen to the shortcut, the form, and edits and deletions of messages."""

    @app.shortcut({"type": "message_action", "callback_id": timeline_form.CALLBACK_ID})
    def add(ack: Ack, shortcut: Payload, client: WebClient, respond: Respond) -> None:
        ack()

        def ask_or_add() -> None:
            user, message = shortcut["user"]["id"], _pointed_at(shortcut)
            number = desk.timeline.welcome(user, message)
            if number is None:
                show_view(client, shortcut["trigger_id"], timeline_form.view(message))
                return
            added = desk.timeline.add(user, number, message)
            whisper(respond, _answer(number, added=added))

        answering(respond, ask_or_add)

    @app.view(timeline_form.CALLBACK_ID)
    def chosen(ack: Ack, body: Payload, view: Payload) -> None:
        typed, message = timeline_form.read(view)
        number = parse_change_id(typed)
        if number is None:
            errors = {timeline_form.CHANGE: "Name the change as its card does, such as CHG-12."}
            ack(response_action="errors", errors=errors)
            return
        try:
            desk.timeline.add(body["user"]["id"], number, message)
        except RedlightError as error:
            ack(response_action="push", view=texts.refusal(str(error)))
        else:
            ack()

    @app.event("message")
    def followed(event: Payload) -> None:
        _follow(desk, event)


def _follow(desk: Desk, event: Payload) -> None:
    """Every message comes here; only what becomes of earlier ones matters."""
    channel, before = str(event.get("channel", "")), event.get("previous_message") or {}
    match event.get("subtype"):
        case "message_changed":
            now = event["message"]
            source = MessageRef(channel=channel, ts=str(now["ts"]))
            desk.timeline.reworded(source, str(now.get("text") or ""), _who(now))
        case "message_deleted":
            source = MessageRef(channel=channel, ts=str(event["deleted_ts"]))
            desk.timeline.deleted(source, _who(before))


def _who(message: Payload) -> str:
    """Slack does not say who edited or deleted a message; that is its author, but for admins."""
    edited = message.get("edited") or {}
    return str(edited.get("user") or message.get("user") or SYSTEM)


def _pointed_at(shortcut: Payload) -> TimelineMessage:
    message = shortcut["message"]
    source = MessageRef(channel=str(shortcut["channel"]["id"]), ts=str(message["ts"]))
    author, text = str(message.get("user") or ""), str(message.get("text") or "")
    return TimelineMessage(source=source, author=author, text=text)


def _answer(number: int, *, added: bool) -> str:
    change_id = format_change_id(number)
    if added:
        return (
            f"It is in the timeline of {change_id}. Edit or delete the message, and that follows."
        )
    return f"It is in the timeline of {change_id} already."
