"""The modal that asks why a change has to be taken back. It says what that means before it asks."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chatbot.blocks.kit import View, context, field_block, modal, section, text_input
from chatbot.blocks.request_form import CALLBACK_ID
from chatbot.domain.change import Change, Path
from chatbot.domain.mrkdwn import code, escape, moment
from chatbot.domain.story import headline

_FIELD = "justification"
_WAYS: Mapping[Path, str] = {
    Path.DIRECT: "The cluster is put back, and a pull request then brings that into Git.",
    Path.GITOPS: "A pull request takes its commit back, and is checked and approved as any other.",
    Path.EMERGENCY: "The cluster is put back, and a pull request then brings that into Git.",
}


def view(original: Change, path: Path, covered_until: datetime | None = None) -> View:
    """For a change that can be taken back, the path that doing so takes, and until when its
    approval covers that."""
    done = original.progress.steps[-1].at if original.progress.steps else original.updated_at
    place = code(original.request.environment)
    return modal(
        CALLBACK_ID,
        f"Roll back {original.id}",
        [
            section(f"*{escape(headline(original))}* in {place}, done {moment(done)}"),
            context(
                f"What was changed since stays. {_WAYS[path]}{_covered(original, covered_until)}"
            ),
            field_block(
                _FIELD,
                "Why?",
                text_input(_FIELD, "", "", multiline=True),
                hint="For example: checkout fails for every tenth visitor since 10:12.",
            ),
        ],
        submit="Roll back",
        private_metadata=json.dumps({"change": original.id}),
    )


def _covered(original: Change, until: datetime | None) -> str:
    if until is None:
        return ""
    return (
        f" The approval of {original.id} covers it until {moment(until)}, if it restores exactly "
        "what was there before."
    )


def named(view_payload: Mapping[str, Any]) -> str:
    """The change that a submitted request modal takes back; empty when it asks for a new one."""
    return str(json.loads(view_payload.get("private_metadata") or "{}").get("change") or "")


def justification(view_payload: Mapping[str, Any]) -> str:
    """What was typed."""
    element = view_payload["state"]["values"].get(_FIELD, {}).get(_FIELD) or {}
    return str(element.get("value") or "").strip()
