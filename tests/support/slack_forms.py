"""What a person's client sends for a filled form or a pressed button, from the blocks alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.slack_views import FIELDS, inputs


def filled(view: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The `state.values` of a view in which a person has filled the named fields."""
    fields = {block["block_id"]: element for block, element in inputs(dict(view))}
    unknown = set(values) - set(fields)
    assert not unknown, f"no such field: {sorted(unknown)}; the modal has {sorted(fields)}"
    return {
        name: {
            fields[name]["action_id"]: {
                "type": fields[name]["type"],
                FIELDS[fields[name]["type"]][0]: _chosen(name, fields[name], value),
            }
        }
        for name, value in values.items()
    }


def _chosen(name: str, element: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if not FIELDS[element["type"]][0].startswith("selected_option"):
        return value
    groups = element.get("option_groups") or [element]
    options = {option["value"]: option for group in groups for option in group["options"]}
    wanted = value if isinstance(value, list) else [value]
    missing = [each for each in wanted if each not in options]
    assert not missing, f"{name} has no option {missing}; it has {sorted(options)}"
    chosen = [options[each] for each in wanted]
    return chosen if isinstance(value, list) else chosen[0]


def pressed(blocks: list[dict[str, Any]], action_id: str, option: str | None) -> dict[str, Any]:
    """The action that the page sends for an element of these blocks."""
    seen = []
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            if "action_id" not in element:
                continue
            seen.append(element["action_id"])
            if element["action_id"] != action_id:
                continue
            action = {"block_id": block["block_id"], "action_id": action_id}
            action["type"] = element["type"]
            if option is not None:
                chosen = _chosen(action_id, {**element, "type": "static_select"}, option)
                return {**action, "selected_option": chosen}
            return {**action, "value": element.get("value"), "text": element.get("text")}
    raise AssertionError(f"no {action_id} to press; there is {seen}")
