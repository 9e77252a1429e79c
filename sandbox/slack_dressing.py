"""Views changed for local-slack's page, which cannot show everything that Slack can.

The page ignores preset options, has no date-time picker, number field or multi-select, and one-line
inputs only. Each such element is shown as one that the page has; `slack_views.complete` reads it
back. The bot never sees a dressed view.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.slack_views import DATE_TIME, NEWLINE, inputs
from sandbox.slack_workspace import Workspace

_LINES = ("email_text_input", "url_text_input", "number_input", "timepicker")


def dress(view: dict[str, Any], workspace: Workspace, zone: str) -> dict[str, Any]:
    """A copy of the view that the page can show; `zone` is the person's time zone."""
    dressed = {id(block): _dressed(block, workspace, zone) for block, _ in inputs(view)}
    return {
        **view,
        "blocks": [dressed.get(id(block), block) for block in view.get("blocks", [])],
    }


def _dressed(block: dict[str, Any], workspace: Workspace, zone: str) -> dict[str, Any]:
    element = _shown(block["element"], workspace, zone)
    preset = element.get("initial_option") or {}
    label = preset.get("text", {}).get("text")
    if label and element["type"] == "static_select":
        element = {**element, "placeholder": {"type": "plain_text", "text": label}}
    ticked = [preset] if label else element.get("initial_options") or []
    hint = block.get("hint")
    if ticked and element["type"] in ("radio_buttons", "checkboxes"):
        names = ", ".join(option["text"]["text"] for option in ticked)
        before = f"{hint['text']} " if hint else ""
        hint = {"type": "plain_text", "text": f"{before}If left alone: {names}."}
    return {**block, "element": element, **({"hint": hint} if hint else {})}


def _shown(element: dict[str, Any], workspace: Workspace, zone: str) -> dict[str, Any]:
    kind = element["type"]
    if kind == "plain_text_input" and "initial_value" in element:
        return {**element, "initial_value": element["initial_value"].replace("\n", NEWLINE)}
    if kind in _LINES:
        example = "14:30" if kind == "timepicker" else ""
        return _line(element, element.get("initial_value") or element.get("initial_time"), example)
    if kind == "datetimepicker":
        preset = element.get("initial_date_time")
        shown = (
            datetime.fromtimestamp(preset, ZoneInfo(zone)).strftime(DATE_TIME) if preset else None
        )
        return _line(element, shown, f"2026-01-31 14:00 ({zone})")
    if kind == "multi_static_select":
        options = element.get("options") or [
            option for group in element["option_groups"] for option in group["options"]
        ]
        return {**element, "type": "checkboxes", "options": options}
    if kind in ("users_select", "multi_users_select"):
        return _people(element, workspace)
    return element


def _line(element: dict[str, Any], initial: str | None, example: str) -> dict[str, Any]:
    placeholder = element.get("placeholder") or {"type": "plain_text", "text": example}
    return {
        "type": "plain_text_input",
        "action_id": element["action_id"],
        "placeholder": placeholder,
        **({"initial_value": initial} if initial else {}),
    }


def _people(element: dict[str, Any], workspace: Workspace) -> dict[str, Any]:
    options = [
        {"text": {"type": "plain_text", "text": user["name"]}, "value": user["id"]}
        for user in workspace.everyone()
        if not user["deleted"]
    ]
    chosen = element.get("initial_users") or [element.get("initial_user")]
    preset = [option for option in options if option["value"] in chosen]
    several = element["type"] == "multi_users_select"
    return {
        **element,
        "type": "checkboxes" if several else "static_select",
        "options": options,
        **({"initial_options": preset} if preset and several else {}),
        **({"initial_option": preset[0]} if preset and not several else {}),
    }
