"""A world whose bot reaches everything outside through the proxy, can be killed at a call, and is
started again."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sandbox.children import Child
from tests.support import call_names
from tests.support.hatchery import hatch
from tests.support.proxied import kubeconfig_through
from tests.support.proxy import Call, Fault, Proxy
from tests.support.world import World

ROUND_SECONDS = 120.0
LOOK_SECONDS = 0.1

_LEFT = """
    SELECT 1 FROM changes WHERE number = (SELECT max(number) FROM changes) AND due_at IS NOT NULL
    UNION ALL SELECT 1 FROM deliveries
    UNION ALL SELECT 1 FROM announcements
    UNION ALL SELECT 1 FROM incidents WHERE due_at IS NOT NULL
    UNION ALL SELECT 1 FROM postmortems WHERE due_at IS NOT NULL"""
"""Finds what is left to be done. One look at all of it: what is done in one place may be what is
left in the next."""


class Stage:
    """One world for many rounds: in each, a fresh bot brings one change to its end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._parts = ExitStack()
        self.proxy = self._parts.enter_context(Proxy())
        self._bot: Child | None = None
        self.starts = 0
        """How many bots this round took."""
        self._parts.callback(self.crash)
        self._rules = world.config.read_text()
        self._environ = {
            **world.environ,
            "REDLIGHT_CONFIG": str(world.config),
            "SLACK_API_URL": f"{self.proxy.listen(world.slack.url, call_names.slack)}/api/",
            "GITHUB_API_URL": self.proxy.listen(world.forge.url, call_names.forge),
            "KUBECONFIG": str(self._kubeconfig()),
        }
        if world.jira:
            self._environ["JIRA_URL"] = self.proxy.listen(world.jira.url, call_names.jira)

    def close(self) -> None:
        """Kill the bot, end the proxy."""
        self._parts.close()

    def start(self) -> None:
        """Start a bot and wait until it is connected, or dead."""
        self.starts += 1
        self._bot = hatch(
            "redlight",
            "chatbot",
            ["run"],
            folder=self.world.folder,
            environ=self._environ,
            quick=True,
        )
        self.until(lambda: not self.alive() or "redlight.ready" in self.said(), "a bot")

    def crash(self) -> None:
        """kill -9, and wait until it is dead."""
        if self._bot is not None:
            self._bot.kill()

    def alive(self) -> bool:
        """Whether the bot runs."""
        return self._bot is not None and self._bot.alive()

    def said(self) -> str:
        """What the bot wrote since it was started last."""
        return self._bot.printed() if self._bot else ""

    def prepare(self, faults: Mapping[Call, Fault], rules: str = "") -> None:
        """An empty Slack, a fresh bot, and what is to happen at which calls. `rules` are sections
        for the end of its `redlight.toml`."""
        self.crash()
        slack = self.world.slack
        self.until(lambda: slack.connections() == 0, "the end of the old connection")
        slack.reset()
        self.arm(faults)
        self.world.config.write_text(f"{self._rules}\n{rules}")
        self.starts = 0
        self.start()

    def arm(self, faults: Mapping[Call, Fault]) -> None:
        """Count the calls anew from here, and let this happen at them."""
        self.proxy.rewind()
        for call, fault in faults.items():
            self.proxy.at(call, fault)

    def until(self, look: Callable[[], Any], what: str, seconds: float = ROUND_SECONDS) -> Any:
        """Poll until `look` gives something true."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{self.said()[-3000:]}"
            time.sleep(LOOK_SECONDS)
        return found

    def settled(self) -> bool:
        """Whether nothing is left to be done, or to be told in Slack or Jira."""
        with self.world.store._connections.reading() as db:
            return db.execute(_LEFT).fetchone() is None

    def _kubeconfig(self) -> Path:
        """The bot's kubeconfig with the server's address replaced; the proxy speaks TLS for it."""
        kubeconfig = self.world.cluster.bot_kubeconfig
        return kubeconfig_through(self.proxy, kubeconfig, self.world.folder)
