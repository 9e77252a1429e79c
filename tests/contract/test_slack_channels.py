"""The `Channels` port: over the adapter and the sandbox's Slack, and over the channels in memory
that the services' tests stand on."""

from typing import Any

import pytest
from slack_sdk import WebClient

from chatbot.adapters.slack_channels import SlackChannels
from chatbot.domain.errors import Closed, NotFound, Permanent, RetryLater
from chatbot.ports import Channels
from tests.support.slack import SlackWorkspace
from tests.unit.services.rooms import Rooms

NAME = "inc-chg-12-web"
PEOPLE = ("U0REQUESTER", "U0SENIOR1")


@pytest.fixture(params=["sandbox", "memory"])
def channels(request: pytest.FixtureRequest) -> Channels:
    if request.param == "memory":
        rooms = Rooms()
        rooms.add("incidents")
        return rooms
    request.getfixturevalue("slack")
    return SlackChannels(request.getfixturevalue("client"))


def test_a_channel_is_made_once_and_found_after_that(channels: Channels) -> None:
    made = channels.open_channel(NAME, private=False)
    assert made.name == NAME
    assert channels.open_channel(NAME, private=False) == made


def test_a_name_whose_channel_was_archived_is_counted_on(channels: Channels) -> None:
    channels.archive(channels.open_channel(NAME, private=False).id)
    second = channels.open_channel(NAME, private=False)
    assert second.name == f"{NAME}-2"
    assert channels.open_channel(NAME, private=False) == second


def test_a_named_channel_is_found_by_name_and_id_unless_it_is_archived(channels: Channels) -> None:
    there = channels.named_channel("#incidents")
    assert there.name == "incidents"
    assert channels.named_channel(there.id) == there
    for ref in ("#nowhere", "C0NOWHERE"):
        with pytest.raises(NotFound):
            channels.named_channel(ref)
    channels.archive(there.id)
    with pytest.raises(NotFound):
        channels.named_channel("#incidents")


def test_what_was_said_is_found_by_its_key_and_can_be_said_anew(channels: Channels) -> None:
    room = channels.open_channel(NAME, private=False)
    assert channels.said(room.id, "CHG-12", "summary") is None
    message = channels.say(room.id, "It is down.", "CHG-12", "summary")
    channels.say_anew(message, "It is up.", "CHG-12", "summary")
    assert channels.said(room.id, "CHG-12", "summary") == message
    assert channels.said(room.id, "CHG-12", "event:5") is None
    assert channels.said(room.id, "CHG-1", "summary") is None


def test_nothing_is_said_in_an_archived_channel(channels: Channels) -> None:
    room = channels.open_channel(NAME, private=False)
    channels.archive(room.id)
    with pytest.raises(Closed):
        channels.say(room.id, "It is down.", "CHG-12", "summary")


def test_a_message_that_is_gone_cannot_be_said_anew(channels: Channels) -> None:
    room = channels.open_channel(NAME, private=False)
    message = channels.say(room.id, "It is down.", "CHG-12", "summary")
    gone = message.model_copy(update={"ts": "1000000000.000100"})
    with pytest.raises(NotFound):
        channels.say_anew(gone, "It is up.", "CHG-12", "summary")


def test_furnishing_is_safe_to_repeat(channels: Channels) -> None:
    room = channels.open_channel(NAME, private=False)
    message = channels.say(room.id, "It is down.", "CHG-12", "summary")
    for _ in range(2):
        channels.set_topic(room.id, "CHG-12 · " + "x" * 300)
        channels.pin(message)
        channels.bookmark(room.id, "Jira INC-7", "https://jira.example/browse/INC-7")
        assert channels.invite(room.id, PEOPLE) == frozenset()
    assert channels.invite(room.id, ()) == frozenset()
    for _ in range(2):
        channels.archive(room.id)


def test_one_who_cannot_be_invited_keeps_nobody_out(channels: Channels) -> None:
    room = channels.open_channel(NAME, private=False)
    channels.invite(room.id, ["U0SENIOR1"])
    assert channels.invite(room.id, [*PEOPLE, "U0GONE"]) == {"U0GONE"}
    assert channels.invite(room.id, ["U0GONE"]) == {"U0GONE"}


# --- what only the real edge can show ----------------------------------------------------------


@pytest.fixture
def real(slack: SlackWorkspace, client: WebClient) -> SlackChannels:
    return SlackChannels(client)


def test_everything_stands_in_the_channel_once(
    real: SlackChannels, slack: SlackWorkspace, client: WebClient
) -> None:
    room = real.open_channel(NAME, private=True)
    message = real.say(room.id, "It is down.", "CHG-12", "summary")
    for _ in range(2):
        real.pin(message)
        real.bookmark(room.id, "Jira INC-7", "https://jira.example/browse/INC-7")
        real.invite(room.id, [*PEOPLE, "U0GONE"])
    [pinned] = client.pins_list(channel=room.id)["items"]
    assert pinned["message"]["ts"] == message.ts
    [bookmark] = client.bookmarks_list(channel_id=room.id)["bookmarks"]
    assert bookmark["title"] == "Jira INC-7"
    members = client.conversations_members(channel=room.id)["members"]
    assert sorted(set(PEOPLE) & set(members)) == sorted(PEOPLE)
    assert client.conversations_info(channel=room.id)["channel"]["is_private"]
    assert slack.violations() == []


def test_a_name_is_looked_for_on_every_page(real: SlackChannels, client: WebClient) -> None:
    for number in range(3):
        client.conversations_create(name=f"other-{number}")
    client.conversations_create(name=NAME)
    assert real.open_channel(NAME, private=False).name == NAME


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("conversations.create", lambda real, _: real.open_channel("inc-2", private=False)),
        ("conversations.setTopic", lambda real, room: real.set_topic(room, "x")),
        ("conversations.invite", lambda real, room: real.invite(room, PEOPLE)),
        ("conversations.archive", lambda real, room: real.archive(room)),
        ("bookmarks.list", lambda real, room: real.bookmark(room, "x", "https://x.example")),
        ("bookmarks.add", lambda real, room: real.bookmark(room, "x", "https://x.example")),
    ],
)
def test_what_slack_refuses_is_one_of_the_two_families(
    real: SlackChannels, slack: SlackWorkspace, method: str, call: Any
) -> None:
    room = real.open_channel(NAME, private=False).id
    slack.fault(method, error="missing_scope")
    with pytest.raises(Permanent) as refused:
        call(real, room)
    assert "manifest.yaml" in refused.value.remedy
    slack.fault(method, status=429, retry_after=3)
    with pytest.raises(RetryLater):
        call(real, room)
    asked = len(slack.calls(method))
    with pytest.raises(RetryLater):
        call(real, room)
    assert len(slack.calls(method)) == asked, "nobody calls it before Slack's time has passed"
