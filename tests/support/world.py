"""A whole world around a real bot process, fresh for each test.

Slack, API server and kubelet loop are shared by the tests of a worker and set back between them;
the forge, the database and the bot are new each time.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import github
import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from sandbox.children import Child
from sandbox.cluster import LocalCluster, local_cluster
from sandbox.world import CONFIG, Outside
from tests.support.forge import BOT, ForgeProcess, running_forge
from tests.support.slack import SlackWorkspace

T = TypeVar("T")

SECONDS = 60.0
REQUESTER, SENIOR, OTHER_SENIOR, GUEST = "U0REQUESTER", "U0SENIOR1", "U0SENIOR2", "U0GUEST"
CHANNELS = {"dev": "C0DEV", "test": "C0TEST", "staging": "C0STAGING", "prod": "C0PROD"}


class World:
    """What a test acts on: people in Slack, people at GitHub, the cluster's administrator, and the
    bot, which can be started, stopped and killed."""

    def __init__(
        self, folder: Path, slack: SlackWorkspace, cluster: LocalCluster, forge: ForgeProcess
    ) -> None:
        self.folder = folder
        self.slack = slack
        self.cluster = cluster
        self.forge = forge
        self.config = CONFIG
        self.environ = Outside(slack.url, forge.url, cluster).environ(self.database)
        self.environ["GITHUB_TOKEN"] = BOT
        self._bot: Child | None = None
        self._store: SqliteStore | None = None

    @property
    def database(self) -> Path:
        return self.folder / "redlight.db"

    # The bot

    def start(self, **environ: str) -> Child:
        """Start the bot as a process of its own, and wait until it is connected."""
        self._bot = Child.start(
            "redlight",
            ["chatbot", "run"],
            folder=self.folder,
            environ={**self.environ, "REDLIGHT_CONFIG": str(self.config), **environ},
        )
        self._bot.log.write_text("")
        self._bot.wait_for("redlight.ready")
        self.slack.wait_until_connected()
        return self._bot

    def stop(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
        if self._bot is not None:
            self._bot.stop()
            self._bot = None

    # What people do

    def request(self, text: str, user: str = REQUESTER, **fields: str) -> Change:
        """`/change TEXT`, fill in the form, submit; the change that it became."""
        before = len(self.store.changes(limit=1000))
        environment = text.split()[1] if len(text.split()) > 1 else fields["environment"]
        self.slack.command(user, CHANNELS[environment], "/change", text)
        self.slack.view(user, "change_request")
        answer = self.slack.submit(user, {"justification": "The queue grows.", **fields})
        assert not answer.errors, answer.errors
        self.until(lambda: len(self.store.changes(limit=1000)) > before)
        return self.store.changes(limit=1)[0]

    def click(self, change: Change, action_id: str, user: str = REQUESTER) -> None:
        """Press a button of the change's card, as soon as the card has it."""
        channel = CHANNELS[change.request.environment]

        def shown() -> dict[str, Any] | None:
            card = self.card(change)
            buttons = [
                element["action_id"]
                for block in card.get("blocks", [])
                if block["type"] == "actions"
                for element in block["elements"]
            ]
            return card if action_id in buttons else None

        card = self.until(shown)
        self.slack.click(user, channel, card["ts"], action_id)

    # What can be seen

    @property
    def store(self) -> SqliteStore:
        """The bot's database, through a store of our own."""
        if self._store is None:
            self._store = SqliteStore(self.database)
        return self._store

    def change(self, change: Change) -> Change:
        return self.store.change(change.number)

    def card(self, change: Change) -> dict[str, Any]:
        """The one card of the change; fails when there are two."""

        def cards() -> list[dict[str, Any]]:
            channel = CHANNELS[change.request.environment]
            return [
                message
                for message in self.slack.messages(channel)
                if message["text"].startswith(f"{change.id} ") and "thread_ts" not in message
            ]

        [card] = self.until(cards)
        return card

    def story(self, change: Change) -> list[str]:
        """What the card's thread tells."""
        channel = CHANNELS[change.request.environment]
        return [reply["text"] for reply in self.slack.thread(channel, self.card(change)["ts"])]

    def wait(self, change: Change, state: State) -> Change:
        """Wait until the row and the card both say so."""

        def there() -> Change | None:
            now = self.change(change)
            shown = self.card(change)["text"].endswith(f" {state.value}")
            return now if now.state is state and shown else None

        return self.until(there)

    def until(self, look: Callable[[], T | None], seconds: float = SECONDS) -> T:
        """Wait for a condition; on time out say what the bot last said."""
        try:
            return self.slack.wait_for(look, seconds)  # type: ignore[return-value]
        except AssertionError as error:
            said = self._bot.tail() if self._bot else "there is no bot"
            raise AssertionError(f"{error}\n{said}") from error

    @property
    def repo(self) -> Any:
        """The cluster repository, as a person with PyGithub sees it."""
        return self.forge.github().get_repo(self.forge.repo)

    def merge(self, change: Change) -> None:
        """A person merges the change's pull request."""
        pull_request = self.until(lambda: self.change(change).progress.pull_request)
        self.repo.get_pull(pull_request.number).merge()

    def file(self, path: str, ref: str = "main") -> str:
        """A file of the repository."""
        content: bytes = self.repo.get_contents(path, ref=ref).decoded_content
        return content.decode()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A cluster with a kubelet loop for the tests of this worker: the real API server."""
    if not os.environ.get("KUBEBUILDER_ASSETS"):
        pytest.skip("KUBEBUILDER_ASSETS names no directory with etcd and kube-apiserver")
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as parts:
        cluster = parts.enter_context(local_cluster(folder))
        kubelet = Child.start(
            "kubelet",
            ["sandbox.kubelet", "--kubeconfig", str(cluster.admin_kubeconfig)],
            folder=folder,
        )
        parts.callback(kubelet.stop)
        kubelet.wait_for("kubelet ready")
        yield cluster


@pytest.fixture
def world(tmp_path: Path, slack: SlackWorkspace, local: LocalCluster) -> Iterator[World]:
    """A fresh world, without a bot until the test starts one."""
    local.clear()
    local.seed()
    with running_forge(tmp_path / "forge") as forge:
        made = World(tmp_path, slack, local, forge)
        yield made
        made.stop()
        assert slack.violations() == []


def pull_requests(world: World) -> list[github.PullRequest.PullRequest]:
    """Every pull request there ever was."""
    return list(world.repo.get_pulls(state="all"))
