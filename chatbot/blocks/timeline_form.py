"""The form that asks into which change's timeline a message goes, where its channel does not
say."""

import json
from collections.abc import Mapping
from typing import Any

from chatbot.blocks.kit import View, field_block, modal, section, text_input
from chatbot.domain.change import MessageRef
from chatbot.domain.mrkdwn import escape, quote, shorten
from chatbot.domain.slacktext import plain
from chatbot.domain.timeline_message import TimelineMessage

CALLBACK_ID = "add_to_timeline"
"""Of the message shortcut and of the form behind it."""

CHANGE = "change"
_SHOWN = 300
_KEPT = 1_500
"""A view keeps at most 3,000 characters of JSON."""


def view(message: TimelineMessage) -> View:
    """The empty form; it keeps the message."""
    kept = {
        "change": "",
        "channel": message.source.channel,
        "ts": message.source.ts,
        "author": message.author,
        "text": shorten(message.text, _KEPT),
    }
    return modal(
        CALLBACK_ID,
        "Add to timeline",
        [
            section(quote(shorten(plain(message.text), _SHOWN))),
            field_block(
                CHANGE,
                "Of which change?",
                text_input(CHANGE, "", "CHG-12"),
                hint=escape("In the channel of an incident this is not asked."),
            ),
        ],
        submit="Add",
        private_metadata=json.dumps(kept, ensure_ascii=False),
    )


def read(payload: Mapping[str, Any]) -> tuple[str, TimelineMessage]:
    """The change's id as it was typed, and the message."""
    typed = payload["state"]["values"][CHANGE][CHANGE].get("value") or ""
    kept = json.loads(payload["private_metadata"])
    source = MessageRef(channel=str(kept["channel"]), ts=str(kept["ts"]))
    author, text = str(kept["author"]), str(kept["text"])
    return str(typed), TimelineMessage(source=source, author=author, text=text)
