"""A running bot as the machine around it sees it: health, metrics, signals, and a second bot."""

import os
import re
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from sandbox.children import Child
from tests.support.world import SECONDS, World, pull_requests


def status_url(bot: Child) -> str:
    """Where the bot says that its status page listens."""
    found = bot.wait_for(r"status\.listening\s+host=(\S+) port=(\d+)")
    return f"http://{found[1]}:{found[2]}"


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=10)


def listening(world: World) -> Child:
    """A bot with a status page on a free port, connected to Slack."""
    return world.start(REDLIGHT_HTTP="127.0.0.1:0")


def second_bot(world: World, folder: Path, *arguments: str) -> Child:
    """One more bot on the same database."""
    folder.mkdir()
    bot = Child.start("second", ["chatbot", *arguments], folder=folder, environ=world.environ)
    bot.wait_for("redlight.ready")
    return bot


def effects_of(world: World, change: Change) -> list[str]:
    """The kinds of what was done for a change. Its base may be decided again for as long as there
    is no branch, each time another commit, so it counts with its commit."""
    return [
        f"{event.entry.kind} {event.entry.data['commit']}"
        if event.entry.kind == "branch.based"
        else event.entry.kind
        for event in world.store.events(change.number)
    ]


def test_a_connected_bot_is_healthy_and_tells_its_numbers(world: World) -> None:
    url = status_url(listening(world))
    health = get(f"{url}/healthz")
    assert (health.status_code, health.text) == (200, "ok\n")
    change = world.request("scale test deploy/web 3")
    world.wait(change, State.AWAITING_CONFIRMATION)
    metrics = get(f"{url}/metrics")
    assert metrics.status_code == 200
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert re.search(
        r'^redlight_\w*changes\w*\{.*state="awaiting_confirmation".*\} 1\.0$',
        metrics.text,
        re.MULTILINE,
    ), metrics.text
    assert get(f"{url}/").status_code == 404
    assert get(f"{url}/healthz/x").status_code == 404


def test_a_bot_that_lost_slack_is_unhealthy_until_it_is_back(world: World) -> None:
    url = status_url(listening(world))
    world.slack.fault("apps.connections.open", status=500)
    world.slack.disconnect(abruptly=True)
    world.until(lambda: get(f"{url}/healthz").status_code == 503)
    world.until(lambda: get(f"{url}/healthz").status_code == 200, 60)
    assert get(f"{url}/healthz").text == "ok\n", "it says so as if nothing had been"


def test_a_bot_without_slack_says_why_it_is_unhealthy_and_still_stops(
    world: World, tmp_path: Path
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}/api/"
        bot = Child.start(
            "away",
            ["chatbot", "run"],
            folder=tmp_path,
            environ={**world.environ, "SLACK_API_URL": away, "REDLIGHT_HTTP": "127.0.0.1:0"},
        )
        try:
            url = status_url(bot)
            health = get(f"{url}/healthz")
            assert (health.status_code, health.text) == (503, "not connected to Slack\n")
            bot.wait_for("slack.unreachable")
        finally:
            status = bot.stop()
    assert status == 0
    assert "redlight.stopped" in bot.printed()
    assert "Traceback" not in bot.printed()


def test_a_token_that_slack_refuses_ends_the_bot_with_what_to_do(
    world: World, tmp_path: Path
) -> None:
    bot = Child.start(
        "refused",
        ["chatbot", "run"],
        folder=tmp_path,
        environ={**world.environ, "SLACK_BOT_TOKEN": "xoxb-unknown"},
    )
    try:
        world.until(lambda: not bot.alive())
    finally:
        bot.stop()
    assert bot.process.returncode == 1
    assert "SLACK_BOT_TOKEN is not valid" in bot.printed()
    assert "xoxb-unknown" not in bot.printed()
    assert "Traceback" not in bot.printed()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_a_signal_lets_every_step_finish_and_leaves_nothing_behind(
    world: World, number: signal.Signals
) -> None:
    bot = world.start()
    change = world.request("scale dev deploy/web 3")
    os.kill(bot.process.pid, number)
    bot.process.wait(SECONDS)
    assert bot.process.returncode == 0, bot.tail()
    assert "redlight.stopped" in bot.printed()
    assert "Traceback" not in bot.printed()
    world.until(lambda: world.slack.connections() == 0)
    world.start()
    world.wait(change, State.COMPLETED)
    assert world.store.check_audit().broken is None
    assert len(pull_requests(world)) == 1


def test_two_bots_on_one_database_do_no_work_twice(world: World, tmp_path: Path) -> None:
    with ExitStack() as parts:
        world.start()
        other = second_bot(world, tmp_path / "other", "run")
        parts.callback(other.stop)
        world.until(lambda: world.slack.connections() == 2)
        changes = [world.request(f"restart dev deploy/{name}") for name in ("web", "api")]
        changes.append(world.request("restart dev statefulset/db"))
        for change in changes:
            world.wait(change, State.COMPLETED)
        for change in changes:
            effects = effects_of(world, change)
            assert len(effects) == len(set(effects)), effects
            story = world.story(change)
            assert len(story) == len(set(story)), story
    assert len(pull_requests(world)) == len(changes)
    assert world.store.check_audit().broken is None


def test_a_bot_and_a_scheduler_of_their_own_share_the_work(world: World, tmp_path: Path) -> None:
    with ExitStack() as parts:
        apart = second_bot(world, tmp_path / "apart", "schedule")
        parts.callback(apart.stop)
        bot = Child.start(
            "redlight", ["chatbot", "run", "--no-scheduler"], folder=tmp_path, environ=world.environ
        )
        parts.callback(bot.stop)
        bot.wait_for("redlight.ready")
        world.slack.wait_until_connected()
        change = world.request("scale dev deploy/web 4")
        world.wait(change, State.COMPLETED)
        effects = effects_of(world, change)
        assert len(effects) == len(set(effects)), effects
    assert len(pull_requests(world)) == 1
