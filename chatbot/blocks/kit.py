"""Block Kit's parts as JSON, each within Slack's limits whatever is put in.

Limits: https://docs.slack.dev/reference/block-kit/. Text that is too long is shortened here, once,
so that no builder needs to count. Finished mrkdwn is cut on whole entities and closes its code.
"""

from collections.abc import Sequence
from typing import Any

from chatbot.domain.mrkdwn import fit, shorten

Block = dict[str, Any]
Element = dict[str, Any]
View = dict[str, Any]

NO_CHANGE = '{"change": ""}'
"""What a view keeps about its change when it has none."""

SECTION_TEXT = 3_000
CONTEXT_TEXT = 2_000
INPUT_VALUE = 3_000
OPTION_TEXT = 75
OPTIONS = 100
BUTTON_TEXT = 75
VIEW_TITLE = 24
PLACEHOLDER = 150
HINT = 2_000
_LISTED_LINES = 10
_LISTED_LINE = 300
_LISTED_TEXT = 1_500
_NOTHING = "–"
"""Slack refuses empty text."""


def plain(text: str, limit: int) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": shorten(text, limit) or _NOTHING, "emoji": True}


def mrkdwn(text: str, limit: int = SECTION_TEXT) -> dict[str, Any]:
    """A mrkdwn text object; `verbatim`, so that Slack makes no links of its own in user text."""
    return {"type": "mrkdwn", "text": fit(text, limit) or _NOTHING, "verbatim": True}


def section(text: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": mrkdwn(text)}


def listed(lines: Sequence[str]) -> str:
    """The first lines, and how many there are besides."""
    shown = [fit(line, _LISTED_LINE) for line in lines[:_LISTED_LINES]]
    left = len(lines) - len(shown)
    text = fit("\n".join(shown), _LISTED_TEXT)
    return f"{text}\n_and {left} more_" if left else text


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [mrkdwn(text, CONTEXT_TEXT) for text in texts]}


def button(
    label: str, action_id: str, value: str, *, style: str = "", confirm: Block | None = None
) -> Element:
    """A button; `style` is empty, `primary` or `danger`."""
    element: Element = {
        "type": "button",
        "text": plain(label, BUTTON_TEXT),
        "action_id": action_id,
        "value": value,
    }
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = confirm
    return element


def dialog(title: str, text: str, confirm: str, deny: str) -> Block:
    """The question that a dangerous button asks before it counts."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(confirm, 30),
        "deny": plain(deny, 30),
        "style": "danger",
    }


def actions(elements: Sequence[Element], block_id: str) -> Block:
    """A row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(value: str, label: str = "") -> dict[str, Any]:
    """One choice of a select."""
    return {"text": plain(label or value, OPTION_TEXT), "value": value}


def select(
    field: str, options: Sequence[tuple[str, str]], chosen: str, placeholder: str
) -> Element:
    """A select of (value, label); `chosen` is preselected when it is one of them."""
    choices = [option(value, label) for value, label in options[:OPTIONS]]
    element: Element = {
        "type": "static_select",
        "action_id": field,
        "options": choices,
        "placeholder": plain(placeholder, PLACEHOLDER),
    }
    initial = [choice for choice in choices if choice["value"] == chosen]
    if initial:
        element["initial_option"] = initial[0]
    return element


def text_input(field: str, value: str, placeholder: str, *, multiline: bool = False) -> Element:
    """A text field with what was typed before."""
    element: Element = {
        "type": "plain_text_input",
        "action_id": field,
        "multiline": multiline,
        "max_length": INPUT_VALUE,
    }
    if placeholder:
        element["placeholder"] = plain(placeholder, PLACEHOLDER)
    if value:
        element["initial_value"] = value[:INPUT_VALUE]
    return element


def field_block(
    field: str,
    label: str,
    element: Element,
    *,
    hint: str = "",
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    """An input block; its block id and action id are the field's name."""
    block: Block = {
        "type": "input",
        "block_id": field,
        "label": plain(label, HINT),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint, HINT)
    if dispatch:
        block["dispatch_action"] = True
    return block


def modal(
    callback_id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str = "",
    close: str = "Cancel",
    private_metadata: str = NO_CHANGE,
) -> View:
    """A modal view; `private_metadata` is JSON with at least `change`."""
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title, VIEW_TITLE),
        "close": plain(close, VIEW_TITLE),
        "blocks": list(blocks),
        "private_metadata": private_metadata,
    }
    if submit:
        view["submit"] = plain(submit, VIEW_TITLE)
    return view
