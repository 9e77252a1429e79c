"""The buttons below a notice: what the person who reads it can do about it there and then."""

from collections.abc import Mapping

from chatbot.blocks.kit import Block, Element, actions, button
from chatbot.domain.notice import Button, Notice

_PREFIX = "about:"
_LABELS: Mapping[Button, str] = {
    Button.WRITE_POSTMORTEM: "Write it",
    Button.SNOOZE: "Snooze once…",
    Button.ACCEPT_HANDOVER: "Take it over",
    Button.DECLINE_HANDOVER: "Decline",
    Button.ACCEPT_POSTMORTEM: "Accept",
    Button.RETURN_POSTMORTEM: "Return…",
}
_PRIMARY = frozenset({Button.WRITE_POSTMORTEM, Button.ACCEPT_HANDOVER, Button.ACCEPT_POSTMORTEM})


def notice_buttons(notice: Notice, change_id: str) -> list[Block]:
    """A row of them; its block id says what of the change a click is about."""
    row = [_button(each, change_id) for each in notice.buttons]
    return [actions(row, f"{_PREFIX}{notice.about}")] if row else []


def about(block_id: str) -> str:
    """What of the change a click is about; empty when the row did not say."""
    return block_id.removeprefix(_PREFIX) if block_id.startswith(_PREFIX) else ""


def _button(which: Button, change_id: str) -> Element:
    style = "primary" if which in _PRIMARY else ""
    return button(_LABELS[which], which.value, change_id, style=style)
