"""What happens while something outside is away, and when the bot itself stops: later, but once."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from sandbox.children import Child
from tests.support.forge import running_forge
from tests.support.proxied import kubeconfig_through
from tests.support.proxy import Call, Fault, Proxy
from tests.support.world import REQUESTER, World, everything, pull_requests


def confirmed(world: World) -> Change:
    change = world.request("scale test deploy/web 4")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff")
    return change


def ended(bot: Child, *, within: float) -> int:
    """Its exit status; when it does not end, an error that says where every thread is."""
    try:
        return bot.process.wait(within)
    except subprocess.TimeoutExpired as error:
        bot.process.send_signal(signal.SIGABRT)
        bot.process.wait(within)
        raise AssertionError(f"it did not end within {within} s:\n{bot.printed()}") from error


def finished(world: World, change: Change) -> None:
    """Merge it; then everything happened once."""
    world.wait(change, State.PR_OPEN)
    world.merge(change)
    world.wait(change, State.COMPLETED)
    assert world.live("deploy/web")["spec"]["replicas"] == 4
    [pull] = pull_requests(world)
    assert (pull.merged, pull.commits) == (True, 1)
    kinds = world.events(change)
    for kind in ("change.applied", "pull_request.opened", "pull_request.merged"):
        assert kinds.count(kind) == 1
    story = world.story(change)
    assert len(story) == len(set(story)), "nothing is told twice"
    assert world.store.check_audit().reason == ""


def test_a_bot_that_is_stopped_and_started_goes_on_where_it_was(world: World) -> None:
    bot = world.start(PYTHONFAULTHANDLER="1")
    change = confirmed(world)
    world.until(lambda: "change.applied" in world.events(change))
    bot.process.send_signal(signal.SIGTERM)
    assert ended(bot, within=60.0) == 0
    assert "redlight.stopped" in bot.printed()
    steps = world.events(change)
    world.start()
    finished(world, change)
    assert world.events(change)[: len(steps)] == steps


def test_github_may_be_away_for_a_while(world: World) -> None:
    world.start()
    port, directory = urlsplit(world.forge.url).port, world.forge.directory
    assert port is not None
    world.forge.process.stop()
    change = confirmed(world)
    waiting = world.until(lambda: world.change(change).progress.waiting)
    assert world.change(change).state is State.RECONCILING
    assert world.live("deploy/web")["spec"]["replicas"] == 4, "the cluster does not wait for Git"
    text = world.shows(change, waiting.reason.split("(")[0].strip())
    assert "since" in text
    with running_forge(directory, port=port):
        finished(world, change)
        assert world.events(change).count("step.delayed") <= 2, "told once, not at every try"


def test_slack_may_be_away_or_ask_for_patience(world: World) -> None:
    world.start()
    world.slack.fault("chat.postMessage", status=503, times=2)
    world.slack.fault("chat.update", status=429, retry_after=2, times=1)
    world.slack.fault("chat.postMessage", after=True, drop=True, times=1)
    change = world.request("scale dev deploy/web 2")
    world.wait(change, State.COMPLETED)
    updates = world.slack.calls("chat.update")
    [limited] = [at for at, call in enumerate(updates) if call["status"] == 429]
    assert updates[limited + 1]["at"] - updates[limited]["at"] >= 2, "Retry-After is honoured"
    world.tells(change, "Done")
    told = [everything(reply) for reply in world.slack.thread("C0DEV", world.card(change)["ts"])]
    assert len(told) == len(set(told)), "nothing is told twice"
    assert world.live("deploy/web", "shop-dev")["spec"]["replicas"] == 2
    assert world.store.check_audit().reason == ""


def test_a_form_that_slack_does_not_open_is_told_to_the_one_who_asked(world: World) -> None:
    world.start()
    known = len(world.slack.calls("auth.test"))
    world.slack.fault("views.open", status=500)
    world.slack.command(REQUESTER, "#dev-changes", "/change", "scale dev deploy/web 2")
    world.told(REQUESTER, "dev", "Slack is not well (internal_error). Nothing was changed")
    world.slack.command(REQUESTER, "#dev-changes", "/change", "scale dev deploy/web 2")
    assert world.slack.view(REQUESTER, "change_request")
    assert len(world.slack.calls("auth.test")) == known, "no request waits for that"


@contextmanager
def cluster_behind_proxy(world: World) -> Iterator[Proxy]:
    """The bot reaches its cluster through a proxy."""
    with Proxy() as proxy:
        path = kubeconfig_through(proxy, world.cluster.bot_kubeconfig, world.folder)
        world.environ["KUBECONFIG"] = str(path)
        yield proxy
        world.kill()


def test_a_cluster_that_is_slow_or_full_is_asked_again(world: World) -> None:
    with cluster_behind_proxy(world) as proxy:
        world.start()
        scale = "cluster PATCH deployments/scale"
        # The first two are the dry runs of the plan and of its check.
        proxy.at(Call(scale, 1), Fault(status=429, headers={"Retry-After": "1"}))
        proxy.at(Call(f"{scale} (dry run)", 1), Fault(status=429, headers={"Retry-After": "1"}))
        proxy.at(Call(f"{scale} (dry run)", 2), Fault(status=503))
        proxy.at(Call("cluster GET deployments", 6), Fault())
        change = confirmed(world)
        finished(world, change)
        assert "step.delayed" in world.events(change)


def test_an_answer_of_the_cluster_that_never_comes_is_waited_for_in_the_open(world: World) -> None:
    world.configure(("[polling]\n", "[timeouts]\ncluster_seconds = 5\n\n[polling]\n"))
    with cluster_behind_proxy(world) as proxy:
        world.start()
        change = world.request("scale test deploy/web 4")
        world.wait(change, State.AWAITING_CONFIRMATION)
        proxy.rewind()
        proxy.at(Call("cluster PATCH deployments/scale", 1), Fault(hang=True))
        world.click(change, "confirm_diff")
        world.shows(change, "did not answer", "since")
        finished(world, change)
        assert "step.delayed" in world.events(change), "and that is in the audit log"
