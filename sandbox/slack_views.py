"""Modals as real Slack keeps them: stable ids, hashes, and fields that submit what they show.

local-slack gives a view a new id at every update and submits null for a field nobody touched. The
edge hides a mark in each view it passes on, so that every frame can be turned back into the view
the bot knows, and completes what a person submits.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.slack_state import Modal, State

MARK = "edge"
DEEPEST_STACK = 3  # a modal, and two pushed onto it
NEWLINE = "⏎"  # stands for a line break in the page's one-line inputs
DATE_TIME = "%Y-%m-%d %H:%M"

# element type -> (the field of its state, the field that presets it)
FIELDS = {
    **dict.fromkeys(
        ("plain_text_input", "email_text_input", "url_text_input", "number_input"),
        ("value", "initial_value"),
    ),
    **dict.fromkeys(
        ("static_select", "external_select", "radio_buttons"),
        ("selected_option", "initial_option"),
    ),
    **dict.fromkeys(
        ("multi_static_select", "multi_external_select", "checkboxes"),
        ("selected_options", "initial_options"),
    ),
    **{
        f"{what}s_select": (f"selected_{what}", f"initial_{what}")
        for what in ("user", "conversation", "channel")
    },
    **{
        f"multi_{what}_select": (f"selected_{what}", f"initial_{what}")
        for what in ("users", "conversations", "channels")
    },
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
_LISTS = (
    "selected_options",
    "selected_users",
    "selected_conversations",
    "selected_channels",
    "files",
)


def name_blocks(blocks: Any) -> Any:
    """The blocks with the `block_id` and `action_id` that Slack adds where the app gave none."""
    if not isinstance(blocks, list):
        return blocks
    return [_named(block) for block in blocks]


def _named(block: dict[str, Any]) -> dict[str, Any]:
    named = {"block_id": secrets.token_urlsafe(4), **block}
    for place in ("element", "accessory"):
        if place in named:
            named[place] = _with_action(named[place])
    if named["type"] == "actions":
        named["elements"] = [_with_action(element) for element in named["elements"]]
    return named


def _with_action(element: dict[str, Any]) -> dict[str, Any]:
    return (
        element
        if element["type"] == "image"
        else {"action_id": secrets.token_urlsafe(4), **element}
    )


def new_hash() -> str:
    """The mark of one version of a view."""
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"


def mark(
    view: dict[str, Any], view_id: str, *, user: str = "", below: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The view as it goes to local-slack; `public` turns it back.

    local-slack finds a view by `external_id` too, so our stable id travels there. `below` are the
    ids of the views under it, bottom first.
    """
    return {
        **view,
        "blocks": name_blocks(view["blocks"]),
        "external_id": view_id,
        MARK: {
            "id": view_id,
            "external_id": view.get("external_id", ""),
            "hash": new_hash(),
            "user": user,
            "root_view_id": below[0] if below else view_id,
            "previous_view_id": below[-1] if below else None,
        },
    }


def keep_open(state: State, marked: dict[str, Any]) -> None:
    """Remember a view that local-slack took as the current version of its modal."""
    told = marked[MARK]
    state.modals[told["id"]] = Modal(told["hash"], told["user"], told["external_id"])


def remark(state: State, view: dict[str, Any], view_id: str) -> dict[str, Any]:
    """A new version of an open modal, marked for its place in the stack."""
    order = list(state.modals)
    below = tuple(order[: order.index(view_id)])
    return mark(view, view_id, user=state.modals[view_id].user, below=below)


def public(view: dict[str, Any]) -> dict[str, Any]:
    """The view as the bot may see it, from one that local-slack sent."""
    if MARK not in view:
        return view
    told = {name: value for name, value in view[MARK].items() if name != "user"}
    return {**{name: value for name, value in view.items() if name != MARK}, **told}


def owner(view: dict[str, Any]) -> str:
    """The id of the person for whom a marked view was opened, or an empty string."""
    return str(view.get(MARK, {}).get("user", ""))


def inputs(view: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each input block of a view with its element."""
    for block in view.get("blocks", []):
        if block.get("type") == "input":
            yield block, block["element"]


def complete(
    view: dict[str, Any], given: dict[str, Any], zone: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """What Slack would submit, and what it would complain of before it did, by block id.

    `given` is what a page or a test filled in, by block and action; a field that is not in it
    submits its preset value. `zone` is the person's time zone, for date-times typed in the page.
    """
    values: dict[str, Any] = {}
    complaints: dict[str, str] = {}
    for block, element in inputs(view):
        block_id, action, kind = block["block_id"], element["action_id"], element["type"]
        key = FIELDS[kind][0]
        try:
            value = _value(element, (given.get(block_id) or {}).get(action), zone)
        except ValueError as error:
            complaints[block_id] = str(error)
            continue
        values[block_id] = {action: {"type": kind, key: value}}
        complaint = _complaint(block, element, value)
        if complaint:
            complaints[block_id] = complaint
    return values, complaints


def _value(element: dict[str, Any], given: dict[str, Any] | None, zone: str) -> Any:
    kind = element["type"]
    key, preset = FIELDS[kind]
    empty: Any = [] if key in _LISTS else None
    if given is None:
        return element.get(preset, empty)
    value = given.get(key) if given.get("type") == kind else _from_page(kind, given, zone)
    if isinstance(value, str) and kind == "plain_text_input":
        value = value.replace(NEWLINE, "\n" if element.get("multiline") else " ")
    if value in (None, "") and kind in ("static_select", "radio_buttons"):
        return element.get(preset)  # the page's first row is the preset, not "nothing"
    return empty if value in (None, "") else value


def _from_page(kind: str, given: dict[str, Any], zone: str) -> Any:
    """Read back an element that the page showed as another (see `sandbox.slack_dressing`)."""
    typed = str(given.get("value") or "").strip()
    chosen = given.get("selected_option") or {}
    many = given.get("selected_options") or []
    if kind == "datetimepicker" and typed:
        try:
            moment = datetime.strptime(typed, DATE_TIME).replace(tzinfo=ZoneInfo(zone))
        except ValueError as error:
            raise ValueError("Write the date and time like 2026-01-31 14:00.") from error
        return int(moment.timestamp())
    if kind == "multi_static_select":
        return many
    if kind.startswith("multi_"):
        return [option["value"] for option in many]
    if kind.endswith("s_select"):
        return chosen.get("value")
    return typed


def _complaint(block: dict[str, Any], element: dict[str, Any], value: Any) -> str:
    """What Slack's own window says before it submits; empty when it would submit."""
    if value in (None, []):
        return "" if block.get("optional") else "Please complete this required field."
    if element["type"] == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if len(value) > most:
            return f"Please write at most {most} characters."
        if len(value) < least:
            return f"Please write at least {least} characters."
    if element["type"] == "number_input" and not _is_number(element, value):
        return "Please enter a number."
    return ""


def _is_number(element: dict[str, Any], value: str) -> bool:
    try:
        number = float(value) if element["is_decimal_allowed"] else int(value)
    except ValueError:
        return False
    least, most = element.get("min_value", "-inf"), element.get("max_value", "inf")
    return float(least) <= number <= float(most)
