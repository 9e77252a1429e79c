"""Messages that people point at, edit and delete, as the sandbox's Slack tells them to the bot."""

from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from tests.support.bolt import DEV, REASON, REQUESTER, SENIOR, form
from tests.support.slack import SlackWorkspace
from tests.support.slack_messages import add_to_timeline, delete, edit


def test_a_shortcut_names_the_message_and_who_chose_it(slack: SlackWorkspace, bot: App) -> None:
    chosen: list[dict[str, Any]] = []

    @bot.shortcut({"type": "message_action", "callback_id": "add_to_timeline"})
    def _chosen(ack: Any, shortcut: Any, client: WebClient, respond: Any) -> None:
        ack()
        chosen.append(shortcut)
        respond("added", response_type="ephemeral", replace_original=False)
        client.views_open(trigger_id=shortcut["trigger_id"], view=form(REASON))

    ts = slack.say(REQUESTER, DEV, "it burns")
    add_to_timeline(slack, SENIOR, DEV, ts)
    assert slack.view(SENIOR, "request")
    [shortcut] = chosen
    assert shortcut["user"]["id"] == SENIOR
    assert shortcut["channel"] == {"id": "C0DEV", "name": "dev-changes"}
    assert (shortcut["message"]["ts"], shortcut["message"]["user"]) == (ts, REQUESTER)
    assert shortcut["message"]["text"] == "it burns"
    [answer] = slack.ephemerals(DEV, SENIOR)
    assert answer["text"] == "added"
    assert slack.ephemerals(DEV, REQUESTER) == []
    assert slack.violations() == []


def test_edits_and_deletions_are_told_with_what_was_there(slack: SlackWorkspace, bot: App) -> None:
    events: list[dict[str, Any]] = []
    bot.event("message")(lambda event: events.append(dict(event)))
    ts = slack.say(REQUESTER, DEV, "it burns")
    edit(slack, REQUESTER, DEV, ts, "it smokes")
    delete(slack, REQUESTER, DEV, ts)
    slack.wait_for(lambda: len(events) >= 3)
    first, changed, deleted = events[:3]
    assert "subtype" not in first
    assert changed["subtype"] == "message_changed"
    assert changed["channel"] == "C0DEV"
    assert (changed["message"]["ts"], changed["message"]["text"]) == (ts, "it smokes")
    assert changed["previous_message"]["text"] == "it burns"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"]["user"] == REQUESTER
