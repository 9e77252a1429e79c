"""A real Bolt app in Socket Mode through the edge: clicks arrive, and its answers hold."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import websocket
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.support.slack import SlackWorkspace

REQUESTER, SENIOR = "U0REQUESTER", "U0SENIOR1"
DEV = "#dev-changes"
LEVELS = [
    {"text": {"type": "plain_text", "text": level}, "value": level} for level in ("low", "high")
]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def field(name: str, element: dict[str, Any], **block: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(name),
        "element": {"action_id": name, **element},
        **block,
    }


def form(*fields: dict[str, Any], title: str = "Request") -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "request",
        "title": plain(title),
        "submit": plain("Send"),
        "private_metadata": json.dumps({"change": "CHG-1"}),
        "blocks": list(fields),
    }


def card(state: str) -> dict[str, Any]:
    button = {"type": "button", "text": plain("Approve"), "action_id": "approve", "value": "CHG-1"}
    return {"text": state, "blocks": [{"type": "actions", "elements": [button]}]}


REASON = field("reason", {"type": "plain_text_input", "multiline": True, "max_length": 200})


@pytest.fixture
def client(slack: SlackWorkspace) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def bot(slack: SlackWorkspace, client: WebClient) -> Iterator[App]:
    """A Bolt app without listeners, connected; tests add their own."""
    app = App(client=client, token_verification_enabled=False)
    socket = WebClient(token=slack.app_token, base_url=slack.api_url)
    handler = SocketModeHandler(app, slack.app_token, web_client=socket)
    handler.connect()
    slack.wait_until_connected()
    yield app
    slack.hang_up(handler)


def opens(bot: App, view: dict[str, Any]) -> None:
    """`/change` opens this view."""

    @bot.command("/change")
    def _open(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=view)


def keeps(bot: App, callback_id: str = "request") -> list[dict[str, Any]]:
    """Every submission of this view is accepted; gives the list they are put into."""
    submitted: list[dict[str, Any]] = []

    @bot.view(callback_id)
    def _keep(ack: Any, view: Any) -> None:
        submitted.append(view)
        ack()

    return submitted


def test_a_change_goes_from_command_to_card_to_approval(slack: SlackWorkspace, bot: App) -> None:
    opens(bot, form(REASON))

    @bot.view("request")
    def _submit(ack: Any, view: Any, client: WebClient) -> None:
        reason = view["state"]["values"]["reason"]["reason"]["value"]
        if len(reason) < 10:
            ack(response_action="errors", errors={"reason": "Say a little more."})
            return
        ack()
        metadata = {
            "event_type": "change",
            "event_payload": json.loads(view["private_metadata"]),
        }
        client.chat_postMessage(channel="C0DEV", metadata=metadata, **card("waiting"))

    @bot.action("approve")
    def _approve(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        assert body["message"]["metadata"]["event_payload"] == {"change": "CHG-1"}
        assert body["actions"][0]["value"] == "CHG-1"
        client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="approved")

    slack.command(REQUESTER, DEV, "/change", "apply dev")
    assert slack.submit(REQUESTER, {"reason": "short"}).errors == {"reason": "Say a little more."}
    assert slack.submit(REQUESTER, {"reason": "Black Friday load"}).view is None
    (message,) = slack.wait_for(lambda: slack.messages(DEV))
    assert (message["text"], message["user"]) == ("waiting", "U0REDLIGHT")

    slack.click(SENIOR, DEV, message["ts"], "approve")
    slack.wait_for(lambda: slack.messages(DEV)[0]["text"] == "approved")
    assert slack.violations() == []


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


def test_an_answer_to_a_command_is_private_unless_it_says_otherwise(
    slack: SlackWorkspace, bot: App
) -> None:
    @bot.command("/change")
    def _answer(ack: Any, respond: Any) -> None:
        ack("at once")
        respond("later")
        respond("to all", response_type="in_channel")

    slack.command(REQUESTER, DEV, "/change")
    slack.wait_for(lambda: slack.messages(DEV))
    private = [message["text"] for message in slack.ephemerals(DEV, REQUESTER)]
    assert sorted(private) == ["at once", "later"]
    assert [message["text"] for message in slack.messages(DEV)] == ["to all"]


def test_a_response_url_is_held_to_the_limits_and_to_five_uses(
    slack: SlackWorkspace, bot: App
) -> None:
    urls: list[str] = []

    @bot.command("/change")
    def _remember(ack: Any, body: Any) -> None:
        urls.append(body["response_url"])
        ack()

    slack.command(REQUESTER, DEV, "/change")
    assert urls[0].startswith(f"{slack.url}/_hooks/response/")
    bad = {"blocks": [{"type": "header", "text": plain("x" * 151)}]}
    refused = requests.post(urls[0], json=bad, timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_blocks")
    statuses = [
        requests.post(urls[0], json={"text": "x"}, timeout=10).status_code for _ in range(5)
    ]
    assert statuses == [200, 200, 200, 200, 404]


def test_a_click_on_an_ephemeral_says_so_and_can_replace_or_remove_it(
    slack: SlackWorkspace, bot: App, client: WebClient
) -> None:
    bodies: list[dict[str, Any]] = []

    @bot.action("approve")
    def _approve(ack: Any, body: Any, respond: Any) -> None:
        ack()
        bodies.append(body)
        if len(bodies) == 1:
            respond(replace_original=True, **card("second"))
        else:
            respond(delete_original=True)

    ts = client.chat_postEphemeral(channel="C0DEV", user=REQUESTER, **card("first"))["message_ts"]
    slack.click(REQUESTER, DEV, ts, "approve")
    slack.wait_for(lambda: slack.ephemerals(DEV, REQUESTER)[0]["text"] == "second")
    slack.click(REQUESTER, DEV, ts, "approve")
    slack.wait_for(lambda: slack.ephemerals(DEV, REQUESTER) == [])
    assert bodies[0]["container"]["is_ephemeral"] is True
    assert "message" not in bodies[0]


def test_the_home_is_published_and_its_buttons_arrive_with_their_view(
    slack: SlackWorkspace, bot: App
) -> None:
    clicks: list[dict[str, Any]] = []

    @bot.event("app_home_opened")
    def _home(event: Any, client: WebClient) -> None:
        client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": card("")["blocks"]}
        )

    @bot.action("approve")
    def _click(ack: Any, body: Any) -> None:
        ack()
        clicks.append(body)

    view = slack.home(SENIOR)
    slack.click_home(SENIOR, "approve")
    slack.wait_for(lambda: clicks)
    assert clicks[0]["container"] == {"type": "view", "view_id": view["id"]}
    assert clicks[0]["view"]["type"] == "home"


def test_a_stranger_comes_from_another_team(slack: SlackWorkspace, bot: App) -> None:
    teams: list[str] = []

    @bot.action("approve")
    def _click(ack: Any, body: Any) -> None:
        ack()
        teams.append(body["user"]["team_id"])

    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    ts = client.chat_postMessage(channel="C0DEV", **card("card"))["ts"]
    slack.click("U0STRANGER", DEV, ts, "approve")
    slack.click(SENIOR, DEV, ts, "approve")
    slack.wait_for(lambda: len(teams) == 2)
    assert teams == ["T0ELSEWHERE", "T0SANDBOX"]


def test_a_bot_comes_back_after_slack_refreshes_its_connection(
    slack: SlackWorkspace, bot: App
) -> None:
    heard: list[str] = []

    @bot.command("/change")
    def _hear(ack: Any, body: Any) -> None:
        ack()
        heard.append(body["text"])

    assert slack.disconnect() == 1
    slack.wait_for(lambda: len(slack.calls("apps.connections.open")) >= 2)
    slack.wait_until_connected()
    slack.command(REQUESTER, DEV, "/change", "after")
    slack.wait_for(lambda: heard == ["after"])


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
