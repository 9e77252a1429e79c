"""What the bot's Web API promises in the sandbox, asked with the real client."""

import time
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from tests.support.slack import SlackWorkspace

DEV = "C0DEV"


def error_of(call: Any, **args: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**args)
    return str(refused.value.response["error"])


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("", "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        ("xapp-sandbox", "not_allowed_token_type"),
    ],
)
def test_only_the_bots_token_opens_the_api(slack: SlackWorkspace, token: str, error: str) -> None:
    client = WebClient(token=token, base_url=slack.api_url)
    assert error_of(client.auth_test) == error


def test_socket_mode_needs_the_app_token_and_leads_through_the_edge(slack: SlackWorkspace) -> None:
    client = WebClient(base_url=slack.api_url)
    url = client.apps_connections_open(app_token=slack.app_token)["url"]
    assert url.startswith(slack.url.replace("http://", "ws://") + "/socket/")
    refused = {"app_token": slack.bot_token}
    assert error_of(client.apps_connections_open, **refused) == "not_allowed_token_type"


def test_a_token_never_reaches_the_record_of_calls(
    slack: SlackWorkspace, client: WebClient
) -> None:
    client.chat_postMessage(channel=DEV, text="hello", token=slack.bot_token)
    assert slack.bot_token not in str(slack.calls())


def test_metadata_is_kept_and_told_only_when_asked_for(client: WebClient) -> None:
    metadata = {"event_type": "change", "event_payload": {"change": "CHG-1"}}
    ts = client.chat_postMessage(channel=DEV, text="card", metadata=metadata)["ts"]
    client.chat_postMessage(channel=DEV, text="reply", thread_ts=ts, metadata=metadata)

    asked = client.conversations_history(channel=DEV, include_all_metadata=True)["messages"]
    assert asked[0]["metadata"] == metadata
    assert "metadata" not in client.conversations_history(channel=DEV)["messages"][0]
    thread = client.conversations_replies(channel=DEV, ts=ts, include_all_metadata=True)
    assert [message["metadata"] for message in thread["messages"]] == [metadata, metadata]


def test_an_update_keeps_what_it_does_not_name(client: WebClient, slack: SlackWorkspace) -> None:
    metadata = {"event_type": "change", "event_payload": {"change": "CHG-1"}}
    blocks = [{"type": "divider", "block_id": "line"}]
    ts = client.chat_postMessage(channel=DEV, text="card", blocks=blocks, metadata=metadata)["ts"]

    client.chat_update(channel=DEV, ts=ts, text="changed")
    (card,) = slack.messages("#dev-changes")
    assert (card["text"], card["blocks"], card["metadata"]) == ("changed", blocks, metadata)

    client.chat_update(channel=DEV, ts=ts, text="changed", blocks=[], metadata={})
    (card,) = slack.messages("#dev-changes")
    assert card["blocks"] == []
    assert "metadata" not in card


def test_nobodys_message_and_an_unknown_one_cannot_be_updated(
    client: WebClient, slack: SlackWorkspace
) -> None:
    ts = slack.say("U0REQUESTER", "#dev-changes", "mine")
    assert error_of(client.chat_update, channel=DEV, ts=ts, text="x") == "cant_update_message"
    assert error_of(client.chat_update, channel=DEV, ts="1.1", text="x") == "message_not_found"


def test_an_unknown_channel_is_refused(client: WebClient) -> None:
    assert error_of(client.chat_postMessage, channel="C0NOWHERE", text="x") == "channel_not_found"
    assert error_of(client.chat_postMessage, channel="#nowhere", text="x") == "channel_not_found"
    assert client.chat_postMessage(channel="#dev-changes", text="x")["channel"] == DEV


def test_a_message_to_a_person_reaches_their_direct_messages(
    client: WebClient, slack: SlackWorkspace
) -> None:
    client.chat_postMessage(channel="U0SENIOR1", text="yours")
    assert [message["text"] for message in slack.direct_messages("U0SENIOR1")] == ["yours"]
    assert slack.direct_messages("U0SENIOR2") == []


def test_an_ephemeral_is_in_nobodys_history_and_only_its_reader_sees_it(
    client: WebClient, slack: SlackWorkspace
) -> None:
    answer = client.chat_postEphemeral(channel=DEV, user="U0REQUESTER", text="for you")
    assert client.conversations_history(channel=DEV)["messages"] == []
    assert [each["text"] for each in slack.ephemerals(DEV, "U0REQUESTER")] == ["for you"]
    assert slack.ephemerals(DEV, "U0SENIOR1") == []
    assert slack.messages(DEV) == []
    ts = answer["message_ts"]
    assert error_of(client.chat_update, channel=DEV, ts=ts, text="x") == "message_not_found"
    gone = {"channel": DEV, "user": "U0GONE", "text": "x"}
    assert error_of(client.chat_postEphemeral, **gone) == "user_not_in_channel"


def test_history_comes_newest_first_in_pages_and_between_two_moments(client: WebClient) -> None:
    sent = [client.chat_postMessage(channel=DEV, text=f"m{n}")["ts"] for n in range(5)]
    told = []
    cursor = ""
    while True:
        page = client.conversations_history(channel=DEV, limit=2, cursor=cursor)
        told += [message["ts"] for message in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] is bool(cursor)
        if not cursor:
            break
    assert told == sent[::-1]

    between = client.conversations_history(channel=DEV, oldest=sent[1], latest=sent[3])
    assert [message["ts"] for message in between["messages"]] == [sent[2]]
    inclusive = client.conversations_history(
        channel=DEV, oldest=sent[1], latest=sent[3], inclusive=True
    )
    assert len(inclusive["messages"]) == 3


def test_the_replies_of_no_message_are_not_found(client: WebClient) -> None:
    assert error_of(client.conversations_replies, channel=DEV, ts="1.1") == "thread_not_found"


def test_a_channels_name_is_taken_once_and_for_ever(client: WebClient) -> None:
    made = client.conversations_create(name="inc-1", is_private=False)["channel"]
    assert made["is_private"] is False
    assert error_of(client.conversations_create, name="inc-1") == "name_taken"
    client.conversations_archive(channel=made["id"])
    assert error_of(client.conversations_create, name="inc-1") == "name_taken"
    assert error_of(client.conversations_create, name="Inc 1") == "invalid_name_specials"
    assert error_of(client.conversations_create, name="i" * 81) == "invalid_name_maxlength"


def test_an_incident_channel_can_be_filled_named_and_archived(client: WebClient) -> None:
    channel = client.conversations_create(name="inc-2")["channel"]["id"]
    client.conversations_invite(channel=channel, users=["U0SENIOR1", "U0SENIOR2"])
    client.conversations_setTopic(channel=channel, topic="checkout is down")
    members = client.conversations_members(channel=channel)["members"]
    assert members == ["U0REDLIGHT", "U0SENIOR1", "U0SENIOR2"]
    info = client.conversations_info(channel=channel)["channel"]
    assert (info["topic"]["value"], info["is_archived"]) == ("checkout is down", False)

    again = {"channel": channel, "users": "U0SENIOR1"}
    assert error_of(client.conversations_invite, **again) == "already_in_channel"
    gone = {"channel": channel, "users": "U0GONE"}
    assert error_of(client.conversations_invite, **gone) == "user_not_found"

    client.conversations_archive(channel=channel)
    assert error_of(client.chat_postMessage, channel=channel, text="x") == "is_archived"
    assert error_of(client.conversations_archive, channel=channel) == "already_archived"


def test_pins_and_bookmarks_are_kept(client: WebClient) -> None:
    ts = client.chat_postMessage(channel=DEV, text="card")["ts"]
    client.pins_add(channel=DEV, timestamp=ts)
    assert error_of(client.pins_add, channel=DEV, timestamp=ts) == "already_pinned"
    assert client.pins_list(channel=DEV)["items"][0]["message"]["ts"] == ts
    link = "https://git.example.com/pull/1"
    client.bookmarks_add(channel_id=DEV, title="Pull request", type="link", link=link)
    (kept,) = client.bookmarks_list(channel_id=DEV)["bookmarks"]
    assert (kept["title"], kept["link"]) == ("Pull request", link)


@pytest.mark.parametrize(
    ("user", "flags"),
    [
        ("U0REQUESTER", set()),
        ("U0GUEST", {"is_restricted"}),
        ("U0STRANGER", {"is_stranger"}),
        ("U0GONE", {"deleted"}),
        ("U0REDLIGHT", {"is_bot"}),
    ],
)
def test_users_info_tells_who_is_not_a_full_member(
    client: WebClient, user: str, flags: set[str]
) -> None:
    told = client.users_info(user=user)["user"]
    asked = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted", "is_bot")
    assert {flag for flag in asked if told[flag]} == flags


def test_people_are_found_by_email_and_carry_their_time_zone(client: WebClient) -> None:
    found = client.users_lookupByEmail(email="senior-two@example.com")["user"]
    assert (found["id"], found["tz"]) == ("U0SENIOR2", "America/New_York")
    assert found["tz_offset"] in (-18_000, -14_400)
    assert error_of(client.users_lookupByEmail, email="gone@example.com") == "users_not_found"


def test_the_seniors_are_a_user_group(client: WebClient) -> None:
    (group,) = client.usergroups_list(include_users=True)["usergroups"]
    assert (group["id"], group["handle"]) == ("S0SENIORS", "platform-seniors")
    assert client.usergroups_users_list(usergroup="S0SENIORS")["users"] == group["users"]
    assert error_of(client.usergroups_users_list, usergroup="S0NONE") == "no_such_subteam"


def test_a_rate_limit_is_told_with_its_delay_and_then_over(
    client: WebClient, slack: SlackWorkspace
) -> None:
    ts = client.chat_postMessage(channel=DEV, text="card")["ts"]
    slack.fault("chat.update", status=429, retry_after=1)
    with pytest.raises(SlackApiError) as limited:
        client.chat_update(channel=DEV, ts=ts, text="x")
    assert limited.value.response.status_code == 429
    assert limited.value.response["error"] == "ratelimited"
    assert limited.value.response.headers["Retry-After"] == "1"
    assert client.chat_update(channel=DEV, ts=ts, text="x")["ok"]
    assert [call["status"] for call in slack.calls("chat.update")] == [429, 200]


def test_a_client_that_honours_the_delay_gets_through(
    client: WebClient, slack: SlackWorkspace
) -> None:
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    slack.fault("chat.postMessage", status=429, retry_after=1)
    started = time.monotonic()
    assert client.chat_postMessage(channel=DEV, text="late")["ok"]
    assert time.monotonic() - started >= 1


def test_an_answer_can_be_lost_after_the_work_is_done(
    client: WebClient, slack: SlackWorkspace
) -> None:
    client.retry_handlers.clear()
    slack.fault("chat.postMessage", drop=True, after=True)
    with pytest.raises(OSError, match=r"Remote end closed|reset"):
        client.chat_postMessage(channel=DEV, text="once")
    assert [message["text"] for message in slack.messages(DEV)] == ["once"]


def test_a_permalink_leads_to_the_page_behind_the_edge(
    client: WebClient, slack: SlackWorkspace
) -> None:
    ts = client.chat_postMessage(channel=DEV, text="card")["ts"]
    link = client.chat_getPermalink(channel=DEV, message_ts=ts)["permalink"]
    assert link == f"{slack.url}/archives/C0DEV/p{ts.replace('.', '')}"
    page = requests.get(link, timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert '<script src="/_edge/page.js"></script>' in page.text
    script = requests.get(f"{slack.url}/_edge/page.js", timeout=10)
    assert "bk-plain-input" in script.text


def test_an_unknown_method_is_unknown(client: WebClient) -> None:
    assert error_of(client.api_call, api_method="chat.sing") == "unknown_method"
