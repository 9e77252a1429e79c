"""What every listener needs, and the one way in which a refusal reaches the person who asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk import WebClient

from chatbot.adapters.slack import translating
from chatbot.blocks import texts
from chatbot.domain.change import Change
from chatbot.domain.environment import Environment
from chatbot.domain.errors import InvalidInput, RedlightError, Refused
from chatbot.domain.mrkdwn import escape, shorten
from chatbot.ports import Chat, Clock, Store
from chatbot.services.approvals import Approvals
from chatbot.services.break_glass import BreakGlass
from chatbot.services.debtors import Debtors
from chatbot.services.delegations import Delegations
from chatbot.services.freezes import Freezes
from chatbot.services.obligations import Obligations
from chatbot.services.postmortems import Postmortems
from chatbot.services.requests import Requests
from chatbot.services.rollback_requests import RollbackRequests
from chatbot.services.rush import Rush
from chatbot.services.sign_offs import SignOffs
from chatbot.services.timeline import Timeline

log = structlog.get_logger()

Payload = Mapping[str, Any]
Reply = Callable[..., Any]

_ERROR_LENGTH = 500
"""More than anybody reads beside a field."""


@dataclass(frozen=True)
class Desk:
    """The services behind the listeners."""

    requests: Requests
    rollbacks: RollbackRequests
    environments: Mapping[str, Environment]
    store: Store
    chat: Chat
    clock: Clock
    rush: Rush
    approvals: Approvals
    delegations: Delegations
    freezes: Freezes
    break_glass: BreakGlass
    sign_offs: SignOffs
    debtors: Debtors
    obligations: Obligations
    postmortems: Postmortems
    timeline: Timeline


def show_view(client: WebClient, trigger_id: str, view: dict[str, Any]) -> None:
    """Open a modal for the person whose request this is. Raises what `translating` makes of Slack's
    refusal, so that the person hears of it."""
    with translating():
        client.views_open(trigger_id=trigger_id, view=view)


def whisper(respond: Reply, text: str, blocks: list[dict[str, Any]] | None = None) -> None:
    """Answer one person, and leave the message above as it is."""
    respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)


def answering(respond: Reply, call: Callable[[], Any]) -> bool:
    """Make a call for a person; what it raises on purpose is told to them. True when it held."""
    try:
        call()
    except Refused as refusal:
        log.info("listener.refused", because=str(refusal))
        whisper(respond, str(refusal))
        return False
    except RedlightError as error:
        log.warning("listener.failed", because=str(error))
        whisper(respond, escape(f"{error}. Nothing was changed; try again in a moment."))
        return False
    return True


def on_shown_fields(error: InvalidInput, shown: Sequence[str]) -> dict[str, str]:
    """Slack takes errors only for fields that the modal has; others go to the first field."""
    errors: dict[str, str] = {}
    for name, sentence in error.fields.items():
        field = name if name in shown else shown[0]
        errors.setdefault(field, shorten(sentence, _ERROR_LENGTH))
    return errors


def acknowledged(ack: Reply, call: Callable[[], dict[str, Any] | None]) -> None:
    """Answer a submitted form with what a call makes of it: errors at their fields, a refusal on
    top of the form, which keeps what was typed, the view that is shown next, or nothing more."""
    try:
        following = call()
    except InvalidInput as error:
        ack(response_action="errors", errors=error.fields)
    except Refused as refused:
        log.info("listener.refused", because=str(refused))
        ack(response_action="push", view=texts.refused(str(refused)))
    except RedlightError as error:
        log.warning("listener.failed", because=str(error))
        ack(response_action="push", view=texts.refusal(str(error)))
    else:
        if following is None:
            ack()
        else:
            ack(response_action="update", view=following)


def card_link(desk: Desk, change: Change) -> str:
    """The card's permalink; a list without it is better than no list."""
    message = desk.store.card(change.number).message
    if message is None:
        return ""
    try:
        return desk.chat.link(message)
    except RedlightError:
        return ""
