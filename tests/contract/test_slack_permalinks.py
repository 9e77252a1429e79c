from slack_sdk import WebClient

from chatbot.adapters.slack import SlackChat
from chatbot.domain.change import MessageRef
from tests.support.slack import SlackWorkspace


def test_a_permalink_made_from_another_is_the_one_that_slack_gives(slack: SlackWorkspace) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    chat = SlackChat(client)
    messages = [
        MessageRef(channel=channel, ts=client.chat_postMessage(channel=channel, text="card")["ts"])
        for channel in ("C0DEV", "C0TEST", "C0DEV")
    ]
    links = [chat.link(message) for message in messages]

    assert len(slack.calls("chat.getPermalink")) == 1
    assert links == [
        client.chat_getPermalink(channel=message.channel, message_ts=message.ts)["permalink"]
        for message in messages
    ]
