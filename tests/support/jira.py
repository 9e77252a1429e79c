"""A Jira for tests: the sandbox's own, as a program, Cloud or Data Center."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from chatbot.settings import JiraRules, JiraSettings
from sandbox.children import Child
from sandbox.jira import PROJECT, TOKEN, USER

_SECONDS = 10


@dataclass(frozen=True)
class JiraProcess:
    """A running double at `url`."""

    url: str
    is_cloud: bool

    def settings(self, *, timeout: int = 5, **rules: Any) -> JiraSettings:
        """What a bot needs to reach it; `rules` are keys of `[jira]`."""
        return JiraSettings(
            url=self.url,
            user=USER if self.is_cloud else "",
            token=SecretStr(TOKEN),
            project=PROJECT,
            timeout=timeout,
            rules=JiraRules(**rules),
        )

    def issues(self) -> list[dict[str, Any]]:
        """Everything that was filed, as the double keeps it, oldest first."""
        told: list[dict[str, Any]] = requests.get(
            f"{self.url}/_jira/issues", timeout=_SECONDS
        ).json()
        return told

    def calls(self, ends: str = "") -> list[str]:
        """`METHOD /path` of every call since the reset."""
        told = requests.get(f"{self.url}/_jira/calls", timeout=_SECONDS).json()["calls"]
        return [call for call in told if call.endswith(ends)]

    def fault(self, ends: str = "", **how: Any) -> None:
        """Let the next calls fail; see `sandbox.jira.state.Fault`."""
        self._post("fault", {"ends": ends, **how})

    def reset(self) -> None:
        """Back to the empty project."""
        self._post("reset", {})

    def _post(self, what: str, body: dict[str, Any]) -> None:
        requests.post(f"{self.url}/_jira/{what}", json=body, timeout=_SECONDS).raise_for_status()


@contextmanager
def running_jira(*options: str, cloud: bool = False) -> Iterator[JiraProcess]:
    """Start one and stop it at the end."""
    arguments = [*options, *(["--cloud"] if cloud else [])]
    with TemporaryDirectory() as folder:
        child = Child.start("jira", ["sandbox.jira", *arguments], folder=Path(folder))
        try:
            yield JiraProcess(child.wait_for(r"jira ready on (\S+)")[1], cloud)
        finally:
            child.stop()


@pytest.fixture(scope="session")
def jira_process() -> Iterator[JiraProcess]:
    """One Jira for the whole test worker: Data Center."""
    with running_jira() as process:
        yield process


@pytest.fixture
def jira(jira_process: JiraProcess) -> JiraProcess:
    """That Jira, empty."""
    jira_process.reset()
    return jira_process
