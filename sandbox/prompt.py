"""What somebody types into the sandbox's terminal: how fast its clock runs."""

import sys
import threading
from pathlib import Path

from rich.console import Console

from sandbox.clock import FASTEST, set_speed


def listen(console: Console, clock: Path) -> None:
    """Take lines from standard input for as long as there are some, without keeping anybody."""
    threading.Thread(target=_take_lines, args=(console, clock), name="prompt", daemon=True).start()


def _take_lines(console: Console, clock: Path) -> None:
    for line in sys.stdin:
        if said := answer(line, clock):
            console.print(f"  {said}", markup=False)


def answer(line: str, clock: Path) -> str:
    """Set the clock as the line says; what is answered, empty to an empty line."""
    typed = line.strip()
    if not typed:
        return ""
    try:
        speed = float(typed)
        set_speed(clock, speed)
    except ValueError:
        return f"Type how fast the clock runs: 1 (as it is) to {FASTEST:.0f} (an hour in a second)."
    if speed == 1:
        return "The clock runs as it is, from the time that it shows."
    return f"An hour passes in {3600 / speed:.1f} s. Type 1 to have it run as it is."
