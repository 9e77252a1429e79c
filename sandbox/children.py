"""Programs that another program starts, waits for and ends."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 60.0
STOP_SECONDS = 45.0
"""A program that is told to stop finishes the call it is in, which may take until its timeout."""
POLL_SECONDS = 0.05
_SHOWN_LINES = 20
_PR_SET_PDEATHSIG = 1


class ChildError(RuntimeError):
    """A program did not start; the message ends with what it printed last."""


@dataclass
class Child:
    """A running program and the file that its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls,
        name: str,
        arguments: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str] | None = None,
    ) -> "Child":
        """Start `python -m …` with the interpreter that runs us, its output in `folder`.

        Where the kernel can (Linux) it dies with the thread that started it.
        """
        log = folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})},
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - it makes one system call
            )
        return cls(name, process, log)

    def wait_for(self, pattern: str, *, seconds: float = READY_SECONDS) -> re.Match[str]:
        """Wait until the program prints a line that matches; raises `ChildError`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            printed = self.printed()
            if match := re.search(pattern, printed):
                return match
            if self.process.poll() is not None:
                status = self.process.returncode
                raise ChildError(f"{self.name} ended with {status}:\n{self.tail()}")
            time.sleep(POLL_SECONDS)
        raise ChildError(f"{self.name} was not ready within {seconds:.0f} s:\n{self.tail()}")

    def printed(self) -> str:
        """Everything printed so far."""
        return self.log.read_text(errors="replace")

    def tail(self) -> str:
        """The last lines printed."""
        return "\n".join(self.printed().splitlines()[-_SHOWN_LINES:])

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it and what it started at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, wait, and insist if it does not; its exit status."""
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self.kill()
        return self.process.returncode


def die_with_parent() -> Callable[[], None] | None:
    """A hook for a new process that has the kernel kill it when the thread that started it is gone,
    so that a killed parent leaves nothing behind; None where the kernel cannot."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: the child should do little
    parent = os.getpid()

    def hook() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return hook
