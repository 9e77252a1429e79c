"""`redlight sandbox`: start the outside world and the bot, print one screen, end all on Ctrl-C."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from sandbox.children import ChildError
from sandbox.control_plane import ControlPlaneError
from sandbox.interrupts import interruptible
from sandbox.prompt import listen
from sandbox.screen import screen
from sandbox.slack import program as local_slack_program
from sandbox.world import World

SLACK_PORT = 8065
FORGE_PORT = 8066
JIRA_PORT = 8067
_LOOK_SECONDS = 0.5


class SandboxError(RuntimeError):
    """Why the sandbox cannot run, and what to do."""


def start(
    folder: Path | None = None, *, slack_port: int | None = None, forge_port: int | None = None
) -> None:
    """Run until interrupted. Everything lies in `folder`, or in a temporary one that goes too.

    A port that is not named is the usual one, or any free one where that is taken. Exits with
    status 1 when a part does not start or ends by itself.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        with interruptible(), _home(folder) as home:
            _run(console, home, _port(slack_port, SLACK_PORT), _port(forge_port, FORGE_PORT))
    except KeyboardInterrupt:
        console.print("Everything is stopped; nothing is left behind.")
    except subprocess.CalledProcessError as error:
        _fail(console, f"{error}\n{error.stderr or ''}")
    except (SandboxError, ChildError, ControlPlaneError, OSError) as error:
        _fail(console, str(error))


def _run(console: Console, home: Path, slack_port: int, forge_port: int) -> None:
    _check_programs()
    jira_port = _port(None, JIRA_PORT)
    world = World(home, slack_port=slack_port, forge_port=forge_port, jira_port=jira_port)
    status = console.status("Starting a Slack, a GitHub, a Jira, a cluster and the bot…")
    status.start()
    try:
        with world as outside:
            world.run_bot(outside.environ(home / "redlight.db"))
            kubeconfig = home / "kubeconfig"
            shutil.copyfile(outside.cluster.admin_kubeconfig, kubeconfig)
            status.stop()
            console.print(screen(outside, kubeconfig))
            listen(console, world.clock)
            while not (ended := world.ended()):
                time.sleep(_LOOK_SECONDS)
            raise ChildError(f"{ended.name} ended by itself. It said last:\n{ended.tail()}")
    finally:
        status.stop()


def _check_programs() -> None:
    """Say at once what is missing, before anything runs."""
    if not shutil.which("git"):
        raise SandboxError("git is not on the PATH: install it and start again.")
    local_slack_program()


@contextmanager
def _home(folder: Path | None) -> Iterator[Path]:
    """The folder of this run; whatever a part calls temporary lies in it as well."""
    with tempfile.TemporaryDirectory(prefix="redlight-", ignore_cleanup_errors=True) as temporary:
        home = folder or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        for log in home.glob("*.log"):  # of an earlier run
            log.unlink()
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = tempfile.tempdir = temporary
        try:
            yield home
        finally:
            tempfile.tempdir = None
            os.environ.pop("TMPDIR")
            if before is not None:
                os.environ["TMPDIR"] = before


def _port(asked: int | None, usual: int) -> int:
    """The port to use; 0 stands for any free one. Raises `SandboxError` for a taken one that was
    asked for by name."""
    if asked is None:
        return usual if _is_free(usual) else 0
    if asked and not _is_free(asked):
        raise SandboxError(f"Port {asked} is taken. Name another one, or 0 for any free one.")
    return asked


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _fail(console: Console, said: str) -> NoReturn:
    console.print("[red]The sandbox has stopped.[/red]", end=" ")
    console.print(said.strip(), markup=False)
    sys.exit(1)


if __name__ == "__main__":
    start()
