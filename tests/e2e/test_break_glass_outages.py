"""An emergency while GitHub, Jira and Slack's channels are down: it is applied all the same, and
what they are owed is done when they are back, once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from chatbot.domain.incident import Side
from chatbot.domain.lifecycle import State
from tests.support import call_names, forge
from tests.support import glass_world as glass
from tests.support import incident_world as incident
from tests.support.jira import JiraProcess
from tests.support.proxy import Fault, Proxy
from tests.support.world import INCIDENTS, OTHER_SENIOR, SENIOR, World

pytestmark = pytest.mark.timeout(300)

PATH = "environments/test/shop-test/web.yaml"
IMPATIENT = (
    "[polling]\n",
    "[timeouts]\nslack_seconds = 2\ngithub_seconds = 2\njira_seconds = 2\n\n[polling]\n",
)
CHANNEL_METHODS = ("chat.", "conversations.", "users.conversations", "pins.", "bookmarks.")


def stands_aside(name: str) -> bool:
    """Whether a call is none of those that carry the decision: who somebody is, what they press
    and what they alone are answered."""
    system, _, method = name.partition(" ")
    return system in ("forge", "jira") or method.startswith(CHANNEL_METHODS)


@contextmanager
def between(world: World) -> Iterator[Proxy]:
    """The bot reaches everything but its cluster through a proxy."""
    with Proxy() as proxy:
        slack = proxy.listen(world.slack.url, call_names.slack)
        world.environ |= {
            "SLACK_API_URL": f"{slack}/api/",
            "GITHUB_API_URL": proxy.listen(world.forge.url, call_names.forge),
            "JIRA_URL": proxy.listen(
                world.environ["JIRA_URL"], lambda method, path, *_: f"jira {method} {path}"
            ),
        }
        yield proxy
        world.kill()


def called(proxy: Proxy, since: datetime, until: datetime) -> list[str]:
    """The calls that came in this time, by name."""
    shift = time.time() - time.monotonic()
    return [
        arrival.call.name
        for arrival in proxy.arrivals()
        if since.timestamp() <= arrival.at + shift <= until.timestamp()
    ]


@pytest.mark.parametrize("fault", [Fault(hang=True), Fault(status=503)], ids=["silent", "failing"])
def test_the_apply_waits_for_nothing_and_the_rest_follows(
    world: World, jira: JiraProcess, fault: Fault
) -> None:
    world.configure(IMPATIENT)
    text = world.file(PATH).replace("1.8.2", "9.9.9")
    sha = world.push("fix/web", PATH, text, token=forge.SENIOR)
    with between(world) as proxy:
        world.start()
        change = glass.lit(world, glass.ask(world, "apply test", manifest_ref="fix/web"))
        world.shows(change, f"not <@{SENIOR}>, who wrote commit `{sha[:7]}` in it")
        card = world.card(change)
        proxy.take_down(stands_aside, fault)
        glass.press(world, card, SENIOR, "sign_off")
        world.told(SENIOR, INCIDENTS, f"You wrote commit `{sha[:7]}` in it")
        glass.signed_off(world, change, OTHER_SENIOR)
        since, until = incident.expect_applied_at_once(world, change)
        assert [name for name in called(proxy, since, until) if name.startswith("forge")] == []
        assert image(world).endswith(":9.9.9")
        _all_were_tried(world, change.number)
        assert jira.issues() == []
        assert not [kind for kind in world.events(change) if kind.startswith("incident.")]

        proxy.bring_up()
        world.wait(change, State.PR_OPEN)
        world.merge(change)
        incident.close(world, change)
        incident.expect_told(world, change, "signed off", "applied", "closed")
        incident.expect_once(world, change)
        [_, subtasks] = incident.issues(world, change)
        assert [each["summary"] for each in subtasks] == incident.ACTION_ITEMS


def image(world: World) -> str:
    template = world.live("deploy/web")["spec"]["template"]
    name: str = template["spec"]["containers"][0]["image"]
    return name


def _all_were_tried(world: World, number: int) -> None:
    """Git, both sides of the incident: each was asked in vain, and is asked again later."""
    store = world.store

    def tried() -> bool:
        sides = [store.incident(number, side) for side in Side]
        asked = all(side is not None and side.attempts for side in sides)
        return asked and bool(store.change(number).attempts)

    world.until(tried)
