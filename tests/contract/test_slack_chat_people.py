"""The `Chat` port's people, and Slack when it is limited, unwell or away."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient

from chatbot.adapters.slack import SlackChat
from chatbot.domain.card import Card
from chatbot.domain.change import MessageRef
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.person import counts
from tests.support import builders
from tests.support.slack import SlackWorkspace
from tests.unit.services.parts import environment

CARD = Card(change=builders.change(), environment=environment())
PLACE = MessageRef(channel="C0DEV", ts="1772443800.000100")
DIRECT = Notice(key="k", audience=Audience.DIRECT, text="x", user="U0REQUESTER")

CALLS: dict[str, Callable[[SlackChat], Any]] = {
    "users.info": lambda chat: chat.person("U0REQUESTER"),
    "users.lookupByEmail": lambda chat: chat.user_by_email("requester@example.com"),
    "usergroups.list": lambda chat: chat.group_members("@platform-seniors"),
    "usergroups.users.list": lambda chat: chat.group_members("@platform-seniors"),
    "chat.postMessage": lambda chat: chat.post_card("#dev-changes", CARD),
    "chat.update": lambda chat: chat.update_card(PLACE, CARD),
    "users.conversations": lambda chat: chat.find_card("#dev-changes", "CHG-1"),
    "conversations.history": lambda chat: chat.find_card("C0DEV", "CHG-1"),
    "conversations.open": lambda chat: chat.send(DIRECT, "CHG-1", None),
    "chat.getPermalink": lambda chat: chat.link(PLACE),
}
every_call = pytest.mark.parametrize(("method", "call"), list(CALLS.items()), ids=list(CALLS))


@pytest.fixture
def chat(slack: SlackWorkspace) -> SlackChat:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
    return SlackChat(client)


@pytest.mark.parametrize(
    ("user", "flag"),
    [
        ("U0REQUESTER", ""),
        ("U0GUEST", "is_guest"),
        ("U0STRANGER", "is_stranger"),
        ("U0GONE", "is_deactivated"),
        ("U0REDLIGHT", "is_bot"),
    ],
)
def test_a_person_comes_with_the_flags_that_decide(chat: SlackChat, user: str, flag: str) -> None:
    person = chat.person(user)
    flags = ("is_bot", "is_guest", "is_stranger", "is_deactivated")
    assert [name for name in flags if getattr(person, name)] == [flag] * bool(flag)
    assert counts(person) == (not flag)


def test_a_person_has_a_name_an_address_and_a_time_zone(chat: SlackChat) -> None:
    person = chat.person("U0SENIOR2")
    assert (person.name, person.email) == ("senior-two", "senior-two@example.com")
    assert person.time_zone == "America/New_York"


def test_nobody_of_that_id_is_not_found(chat: SlackChat) -> None:
    with pytest.raises(NotFound):
        chat.person("U0NOBODY")


def test_people_are_found_by_e_mail_or_not_at_all(chat: SlackChat) -> None:
    assert chat.user_by_email("requester@example.com") == "U0REQUESTER"
    assert chat.user_by_email("nobody@example.com") is None


def test_a_group_is_named_by_its_handle(chat: SlackChat) -> None:
    assert chat.group_members("@platform-seniors") == {"U0SENIOR1", "U0SENIOR2"}
    with pytest.raises(NotFound, match="@no-such"):
        chat.group_members("@no-such")


@every_call
def test_a_limit_is_honoured_to_the_second(
    slack: SlackWorkspace, chat: SlackChat, method: str, call: Callable[[SlackChat], Any]
) -> None:
    slack.fault(method, status=429, error="ratelimited", retry_after=17)
    with pytest.raises(RetryLater, match="limits") as limited:
        call(chat)
    assert limited.value.after == timedelta(seconds=17)
    assert len(slack.calls(method)) == 1, "the rows retry, the client does not"


@every_call
def test_after_a_429_its_method_is_not_called_for_as_long_as_it_says(
    slack: SlackWorkspace, chat: SlackChat, method: str, call: Callable[[SlackChat], Any]
) -> None:
    slack.fault(method, status=429, error="ratelimited", retry_after=17)
    with pytest.raises(RetryLater):
        call(chat)
    with pytest.raises(RetryLater, match="limits") as limited:
        call(chat)
    assert limited.value.after is not None
    assert timedelta() < limited.value.after < timedelta(seconds=17)
    assert len(slack.calls(method)) == 1


def test_a_limit_on_one_method_leaves_the_others_alone(
    slack: SlackWorkspace, chat: SlackChat
) -> None:
    slack.fault("users.info", status=429, error="ratelimited", retry_after=17)
    with pytest.raises(RetryLater):
        chat.person("U0SENIOR2")
    assert chat.user_by_email("requester@example.com") == "U0REQUESTER"


@every_call
def test_a_slack_that_is_unwell_is_tried_later(
    slack: SlackWorkspace, chat: SlackChat, method: str, call: Callable[[SlackChat], Any]
) -> None:
    slack.fault(method, status=500)
    with pytest.raises(RetryLater, match="not well"):
        call(chat)


@every_call
def test_an_answer_that_never_comes_is_tried_later(
    slack: SlackWorkspace, chat: SlackChat, method: str, call: Callable[[SlackChat], Any]
) -> None:
    slack.fault(method, drop=True)
    with pytest.raises(RetryLater, match="does not answer"):
        call(chat)


@pytest.mark.parametrize("code", ["internal_error", "service_unavailable", "request_timeout"])
def test_an_error_that_passes_is_tried_later(
    slack: SlackWorkspace, chat: SlackChat, code: str
) -> None:
    slack.fault("chat.postMessage", error=code)
    with pytest.raises(RetryLater):
        chat.post_card("#dev-changes", CARD)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("not_in_channel", "/invite"),
        ("is_archived", "Unarchive"),
        ("missing_scope", "manifest.yaml"),
        ("invalid_auth", "SLACK_BOT_TOKEN"),
        ("token_revoked", "SLACK_BOT_TOKEN"),
    ],
)
def test_an_error_that_stays_says_what_to_do(
    slack: SlackWorkspace, chat: SlackChat, code: str, remedy: str
) -> None:
    slack.fault("chat.postMessage", error=code)
    with pytest.raises(Permanent, match=code) as refused:
        chat.post_card("#dev-changes", CARD)
    assert remedy in refused.value.remedy


def test_a_slow_answer_is_given_up_after_the_timeout(slack: SlackWorkspace) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url, timeout=1, retry_handlers=[])
    slack.fault("users.info", delay=3)
    with pytest.raises(RetryLater, match="does not answer"):
        SlackChat(client).person("U0REQUESTER")


def test_nobody_there_is_tried_later(unused_port: int) -> None:
    client = WebClient(
        token="t", base_url=f"http://127.0.0.1:{unused_port}/api/", timeout=2, retry_handlers=[]
    )
    with pytest.raises(RetryLater, match="does not answer"):
        SlackChat(client).person("U0REQUESTER")


@pytest.fixture
def unused_port() -> Any:
    """A port that is bound and does not listen."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
