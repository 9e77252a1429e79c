"""The signal that ends a program, in every instant of the wait for it."""

import subprocess
import sys

_AT_EVERY_LINE = """
import signal, sys
from itertools import count
from chatbot.signals import StopSignal

for instant in count():
    events = count()
    sent = False

    def trace(frame, event, _):
        global sent
        if event == "line" and next(events) == instant:
            sent = True
            signal.raise_signal(signal.SIGTERM)
        return trace

    with StopSignal() as stop:
        sys.settrace(trace)
        stop.wait(0.05)
        sys.settrace(None)
        if not sent:  # no line is left in which it could come
            break
        assert stop.wait(0), instant
        assert stop.wait(0), "told once, told for good"
print(instant)
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )


def test_a_signal_is_not_lost_at_any_line_of_the_wait() -> None:
    done = run(_AT_EVERY_LINE)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1


def test_a_signal_ends_the_program_as_before_where_nobody_waits_any_more() -> None:
    done = run(
        "import signal\n"
        "from chatbot.signals import StopSignal\n"
        "with StopSignal():\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "print('went on', flush=True)\n"
        "signal.raise_signal(signal.SIGTERM)\n"
        "print('survived', flush=True)\n"
    )
    assert done.stdout == "went on\n", done
    assert done.returncode != 0
