"""Slack's documented limits on whole messages and views, as one pure function.

A local Slack takes whatever it is given; the real one refuses a button text of 76 characters at
the worst moment. The edge asks here before it passes anything on, and the product's own tests ask
here about every card and modal they build.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.slack_blocks import BLOCKS, blocks, plain
from sandbox.slack_rules import Report, Rule, Schema, anything, boolean, one_of, string

# Slack cuts longer text off and says so in a warning; a cut message is a lost one, so we refuse.
MESSAGE_TEXT = 40_000
METADATA_BYTES = 8_000
ATTACHMENTS = 100

_ON_A_VIEW = BLOCKS.only(*(kind for kind in BLOCKS.schemas if kind != "markdown"))
_BOTH: dict[str, Rule] = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_MODAL = Schema(
    {"type": one_of("modal"), "title": plain(24), "blocks": blocks(100, _ON_A_VIEW)},
    {
        **_BOTH,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = Schema({"type": one_of("home"), "blocks": blocks(100, _ON_A_VIEW)}, _BOTH)
_METADATA = Schema({"event_type": string(255, 1), "event_payload": anything})


def _inputs(view: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = view.get("blocks")
    for index, block in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(block, dict) and block.get("type") == "input":
            yield index, block


def _check_view(view: Any, pointer: str, report: Report) -> None:
    if not isinstance(view, dict):
        report.add(pointer, "must be an object")
        return
    if view.get("type") not in ("modal", "home"):
        report.add(f"{pointer}/type", "must be one of: modal, home")
        return
    modal = view["type"] == "modal"
    (_MODAL if modal else _HOME)(view, pointer, report)
    inputs = list(_inputs(view))
    if modal and inputs and "submit" not in view:
        report.add(pointer, "missing required field: submit (the view has input blocks)")
    focused = [
        index
        for index, block in inputs
        if isinstance(block.get("element"), dict) and block["element"].get("focus_on_load")
    ]
    if len(focused) > 1:
        report.add(f"{pointer}/blocks/{focused[1]}", "only one element may be focused on load")


def _check_metadata(value: Any, pointer: str, report: Report) -> None:
    if value == {}:  # how chat.update is asked to remove it
        return
    _METADATA(value, pointer, report)
    if isinstance(value, dict) and not isinstance(value.get("event_payload", {}), dict):
        report.add(f"{pointer}/event_payload", "must be an object")
    if len(json.dumps(value).encode()) > METADATA_BYTES:
        report.add(pointer, f"must be at most {METADATA_BYTES} bytes")


def _check_message(message: Mapping[str, Any], report: Report) -> None:
    words = message.get("text")
    if words is not None:
        string(MESSAGE_TEXT)(words, "/text", report)
    if message.get("blocks") is not None:
        blocks(50)(message["blocks"], "/blocks", report)
    attached = message.get("attachments") or []
    if not isinstance(attached, list):
        report.add("/attachments", "must be an array")
        attached = []
    if len(attached) > ATTACHMENTS:
        report.add("/attachments", f"no more than {ATTACHMENTS} items allowed")
    for index, attachment in enumerate(attached):
        if isinstance(attachment, dict) and "blocks" in attachment:
            blocks(50)(attachment["blocks"], f"/attachments/{index}/blocks", report)
    if message.get("metadata") is not None:
        _check_metadata(message["metadata"], "/metadata", report)
    if not (words or message.get("blocks") or attached):
        report.add("/text", "no text, blocks or attachments")


def _check_response(response: Mapping[str, Any], report: Report) -> None:
    action = response["response_action"]
    one_of("errors", "update", "push", "clear")(action, "/response_action", report)
    if action in ("update", "push"):
        _check_view(response.get("view"), "/view", report)
    if action == "errors":
        errors = response.get("errors")
        if not isinstance(errors, dict) or not errors:
            report.add("/errors", "must be an object that names at least one block")
        else:
            for block_id, sentence in errors.items():
                string(3000, 1)(sentence, f"/errors/{block_id}", report)


def examine(payload: Mapping[str, Any]) -> Report:
    """What Slack would refuse in a message, a view or a `response_action`.

    A payload with `response_action` is an answer to a submission, one with `type` modal or home (or
    a `view` field) is a view, anything else is a message.
    """
    report = Report()
    if "response_action" in payload:
        _check_response(payload, report)
    elif "view" in payload:
        _check_view(payload["view"], "/view", report)
    elif payload.get("type") in ("modal", "home"):
        _check_view(payload, "/view", report)
    else:
        _check_message(payload, report)
    return report


def violations(payload: Mapping[str, Any]) -> list[str]:
    """The sentences Slack would answer with; empty when Slack would take the payload.

    Takes what `chat.postMessage` and its kin, `views.open` and its kin, or an acknowledgement with
    `response_action` would carry.
    """
    return examine(payload).sentences()
