"""An emergency from its sign-off to its close in a whole world, with everything that it leaves in
Slack, Jira and Git."""

import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk import WebClient

from chatbot.domain.argocd import PAUSED_BY
from chatbot.domain.change import Change
from chatbot.domain.incident import Side
from chatbot.domain.lifecycle import State
from sandbox.cluster import ARGOCD_NAMESPACE
from tests.support.argocd import AUTOMATED
from tests.support.argocd_world import application
from tests.support.direct_messages import press, told
from tests.support.jira import JiraProcess
from tests.support.world import OTHER_SENIOR, REQUESTER, World, everything

FORM = {
    "summary": "Checkout answered with errors.",
    "impact": "Every third order failed.",
    "root_cause": "A limit that was too low.",
    "action_items": "raise the limit\nadd an alert",
}
ACTION_ITEMS = FORM["action_items"].splitlines()
MANAGER = "U0MANAGER"
LATER = datetime.max.replace(tzinfo=UTC)
TOLD_IN = ("#incidents", "#status")
NEWS = {
    "signed off": "signed it off for",
    "applied": "is applied, and its rollout is watched",
    "undone": "was undone: the cluster is as it was before it",
    "closed": "is closed: its postmortem is accepted",
}
"""What the channels of incidents and stakeholders hear, by what it is about."""


@pytest.fixture
def owing(deployed: World, jira: JiraProcess) -> World:
    """A world with everything that an emergency has to do with: a Jira, and an Argo CD that deploys
    prod by itself and heals what differs from Git."""
    policy = json.dumps({"spec": {"syncPolicy": {"automated": AUTOMATED}}})
    deployed.cluster.kubectl(
        *("patch", "application", "prod", f"--namespace={ARGOCD_NAMESPACE}"),
        *("--type=merge", f"--patch={policy}"),
    )
    return deployed


def auto_sync(world: World) -> tuple[Any, str]:
    """How Argo CD syncs prod by itself, and for which change that is paused."""
    now = application(world, "prod")
    mark = now["metadata"].get("annotations", {}).get(PAUSED_BY)
    paused_for = json.loads(mark)["change"] if mark else ""
    return now["spec"].get("syncPolicy", {}).get("automated"), paused_for


# What people do


def write_postmortem(world: World, change: Change, user: str = REQUESTER, **fields: str) -> str:
    """`/postmortem CHG-1`, fill in the form, submit; the timeline that the form began with."""
    world.slack.command(user, "#incidents", "/postmortem", change.id)
    view = world.slack.view(user, "postmortem")
    [timeline] = [block for block in view["blocks"] if block.get("block_id") == "timeline"]
    answer = world.slack.submit(user, {**FORM, **fields})
    assert not answer.errors, answer.errors
    world.until(lambda: "postmortem.submitted" in world.events(change))
    return str(timeline["element"]["initial_value"])


def accept_postmortem(world: World, change: Change, user: str = OTHER_SENIOR) -> None:
    """A senior accepts what was submitted, in the direct message that asks for that."""
    asked = told(world, user, "submitted the postmortem", change.id)
    press(world, user, asked, "accept_postmortem")
    world.until(lambda: "postmortem.accepted" in world.events(change))


def close(world: World, change: Change) -> Change:
    """Everything that is owed is paid; the emergency, closed, with both sides of its incident."""
    write_postmortem(world, change)
    accept_postmortem(world, change)
    closed = world.wait(change, State.COMPLETED)
    world.until(lambda: at_rest(world, change))
    return closed


def at_rest(world: World, change: Change) -> bool:
    """Whether nothing is left to be told of an emergency anywhere."""
    sides = [world.store.incident(change.number, side) for side in Side]
    waiting = [side for side in sides if side is None or side.due_at is not None]
    pending = world.store.pending_notices(change.number)
    return not (waiting or pending or world.store.announcements_due(LATER))


# What is seen


@dataclass(frozen=True)
class Room:
    """A channel as somebody in it sees it."""

    name: str
    topic: str
    archived: bool
    members: frozenset[str]
    pinned: tuple[str, ...]
    bookmarks: dict[str, str]
    """Addresses by title."""
    said: tuple[str, ...]
    """Oldest first, without the summary that is pinned."""


def room(world: World, change: Change) -> Room:
    """The channel of an emergency's incident."""
    incident = world.until(lambda: world.store.incident(change.number, Side.CHANNEL))
    assert incident.room is not None
    channel = incident.room.id
    client = WebClient(token=world.slack.bot_token, base_url=world.slack.api_url)
    seen = client.conversations_info(channel=channel)["channel"]
    pins = [each["message"]["text"] for each in client.pins_list(channel=channel)["items"]]
    bookmarks = client.bookmarks_list(channel_id=channel)["bookmarks"]
    said = [message["text"] for message in world.slack.messages(channel)]
    return Room(
        name=seen["name"],
        topic=seen["topic"]["value"],
        archived=seen["is_archived"],
        members=frozenset(client.conversations_members(channel=channel)["members"]),
        pinned=tuple(pins),
        bookmarks={each["title"]: each["link"] for each in bookmarks},
        said=tuple(text for text in said if text not in pins),
    )


def news(world: World, change: Change) -> dict[str, Counter[str]]:
    """How often each channel heard which news of an emergency."""
    return {
        channel: Counter(
            what
            for message in world.slack.messages(channel)
            for what, words in NEWS.items()
            if words in (text := everything(message)) and f"*{change.id}*" in text
        )
        for channel in TOLD_IN
    }


def issues(world: World, change: Change) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The one issue of an emergency, and its sub-tasks."""
    assert world.jira is not None
    filed = world.jira.issues()
    [issue] = [each for each in filed if f"redlight-{change.id.lower()}" in each["labels"]]
    return issue, [each for each in filed if each["parent"] == issue["key"]]


def expect_applied_at_once(world: World, change: Change) -> tuple[datetime, datetime]:
    """It was signed off and then applied, and only the cluster was spoken to between: the audit log
    has nothing else there but what the incident, which goes its own way, got done meanwhile.

    Returns when both were. How long it took is told with the test's output: a busy machine is no
    failure.
    """
    world.until(lambda: "change.applied" in world.events(change))
    entries = [event.entry for event in world.store.events(change.number)]
    kinds = [entry.kind for entry in entries]
    begins, ends = kinds.index("change.signed_off"), kinds.index("change.applied")
    between = [kind for kind in kinds[begins + 1 : ends] if not kind.startswith("incident.")]
    assert begins < ends
    assert set(between) <= _APPLYING, between
    signed_off, applied = entries[begins].at, entries[ends].at
    seconds = (applied - signed_off).total_seconds()
    sys.stdout.write(f"{change.id} was applied {seconds:.2f} s after its sign-off\n")
    return signed_off, applied


_APPLYING = {"objects.seized", "snapshot.taken", "auto_sync.paused"}
"""What is recorded while an emergency is applied."""


def expect_told(world: World, change: Change, *what: str) -> None:
    """The channels of incidents and stakeholders have heard these news, each once."""
    expected = {channel: Counter(what) for channel in TOLD_IN}
    world.until(lambda: news(world, change) == expected)


def expect_once(world: World, change: Change) -> None:
    """Nothing was said twice of a closed emergency, in its channel, in Jira or under its card."""
    seen, (issue, _) = room(world, change), issues(world, change)
    bodies = [comment["body"] for comment in issue["comments"]]
    for told_there in (seen.said, bodies, world.story(change)):
        assert [text for text, count in Counter(told_there).items() if count > 1] == []
    assert len(seen.pinned) == 1
    kinds = Counter(world.events(change))
    for kind in _ONCE:
        assert kinds[kind] == 1, kind
    assert world.store.check_audit().reason == ""


_ONCE = (
    *("change.signed_off", "change.applied", "change.completed"),
    *("incident.channel_opened", "incident.issue_opened", "incident.issue_resolved"),
    *("reconciliation.met", "postmortem.accepted"),
)
