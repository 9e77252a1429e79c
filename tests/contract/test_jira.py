"""The `Tracker` port over the adapter and the sandbox's Jira, Cloud and Data Center."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from chatbot.adapters.jira import JiraTracker
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.ports import NewIssue
from sandbox.jira import TOKEN, USER
from tests.support.jira import JiraProcess, running_jira

LABEL = "redlight-chg-12"
NEW = NewIssue(LABEL, "CHG-12: Scale deployment/web", "It was *down*.")


@pytest.fixture(scope="module", params=["data-center", "cloud"])
def process(request: pytest.FixtureRequest) -> Iterator[JiraProcess]:
    with running_jira(cloud=request.param == "cloud") as running:
        yield running


CLOUD_ONLY = pytest.mark.parametrize("process", ["cloud"], indirect=True)
"""For what Data Center does not have."""


@pytest.fixture
def jira(process: JiraProcess) -> JiraProcess:
    process.reset()
    return process


@pytest.fixture
def tracker(jira: JiraProcess) -> JiraTracker:
    return JiraTracker(jira.settings())


def filed(jira: JiraProcess) -> dict[str, Any]:
    [issue] = [each for each in jira.issues() if not each["parent"]]
    return issue


def test_an_issue_is_found_by_its_label_and_by_no_other(tracker: JiraTracker) -> None:
    assert tracker.find(LABEL) is None
    made = tracker.create(NEW)
    tracker.create(NewIssue("redlight-chg-1", "Another", ""))
    assert tracker.find(LABEL) == made
    assert made.url.endswith(f"/browse/{made.key}")
    assert "CHG-12" in requests.get(made.url, timeout=5).text


def test_the_older_of_two_issues_with_one_label_is_ours(tracker: JiraTracker) -> None:
    first = tracker.create(NEW)
    tracker.create(NEW)
    assert tracker.find(LABEL) == first


def test_an_issue_looks_as_the_rules_say(jira: JiraProcess) -> None:
    rules = {
        "issue_type": "Bug",
        "priority": "Highest",
        "labels": ("emergency",),
        "fields": {"customfield_10050": {"value": "Everybody"}},
    }
    JiraTracker(jira.settings(**rules)).create(NEW)
    issue = filed(jira)
    assert (issue["kind"], issue["priority"]) == ("Bug", "Highest")
    assert issue["labels"] == ["emergency", LABEL]
    assert issue["custom"] == {"customfield_10050": {"value": "Everybody"}}
    assert (issue["summary"], issue["description"]) == (NEW.summary, NEW.description)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"issue_type": "Outage"}, "issue type"),
        ({"priority": "P0"}, "priority"),
        ({"fields": {"customfield_1": "x"}}, "customfield_1"),
    ],
)
def test_what_the_project_does_not_know_is_said_in_jiras_words(
    jira: JiraProcess, rules: dict[str, Any], said: str
) -> None:
    with pytest.raises(Permanent, match=said) as refused:
        JiraTracker(jira.settings(**rules)).create(NEW)
    assert "[jira]" in refused.value.remedy
    assert jira.issues() == []


def test_a_named_issue_is_found_whatever_its_case_and_an_unknown_one_is_not(
    tracker: JiraTracker,
) -> None:
    made = tracker.create(NEW)
    assert tracker.issue(made.key.lower()) == made
    with pytest.raises(NotFound):
        tracker.issue("INC-404")


def test_a_comment_is_made_once_for_each_mark(tracker: JiraTracker, jira: JiraProcess) -> None:
    key = tracker.create(NEW).key
    for mark in ("CHG-12, event 5", "CHG-12, event 57", "CHG-12, event 5"):
        tracker.comment(key, mark, "Applied.")
    bodies = [comment["body"] for comment in filed(jira)["comments"]]
    assert len(bodies) == 2
    assert all(body.startswith("Applied.\n") for body in bodies)


def test_a_link_is_made_once(tracker: JiraTracker, jira: JiraProcess) -> None:
    key = tracker.create(NEW).key
    for _ in range(2):
        tracker.link(key, "https://slack.example/card", "The card of CHG-12")
    [link] = filed(jira)["links"]
    assert link["title"] == "The card of CHG-12"


def test_each_action_becomes_one_sub_task(tracker: JiraTracker, jira: JiraProcess) -> None:
    key = tracker.create(NEW).key
    tracker.add_subtasks(key, ("Add an alert",))
    tracker.add_subtasks(key, ("Add an alert", "Raise the quota", "Raise the quota"))
    below = [each for each in jira.issues() if each["parent"] == key]
    assert [each["summary"] for each in below] == ["Add an alert", "Raise the quota"]
    assert {each["kind"] for each in below} == {"Sub-task"}


def test_an_issue_is_resolved_and_stays_so(tracker: JiraTracker, jira: JiraProcess) -> None:
    key = tracker.create(NEW).key
    tracker.resolve(key)
    assert filed(jira)["status"] == ("Done" if jira.is_cloud else "Resolved")
    assert filed(jira)["resolution"] == "Done"
    before = len(jira.calls("/transitions"))
    tracker.resolve(key)
    assert len(jira.calls("/transitions")) == before


def test_a_workflow_without_a_way_that_we_know_says_what_it_offers(jira: JiraProcess) -> None:
    tracker = JiraTracker(jira.settings(resolve=("Ship it",)))
    key = tracker.create(NEW).key
    with pytest.raises(Permanent, match=r"In Progress|Start Progress") as refused:
        tracker.resolve(key)
    assert "[jira] resolve" in refused.value.remedy


def test_a_wrong_token_is_named_with_what_to_set(jira: JiraProcess) -> None:
    wrong = jira.settings().model_copy(update={"token": SecretStr("wrong")})
    with pytest.raises(Permanent) as refused:
        JiraTracker(wrong).find(LABEL)
    assert "JIRA_TOKEN" in refused.value.remedy


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"status": 429, "retry_after": 7}, timedelta(seconds=7)),
        ({"status": 503, "retry_after": 9}, timedelta(seconds=9)),
        ({"status": 500}, None),
        ({"status": 502}, None),
        ({"drop": True}, None),
    ],
    ids=str,
)
def test_bad_weather_is_retried_later(
    tracker: JiraTracker, jira: JiraProcess, fault: dict[str, Any], after: timedelta | None
) -> None:
    tracker.find(LABEL)
    jira.fault("/issue", **fault)
    with pytest.raises(RetryLater) as delayed:
        tracker.create(NEW)
    assert delayed.value.after == after
    assert jira.issues() == []


def test_while_jira_wants_no_calls_none_is_made(tracker: JiraTracker, jira: JiraProcess) -> None:
    jira.fault(status=429, retry_after=60)
    with pytest.raises(RetryLater):
        tracker.find(LABEL)
    before = len(jira.calls())
    with pytest.raises(RetryLater) as delayed:
        tracker.find(LABEL)
    assert delayed.value.after is not None
    assert len(jira.calls()) == before


def test_a_permission_that_lacks_is_no_limit(tracker: JiraTracker, jira: JiraProcess) -> None:
    tracker.find(LABEL)
    jira.fault("/issue", status=403)
    with pytest.raises(Permanent) as refused:
        tracker.create(NEW)
    assert "permissions" in refused.value.remedy


def test_a_jira_that_is_not_there_or_slow_is_retried_later(jira: JiraProcess) -> None:
    nowhere = jira.settings().model_copy(update={"url": "http://127.0.0.1:9"})
    with pytest.raises(RetryLater):
        JiraTracker(nowhere).find(LABEL)
    jira.fault("serverInfo", delay=3.0)
    with pytest.raises(RetryLater):
        JiraTracker(jira.settings(timeout=1)).find(LABEL)


def test_something_else_at_the_address_is_said(jira: JiraProcess) -> None:
    page = jira.settings().model_copy(update={"url": f"{jira.url}/browse"})
    with pytest.raises((Permanent, RetryLater)):
        JiraTracker(page).find(LABEL)


# --- what only the double can show -------------------------------------------------------------


def test_each_kind_of_jira_has_its_own_search(jira: JiraProcess, tracker: JiraTracker) -> None:
    signed = {"auth": (USER, TOKEN)} if jira.is_cloud else {}
    headers = {} if jira.is_cloud else {"Authorization": f"Bearer {TOKEN}"}
    tracker.create(NEW)

    def ask(path: str) -> requests.Response:
        return requests.get(
            f"{jira.url}/rest/api/{path}",
            params={"jql": "project = INC"},
            headers=headers,
            timeout=5,
            **signed,  # type: ignore[arg-type]
        )

    assert ask("2/search").status_code == (410 if jira.is_cloud else 200)
    enhanced = ask("3/search/jql")
    assert enhanced.status_code == (200 if jira.is_cloud else 404)
    if jira.is_cloud:
        assert enhanced.json() == {"issues": [{"id": "10001"}], "isLast": True}


@CLOUD_ONLY
def test_pages_of_the_enhanced_search_come_by_token(
    jira: JiraProcess, tracker: JiraTracker
) -> None:
    for number in range(3):
        tracker.create(NewIssue(f"redlight-chg-{number}", f"Issue {number}", ""))
    found: list[str] = []
    token = None
    while True:
        answer = requests.get(
            f"{jira.url}/rest/api/3/search/jql",
            params={"jql": "project = INC", "maxResults": 2, "nextPageToken": token},
            auth=(USER, TOKEN),
            timeout=5,
        ).json()
        found += [each["id"] for each in answer["issues"]]
        token = answer.get("nextPageToken")
        assert answer["isLast"] is (token is None)
        if token is None:
            break
    assert found == ["10001", "10002", "10003"]


@CLOUD_ONLY
def test_version_3_speaks_in_documents(jira: JiraProcess, tracker: JiraTracker) -> None:
    key = tracker.create(NEW).key
    path = f"{jira.url}/rest/api/3/issue/{key}"
    told = requests.get(path, auth=(USER, TOKEN), timeout=5).json()["fields"]["description"]
    assert told["type"] == "doc"
    refused = requests.post(f"{path}/comment", json={"body": "x"}, auth=(USER, TOKEN), timeout=5)
    assert refused.status_code == 400


def test_labels_are_added_and_removed_by_an_update(jira: JiraProcess, tracker: JiraTracker) -> None:
    key = tracker.create(NEW).key
    with tracker._asking("labels") as client:
        client.issue(key).update(update={"labels": [{"add": "late"}, {"remove": LABEL}]})
    assert filed(jira)["labels"] == ["late"]


def test_a_search_lags_behind_what_is_filed() -> None:
    with running_jira("--index-seconds", "60") as lagging:
        tracker = JiraTracker(lagging.settings())
        made = tracker.create(NEW)
        assert tracker.find(LABEL) is None
        assert tracker.issue(made.key) == made
