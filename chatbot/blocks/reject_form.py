"""The form that asks why somebody says no, and what was typed into it."""

import json
from collections.abc import Mapping
from typing import Any

from chatbot.blocks.kit import View, field_block, modal, section, text_input
from chatbot.domain.change import Change
from chatbot.domain.mrkdwn import escape
from chatbot.domain.story import headline

CALLBACK_ID = "reject_reason"
REASON = "reason"


def view(change: Change) -> View:
    """The empty form."""
    what = f"*{change.id}* · {escape(headline(change))} · {escape(change.request.environment)}"
    return modal(
        CALLBACK_ID,
        f"Reject {change.id}",
        [
            section(what),
            field_block(
                REASON,
                "Why?",
                text_input(REASON, "", "Eight pods do not fit the quota", multiline=True),
                hint="The requester reads it, and it stays in the audit log.",
            ),
        ],
        submit="Reject",
        private_metadata=json.dumps({"change": change.id}),
    )


def read(view_payload: Mapping[str, Any]) -> tuple[str, str]:
    """The change's id and the reason, as they were submitted."""
    typed = view_payload["state"]["values"][REASON][REASON].get("value") or ""
    return str(json.loads(view_payload["private_metadata"])["change"]), str(typed)
