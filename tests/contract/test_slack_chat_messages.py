"""The `Chat` port's messages: over the adapter and the sandbox's Slack, and over the Slack in
memory that the services' tests stand on."""

from collections.abc import Callable
from typing import Any

import pytest

from chatbot.adapters import slack as adapter
from chatbot.adapters.slack import SlackChat
from chatbot.domain.announcement import Announcement
from chatbot.domain.card import Card
from chatbot.domain.change import MessageRef
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Audience, Notice
from chatbot.ports import Chat
from tests.support import builders
from tests.support.slack import SlackWorkspace
from tests.unit.services.parts import Slack, environment

DEV = "#dev-changes"
THREAD = Notice(key="requested", audience=Audience.THREAD, text="Asked for.")
DIRECT = Notice(key="outcome", audience=Audience.DIRECT, text="Done.", user="U0REQUESTER")


def card(number: int = 1, state: State = State.REQUESTED) -> Card:
    return Card(change=builders.change(number=number, state=state), environment=environment())


@pytest.fixture(params=["sandbox", "memory"])
def chat(request: pytest.FixtureRequest) -> Chat:
    if request.param == "memory":
        return Slack()
    request.getfixturevalue("slack")
    return SlackChat(request.getfixturevalue("client"))


def test_a_card_is_found_where_it_was_posted_and_only_there(chat: Chat) -> None:
    assert chat.find_card(DEV, "CHG-1") is None
    posted = chat.post_card(DEV, card())
    assert chat.find_card(DEV, "CHG-1") == posted
    assert chat.find_card(DEV, "CHG-2") is None
    assert chat.find_card("#test-changes", "CHG-1") is None


def test_a_card_is_found_after_it_was_drawn_anew(chat: Chat) -> None:
    posted = chat.post_card(DEV, card())
    chat.update_card(posted, card(state=State.CANCELLED))
    assert chat.find_card(DEV, "CHG-1") == posted


def test_a_card_that_is_not_there_cannot_be_drawn_anew(chat: Chat) -> None:
    posted = chat.post_card(DEV, card())
    with pytest.raises(NotFound):
        chat.update_card(posted.model_copy(update={"ts": "1000000000.000100"}), card())


def test_an_announcement_is_found_by_its_key_where_it_was_made_and_only_there(chat: Chat) -> None:
    news = Announcement(key="freeze:1:begun", channel=DEV, text="Frozen.", at=builders.NOW)
    chat.post_card(DEV, card())
    assert not chat.was_announced(news)
    chat.announce(news)
    assert chat.was_announced(news)
    assert not chat.was_announced(news.model_copy(update={"key": "freeze:1:over"}))
    assert not chat.was_announced(news.model_copy(update={"channel": "#test-changes"}))


def test_a_notice_under_a_card_is_found_by_its_key(chat: Chat) -> None:
    first, second = chat.post_card(DEV, card(1)), chat.post_card(DEV, card(2))
    assert chat.find_notice(THREAD, "CHG-1", first) is None
    sent = chat.send(THREAD, "CHG-1", first)
    assert sent.channel == first.channel
    assert chat.find_notice(THREAD, "CHG-1", first) == sent
    other_key = THREAD.model_copy(update={"key": "other"})
    assert chat.find_notice(other_key, "CHG-1", first) is None
    assert chat.find_notice(THREAD, "CHG-2", second) is None


def test_a_direct_message_is_found_by_change_and_key(chat: Chat) -> None:
    assert chat.find_notice(DIRECT, "CHG-1", None) is None
    sent = chat.send(DIRECT, "CHG-1", None)
    assert chat.find_notice(DIRECT, "CHG-1", None) == sent
    assert chat.find_notice(DIRECT, "CHG-2", None) is None


def test_a_notice_waits_for_its_card(chat: Chat) -> None:
    with pytest.raises(RetryLater):
        chat.send(THREAD, "CHG-1", None)
    with pytest.raises(RetryLater):
        chat.find_notice(THREAD, "CHG-1", None)


@pytest.mark.parametrize(
    "call",
    [
        lambda chat: chat.post_card("#nowhere", card()),
        lambda chat: chat.find_card("#nowhere", "CHG-1"),
    ],
    ids=["post", "find"],
)
def test_a_channel_that_is_not_there_is_named_with_what_to_do(
    chat: Chat, call: Callable[[Chat], Any]
) -> None:
    with pytest.raises(Permanent) as refused:
        call(chat)
    assert "Create the channel" in refused.value.remedy


def test_a_message_has_a_link(chat: Chat) -> None:
    assert chat.link(chat.post_card(DEV, card())).startswith("http")


def test_the_thread_of_a_card_that_was_deleted_is_not_found(chat: Chat) -> None:
    gone = MessageRef(channel=chat.post_card(DEV, card()).channel, ts="1000000000.000100")
    with pytest.raises(NotFound):
        chat.find_notice(THREAD, "CHG-1", gone)


# --- what only the real edge can show ----------------------------------------------------------


@pytest.fixture
def real(slack: SlackWorkspace, client: Any) -> SlackChat:
    return SlackChat(client)


def test_what_people_see_stands_where_it_belongs(slack: SlackWorkspace, real: SlackChat) -> None:
    posted = real.post_card(DEV, card())
    real.send(THREAD, "CHG-1", posted)
    real.send(DIRECT, "CHG-1", posted)
    [message] = slack.messages(DEV)
    assert message["text"].startswith("CHG-1 ")
    assert [reply["text"] for reply in slack.thread(DEV, posted.ts)] == ["Asked for."]
    assert [message["text"] for message in slack.direct_messages("U0REQUESTER")] == ["Done."]
    real.update_card(posted, card(state=State.CANCELLED))
    [message] = slack.messages(DEV)
    assert message["text"].endswith("cancelled")
    assert slack.violations() == []


def test_a_direct_message_links_its_card(slack: SlackWorkspace, real: SlackChat) -> None:
    posted = real.post_card(DEV, card())
    real.send(DIRECT, "CHG-1", posted)
    [message] = slack.direct_messages("U0REQUESTER")
    assert f"<{real.link(posted)}|Open the card>" in str(message["blocks"])
    assert slack.violations() == []


@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "error": "ratelimited", "retry_after": 17}, {"error": "message_not_found"}],
    ids=["limited", "gone"],
)
def test_a_direct_message_is_sent_without_a_link_that_slack_does_not_give(
    slack: SlackWorkspace, real: SlackChat, fault: dict[str, Any]
) -> None:
    posted = real.post_card(DEV, card())
    slack.fault("chat.getPermalink", **fault)
    real.send(DIRECT, "CHG-1", posted)
    [message] = slack.direct_messages("U0REQUESTER")
    assert message["text"] == "Done."
    assert "Open the card" not in str(message["blocks"])


def test_a_message_is_found_behind_many_pages(
    slack: SlackWorkspace, real: SlackChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 2)
    posted = real.post_card(DEV, card())
    sent = real.send(THREAD, "CHG-1", posted)
    for number in range(5):
        slack.say("U0SENIOR1", DEV, f"message {number}")
        slack.say("U0SENIOR1", DEV, f"reply {number}", thread_ts=posted.ts)
    assert real.find_card(DEV, "CHG-1") == posted
    assert real.find_notice(THREAD, "CHG-1", posted) == sent
    assert len(slack.calls("conversations.history")) == 3
    assert slack.violations() == []


def test_looking_far_back_ends(
    slack: SlackWorkspace, real: SlackChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 1)
    monkeypatch.setattr(adapter, "PAGES", 3)
    for number in range(5):
        slack.say("U0SENIOR1", DEV, f"message {number}")
    assert real.find_card(DEV, "CHG-1") is None
    assert len(slack.calls("conversations.history")) == 3


def test_the_longest_notice_and_markup_in_every_field_pass_slacks_limits(
    slack: SlackWorkspace, real: SlackChat
) -> None:
    nasty = "<!channel> <@U0SENIOR1> *_~`&<>` " * 200
    request = builders.change_request(
        justification=nasty, rollback_plan=nasty, affected_services=(nasty,) * 20, incident_id=nasty
    )
    drawn = Card(change=builders.change(request=request), environment=environment())
    posted = real.post_card(DEV, drawn)
    real.update_card(posted, drawn)
    real.send(THREAD.model_copy(update={"text": "x" * 2_500}), "CHG-1", posted)
    assert slack.violations() == []
    [message] = slack.messages(DEV)
    assert "<!channel>" not in str(message["blocks"])


def test_names_of_channels_are_looked_up_once(slack: SlackWorkspace, real: SlackChat) -> None:
    for _ in range(3):
        real.find_card(DEV, "CHG-1")
    assert len(slack.calls("users.conversations")) == 1
