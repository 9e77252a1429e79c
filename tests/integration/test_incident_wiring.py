"""The bot as it is wired: a sign-off's save is enough, with a Jira and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.bootstrap import Services, build
from chatbot.domain.change import Change
from chatbot.domain.change import Path as Way
from chatbot.domain.incident import Side
from chatbot.domain.lifecycle import State
from chatbot.settings import load
from sandbox.jira import PROJECT, TOKEN
from sandbox.world import CONFIG
from scheduler.jobs import jobs
from tests.support import builders
from tests.support.config import ENVIRON
from tests.support.jira import JiraProcess, running_jira
from tests.support.slack import SlackWorkspace


@pytest.fixture(scope="module")
def jira() -> Iterator[JiraProcess]:
    with running_jira() as running:
        yield running


@pytest.fixture(params=["with Jira", "without Jira"])
def services(
    request: pytest.FixtureRequest, slack: SlackWorkspace, jira: JiraProcess, tmp_path: Path
) -> Iterator[Services]:
    jira.reset()
    environ = {
        **ENVIRON,
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "REDLIGHT_DB": str(tmp_path / "redlight.db"),
    }
    if request.param == "with Jira":
        environ |= {"JIRA_URL": jira.url, "JIRA_TOKEN": TOKEN, "JIRA_PROJECT": PROJECT}
    made = build(load(environ, CONFIG))
    yield made
    made.close()


def signed_off(services: Services) -> Change:
    request = builders.change_request(environment="prod")
    new = builders.new_change(request, path=Way.EMERGENCY)
    change = services.store.create_change(new, builders.entry())
    moved = change.model_copy(update={"state": State.APPLYING, "due_at": None})
    entry = builders.entry("change.confirmed", change=change.number, actor="U0SENIOR1")
    return services.store.save(moved, [entry], incident=True)


def test_a_sign_off_is_told_wherever_there_is_something_to_tell_it_to(
    services: Services, slack: SlackWorkspace, jira: JiraProcess
) -> None:
    change = signed_off(services)
    [tend] = [job for job in jobs(services) if job.id == "tend-incidents"]

    def rests() -> bool:
        tend.run()
        sides = [services.store.incident(change.number, side) for side in Side]
        return services.incidents.idle() and all(each and not each.due_at for each in sides)

    slack.wait_for(rests, timeout=60)
    channel = slack.channel("#inc-chg-1-web")
    summary = slack.messages(channel)[0]
    has_jira = services.settings.jira is not None
    assert len(jira.issues()) == int(has_jira)
    assert ("Jira" in summary["text"]) is has_jira
    slack.wait_for(
        lambda: (
            services.couriers.idle()
            and f"Incident: <#{channel}>" in str(slack.messages("#incidents"))
        ),
        timeout=30,
    )
    assert ("INC-1" in str(slack.messages("#incidents"))) is has_jira
    assert slack.violations() == []
