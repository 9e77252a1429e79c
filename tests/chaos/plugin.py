"""The option `--full`, and a last line for each matrix, counted from what ran. A plugin of the
whole suite: the process that prints for several workers reads no deeper conftest files."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import pytest

PROPERTY = "chaos"

pytest.register_assert_rewrite(
    *(
        f"tests.chaos.{name}"
        for name in ("direct", "emergency", "emergency_races", "faults", "gitops")
    ),
    *(
        f"tests.chaos.{name}"
        for name in ("matrix", "person", "programme", "races", "rollback", "scenario", "stage")
    ),
)

RecordProperty = Callable[[str, object], None]


@dataclass
class Tally:
    """What one test adds to a line: said at its start, so that a test that breaks off is missed,
    and again at its end."""

    record: RecordProperty
    line: str
    """Such as `crash matrix direct`."""
    good: int = 0
    played: int = 0
    looks_less: int = 0
    """Looks of the rehearsal that never came again, so that nothing bad could happen at them."""

    def __post_init__(self) -> None:
        self.record(PROPERTY, [self.line, 0, 0, 0, False])

    def finish(self) -> None:
        self.record(PROPERTY, [self.line, self.good, self.played, self.looks_less, True])


@dataclass
class _Line:
    good: int = 0
    played: int = 0
    looks_less: int = 0
    unfinished: int = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        help="let something bad happen at every outbound call, not only once for each kind",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines: defaultdict[str, _Line] = defaultdict(_Line)
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            if "tests/chaos/" not in report.nodeid or not (report.when == "call" or report.failed):
                continue
            said = dict(report.user_properties).get(PROPERTY)
            if said:
                line, good, played, looks_less, finished = said
                lines[line].good += good
                lines[line].played += played
                lines[line].looks_less += looks_less
                lines[line].unfinished += not finished
    for name, line in sorted(lines.items()):
        broken = f", and {line.unfinished} parts that did not finish" if line.unfinished else ""
        less = f", and {line.looks_less} looks that did not come again" if line.looks_less else ""
        terminalreporter.write_line(f"{name}: {line.good}/{line.played}{less}{broken}")
