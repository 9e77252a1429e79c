"""App Home, where people look first: what is frozen, what emergencies owe, and the same list that
`/change list mine` gives."""

from slack_bolt import App
from slack_sdk import WebClient

from chatbot.blocks import frozen, texts
from chatbot.blocks.kit import context, section
from chatbot.slack import owing
from chatbot.slack.desk import Desk, Payload, card_link


def register(app: App, desk: Desk) -> None:
    """Publish Home when it is opened."""

    @app.event("app_home_opened")
    def opened(event: Payload, client: WebClient) -> None:
        user = event["user"]
        mine = desk.requests.listed(user, "mine")
        links = {change.number: card_link(desk, change) for change in texts.shown_in_list(mine, [])}
        blocks = [
            *frozen.notices(desk.freezes.in_force()),
            *owing.at_home(desk, user),
            section("*What you asked for*"),
            *texts.listing(mine, links, desk.clock.now()),
            context(texts.HELP),
        ]
        client.views_publish(user_id=user, view={"type": "home", "blocks": blocks})
