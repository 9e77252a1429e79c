"""`/change freeze`, `unfreeze` and `exempt`: call one service, render."""

from chatbot.blocks import frozen
from chatbot.domain.change import format_change_id
from chatbot.domain.freeze import ALL
from chatbot.domain.freeze_command import ExemptCommand, FreezeCommand, UnfreezeCommand
from chatbot.slack.desk import Desk, Reply, whisper


def freeze(desk: Desk, user: str, asked: FreezeCommand, respond: Reply) -> None:
    """Stop changes, and say what that means."""
    made = desk.freezes.freeze(user, asked.environment, asked.until, asked.reason)
    whisper(respond, frozen.made(made))


def unfreeze(desk: Desk, user: str, asked: UnfreezeCommand, respond: Reply) -> None:
    """Lift it, and say what stays."""
    desk.freezes.unfreeze(user, asked.environment, asked.reason)
    still = desk.freezes.in_force("" if asked.environment == ALL else asked.environment)
    whisper(respond, frozen.lifted(asked.environment, still))


def exempt(desk: Desk, user: str, asked: ExemptCommand, respond: Reply) -> None:
    """Let one change through."""
    number = desk.requests.named(user, format_change_id(asked.number), "exempt")
    whisper(respond, frozen.let_through(desk.freezes.exempt(user, number, asked.reason)))
