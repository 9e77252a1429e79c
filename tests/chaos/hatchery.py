"""Starts bots quickly: a program that has imported the product once, and forks on request.

A bot from here runs the same `redlight run` in a process, session and environment of its own. The
second that Python takes to import everything is saved, and what a bot lets pass until it looks
again is shorter; otherwise most of a matrix would be waiting. Speaks JSON lines:
`{"environ": {...}, "log": path}` on standard input, the new process's id on standard output.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

import kubernetes.client
import kubernetes.dynamic

import chatbot.domain.backoff
import chatbot.process
import chatbot.services.courier
import scheduler.jobs
from chatbot.__main__ import main
from sandbox.children import Child

LOADED = (kubernetes.client, kubernetes.dynamic, chatbot.process, scheduler.jobs)
"""What a bot would import first of all."""

_QUICK = timedelta(milliseconds=200)


def quicken() -> None:
    """The same bot at another pace."""
    scheduler.jobs.DUE_SECONDS = _QUICK.total_seconds()
    chatbot.domain.backoff.FIRST_DELAY = _QUICK
    chatbot.services.courier.UNREACHABLE_DELAY = _QUICK * 2


def serve() -> None:
    """Fork a bot for each line until standard input ends."""
    quicken()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    _say("hatchery ready")
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become_bot(asked)
        _say(child)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _become_bot(asked: dict[str, object]) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(str(asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ.update(cast("dict[str, str]", asked["environ"]))
    try:
        main(["run"])
    finally:
        os._exit(0)


@dataclass
class Hatched:
    """The part of `Popen` that `Child` needs, for a process that is not ours to wait for."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """None while it runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            self.returncode = -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Until it is gone; it was killed, so that is soon."""
        while self.poll() is None:
            os.sched_yield()
        return self.returncode or 0


@dataclass
class Hatchery:
    """The program above, as a child of a test."""

    process: "subprocess.Popen[str]" = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.hatchery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._says() == "hatchery ready"

    def hatch(self, environ: dict[str, str], folder: Path) -> Child:
        """Start a bot that writes what it says to `folder`; returns at once."""
        log = folder / "redlight.log"
        log.write_text("")
        told = {"log": str(log), "environ": {"PYTHONUNBUFFERED": "1", **environ}}
        stdin = cast("IO[str]", self.process.stdin)
        stdin.write(json.dumps(told) + "\n")
        stdin.flush()
        hatched = Hatched(int(self._says()))
        return Child("redlight", cast("subprocess.Popen[bytes]", hatched), log)

    def close(self) -> None:
        """End the program; bots are their owner's to end."""
        cast("IO[str]", self.process.stdin).close()
        self.process.wait(10)
        cast("IO[str]", self.process.stdout).close()

    def _says(self) -> str:
        return cast("IO[str]", self.process.stdout).readline().strip()


if __name__ == "__main__":
    serve()
