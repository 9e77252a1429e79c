"""Starts the programs that tests need again and again: a process that has imported them once, and
forks on request.

What comes from here runs the same `python -m …` in a process, session and environment of its own;
only the second that Python takes to import everything is saved. Bots also look again sooner where
a test says `quick`: most of the time would be waiting otherwise.

The program speaks JSON lines: a request on standard input, the new process's id on standard output.
"""

import contextlib
import faulthandler
import functools
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

import kubernetes.client
import kubernetes.dynamic

import chatbot.domain.backoff
import chatbot.process
import chatbot.services.courier
import chatbot.services.deployment
import chatbot.services.emergency_backfill
import chatbot.services.emergency_rollout
import chatbot.services.herald
import chatbot.services.incident_issue
import chatbot.services.reverts
import chatbot.services.rollout
import sandbox.forge
import scheduler.jobs
from sandbox.children import Child, die_with_parent

LOADED = (kubernetes.client, kubernetes.dynamic, chatbot.process, scheduler.jobs, sandbox.forge)
"""What the programs would import first of all."""

_QUICK = timedelta(milliseconds=200)
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class _Order:
    """One process to be: `python -m MODULE ARGUMENTS` with this environment and no other."""

    module: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    folder: str
    """Its working directory."""
    log: str
    """The file that it writes to."""
    status: str
    """The file that its exit status goes to; there is none when it is killed."""
    quick: bool


def hatch(
    name: str,
    module: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    quick: bool = False,
) -> Child:
    """As `Child.start`; returns at once. What it says goes to `folder`, of this start alone."""
    log, status = folder / f"{name}.log", folder / f"{name}.status"
    log.write_text("")
    status.unlink(missing_ok=True)
    given = {**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})}
    order = _Order(
        module, list(arguments), given, str(Path.cwd()), str(log), str(status), quick=quick
    )
    hatched = Hatched(_hatchery().fork(order), status)
    return Child(name, cast("subprocess.Popen[bytes]", hatched), log)


@dataclass
class Hatched:
    """The part of `Popen` that `Child` and tests need, for a process whose parent is not us."""

    pid: int
    status: Path
    returncode: int | None = None

    def poll(self) -> int | None:
        """None while it runs."""
        if self.returncode is None:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                ended = self.status.exists()
                self.returncode = int(self.status.read_text()) if ended else -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Until it is gone; its exit status. Raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(["hatched"], timeout or 0.0)
            time.sleep(_POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Gone already is as good."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


@dataclass
class _Hatchery:
    """The program below, as a child of a test process; it ends with its standard input."""

    process: "subprocess.Popen[str]" = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.hatchery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent.parent,
            start_new_session=True,
        )
        assert self._says() == "hatchery ready"

    def fork(self, order: _Order) -> int:
        """The id of a new process."""
        stdin = cast("IO[str]", self.process.stdin)
        stdin.write(json.dumps(asdict(order)) + "\n")
        stdin.flush()
        return int(self._says())

    def _says(self) -> str:
        return cast("IO[str]", self.process.stdout).readline().strip()


@functools.cache
def _hatchery() -> _Hatchery:
    """One for each test process."""
    return _Hatchery()


def serve() -> None:
    """Fork a process for each line until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    tie = die_with_parent()
    _say("hatchery ready")
    for line in sys.stdin:
        order = _Order(**json.loads(line))
        child = os.fork()
        if child == 0:
            if tie:
                tie()
            _become(order)
        _say(child)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _become(order: _Order) -> None:
    """Never returns."""
    status = 1
    try:
        _move_in(order)
        if order.quick:
            _quicken()
        runpy.run_module(order.module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ended:
        status = _status_of(ended)
    except BaseException:  # noqa: BLE001 - as the interpreter does it at the end of a program
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path(order.status).write_text(str(status))
        os._exit(status)


def _move_in(order: _Order) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(order.folder)
    output = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order.environ)
    if order.environ.get("PYTHONFAULTHANDLER"):
        faulthandler.enable()  # which Python itself does at its start
    sys.argv = [order.module, *order.arguments]


def _status_of(ended: SystemExit) -> int:
    if ended.code is None or isinstance(ended.code, int):
        return ended.code or 0
    sys.stderr.write(f"{ended.code}\n")
    return 1


def _quicken() -> None:
    """The same bot at another pace."""
    scheduler.jobs.DUE_SECONDS = _QUICK.total_seconds()
    chatbot.domain.backoff.FIRST_DELAY = _QUICK
    chatbot.services.courier.UNREACHABLE_DELAY = _QUICK * 2
    chatbot.services.herald.UNREACHABLE_DELAY = _QUICK * 2
    for watched in (
        chatbot.services.rollout,
        chatbot.services.emergency_rollout,
        chatbot.services.deployment,
        chatbot.services.reverts,
    ):
        watched.WATCH_DELAY = _QUICK
    chatbot.services.emergency_backfill.LOOK_AGAIN = _QUICK
    chatbot.services.incident_issue.INDEX_LAG = _QUICK * 5


if __name__ == "__main__":
    serve()
