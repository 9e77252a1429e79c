"""Cold start: from the start of the process until it is connected to Slack."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import Row, Scale, interleaved
from benchmarks.stage import Stage, stage

GOAL_SECONDS = 3.0
STOP_SECONDS = 15


def rows(folder: Path, scale: Scale) -> list[Row]:
    """`redlight run` with bot and scheduler, against a bare Bolt app on the same local Slack."""
    with stage(folder) as on:
        return [start(on, scale)]


def start(on: Stage, scale: Scale) -> Row:
    """The row, in a world that is there already. The first start, which also makes the
    database and warms the disk's cache, is not counted."""
    ours, bare = on.environ("cold"), on.environ("cold-bare")

    def redlight(_: int = 0) -> float:
        return _seconds(["chatbot", "run"], ours, "slack.connected")

    def bolt(_: int = 0) -> float:
        return _seconds(["benchmarks.bare_bolt"], bare, "bare bolt ready")

    redlight()
    bolt()
    pairs = interleaved(scale.of(7, 1), redlight, bolt)
    seconds = median(pairs.ours)
    return Row(
        what="cold start of `redlight run` to connected",
        ours=seconds,
        unit="s",
        goal="≤ 3 s",
        met=seconds <= GOAL_SECONDS,
        anchor_name="a bare Bolt app's start",
        anchor=median(pairs.anchor),
        ratio=pairs.ratio,
    )


def _seconds(module: Sequence[str], environ: Mapping[str, str], ready: str) -> float:
    """Until the program prints `ready`; then it is stopped."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        if process.stdout is None:
            raise RuntimeError("no output to read")
        printed: list[str] = []
        for line in process.stdout:
            if ready in line:
                return time.perf_counter() - started
            printed.append(line)
        raise RuntimeError(f"{module[0]} ended before it was ready:\n{''.join(printed)}")
    finally:
        process.terminate()
        process.communicate(timeout=STOP_SECONDS)
