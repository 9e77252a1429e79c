"""The longest thing that Slack documents as allowed passes; one more is refused, with its place."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack_limits import violations
from tests.support.slack import SlackWorkspace


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def message(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"text": "fallback", "blocks": list(blocks)}


def section(text: str = "words") -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return message({"type": "actions", "elements": list(elements)})


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **fields}


def options(count: int, text: str = "one") -> list[dict[str, Any]]:
    return [{"text": plain(text), "value": f"v{number}"} for number in range(count)]


def asked(element: dict[str, Any], **block: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("Label"), "element": element, **block}


def modal(*blocks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": plain("Title"),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **fields,
    }


def text_input(**fields: Any) -> dict[str, Any]:
    return modal(asked({"type": "plain_text_input", **fields}))


def select(**fields: Any) -> dict[str, Any]:
    return {"type": "static_select", **fields}


def confirm(**fields: Any) -> dict[str, Any]:
    words = {
        "title": plain("Sure?"),
        "text": plain("Really"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    return actions(button(confirm={**words, **fields}))


LENGTHS: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
    "message text": (40_000, lambda n: {"text": "x" * n}),
    "blocks of a message": (50, lambda n: message(*[{"type": "divider"}] * n)),
    "blocks of a view": (100, lambda n: modal(*[{"type": "divider"}] * n)),
    "section text": (3000, lambda n: message(section("x" * n))),
    "fields": (10, lambda n: message({"type": "section", "fields": [mrkdwn("x")] * n})),
    "field text": (2000, lambda n: message({"type": "section", "fields": [mrkdwn("x" * n)]})),
    "header": (150, lambda n: message({"type": "header", "text": plain("x" * n)})),
    "context elements": (
        10,
        lambda n: message({"type": "context", "elements": [mrkdwn("x")] * n}),
    ),
    "actions elements": (25, lambda n: actions(*[button(action_id=f"a{i}") for i in range(n)])),
    "block_id": (255, lambda n: message({"type": "divider", "block_id": "x" * n})),
    "button text": (75, lambda n: actions(button(text=plain("x" * n)))),
    "button value": (2000, lambda n: actions(button(value="x" * n))),
    "button url": (3000, lambda n: actions(button(url="x" * n))),
    "action_id": (255, lambda n: actions(button(action_id="x" * n))),
    "confirm title": (100, lambda n: confirm(title=plain("x" * n))),
    "confirm text": (300, lambda n: confirm(text=plain("x" * n))),
    "confirm yes": (30, lambda n: confirm(confirm=plain("x" * n))),
    "confirm no": (30, lambda n: confirm(deny=plain("x" * n))),
    "options": (100, lambda n: modal(asked(select(options=options(n))))),
    "option text": (75, lambda n: modal(asked(select(options=options(1, "x" * n))))),
    "option value": (
        150,
        lambda n: modal(asked(select(options=[{"text": plain("x"), "value": "x" * n}]))),
    ),
    "option description": (
        75,
        lambda n: modal(asked(select(options=[{**options(1)[0], "description": plain("x" * n)}]))),
    ),
    "option groups": (
        100,
        lambda n: modal(
            asked(select(option_groups=[{"label": plain("x"), "options": options(1)}] * n))
        ),
    ),
    "option group label": (
        75,
        lambda n: modal(
            asked(select(option_groups=[{"label": plain("x" * n), "options": options(1)}]))
        ),
    ),
    "checkboxes": (10, lambda n: modal(asked({"type": "checkboxes", "options": options(n)}))),
    "radio buttons": (10, lambda n: modal(asked({"type": "radio_buttons", "options": options(n)}))),
    "overflow options": (5, lambda n: actions({"type": "overflow", "options": options(n)})),
    "placeholder": (150, lambda n: text_input(placeholder=plain("x" * n))),
    "input label": (
        2000,
        lambda n: modal(asked({"type": "plain_text_input"}, label=plain("x" * n))),
    ),
    "input hint": (2000, lambda n: modal(asked({"type": "plain_text_input"}, hint=plain("x" * n)))),
    "max_length": (3000, lambda n: text_input(max_length=n)),
    "initial value": (3000, lambda n: text_input(initial_value="x" * n)),
    "initial value under max_length": (
        20,
        lambda n: text_input(initial_value="x" * n, max_length=20),
    ),
    "view title": (24, lambda n: modal(section(), title=plain("x" * n))),
    "view submit": (24, lambda n: modal(section(), submit=plain("x" * n))),
    "view close": (24, lambda n: modal(section(), close=plain("x" * n))),
    "private_metadata": (3000, lambda n: modal(section(), private_metadata="x" * n)),
    "callback_id": (255, lambda n: modal(section(), callback_id="x" * n)),
    "image alt text": (
        2000,
        lambda n: message({"type": "image", "image_url": "https://x", "alt_text": "x" * n}),
    ),
    "image url": (
        3000,
        lambda n: message({"type": "image", "image_url": "x" * n, "alt_text": "x"}),
    ),
}


@pytest.mark.parametrize("what", LENGTHS)
def test_the_longest_allowed_passes_and_one_more_is_refused(what: str) -> None:
    most, build = LENGTHS[what]
    assert violations(build(most)) == []
    assert violations(build(most + 1)) != []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing to say": ({"text": ""}, "/text"),
    "an unknown block": (message({"type": "carousel"}), "unsupported block type: carousel"),
    "a block without a type": (message({"text": plain("x")}), "missing required field: type"),
    "an unknown element": (actions({"type": "slider"}), "unsupported element type: slider"),
    "an input's element among buttons": (
        actions({"type": "plain_text_input"}),
        "unsupported element type",
    ),
    "a header in mrkdwn": (message({"type": "header", "text": mrkdwn("x")}), "/blocks/0/text/type"),
    "a button in mrkdwn": (actions(button(text=mrkdwn("x"))), "/elements/0/text/type"),
    "a text that is a bare string": (
        message({"type": "section", "text": "x"}),
        "must be an object [json-pointer:/blocks/0/text]",
    ),
    "an empty text": (message(section("")), "must be more than 0 characters"),
    "a section without words": (message({"type": "section"}), "missing required field: text"),
    "a misspelt field": (
        message({**section(), "blok_id": "x"}),
        "invalid additional property: blok_id",
    ),
    "a style Slack does not have": (actions(button(style="warning")), "/style"),
    "two blocks of one id": (
        message({"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}),
        "a already exists",
    ),
    "two buttons of one action": (actions(button(), button()), "go already exists"),
    "no options": (modal(asked(select(options=[]))), "must contain at least 1 item"),
    "options and groups": (
        modal(
            asked(
                select(
                    options=options(1),
                    option_groups=[{"label": plain("x"), "options": options(1)}],
                )
            )
        ),
        "exactly one of",
    ),
    "a preset that is no option": (
        modal(asked(select(options=options(1), initial_option=options(2)[1]))),
        "initial option must exactly match",
    ),
    "max_length of zero": (text_input(max_length=0), "/max_length"),
    "a field without a label": (
        modal({"type": "input", "element": {"type": "plain_text_input"}}),
        "missing required field: label",
    ),
    "a form without a button": (
        {
            "type": "modal",
            "title": plain("x"),
            "blocks": [asked({"type": "plain_text_input"})],
        },
        "submit",
    ),
    "an empty modal title": (modal(section(), title=plain("")), "/view/title/text"),
    "a view of no kind": ({"view": {"type": "window", "blocks": []}}, "/view/type"),
    "an image without words for it": (
        message({"type": "image", "image_url": "https://x"}),
        "missing required field: alt_text",
    ),
    "a date in another format": (
        modal(asked({"type": "datepicker", "initial_date": "31.01.2026"})),
        "YYYY-MM-DD",
    ),
    "a bad view in a response": (
        {"response_action": "update", "view": modal(section(), title=plain("x" * 25))},
        "/view/title/text",
    ),
    "errors without a field": ({"response_action": "errors", "errors": {}}, "/errors"),
    "metadata without a type": (
        {"text": "x", "metadata": {"event_payload": {}}},
        "missing required field: event_type",
    ),
    "metadata that is too large": (
        {"text": "x", "metadata": {"event_type": "a", "event_payload": {"a": "x" * 9000}}},
        "/metadata",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_slack_does_not_take_is_named_with_its_place(what: str) -> None:
    payload, expected = REFUSED[what]
    assert any(expected in sentence for sentence in violations(payload)), violations(payload)


def test_the_sentence_is_worded_as_slack_words_it() -> None:
    assert violations(message(section("x" * 3001))) == [
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


def test_a_message_beyond_a_limit_is_answered_with_invalid_blocks(
    client: WebClient, slack: SlackWorkspace
) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0DEV", **message(section("x" * 3001)))
    answer = refused.value.response
    place = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == [place]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {place}"]
    assert slack.messages("#dev-changes") == []
    assert slack.violations() == [f"chat.postMessage: {place}"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": ""}, "no_text"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "blocks": [{"type": "carousel"}]}, "invalid_blocks"),
    ],
)
def test_each_kind_of_bad_message_has_its_error(
    client: WebClient, call: dict[str, Any], error: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.api_call("chat.postMessage", json={"channel": "C0DEV", **call})
    assert refused.value.response["error"] == error


def test_a_view_beyond_a_limit_is_answered_with_invalid_arguments(client: WebClient) -> None:
    view = {"type": "home", "blocks": [section("x" * 3001)]}
    with pytest.raises(SlackApiError) as refused:
        client.views_publish(user_id="U0REQUESTER", view=view)
    assert refused.value.response["error"] == "invalid_arguments"
    assert "/view/blocks/0/text/text" in refused.value.response["response_metadata"]["messages"][0]
