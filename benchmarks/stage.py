"""The local Slack with the tap in front, and the bots that take turns on it."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from sandbox.children import Child
from sandbox.control_plane import free_port
from sandbox.world import Outside, World
from tests.support.slack import SlackWorkspace

SECONDS = 60
PEOPLE = 64
"""Threads that act as people; more than the largest burst."""

REQUESTER = "U0REQUESTER"
CHANNEL = "C0TEST"


class Stage:
    """Bots by name, people, and the tap between them."""

    def __init__(self, folder: Path, outside: Outside, tap: str, slack: SlackWorkspace) -> None:
        self.slack = slack
        self.cluster = outside.cluster
        self.forge = outside.forge
        self._folder = folder
        self._outside = outside
        self._tap = tap
        self._parts = ExitStack()
        self._people = ThreadPoolExecutor(PEOPLE)

    def redlight(self, name: str = "ours", **environ: str) -> Child:
        """Start `redlight run` under a name; its database may be there already."""
        return self.start(name, ["chatbot", "run"], "redlight.ready", **environ)

    def bare_bolt(self, name: str = "bare") -> Child:
        """Start the anchor."""
        return self.start(name, ["benchmarks.bare_bolt"], "bare bolt ready")

    def start(self, name: str, module: list[str], ready: str, **environ: str) -> Child:
        """Start a bot, and wait until it says that it is `ready`."""
        told = {**self.environ(name), **environ}
        child = Child.start(name, module, folder=self._folder / name, environ=told)
        self._parts.callback(child.stop)
        child.wait_for(ready)
        return child

    def database(self, name: str) -> Path:
        """Where the bot of this name keeps its rows."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return folder / "redlight.db"

    def environ(self, name: str) -> dict[str, str]:
        """What the bot of this name is told: the world, and Slack through the tap."""
        environ = self._outside.environ(self.database(name))
        return {**environ, "SLACK_API_URL": f"{self._tap}/{name}/api/"}

    def aim(self, bot: str) -> None:
        """Let everything that people do go to this bot."""
        answer = self._post("aim", bot=bot)
        if not answer["connected"]:
            raise RuntimeError(f"{bot} is not connected")

    def burst(
        self,
        bot: str,
        deeds: Sequence[Callable[[], object]],
        *,
        copies: int = 1,
        differ_in: str = "",
    ) -> list[float]:
        """Seconds to each acknowledgement of what people do at the same instant.

        Each deed makes one envelope; with `copies` the bot gets each so many times, the others
        with `-1`, `-2` … after the value of the field that they `differ_in`.
        """
        asked = {"bot": bot, "collect": len(deeds), "copies": copies, "differ_in": differ_in}
        told = self._people.submit(self._post, "burst", **asked)
        self._armed(told)
        doing = [self._people.submit(deed) for deed in deeds]
        seconds: list[float] = told.result()["seconds"]
        for each in doing:
            each.result()
        return seconds

    def answer(self, bot: str, method: str, deed: Callable[[], object]) -> float:
        """Seconds from the envelope until the bot's call of `method` is through."""
        told = self._people.submit(self._post, "answer", bot=bot, method=method)
        self._armed(told)
        deed()
        return float(told.result()["seconds"])

    def quiet(self, seconds: float = 0.5) -> None:
        """Wait until no bot calls Slack any more."""
        query = {"seconds": str(seconds)}
        requests.get(f"{self._tap}/_tap/quiet", params=query, timeout=SECONDS).raise_for_status()

    def control(self, what: str, **body: Any) -> None:
        """What one of the people does, through the local Slack's control API."""
        url = f"{self._outside.slack}/_control/{what}"
        requests.post(url, json=body, timeout=SECONDS).raise_for_status()

    def command(self, text: str) -> None:
        """The requester types `/change …`."""
        self.control("command", channel=CHANNEL, user=REQUESTER, command="/change", text=text)

    def close(self) -> None:
        """End the bots."""
        self._parts.close()
        self._people.shutdown()

    def _armed(self, told: "Future[Any]") -> None:
        while not told.done():
            answer = requests.get(f"{self._tap}/_tap/armed", timeout=SECONDS)
            if answer.json()["armed"]:
                return

    def _post(self, what: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self._tap}/_tap/{what}", json=body, timeout=SECONDS)
        told: dict[str, Any] = json.loads(answer.text)
        if not answer.ok:
            raise RuntimeError(f"{what}: {told['error']}")
        return told


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """The sandbox's whole world, its Slack with the tap in front, and no bot yet."""
    with ExitStack() as parts:
        outside = parts.enter_context(World(folder))
        port = free_port()
        arguments = ["--upstream", outside.slack, "--port", str(port)]
        tap = Child.start("tap", ["benchmarks.slack_tap", *arguments], folder=folder)
        parts.callback(tap.stop)
        tap.wait_for("slack ready on")
        slack = SlackWorkspace(outside.slack)
        made = Stage(folder, outside, f"http://127.0.0.1:{port}", slack)
        parts.callback(made.close)
        slack.wait_until_connected()
        yield made
