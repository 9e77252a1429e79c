"""Block Kit as Slack documents it: every block and element, its fields and their limits.

One table a kind, so that a limit can be looked up and changed in one place. What a whole message or
view may be stands in `sandbox.slack_limits`.
"""

from typing import Any

from sandbox.slack_rules import (
    ByType,
    Report,
    Rule,
    Schema,
    anything,
    boolean,
    integer,
    list_of,
    one_of,
    pattern,
    string,
    typed,
)

URL = 3_000


def text(most: int, *kinds: str) -> Rule:
    """A text object of 1 to `most` characters; both kinds are taken unless told otherwise."""
    schemas = {
        "plain_text": typed("plain_text", {"text": string(most, 1)}, {"emoji": boolean}),
        "mrkdwn": typed("mrkdwn", {"text": string(most, 1)}, {"verbatim": boolean}),
    }
    return ByType(schemas, "text").only(*(kinds or tuple(schemas)))


def plain(most: int) -> Rule:
    """A plain_text object of 1 to `most` characters."""
    return text(most, "plain_text")


def _initial_among_options(value: dict[str, Any], pointer: str, report: Report) -> None:
    groups = value.get("option_groups") or []
    options = list(value.get("options") or [])
    for group in groups if isinstance(groups, list) else []:
        options += group.get("options") or [] if isinstance(group, dict) else []
    if ("options" in value) == ("option_groups" in value):
        report.add(pointer, "must have exactly one of: options, option_groups")
    chosen = value.get("initial_options", [])
    if "initial_option" in value:
        chosen = [value["initial_option"]]
    for item in chosen if isinstance(chosen, list) else []:
        if item not in options:
            report.add(pointer, "initial option must exactly match one of the options")


def _initial_value_fits(value: dict[str, Any], pointer: str, report: Report) -> None:
    least, most = value.get("min_length", 0), value.get("max_length", 3000)
    initial = value.get("initial_value")
    if not isinstance(least, int) or not isinstance(most, int):
        return
    if least > most:
        report.add(f"{pointer}/min_length", "must not be greater than max_length")
    if isinstance(initial, str) and len(initial) > most:
        report.add(f"{pointer}/initial_value", f"must be less than {most + 1} characters")


def _has_source(value: dict[str, Any], pointer: str, report: Report) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        report.add(pointer, "must have exactly one of: image_url, slack_file")


def _has_words(value: dict[str, Any], pointer: str, report: Report) -> None:
    if "text" not in value and "fields" not in value:
        report.add(pointer, "missing required field: text")


def _action_ids_differ(value: dict[str, Any], pointer: str, report: Report) -> None:
    seen: set[str] = set()
    elements = value.get("elements")
    for index, element in enumerate(elements if isinstance(elements, list) else []):
        action = element.get("action_id") if isinstance(element, dict) else None
        if action in seen:
            report.add(f"{pointer}/elements/{index}/action_id", f"{action} already exists")
        if isinstance(action, str):
            seen.add(action)


STYLE = one_of("primary", "danger")
CONFIRM = Schema(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": STYLE},
)


def _option(label: Rule, note: Rule) -> Schema:
    return Schema(
        {"text": label, "value": string(150, 1)}, {"description": note, "url": string(URL, 1)}
    )


OPTION = _option(plain(75), plain(75))
MARKED_OPTION = _option(text(75), text(75))
OPTION_GROUP = Schema({"label": plain(75), "options": list_of(OPTION, 1, 100)})
ACTS: dict[str, Rule] = {"action_id": string(255, 1), "confirm": CONFIRM}
INPUT: dict[str, Rule] = {"action_id": string(255, 1), "focus_on_load": boolean}
PROMPT: dict[str, Rule] = {**INPUT, "placeholder": plain(150)}
DISPATCH = Schema(
    {},
    {"trigger_actions_on": list_of(one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
)
LENGTHS: dict[str, Rule] = {"min_length": integer(0, 3000), "max_length": integer(1, 3000)}
DATE = pattern(r"\d{4}-\d{2}-\d{2}", "a date in the format YYYY-MM-DD")
TIME = pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time in the format HH:mm")
USERS = list_of(string(255, 1), 0, 100)


def _select(kind: str, options: dict[str, Rule], also: tuple[Rule, ...] = ()) -> Schema:
    return typed(kind, {}, {**PROMPT, **ACTS, **options}, also)


def _line(kind: str) -> Schema:
    return typed(
        kind, {}, {**PROMPT, "initial_value": string(3000), "dispatch_action_config": DISPATCH}
    )


STATIC: dict[str, Rule] = {
    "options": list_of(OPTION, 1, 100),
    "option_groups": list_of(OPTION_GROUP, 1, 100),
}
MANY: dict[str, Rule] = {"max_selected_items": integer(1, 100)}
WHERE: dict[str, Rule] = {"default_to_current_conversation": boolean, "filter": anything}
RESPONDS: dict[str, Rule] = {"response_url_enabled": boolean}
SELECTS: dict[str, Rule] = {
    "static_select": _select(
        "static_select", {**STATIC, "initial_option": OPTION}, (_initial_among_options,)
    ),
    "multi_static_select": _select(
        "multi_static_select",
        {**STATIC, **MANY, "initial_options": list_of(OPTION, 1, 100)},
        (_initial_among_options,),
    ),
    "external_select": _select(
        "external_select", {"initial_option": OPTION, "min_query_length": integer(0, 100)}
    ),
    "users_select": _select("users_select", {"initial_user": string(255, 1)}),
    "multi_users_select": _select("multi_users_select", {**MANY, "initial_users": USERS}),
    "conversations_select": _select(
        "conversations_select", {**WHERE, **RESPONDS, "initial_conversation": string(255, 1)}
    ),
    "multi_conversations_select": _select(
        "multi_conversations_select", {**WHERE, **MANY, "initial_conversations": USERS}
    ),
    "channels_select": _select("channels_select", {**RESPONDS, "initial_channel": string(255, 1)}),
    "multi_channels_select": _select("multi_channels_select", {**MANY, "initial_channels": USERS}),
}
CHOICES: dict[str, Rule] = {
    "checkboxes": typed(
        "checkboxes",
        {"options": list_of(MARKED_OPTION, 1, 10)},
        {**INPUT, **ACTS, "initial_options": list_of(MARKED_OPTION, 1, 10)},
        (_initial_among_options,),
    ),
    "radio_buttons": typed(
        "radio_buttons",
        {"options": list_of(MARKED_OPTION, 1, 10)},
        {**INPUT, **ACTS, "initial_option": MARKED_OPTION},
        (_initial_among_options,),
    ),
}
PICKERS: dict[str, Rule] = {
    "datepicker": typed("datepicker", {}, {**PROMPT, **ACTS, "initial_date": DATE}),
    "timepicker": typed(
        "timepicker", {}, {**PROMPT, **ACTS, "initial_time": TIME, "timezone": string(255)}
    ),
    "datetimepicker": typed(
        "datetimepicker",
        {},
        {**INPUT, **ACTS, "initial_date_time": integer(10**9, 10**10 - 1)},
    ),
}
IMAGE = typed(
    "image",
    {"alt_text": string(2000, 1)},
    {"image_url": string(URL, 1), "slack_file": anything},
    (_has_source,),
)
ELEMENTS = ByType(
    {
        **SELECTS,
        **CHOICES,
        **PICKERS,
        "image": IMAGE,
        "button": typed(
            "button",
            {"text": plain(75)},
            {
                **ACTS,
                "url": string(URL),
                "value": string(2000),
                "style": STYLE,
                "accessibility_label": string(75),
            },
        ),
        "overflow": typed("overflow", {"options": list_of(OPTION, 1, 5)}, ACTS),
        "plain_text_input": typed(
            "plain_text_input",
            {},
            {
                **PROMPT,
                **LENGTHS,
                "multiline": boolean,
                "initial_value": string(3000),
                "dispatch_action_config": DISPATCH,
            },
            (_initial_value_fits,),
        ),
        "email_text_input": _line("email_text_input"),
        "url_text_input": _line("url_text_input"),
        "number_input": typed(
            "number_input",
            {"is_decimal_allowed": boolean},
            {
                **PROMPT,
                "initial_value": string(255),
                "min_value": string(255),
                "max_value": string(255),
                "dispatch_action_config": DISPATCH,
            },
        ),
        "file_input": typed(
            "file_input", {}, {**INPUT, "filetypes": anything, "max_files": integer(1, 10)}
        ),
    },
    "element",
)
INTERACTIVE = (*SELECTS, *CHOICES, *PICKERS, "button", "overflow")
TYPED_IN = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "file_input")
BLOCK_ID: dict[str, Rule] = {"block_id": string(255, 1)}

BLOCKS = ByType(
    {
        "section": typed(
            "section",
            {},
            {
                **BLOCK_ID,
                "text": text(3000),
                "fields": list_of(text(2000), 1, 10),
                "accessory": ELEMENTS.only("image", *INTERACTIVE),
                "expand": boolean,
            },
            (_has_words,),
        ),
        "header": typed("header", {"text": plain(150)}, BLOCK_ID),
        "divider": typed("divider", {}, BLOCK_ID),
        "context": typed(
            "context",
            {
                "elements": list_of(
                    ByType(
                        {"image": IMAGE, "mrkdwn": text(3000), "plain_text": text(3000)}, "element"
                    ),
                    1,
                    10,
                )
            },
            BLOCK_ID,
        ),
        "image": typed(
            "image",
            {"alt_text": string(2000, 1)},
            {
                **BLOCK_ID,
                "image_url": string(URL, 1),
                "slack_file": anything,
                "title": plain(2000),
            },
            (_has_source,),
        ),
        "actions": typed(
            "actions",
            {"elements": list_of(ELEMENTS.only(*INTERACTIVE), 1, 25)},
            BLOCK_ID,
            (_action_ids_differ,),
        ),
        "input": typed(
            "input",
            {
                "label": plain(2000),
                "element": ELEMENTS.only(*SELECTS, *CHOICES, *PICKERS, *TYPED_IN),
            },
            {**BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
        ),
        "rich_text": typed("rich_text", {"elements": anything}, BLOCK_ID),
        "markdown": typed("markdown", {"text": string(12_000, 1)}, BLOCK_ID),
    },
    "block",
)


def _block_ids_differ(blocks: Any, pointer: str, report: Report) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks if isinstance(blocks, list) else []):
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if block_id in seen:
            report.add(f"{pointer}/{index}/block_id", f"{block_id} already exists")
        if isinstance(block_id, str):
            seen.add(block_id)


def blocks(most: int, kinds: ByType = BLOCKS) -> Rule:
    """A list of at most `most` blocks whose ids differ."""

    def check(value: Any, pointer: str, report: Report) -> None:
        list_of(kinds, 0, most)(value, pointer, report)
        _block_ids_differ(value, pointer, report)

    return check
