"""“Add to timeline” as a person finds it: in the menu of a message, in the Slack page."""

from typing import Any

from playwright.sync_api import expect
from slack_bolt import App

from tests.support.bolt import REASON, bot, client, form
from tests.support.chromium import SECONDS, new_page
from tests.support.slack import SlackWorkspace

__all__ = ["bot", "client"]

expect.set_options(timeout=SECONDS * 1000)


def test_a_message_has_the_shortcut_in_its_menu(slack: SlackWorkspace, bot: App) -> None:
    chosen: list[dict[str, Any]] = []

    @bot.shortcut("add_to_timeline")
    def _chosen(ack: Any, shortcut: Any, client: Any) -> None:
        ack()
        chosen.append(shortcut)
        client.views_open(trigger_id=shortcut["trigger_id"], view=form(REASON, title="Timeline"))

    ts = slack.say("U0REQUESTER", "#incidents", "it burns")
    with new_page() as page:
        page.goto(slack.url)
        page.get_by_role("button", name="incidents").click()
        page.locator(".actas select").select_option("U0SENIOR1")
        message = page.locator(f'.msg[data-ts="{ts}"]')
        message.hover()
        message.get_by_title("Add to timeline").click()
        expect(page.get_by_text("Timeline", exact=True)).to_be_visible()
    [shortcut] = chosen
    assert (shortcut["message"]["ts"], shortcut["user"]["id"]) == (ts, "U0SENIOR1")
    assert shortcut["channel"]["name"] == "incidents"
