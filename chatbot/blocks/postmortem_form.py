"""The postmortem form: what somebody goes on from, and what they made of it. It can be handed in or
kept; closing it keeps it, too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.blocks.kit import Block, View, context, field_block, modal, section, select, text_input
from chatbot.domain.change import Change
from chatbot.domain.mrkdwn import code, escape
from chatbot.domain.postmortem import PostmortemText
from chatbot.domain.story import headline

CALLBACK_ID = "postmortem"
RETURN = "return_postmortem"
REASON = "reason"
SAVE_AS = "save_as"

_DRAFT = "draft"
_CHOICES = (("submit", "Hand it in: a senior reads it"), (_DRAFT, "Keep it as a draft"))
_FIELDS: Mapping[str, tuple[str, str]] = {
    "summary": ("What happened?", "For example: checkout answered with errors for 40 minutes."),
    "impact": ("Who felt it?", "For example: every third order failed, 1,200 in all."),
    "root_cause": ("Why did it happen?", "What made it possible, not who was there."),
    "timeline": ("What happened when?", "Taken from the audit log; a line for each thing."),
    "action_items": ("What will be done?", "One a line. Each becomes a task of its own."),
}
"""Every field is optional for Slack, so that half of it can be kept; what is missing is said when
it is handed in."""


@dataclass(frozen=True)
class Filled:
    """What was submitted or left behind."""

    change: str
    """`CHG-12`."""
    text: PostmortemText
    seen: str
    """Digest of what had been submitted by others when the form was opened."""
    is_draft: bool
    is_touched: bool
    """Whether anything is other than what the form was filled with."""


def view(change: Change, text: PostmortemText, seen: str, note: str) -> View:
    """The form, filled with what somebody goes on from; `note` is mrkdwn and may be empty."""
    title = f"*{change.id}* · {escape(headline(change))} · {escape(change.request.environment)}"
    kept = {"change": change.id, "seen": seen, "filled": text.digest}
    built = modal(
        CALLBACK_ID,
        f"Postmortem of {change.id}",
        [
            section(title),
            *([context(note)] if note else []),
            *(_field(name, getattr(text, name)) for name in _FIELDS),
            field_block(SAVE_AS, "And now?", select(SAVE_AS, _CHOICES, "submit", "Hand it in?")),
        ],
        submit="Save",
        close="Close",
        private_metadata=json.dumps(kept),
    )
    return {**built, "notify_on_close": True}


def read(view_payload: Mapping[str, Any]) -> Filled:
    """What stands in a form that was submitted or closed."""
    values: Mapping[str, Mapping[str, Any]] = (view_payload.get("state") or {}).get("values") or {}
    kept = json.loads(view_payload["private_metadata"])
    typed = {name: _typed(values.get(name) or {}, name) for name in _FIELDS}
    chosen = (values.get(SAVE_AS) or {}).get(SAVE_AS, {}).get("selected_option") or {}
    text = PostmortemText(**typed)
    return Filled(
        change=str(kept["change"]),
        text=text,
        seen=str(kept.get("seen") or ""),
        is_draft=chosen.get("value") == _DRAFT,
        is_touched=any(typed.values()) and text.digest != kept.get("filled"),
    )


def kept(change_id: str) -> View:
    """In place of the form: the draft is safe."""
    again = f"{code(f'/postmortem {change_id}')} goes on from there."
    return modal(
        "postmortem_kept",
        f"Postmortem of {change_id}",
        [section(f"Your draft is kept, and stays yours until you hand it in. {again}")],
        close="Close",
        private_metadata=json.dumps({"change": change_id}),
    )


def return_form(change: Change, seen: str) -> View:
    """Asks what is missing."""
    return modal(
        RETURN,
        f"Return {change.id}",
        [
            section(f"The postmortem of *{change.id}* · {escape(headline(change))}"),
            field_block(
                REASON,
                "What is missing?",
                text_input(REASON, "", "Why did the alert come so late?", multiline=True),
                hint="Whoever wrote it reads this, and it stays in the audit log.",
            ),
        ],
        submit="Return",
        private_metadata=json.dumps({"change": change.id, "seen": seen}),
    )


def read_return(view_payload: Mapping[str, Any]) -> tuple[str, str, str]:
    """The change's id, the digest of what was read, and the reason."""
    typed = view_payload["state"]["values"][REASON][REASON].get("value") or ""
    kept = json.loads(view_payload["private_metadata"])
    return str(kept["change"]), str(kept.get("seen") or ""), str(typed)


def _typed(elements: Mapping[str, Any], name: str) -> str:
    """As typed; half of a character, which nothing could store, becomes a question mark."""
    value = (elements.get(name) or {}).get("value") or ""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _field(name: str, value: str) -> Block:
    label, hint = _FIELDS[name]
    element = text_input(name, value, "", multiline=True)
    return field_block(name, label, element, hint=hint, optional=True)
