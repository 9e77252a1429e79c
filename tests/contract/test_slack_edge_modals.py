"""Modals through the edge: what a person leaves, fills and sends is what a real Bolt app gets."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import websocket
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.support.bolt import DEV, LEVELS, REASON, REQUESTER, SENIOR, field, form, keeps, opens
from tests.support.slack import SlackWorkspace


def test_a_field_left_alone_submits_what_it_shows(slack: SlackWorkspace, bot: App) -> None:
    moment = int(datetime(2026, 1, 31, 13, 0, tzinfo=UTC).timestamp())
    opens(
        bot,
        form(
            field("text", {"type": "plain_text_input", "initial_value": "two\nlines"}),
            field(
                "level",
                {"type": "static_select", "options": LEVELS, "initial_option": LEVELS[1]},
            ),
            field("how", {"type": "radio_buttons", "options": LEVELS, "initial_option": LEVELS[0]}),
            field("ticks", {"type": "checkboxes", "options": LEVELS, "initial_options": LEVELS}),
            field("day", {"type": "datepicker", "initial_date": "2026-01-31"}),
            field("hour", {"type": "timepicker", "initial_time": "14:30"}),
            field("moment", {"type": "datetimepicker", "initial_date_time": moment}),
            field("who", {"type": "users_select", "initial_user": SENIOR}),
            field("note", {"type": "plain_text_input"}, optional=True),
            field("more", {"type": "multi_static_select", "options": LEVELS}, optional=True),
        ),
    )
    submitted = keeps(bot)
    slack.command(REQUESTER, DEV, "/change")
    slack.submit(REQUESTER, {})
    values = submitted[0]["state"]["values"]
    assert {name: value[name] for name, value in values.items()} == {
        "text": {"type": "plain_text_input", "value": "two\nlines"},
        "level": {"type": "static_select", "selected_option": LEVELS[1]},
        "how": {"type": "radio_buttons", "selected_option": LEVELS[0]},
        "ticks": {"type": "checkboxes", "selected_options": LEVELS},
        "day": {"type": "datepicker", "selected_date": "2026-01-31"},
        "hour": {"type": "timepicker", "selected_time": "14:30"},
        "moment": {"type": "datetimepicker", "selected_date_time": moment},
        "who": {"type": "users_select", "selected_user": SENIOR},
        "note": {"type": "plain_text_input", "value": None},
        "more": {"type": "multi_static_select", "selected_options": []},
    }


def test_what_is_filled_in_wins_over_what_was_shown(slack: SlackWorkspace, bot: App) -> None:
    level = {"type": "static_select", "options": LEVELS, "initial_option": LEVELS[1]}
    opens(bot, form(REASON, field("level", level)))
    submitted = keeps(bot)
    slack.command(REQUESTER, DEV, "/change")
    slack.submit(REQUESTER, {"reason": "a\nb", "level": "low"})
    values = submitted[0]["state"]["values"]
    assert values["level"]["level"]["selected_option"] == LEVELS[0]
    assert values["reason"]["reason"]["value"] == "a\nb"


def test_slack_itself_asks_for_what_is_missing_or_too_long(slack: SlackWorkspace, bot: App) -> None:
    opens(bot, form(REASON))
    submitted = keeps(bot)
    slack.command(REQUESTER, DEV, "/change")
    assert "required" in slack.submit(REQUESTER, {"reason": None}).errors["reason"]
    assert "200" in slack.submit(REQUESTER, {"reason": "x" * 201}).errors["reason"]
    assert submitted == []


def test_a_view_keeps_its_id_through_updates_and_stale_hashes_are_refused(
    slack: SlackWorkspace, bot: App, client: WebClient
) -> None:
    opens(bot, form(REASON))

    @bot.view("request")
    def _submit(ack: Any) -> None:
        ack(response_action="update", view=form(REASON, title="Step 2"))

    slack.command(REQUESTER, DEV, "/change")
    first = slack.view(REQUESTER)
    second = slack.submit(REQUESTER, {"reason": "enough"}).view
    assert second is not None
    assert (second["id"], second["title"]["text"]) == (first["id"], "Step 2")
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_update(view_id=first["id"], hash=first["hash"], view=form(REASON))
    third = client.views_update(
        view_id=first["id"], hash=second["hash"], view=form(REASON, title="Step 3")
    )
    assert third["view"]["id"] == first["id"]
    slack.wait_for(lambda: slack.view(REQUESTER)["title"]["text"] == "Step 3")
    slack.close(REQUESTER)
    with pytest.raises(SlackApiError, match="not_found"):
        client.views_update(view_id=first["id"], view=form(REASON))


def test_a_field_that_dispatches_changes_the_form_and_what_was_filled_in_stays(
    slack: SlackWorkspace, bot: App
) -> None:
    level = {"type": "static_select", "options": LEVELS, "initial_option": LEVELS[0]}
    asks = field("level", level, dispatch_action=True)
    opens(bot, form(asks))
    submitted = keeps(bot)

    @bot.action("level")
    def _more(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        chosen = body["view"]["state"]["values"]["level"]["level"]["selected_option"]
        assert chosen == body["actions"][0]["selected_option"] == LEVELS[1]
        client.views_update(view_id=body["container"]["view_id"], view=form(asks, REASON))

    slack.command(REQUESTER, DEV, "/change")
    changed = slack.choose(REQUESTER, "level", "high")
    assert [block["block_id"] for block in changed["blocks"]] == ["level", "reason"]
    slack.submit(REQUESTER, {"reason": "because"})
    assert submitted[0]["state"]["values"]["level"]["level"]["selected_option"] == LEVELS[1]


def test_what_was_filled_in_survives_an_error_on_another_field(
    slack: SlackWorkspace, bot: App
) -> None:
    opens(bot, form(REASON, field("name", {"type": "plain_text_input"})))
    submitted = keeps(bot)
    slack.command(REQUESTER, DEV, "/change")
    assert set(slack.submit(REQUESTER, {"name": "checkout"}).errors) == {"reason"}
    slack.submit(REQUESTER, {"reason": "because"})
    assert submitted[0]["state"]["values"]["name"]["name"]["value"] == "checkout"


def test_a_bad_response_action_stays_on_the_modal_and_is_recorded(
    slack: SlackWorkspace, bot: App
) -> None:
    opens(bot, form(REASON))
    answers = iter(
        [
            {"response_action": "errors", "errors": {"elsewhere": "no such field"}},
            {"response_action": "update", "view": form(REASON, title="x" * 25)},
        ]
    )

    @bot.view("request")
    def _submit(ack: Any) -> None:
        ack(**next(answers))

    slack.command(REQUESTER, DEV, "/change")
    for expected in ("elsewhere", "/view/title/text"):
        shown = slack.submit(REQUESTER, {"reason": "x"})
        assert expected in shown.errors["reason"]
    assert len(slack.violations()) == 2


def test_a_trigger_works_once(slack: SlackWorkspace, bot: App, client: WebClient) -> None:
    triggers: list[str] = []

    @bot.command("/change")
    def _open(ack: Any, body: Any) -> None:
        triggers.append(body["trigger_id"])
        ack()

    slack.command(REQUESTER, DEV, "/change")
    client.views_open(trigger_id=triggers[0], view=form(REASON))
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        client.views_open(trigger_id=triggers[0], view=form(REASON))
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        client.views_open(trigger_id="made-up", view=form(REASON))


def test_the_page_gets_fields_it_can_show_and_gives_back_what_slack_would(
    slack: SlackWorkspace, bot: App
) -> None:
    level = {"type": "static_select", "options": LEVELS, "initial_option": LEVELS[1]}
    script = {"type": "plain_text_input", "multiline": True, "initial_value": "a\nb"}
    opens(
        bot,
        form(
            field("level", level),
            field("script", script),
            field("moment", {"type": "datetimepicker"}),
            field("count", {"type": "number_input", "is_decimal_allowed": False}),
            field("many", {"type": "multi_static_select", "options": LEVELS}),
        ),
    )
    submitted = keeps(bot)
    page = websocket.create_connection(slack.url.replace("http", "ws") + "/ui", timeout=10)
    slack.command(REQUESTER, DEV, "/change")

    def frame(kind: str) -> dict[str, Any]:
        while True:
            seen: dict[str, Any] = json.loads(page.recv())
            if seen["t"] == kind:
                return seen

    shown = [block["element"] for block in frame("view")["stack"][0]["blocks"]]
    assert shown[0]["placeholder"]["text"] == "high"
    assert shown[1]["initial_value"] == "a⏎b"
    assert [element["type"] for element in shown[2:]] == [
        *("plain_text_input", "plain_text_input", "checkboxes")
    ]

    def typed(name: str, text: str) -> dict[str, Any]:
        return {name: {"type": "plain_text_input", "value": text}}

    values = {
        "script": typed("script", "x⏎y"),
        "moment": typed("moment", "tomorrow"),
        "count": typed("count", "4"),
        "many": {"many": {"type": "checkboxes", "selected_options": LEVELS}},
    }
    page.send(json.dumps({"t": "view_submit", "user": REQUESTER, "values": values}))
    assert "2026-01-31 14:00" in frame("view_errors")["errors"]["moment"]
    values["moment"] = typed("moment", "2026-01-31 14:00")
    page.send(json.dumps({"t": "view_submit", "user": REQUESTER, "values": values}))
    slack.wait_for(lambda: submitted)
    page.close()
    got = submitted[0]["state"]["values"]
    moment = int(datetime(2026, 1, 31, 13, 0, tzinfo=UTC).timestamp())  # 14:00 in Berlin
    assert got["level"]["level"]["selected_option"] == LEVELS[1]
    assert got["script"]["script"] == {"type": "plain_text_input", "value": "x\ny"}
    assert got["moment"]["moment"] == {"type": "datetimepicker", "selected_date_time": moment}
    assert got["count"]["count"] == {"type": "number_input", "value": "4"}
    assert got["many"]["many"]["selected_options"] == LEVELS
