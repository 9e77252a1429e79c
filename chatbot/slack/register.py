"""Hangs every listener on a Bolt app. The names here are those of `manifest.yaml`."""

from slack_bolt import App

from chatbot.slack import (
    actions,
    approving,
    breaking_glass,
    commands,
    home,
    owing,
    postmortems,
    timeline,
    views,
)
from chatbot.slack.desk import Desk


def register(app: App, desk: Desk) -> None:
    """Register commands, views, buttons and events."""
    for listeners in (
        commands,
        views,
        actions,
        approving,
        breaking_glass,
        owing,
        postmortems,
        home,
        timeline,
    ):
        listeners.register(app, desk)
