"""The sandbox's Slack: local-slack with our workspace, and the edge in front of it, as one program.

    python -m sandbox.slack --port 3000

local-slack itself listens on all interfaces of the machine and knows no passwords; only the edge
keeps to 127.0.0.1. Start it where you trust the network.
"""

import asyncio
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sandbox.children import die_with_parent
from sandbox.slack_edge import create_app, serve
from sandbox.slack_workspace import Workspace, sandbox_workspace

_TOOLS = Path(__file__).parents[1] / ".tools" / "node_modules"
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}
_ADDRESS = re.compile(r"Web UI:\s+(http://\S+)")
_START_SECONDS = 20.0
WARNING = (
    "Note: local-slack listens on all interfaces of this machine, on port {port}, without "
    "passwords. Use it only where you trust the network."
)


@dataclass(frozen=True)
class LocalSlack:
    """A running local-slack: where it answers, and the workspace file it was given."""

    url: str
    workspace: Path


def package_name() -> str:
    """The npm package that holds local-slack for this machine."""
    system, machine = platform.system(), platform.machine().lower()
    return f"local-slack-{_SYSTEMS.get(system, system)}-{_MACHINES.get(machine, machine)}"


def program() -> Path:
    """Where local-slack is: `LOCAL_SLACK` names it, or `make` put it into `.tools`.

    Raises FileNotFoundError with what to do when it is in neither place.
    """
    named = os.environ.get("LOCAL_SLACK")
    binary = "local-slack.exe" if platform.system() == "Windows" else "local-slack"
    path = Path(named) if named else _TOOLS / package_name() / "bin" / binary
    if not path.is_file():
        raise FileNotFoundError(
            f"local-slack is not at {path}. Run `make tools` to install {package_name()}, "
            "or let LOCAL_SLACK name the program."
        )
    return path


def _address(log: Path, child: subprocess.Popen[bytes]) -> str:
    """Wait until local-slack says where it answers; raises RuntimeError if it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text("utf-8", errors="replace")
        found = _ADDRESS.search(said)
        if found:
            return found[1]
        if child.poll() is not None:
            raise RuntimeError(f"local-slack ended with status {child.returncode}: {said.strip()}")
        time.sleep(0.02)
    raise RuntimeError(f"local-slack did not start within {_START_SECONDS:.0f} s")


@contextmanager
def local_slack(config: dict[str, Any] | None = None) -> Iterator[LocalSlack]:
    """Run local-slack as a child on a free port, and stop it at the end.

    `config` is a workspace in local-slack's format; the sandbox's own by default.
    """
    with tempfile.TemporaryDirectory(prefix="redlight-slack-") as folder:
        workspace = Path(folder) / "workspace.json"
        workspace.write_text(json.dumps(config or sandbox_workspace()), encoding="utf-8")
        log = Path(folder) / "local-slack.log"
        command = [str(program()), "--config", str(workspace), "--port", "0"]
        with log.open("wb") as output:
            child = subprocess.Popen(
                [*command, "--base-host", "127.0.0.1"],
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - it makes one system call
            )
        try:
            yield LocalSlack(_address(log, child), workspace)
        finally:
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(timeout=5)


@click.command()
@click.option("--port", type=int, default=3000, show_default=True)
@click.option("--trigger-seconds", type=float, default=3.0, show_default=True)
@click.option("--until-eof", is_flag=True, help="end when standard input closes")
def main(port: int, trigger_seconds: float, *, until_eof: bool) -> None:
    """Run the sandbox's Slack until interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that local-slack ends with us
    with local_slack() as slack:
        print(WARNING.format(port=slack.url.rsplit(":", 1)[-1]), flush=True)
        known = Workspace.read(slack.workspace)
        app = create_app(slack.url, known, trigger_seconds=trigger_seconds)
        asyncio.run(serve(app, port, until_eof=until_eof))


if __name__ == "__main__":
    main()
