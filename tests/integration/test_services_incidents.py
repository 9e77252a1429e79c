"""Incidents over the sandbox's Slack and Jira: everything once, whatever is down meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from chatbot.adapters.jira import JiraTracker
from chatbot.adapters.slack_channels import SlackChannels
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, MessageRef, Path
from chatbot.domain.emergency import Criterion
from chatbot.domain.events import SYSTEM
from chatbot.domain.incident import Side
from chatbot.domain.lifecycle import State
from chatbot.services.incident_channel import IncidentChannel
from chatbot.services.incident_issue import IncidentIssue
from chatbot.services.incident_rows import IncidentRows
from chatbot.services.incidents import Incidents
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.settings import IncidentRules
from tests.support import builders
from tests.support.jira import JiraProcess, running_jira
from tests.support.slack import SlackWorkspace
from tests.unit.services.incident_parts import PULL_REQUEST
from tests.unit.services.parts import Hand

NAME = "inc-chg-1-web"


@pytest.fixture
def client(slack: SlackWorkspace) -> WebClient:
    """As the bot has it: without retries of its own."""
    return WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture(scope="module")
def both_kinds() -> Iterator[dict[str, JiraProcess]]:
    with running_jira() as data_center, running_jira(cloud=True) as cloud:
        yield {"data-center": data_center, "cloud": cloud}


@pytest.fixture
def jira(request: pytest.FixtureRequest, both_kinds: dict[str, JiraProcess]) -> JiraProcess:
    """Data Center, unless a test asks for the other as well."""
    chosen = both_kinds[getattr(request, "param", "data-center")]
    chosen.reset()
    return chosen


either_kind = pytest.mark.parametrize("jira", ["data-center", "cloud"], indirect=True)


class Emergency:
    """One signed-off emergency, and both sides of its incident over what is real."""

    def __init__(
        self, slack: SlackWorkspace, client: WebClient, jira: JiraProcess, store: SqliteStore
    ) -> None:
        self.slack, self.client, self.jira, self.store = slack, client, jira, store
        self.clock = Hand()
        self.ledger = Ledger(store, self.clock)
        self._jira = jira.settings(timeout=2, subtask_type="Sub-task")
        new = builders.new_change(
            builders.change_request(
                environment="prod", criterion=Criterion.SERVICE_DOWN, blast_radius="all of it"
            ),
            path=Path.EMERGENCY,
        )
        change = store.create_change(new, builders.entry())
        ts = client.chat_postMessage(channel="C0INCIDENTS", text="the card")["ts"]
        store.card_shown(1, MessageRef(channel="C0INCIDENTS", ts=str(ts)), 0)
        moved = change.model_copy(update={"state": State.APPLYING})
        store.save(moved, [self._entry("change.confirmed")], incident=True)

    def _entry(self, kind: str, data: Any = None, actor: str = builders.SENIOR) -> Any:
        at = self.clock.now()
        return builders.entry(kind, change=1, actor=actor, at=at, data=data or {})

    def goes(self, state: State, kind: str, data: Any = None, **progress: Any) -> None:
        """The change moves on."""
        now = self.store.change(1)
        progressed = now.progress.model_copy(update=progress)
        moved = now.model_copy(update={"state": state, "progress": progressed})
        self.store.save(moved, [self._entry(kind, data, SYSTEM)])

    def bot(self) -> dict[Side, Incidents]:
        """A bot that has just started: it knows nothing but its database."""
        slack = SlackChannels(self.client)
        people = People(slack, self.clock, seniors=["@platform-seniors"], managers=["U0MANAGER"])
        rows = IncidentRows(self.store, self.ledger, lambda _: None)
        channel = IncidentChannel(rows, slack, slack, people, IncidentRules(archive=True))
        issue = IncidentIssue(rows, JiraTracker(self._jira), people, self._items)
        return {
            side: Incidents(self.store, self.clock, side, steps, lambda _: None)
            for side, steps in ((Side.CHANNEL, channel.steps), (Side.ISSUE, issue.steps))
        }

    def _items(self, change: Change) -> tuple[str, ...]:
        return ("Add an alert", "Raise the quota") if change.state is State.COMPLETED else ()

    def settle(self) -> None:
        """A new bot for each look; time goes on between them."""
        for _ in range(12):
            due = self.store.incidents_due(self.clock.now())
            bot = self.bot()
            for number, side in due:
                bot[side].tend(number)
            self.clock.move(minutes=6)
            if not due:
                return

    def live(self) -> None:
        """To its end."""
        self.settle()
        opened = {"number": PULL_REQUEST.number}
        self.goes(State.PR_OPEN, "pull_request.opened", opened, pull_request=PULL_REQUEST)
        self.settle()
        self.goes(State.COMPLETED, "change.completed")
        self.settle()

    def expect_everything_once(self) -> None:
        channels = self.client.conversations_list(limit=200)["channels"]
        [channel] = [each for each in channels if each["name"].startswith("inc-")]
        assert channel["name"] == NAME
        assert channel["is_archived"]
        assert channel["topic"]["value"].startswith("CHG-1 · closed")
        members = self.client.conversations_members(channel=channel["id"])["members"]
        assert {"U0REQUESTER", "U0SENIOR1", "U0SENIOR2", "U0MANAGER"} <= set(members)
        [pinned] = self.client.pins_list(channel=channel["id"])["items"]
        assert "all of it" in pinned["message"]["text"]
        bookmarks = self.client.bookmarks_list(channel_id=channel["id"])["bookmarks"]
        titles = [each["title"] for each in bookmarks]
        assert sorted(titles) == ["Jira INC-1", "Pull request #7"]
        said = [each["text"] for each in self.slack.messages(channel["id"])]
        for text in ("confirmed it", "was opened", "t was completed"):
            assert sum(text in each for each in said[1:]) == 1, (text, said)
        self._expect_one_issue()
        assert self.slack.violations() == []

    def _expect_one_issue(self) -> None:
        issue, *subtasks = self.jira.issues()
        assert issue["labels"] == ["redlight-chg-1"]
        assert issue["resolution"] == "Done"
        assert [each["summary"] for each in subtasks] == ["Add an alert", "Raise the quota"]
        titles = sorted(each["title"] for each in issue["links"])
        assert titles == [f"#{NAME}", "Card of CHG-1", "Pull request #7"]
        bodies = [each["body"] for each in issue["comments"]]
        assert len(bodies) == len(set(bodies))
        for text in ("confirmed it", "t was completed"):
            assert sum(text in each for each in bodies) == 1, (text, bodies)


@pytest.fixture
def emergency(
    slack: SlackWorkspace, client: WebClient, jira: JiraProcess, store: SqliteStore
) -> Emergency:
    return Emergency(slack, client, jira, store)


@either_kind
def test_an_emergency_is_told_in_its_channel_and_its_issue(emergency: Emergency) -> None:
    emergency.live()
    emergency.expect_everything_once()
    now = emergency.clock.now()
    assert emergency.store.incidents_due(now) == [], "then nothing is left to do"


@either_kind
def test_while_jira_is_down_the_channel_goes_on_and_the_issue_follows(
    emergency: Emergency,
) -> None:
    emergency.jira.fault(status=503, times=10_000)
    emergency.settle()
    assert emergency.jira.issues() == []
    [channel] = [
        each
        for each in emergency.client.conversations_list(limit=200)["channels"]
        if each["name"] == NAME
    ]
    assert emergency.client.pins_list(channel=channel["id"])["items"]
    emergency.jira.reset()
    emergency.live()
    emergency.expect_everything_once()


def test_while_slacks_channel_methods_fail_the_issue_goes_on_and_the_channel_follows(
    emergency: Emergency,
) -> None:
    failing = ("conversations.create", "chat.postMessage", "pins.add", "conversations.invite")
    for method in failing:
        emergency.slack.fault(method, error="internal_error", times=6)
    emergency.settle()
    assert [each["labels"] for each in emergency.jira.issues()] == [["redlight-chg-1"]]
    emergency.live()
    emergency.expect_everything_once()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "method",
    [
        "conversations.create",
        "chat.postMessage",
        "chat.update",
        "chat.getPermalink",
        "pins.add",
        "conversations.setTopic",
        "conversations.invite",
        "bookmarks.list",
        "bookmarks.add",
        "conversations.archive",
    ],
)
def test_a_cut_line_to_slack_doubles_nothing(
    emergency: Emergency, method: str, *, after: bool
) -> None:
    emergency.slack.fault(method, drop=True, after=after)
    emergency.live()
    emergency.expect_everything_once()
    assert emergency.slack.calls(method)


@either_kind
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "call", ["POST /rest/api/2/issue", "/comment", "/remotelink", "/transitions", "INC-1"]
)
def test_a_cut_line_to_jira_doubles_nothing(
    emergency: Emergency, call: str, *, after: bool
) -> None:
    for _ in range(2):
        emergency.jira.fault(call, drop=True, after=after)
    emergency.live()
    emergency.expect_everything_once()
    assert emergency.jira.calls(call), "the call that was cut is one that is made"
