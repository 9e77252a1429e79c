"""The emergency path: past Git with a senior's word, and everything that is owed for it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import requests

from chatbot.domain.argocd import PAUSED_BY
from chatbot.domain.change import Change
from chatbot.domain.incident import label
from chatbot.domain.lifecycle import State
from tests.chaos.person import BREAK_GLASS, Person, merge, press
from tests.chaos.scenario import Scenario, live, paid_back, pulls, scaled, web_file
from tests.support.argocd_world import AUTOMATED, application, sync_status
from tests.support.glass_world import REASONS
from tests.support.proxy import Call
from tests.support.world import OTHER_SENIOR, REQUESTER, SENIOR, World

TARGET = "prod/shop-prod/deployment/web"
ACTION_ITEMS = ("Raise the limit.", "Alert on the queue.")
POSTMORTEM = {
    "summary": "Checkout answered with errors.",
    "impact": "Every third order failed.",
    "root_cause": "A limit that was too low",
    "action_items": "\n".join(ACTION_ITEMS),
}
LAST_WAIT = "for the postmortem"
"""What the card says when nothing else is owed."""

_SECONDS = 10


def light(person: Person) -> None:
    """The requester passes the light that is red."""
    if person.offers("red_light_1"):
        person.press("red_light_1")
        return
    person.press("red_light_2")
    person.fill_in("red_light_typed", {"confirmation": TARGET})


def sign_off(person: Person) -> None:
    """A senior whom the bot has called signs it off."""
    slack = person.stage.world.slack

    def called() -> bool:
        payloads = [
            (message.get("metadata") or {}).get("event_payload") or {}
            for message in slack.direct_messages(SENIOR)
        ]
        return any(
            payload.get("change") == person.change and payload["key"].startswith("page:")
            for payload in payloads
        )

    if person.wait(called):
        person.press("sign_off", SENIOR)


def write_up(person: Person) -> None:
    """The requester hands in the postmortem when all else is paid; it is merged at GitHub, and a
    senior accepts it."""
    if not (person.reads(LAST_WAIT) and person.offers("write_postmortem")):
        return
    if not person.offers("accept_postmortem"):
        person.press("write_postmortem")
        person.fill_in("postmortem", POSTMORTEM)
        return
    if person.wait(lambda: person.hears("The postmortem is in")):
        merge(person)
        person.press("accept_postmortem", OTHER_SENIOR)


def _asked_for(world: World, change: str) -> list[Any]:
    """The pull requests of the postmortem."""
    owner = world.forge.repo.partition("/")[0]
    head = f"{owner}:mcp-ocs/postmortem-{change.lower()}"
    return list(world.repo.get_pulls(state="all", head=head))


def _paid(world: World, change: Change, number: int) -> None:
    scaled(world, change, number)
    _closed(world, change)


def _undone(world: World, change: Change, number: int) -> None:
    replicas = live(world, "prod", "deploy", "web")["spec"]["replicas"]
    assert replicas != change.request.replicas
    assert f"replicas: {replicas}" in world.file(web_file("prod"))
    _closed(world, change)


def _never_merged(world: World, change: Change) -> None:
    [pull] = pulls(world, change)
    assert (pull.state, pull.merged) == ("closed", False)
    assert change.branch not in [branch.name for branch in world.repo.get_branches()]


def _closed(world: World, change: Change) -> None:
    """Everything besides the objects themselves."""
    owed = world.store.obligations(change.number)
    assert [each.met_at is not None for each in owed] == [True, True]
    assert [each.breached_at for each in owed] == [None, None]
    _syncs_as_before(world)
    _written_up(world, change)
    _talked_about(world, change)
    _filed(world, change)


def _syncs_as_before(world: World) -> None:
    found = application(world, "prod")
    assert found["spec"]["syncPolicy"]["automated"] == AUTOMATED
    assert PAUSED_BY not in (found["metadata"].get("annotations") or {})
    assert sync_status(world, "prod") == "Synced"


def _written_up(world: World, change: Change) -> None:
    [pull] = _asked_for(world, change.id)
    assert (pull.merged, pull.commits) == (True, 1)
    assert len(list(pull.get_issue_comments())) == 1
    assert POSTMORTEM["root_cause"] in world.file(f"mcp-ocs/postmortems/{change.id}.md")


def _talked_about(world: World, change: Change) -> None:
    """One channel, with one summary that is pinned, everybody in it, and each way once."""
    [room] = [each for each in world.slack._channels() if each["name"].startswith("inc-")]
    assert room["name"] == f"inc-{change.id.lower()}-web"
    posted = world.slack.messages(room["id"])
    [summary] = [each for each in posted if "🟢" in each["text"].partition("\n")[0]]
    pins = _asked(world, "pins.list", channel=room["id"])["items"]
    assert [pin["message"]["ts"] for pin in pins] == [summary["ts"]]
    links = [
        each["link"] for each in _asked(world, "bookmarks.list", channel_id=room["id"])["bookmarks"]
    ]
    assert len(links) == len(set(links)) == 2
    members = set(_asked(world, "conversations.members", channel=room["id"])["members"])
    assert {REQUESTER, SENIOR, OTHER_SENIOR, "U0MANAGER"} <= members
    topic = _asked(world, "conversations.info", channel=room["id"])["channel"]["topic"]["value"]
    assert topic.startswith(f"{change.id} · closed")


def _filed(world: World, change: Change) -> None:
    """One issue, resolved, which says each thing once."""
    assert world.jira is not None
    issues = world.jira.issues()
    [issue] = [each for each in issues if label(change) in each["labels"]]
    assert (issue["status"], issue["resolution"]) == ("Resolved", "Done")
    marks = Counter(comment["body"].splitlines()[-1] for comment in issue["comments"])
    assert set(marks.values()) == {1}, marks
    assert len(marks) == len(world.slack.messages(f"#inc-{change.id.lower()}-web")) - 1
    urls = [link["url"] for link in issue["links"]]
    assert len(urls) == len(set(urls)) == 3, urls
    tasks = [each["summary"] for each in issues if each["parent"] == issue["key"]]
    assert sorted(tasks) == sorted(ACTION_ITEMS)


def _asked(world: World, method: str, **arguments: str) -> Any:
    """What Slack says to somebody with the app's token."""
    answer = requests.post(
        f"{world.slack.api_url}{method}",
        data=arguments,
        headers={"Authorization": f"Bearer {world.slack.bot_token}"},
        timeout=_SECONDS,
    ).json()
    assert answer["ok"], answer
    return answer


_PAID = Scenario(
    "emergency",
    matrix="emergency",
    environment="prod",
    slash=BREAK_GLASS,
    command="scale prod deploy/web {replicas}",
    form=REASONS,
    deeds={
        State.AWAITING_CONFIRMATION: light,
        State.AWAITING_APPROVAL: sign_off,
        State.PR_OPEN: merge,
        State.RECONCILING: write_up,
    },
    ends=State.COMPLETED,
    effects=(
        "jira POST issue",
        "jira POST issue/{key}/comment",
        "slack bookmarks.add",
        "slack chat.postMessage incident",
        "slack chat.postMessage news",
        "slack conversations.create",
    ),
    also=(Call("cluster PATCH applications", 1), Call("cluster PATCH deployments/scale", 1)),
    spared=(
        "forge PATCH pulls/{n}",
        "jira POST issue/{key}/remotelink",
        "jira POST issue/{key}/transitions",
        "slack chat.update incident",
        "slack conversations.invite",
        "slack conversations.setTopic",
        "slack pins.add",
    ),
    brief=True,
    objects=_paid,
    git=paid_back,
    sampled=True,
)

EMERGENCY = (
    _PAID,
    replace(
        _PAID,
        name="emergency undone",
        deeds={**_PAID.deeds, State.PR_OPEN: press("cancel")},
        effects=(),
        also=(),
        objects=_undone,
        git=_never_merged,
        sampled=False,
    ),
)
