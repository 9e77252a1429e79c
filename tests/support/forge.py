"""A forge as its own process for tests, and PyGithub pointed at it."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import github

from sandbox.children import Child
from tests.support.hatchery import hatch

REPO = "acme/cluster-config"
BOT, SENIOR, ADMIN, READER = "bot-token", "senior-token", "admin-token", "reader-token"
REQUESTER, OTHER_SENIOR = "requester-token", "other-senior-token"
TOKENS: Mapping[str, str] = {
    BOT: "redlight-bot",
    REQUESTER: "octo-requester",
    SENIOR: "octo-senior",
    OTHER_SENIOR: "octo-senior-2",
    ADMIN: "acme-admin:admin",
    READER: "octo-reader:read",
}
START_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class ForgeProcess:
    """A forge that listens; `url` is what `GITHUB_API_URL` takes, `directory` holds its state."""

    url: str
    directory: Path
    repo: str = REPO
    process: Child = field(repr=False, kw_only=True)

    def github(self, token: str = BOT) -> github.Github:
        """PyGithub as the token's owner; it neither retries nor waits between calls."""
        return github.Github(
            base_url=self.url,
            auth=github.Auth.Token(token),
            retry=None,
            timeout=20,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )

    def clone_url(self, token: str = BOT) -> str:
        """Where `git clone` and `git push` go, with the token as the password."""
        return f"{self.url.replace('://', f'://x-access-token:{token}@')}/{self.repo}.git"


@contextlib.contextmanager
def running_forge(
    directory: Path,
    *,
    tokens: Mapping[str, str] = TOKENS,
    arguments: Sequence[str] = (),
    port: int = 0,
) -> Iterator[ForgeProcess]:
    """Start `python -m sandbox.forge` in `directory`, and stop it (SIGTERM) in the end.

    A directory that a forge has used before is taken up as it was left.
    """
    command = ["--port", str(port), "--dir", str(directory)]
    for token, person in tokens.items():
        command += ["--token", f"{token}={person}"]
    process = hatch(
        directory.name, "sandbox.forge", [*command, *arguments], folder=directory.parent
    )
    try:
        ready = process.wait_for(r"forge ready on (\S+)", seconds=START_TIMEOUT_SECONDS)
        yield ForgeProcess(ready[1], directory, process=process)
    finally:
        process.stop()
