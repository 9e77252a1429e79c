"""A forge as its own process for tests, and PyGithub pointed at it."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import github

ROOT = Path(__file__).parent.parent.parent
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
STOP_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class ForgeProcess:
    """A forge that listens; `url` is what `GITHUB_API_URL` takes, `directory` holds its state."""

    url: str
    directory: Path
    repo: str = REPO
    process: "subprocess.Popen[str]" = field(repr=False, kw_only=True)

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
    command = [sys.executable, "-m", "sandbox.forge", "--port", str(port), "--dir", str(directory)]
    for token, person in tokens.items():
        command += ["--token", f"{token}={person}"]
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield ForgeProcess(_ready_url(process), directory, process=process)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _ready_url(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    watchdog = threading.Timer(START_TIMEOUT_SECONDS, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline()
    finally:
        watchdog.cancel()
    if not line.startswith("forge ready on "):
        raise RuntimeError(f"the forge did not start; it said {line!r}")
    return line.removeprefix("forge ready on ").strip()
