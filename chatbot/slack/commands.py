"""`/change`: acknowledge, parse, call one service, render."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import frozen, request_form, texts
from chatbot.domain.change import format_change_id
from chatbot.domain.command import (
    CancelCommand,
    DelegateCommand,
    HandoverCommand,
    HelpCommand,
    ListCommand,
    RequestCommand,
    RollbackCommand,
    ShowCommand,
    UndelegateCommand,
    parse_command,
)
from chatbot.domain.form import Form
from chatbot.domain.freeze_command import (
    ExemptCommand,
    FreezeCommand,
    PromoteSkipCommand,
    UnfreezeCommand,
)
from chatbot.domain.line import in_line
from chatbot.slack import freezes, owing, rollbacks
from chatbot.slack.desk import Desk, Payload, answering, card_link, show_view, whisper


def register(app: App, desk: Desk) -> None:
    """Listen to slash commands."""

    @app.command("/change")
    def change(ack: Ack, command: Payload, client: WebClient, respond: Respond) -> None:
        ack()
        answering(respond, lambda: _change(desk, command, client, respond))


def _change(desk: Desk, command: Payload, client: WebClient, respond: Respond) -> None:
    user = command["user_id"]
    parsed = parse_command(command.get("text") or "")
    handlers: dict[type[Any], Callable[[Any], None]] = {
        RequestCommand: lambda asked: _request(desk, user, asked, command, client),
        ShowCommand: lambda asked: _show(desk, user, asked.number, respond),
        CancelCommand: lambda asked: _cancel(desk, user, asked.number, respond),
        RollbackCommand: lambda asked: rollbacks.ask(
            desk, user, asked.number, command["trigger_id"], client
        ),
        ListCommand: lambda asked: _list(desk, user, asked.filter, respond),
        DelegateCommand: lambda asked: _delegate(desk, user, asked, respond),
        UndelegateCommand: lambda asked: _undelegate(desk, user, asked, respond),
        HandoverCommand: lambda asked: owing.hand_over(desk, user, asked, respond),
        FreezeCommand: lambda asked: freezes.freeze(desk, user, asked, respond),
        UnfreezeCommand: lambda asked: freezes.unfreeze(desk, user, asked, respond),
        ExemptCommand: lambda asked: freezes.exempt(desk, user, asked, respond),
        PromoteSkipCommand: lambda asked: _go_ahead(desk, user, asked, respond),
        HelpCommand: lambda _: whisper(respond, texts.HELP),
    }
    handlers[type(parsed)](parsed)


def _request(
    desk: Desk, user: str, asked: RequestCommand, command: Payload, client: WebClient
) -> None:
    desk.requests.welcome(user, asked.environment)
    form = Form(
        environment=asked.environment,
        operation=asked.operation,
        namespace=asked.namespace,
        kind=asked.kind,
        name=asked.name,
        replicas=asked.replicas,
    )
    view = request_form.view(form, desk.environments)
    show_view(client, command["trigger_id"], view)


def _show(desk: Desk, user: str, number: int, respond: Respond) -> None:
    named = desk.requests.named(user, format_change_id(number), "see")
    change = desk.requests.see(user, named)
    blocks = texts.one(change, card_link(desk, change), desk.clock.now())
    whisper(respond, change.id, blocks)


def _cancel(desk: Desk, user: str, number: int, respond: Respond) -> None:
    named = desk.requests.named(user, format_change_id(number), "cancel")
    change = desk.requests.take_back(user, named)
    whisper(respond, f"{change.id} is {change.state.value.replace('_', ' ')}.")


def _go_ahead(desk: Desk, user: str, asked: PromoteSkipCommand, respond: Respond) -> None:
    named = desk.requests.named(user, format_change_id(asked.number), "go_ahead")
    change = desk.requests.go_ahead(user, named, asked.reason)
    whisper(respond, f"{change.id} is checked anew. Whoever approves it reads your reason.")


def _delegate(desk: Desk, user: str, asked: DelegateCommand, respond: Respond) -> None:
    lent = desk.delegations.delegate(user, asked.user, asked.period)
    whisper(respond, texts.delegated(lent))


def _undelegate(desk: Desk, user: str, asked: UndelegateCommand, respond: Respond) -> None:
    lent = desk.delegations.undelegate(user, asked.user)
    whisper(respond, texts.undelegated(lent))


def _list(desk: Desk, user: str, words: str, respond: Respond) -> None:
    if words.strip().lower() == owing.DEBT:
        owing.list_debt(desk, user, respond)
        return
    changes = desk.requests.listed(user, words)
    all_done = words.lower() in ("", "open") and not changes and desk.store.changes(limit=1)
    nothing = texts.NOTHING_OPEN if all_done else texts.NOTHING
    place = words.strip().lower()
    named = place if place in desk.environments else ""
    stopped = desk.freezes.in_force(named) if named or place in ("", "open") else []
    line = in_line(changes) if named else []
    shown = texts.shown_in_list(changes, line)
    links = {change.number: card_link(desk, change) for change in shown}
    blocks = [
        *frozen.notices(stopped, named),
        *texts.listing(changes, links, desk.clock.now(), nothing, line),
    ]
    whisper(respond, f"{len(shown)} changes" if changes else nothing, blocks)
