"""A real Bolt app in Socket Mode through the edge: clicks arrive, and its answers hold."""

import json
from typing import Any

import requests
import websocket
from slack_bolt import App
from slack_sdk import WebClient

from tests.support.bolt import DEV, REASON, REQUESTER, SENIOR, card, form, opens, plain
from tests.support.slack import SlackWorkspace


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


def test_a_command_says_who_is_named_in_it(slack: SlackWorkspace, bot: App) -> None:
    @bot.command("/change")
    def _echo(ack: Any, command: Any, respond: Any) -> None:
        ack()
        respond(json.dumps(command["text"]))

    slack.command(REQUESTER, DEV, "/change", "delegate @senior-two 3d me@senior-two @nobody")
    slack.wait_for(lambda: slack.ephemerals(DEV, REQUESTER))
    [message] = slack.ephemerals(DEV, REQUESTER)
    assert json.loads(message["text"]) == (
        "delegate <@U0SENIOR2|senior-two> 3d me@senior-two @nobody"
    )


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


def test_pings_carry_words_so_that_no_envelope_waits_behind_one(slack: SlackWorkspace) -> None:
    url = WebClient(token=slack.app_token, base_url=slack.api_url).apps_connections_open(
        app_token=slack.app_token
    )["url"]
    socket = websocket.create_connection(url, timeout=10)
    try:
        frames = (socket.recv_data_frame(control_frame=True) for _ in range(5))
        ping = next(frame for opcode, frame in frames if opcode == websocket.ABNF.OPCODE_PING)
        assert ping.data
    finally:
        socket.close()
