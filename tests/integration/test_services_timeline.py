"""“Add to timeline” over the sandbox's Slack, a Bolt app, and a real database."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from chatbot.adapters.clock import SystemClock
from chatbot.adapters.slack import SlackChat
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.incident import IncidentRoom, Side
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.timeline import Timeline
from chatbot.slack import timeline as listeners
from tests.support.bolt import DEV, REQUESTER, SENIOR, bot, client
from tests.support.builders import entry
from tests.support.slack import SlackWorkspace
from tests.support.slack_messages import add_to_timeline, delete, edit
from tests.support.store import add_change

__all__ = ["bot", "client"]

INCIDENTS = "#incidents"


@pytest.fixture
def timeline(
    slack: SlackWorkspace, bot: App, client: WebClient, store: SqliteStore
) -> Iterator[Timeline]:
    ledger = Ledger(store, SystemClock())
    made = Timeline(store, ledger, People(SlackChat(client), ledger.clock))
    listeners.register(bot, cast("Any", SimpleNamespace(timeline=made)))
    yield made
    assert slack.violations() == []


@pytest.fixture
def change(store: SqliteStore) -> Change:
    """Its incident is told in #incidents."""
    change = store.save(add_change(store), [entry("change.confirmed", change=1)], incident=True)
    side = store.incident(change.number, Side.CHANNEL)
    assert side is not None
    room = IncidentRoom(id="C0INCIDENTS", name="incidents", ours=False)
    store.save_incident(side.model_copy(update={"room": room}))
    return change


def notes(timeline: Timeline, change: Change) -> list[tuple[str, str]]:
    return [(note.author, note.text) for note in timeline.store.notes(change.number)]


def test_a_message_in_an_incidents_channel_belongs_to_its_change(
    slack: SlackWorkspace, timeline: Timeline, change: Change
) -> None:
    ts = slack.say(REQUESTER, INCIDENTS, "<@U0SENIOR1> sees 5xx &amp; more")
    for times in (1, 2):
        add_to_timeline(slack, SENIOR, INCIDENTS, ts)
        slack.wait_for(lambda n=times: len(slack.ephemerals(INCIDENTS, SENIOR)) == n)
    first, second = slack.ephemerals(INCIDENTS, SENIOR)
    assert first["text"].startswith("It is in the timeline of CHG-1.")
    assert "already" in second["text"]
    assert notes(timeline, change) == [(REQUESTER, "@U0SENIOR1 sees 5xx & more")]
    told = timeline.of(change.number)
    assert ("@U0SENIOR1 sees 5xx & more", REQUESTER) in [(one.text, one.actor) for one in told]
    assert [one.at for one in told] == sorted(one.at for one in told)


def test_edits_and_deletions_are_followed(
    slack: SlackWorkspace, timeline: Timeline, change: Change
) -> None:
    ts = slack.say(REQUESTER, INCIDENTS, "it burns")
    add_to_timeline(slack, SENIOR, INCIDENTS, ts)
    slack.wait_for(lambda: notes(timeline, change))
    edit(slack, REQUESTER, INCIDENTS, ts, "it smokes")
    slack.wait_for(lambda: notes(timeline, change) == [(REQUESTER, "it smokes")])
    delete(slack, REQUESTER, INCIDENTS, ts)
    slack.wait_for(lambda: not notes(timeline, change))
    kinds = [event.entry.kind for event in timeline.store.events(change.number)]
    assert kinds[-3:] == ["timeline.added", "timeline.reworded", "timeline.removed"]


def test_elsewhere_a_form_asks_which_change(
    slack: SlackWorkspace, timeline: Timeline, change: Change
) -> None:
    ts = slack.say(REQUESTER, DEV, "deployed by hand at 9")
    add_to_timeline(slack, REQUESTER, DEV, ts)
    assert slack.view(REQUESTER, "add_to_timeline")
    assert "CHG-12" in slack.submit(REQUESTER, {"change": "the last one"}).errors["change"]
    shown = slack.submit(REQUESTER, {"change": "chg-77"}).view
    assert shown is not None
    assert "no CHG-77" in str(shown["blocks"])
    slack.close(REQUESTER)
    add_to_timeline(slack, REQUESTER, DEV, ts)
    slack.view(REQUESTER, "add_to_timeline")
    assert slack.submit(REQUESTER, {"change": "chg-1"}).view is None
    assert notes(timeline, change) == [(REQUESTER, "deployed by hand at 9")]


def test_a_guest_adds_nothing_and_that_is_recorded(
    slack: SlackWorkspace, timeline: Timeline, change: Change
) -> None:
    ts = slack.say(REQUESTER, INCIDENTS, "it burns")
    add_to_timeline(slack, "U0GUEST", INCIDENTS, ts)
    [answer] = slack.wait_for(lambda: slack.ephemerals(INCIDENTS, "U0GUEST"))
    assert "Guests" in answer["text"]
    assert notes(timeline, change) == []
    refused = timeline.store.events(change.number)[-1].entry
    assert (refused.kind, refused.actor) == ("request.refused", "U0GUEST")


def test_other_messages_are_none_of_our_business(
    slack: SlackWorkspace, timeline: Timeline, change: Change
) -> None:
    before = len(timeline.store.events())
    ts = slack.say(REQUESTER, DEV, "lunch?")
    edit(slack, REQUESTER, DEV, ts, "lunch!")
    delete(slack, REQUESTER, DEV, ts)
    mine = slack.say(REQUESTER, INCIDENTS, "it burns")
    add_to_timeline(slack, SENIOR, INCIDENTS, mine)
    slack.wait_for(lambda: notes(timeline, change))
    assert len(timeline.store.events()) == before + 1
