"""What a test of the whole product acts on and sees: people in Slack and at GitHub, the cluster's
administrator, and a real bot process."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import github

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.kubernetes.api import Api
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.change import Path as Way
from chatbot.domain.lifecycle import State
from sandbox.children import Child
from sandbox.clock import skip
from sandbox.cluster import LocalCluster
from sandbox.world import CONFIG, Outside
from tests.support.forge import ADMIN, BOT, ForgeProcess
from tests.support.forge import REQUESTER as REQUESTER_TOKEN
from tests.support.forge import SENIOR as SENIOR_TOKEN
from tests.support.forge_work import approve, commit_files, protect
from tests.support.hatchery import hatch
from tests.support.jira import JiraProcess
from tests.support.slack import SlackWorkspace, Submitted
from tests.support.slack_forms import pressed
from tests.support.slack_messages import buttons, everything

T = TypeVar("T")

SECONDS = 90.0
REQUESTER, SENIOR, OTHER_SENIOR, GUEST = "U0REQUESTER", "U0SENIOR1", "U0SENIOR2", "U0GUEST"
CHANNELS = {"dev": "C0DEV", "test": "C0TEST", "staging": "C0STAGING", "prod": "C0PROD"}
INCIDENTS = "C0INCIDENTS"
QUICK = ("pull_requests_seconds = 2", "pull_requests_seconds = 1")

_COLLECTIONS = {
    "configmap": "api/v1/namespaces/{}/configmaps",
    "deploy": "apis/apps/v1/namespaces/{}/deployments",
    "service": "api/v1/namespaces/{}/services",
}


class World:
    """Around a bot that can be started, stopped and killed."""

    def __init__(
        self,
        folder: Path,
        slack: SlackWorkspace,
        cluster: LocalCluster,
        forge: ForgeProcess,
        jira: JiraProcess | None = None,
    ) -> None:
        self.folder = folder
        self.slack = slack
        self.cluster = cluster
        self.forge = forge
        self.jira = jira
        self.config = folder / "redlight.toml"
        self._clock = folder / "clock.json"
        self.configure()
        outside = Outside(slack.url, forge.url, cluster, jira.url if jira else "")
        self.environ = outside.environ(self.database)
        self.environ["GITHUB_TOKEN"] = BOT
        self._bot: Child | None = None
        self._store: SqliteStore | None = None

    @property
    def database(self) -> Path:
        return self.folder / "redlight.db"

    # The bot

    def start(self, *, skips: bool = False, **environ: str) -> Child:
        """Start the bot as a process of its own, and wait until it is connected. With `skips` on a
        clock that `skip` moves."""
        self._bot = hatch(
            "redlight",
            "sandbox.bot" if skips else "chatbot",
            ["--clock", str(self._clock)] if skips else ["run"],
            folder=self.folder,
            environ={**self.environ, "REDLIGHT_CONFIG": str(self.config), **environ},
            quick=True,
        )
        self._bot.wait_for("redlight.ready")
        self.slack.wait_until_connected()
        return self._bot

    def skip(self, span: timedelta) -> None:
        """It is so much later for the bot, at once."""
        skip(self._clock, span)

    def stop(self) -> int:
        """Ask the bot to end (SIGTERM) and wait; its exit status."""
        assert self._bot is not None
        status = self._bot.stop()
        self._bot = None
        return status

    def kill(self) -> None:
        """End the bot as a power cut would."""
        if self._bot is not None:
            self._bot.kill()
            self._bot = None

    def end(self) -> None:
        """Nothing runs any more. The bot is killed: its files go, and that is twice as quick."""
        if self._store is not None:
            self._store.close()
            self._store = None
        self.kill()

    def configure(self, *replacements: tuple[str, str]) -> None:
        """Give the bot rules of its own: the sandbox's, with texts replaced, and every second a
        look at Git, which is the shortest."""
        rules = CONFIG.read_text()
        for old, new in (QUICK, *replacements):
            assert old in rules, old
            rules = rules.replace(old, new)
        self.config.write_text(rules)

    def redlight(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the product's command line against the bot's database."""
        return subprocess.run(
            [sys.executable, "-m", "chatbot", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, **self.environ, "REDLIGHT_CONFIG": str(self.config)},
        )

    # What people do

    def submit(self, text: str, user: str = REQUESTER, **fields: str | None) -> Submitted:
        """`/change TEXT`, fill in the form, submit; what the form said."""
        words = text.split()
        channel = CHANNELS.get(words[1] if len(words) > 1 else "", CHANNELS["dev"])
        self.slack.command(user, channel, "/change", text)
        self.slack.view(user, "change_request")
        return self.slack.submit(user, {"justification": "The queue grows.", **fields})

    def request(self, text: str, user: str = REQUESTER, **fields: str | None) -> Change:
        """`/change TEXT`, fill in the form, submit; the change that it became."""
        before = len(self.changes())
        answer = self.submit(text, user, **fields)
        assert not answer.errors, answer.errors
        self.until(lambda: len(self.changes()) > before)
        return self.store.changes(limit=1)[0]

    def click(self, change: Change, action_id: str, user: str = REQUESTER) -> None:
        """Press a button of the change's card, as soon as the card has it."""
        card = self.until(
            lambda: found if action_id in buttons(found := self.card(change, glance=True)) else None
        )
        self.slack.click(user, channel_of(change), card["ts"], action_id)

    def press(
        self,
        change: Change,
        card: dict[str, Any],
        action_id: str,
        user: str = REQUESTER,
        *,
        value: str = "",
    ) -> None:
        """Press a button as an earlier look at the card had it, or with a value of one's own."""
        action = pressed(card["blocks"], action_id, None)
        if value:
            action["value"] = value
        self.slack.send_click(user, channel_of(change), card["ts"], action)

    def told(self, user: str, channel: str, words: str) -> str:
        """Wait until this person alone is told something with these words; all of it."""

        def heard() -> str | None:
            seen = self.slack.ephemerals(CHANNELS.get(channel, channel), user, glance=True)
            for message in seen:
                if words in (text := everything(message)):
                    return text
            return None

        return self.until(heard, 20)

    # What can be seen

    @property
    def store(self) -> SqliteStore:
        """The bot's database, through a store of our own."""
        if self._store is None:
            self._store = SqliteStore(self.database)
        return self._store

    def changes(self) -> list[Change]:
        """Every change there is, the newest first."""
        return self.store.changes(limit=1000)

    def events(self, change: Change | None = None) -> list[str]:
        """What the audit log says happened, oldest first."""
        return [event.entry.kind for event in self.store.events(change.number if change else None)]

    def refusals(self) -> list[tuple[str, str]]:
        """Who was refused what, by the audit log, oldest first."""
        return [
            (event.entry.actor, event.entry.data["action"])
            for event in self.store.events()
            if event.entry.kind == "request.refused"
        ]

    @cached_property
    def api(self) -> Api:
        """The API server, as the administrator."""
        return KubernetesClusters(str(self.cluster.admin_kubeconfig)).api("")

    def live(self, name: str, namespace: str = "shop-test") -> dict[str, Any]:
        """An object of the cluster, such as `deploy/web`; empty when there is none."""
        kind, _, name = name.partition("/")
        path = f"/{_COLLECTIONS[kind].format(namespace)}/{name}"
        return self.api.request_object("GET", path, doing=f"read {name}") or {}

    def change(self, change: Change) -> Change:
        """The change as it stands now."""
        return self.store.change(change.number)

    def card(self, change: Change, *, glance: bool = False) -> dict[str, Any]:
        """The one card of the change; fails when there are two. `glance` as in
        `SlackWorkspace.messages`."""

        def cards() -> list[dict[str, Any]]:
            return [
                message
                for message in self.slack.messages(channel_of(change), glance=glance)
                if message["text"].startswith(f"{change.id} ") and "thread_ts" not in message
            ]

        [card] = self.until(cards)
        return card

    def shows(self, change: Change, *words: str) -> str:
        """Wait until the card shows all of these words; everything that it shows."""

        def shown() -> str | None:
            text = everything(self.card(change, glance=True))
            return text if all(word in text for word in words) else None

        try:
            return self.until(shown)
        except AssertionError as error:
            text = everything(self.card(change))
            raise AssertionError(f"{words} are not all on the card:\n{text}\n{error}") from error

    def story(self, change: Change, *, glance: bool = False) -> list[str]:
        """What the card's thread tells; `glance` as in `SlackWorkspace.messages`."""
        channel, card = channel_of(change), self.card(change, glance=glance)
        return [reply["text"] for reply in self.slack.thread(channel, card["ts"], glance=glance)]

    def tells(self, change: Change, *words: str) -> None:
        """Wait until the thread tells these words, in this order."""

        def told() -> bool:
            rest = "\n".join(self.story(change, glance=True))
            for word in words:
                _, found, rest = rest.partition(word)
                if not found:
                    return False
            return True

        self.until(told)

    def wait(self, change: Change, state: State) -> Change:
        """Wait until the row and the card both say so."""

        def there() -> Change | None:
            now = self.change(change)
            if now.state is not state:
                return None
            card = self.card(change, glance=True)
            return now if card["text"].endswith(f" {state.value}") else None

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

    def push(
        self,
        branch: str,
        path: str,
        text: str,
        base: str = "main",
        *,
        token: str = REQUESTER_TOKEN,
    ) -> str:
        """A person pushes one file changed, on top of what the branch holds or as a new branch;
        the commit's SHA."""
        return commit_files(self.at_github(token), branch, {path: text}, base=base)

    def approve_at_github(self, change: Change, token: str = SENIOR_TOKEN) -> None:
        """A person approves the change's pull request as it stands."""
        pull_request = self.until(lambda: self.change(change).progress.pull_request)
        approve(self.at_github(token), pull_request.number)

    def protect(self, branch: str = "main", **rules: Any) -> None:
        """An administrator protects a branch, by `forge_work.protect`'s rules."""
        protect(self.at_github(ADMIN), branch, **rules)

    def at_github(self, token: str) -> Any:
        """The cluster repository, as the token's owner has it."""
        return self.forge.github(token).get_repo(self.forge.repo)

    def tamper(self, statement: str) -> None:
        """Somebody with write access to the file changes the bot's database behind its back."""
        with sqlite3.connect(self.database) as db:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                db.execute(f"DROP TRIGGER {name}")
            db.execute(statement)
        db.close()

    def file(self, path: str, ref: str = "main") -> str:
        """A file of the repository."""
        content: bytes = self.repo.get_contents(path, ref=ref).decoded_content
        return content.decode()


def channel_of(change: Change) -> str:
    """Where its card stands."""
    is_emergency = change.path is Way.EMERGENCY
    return INCIDENTS if is_emergency else CHANNELS[change.request.environment]


def pull_requests(world: World) -> list[github.PullRequest.PullRequest]:
    """Every pull request there ever was."""
    return list(world.repo.get_pulls(state="all"))
