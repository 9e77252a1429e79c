"""The option `--full`, and the last line of the crash matrix, counted from what ran. A plugin of
the whole suite: the process that prints for several workers reads no deeper conftest files."""

import pytest

PROPERTY = "crash_matrix_direct"

pytest.register_assert_rewrite("tests.chaos.matrix", "tests.chaos.scenarios", "tests.chaos.stage")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        help="kill the bot at every outbound call, not only once for each kind of effect",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = [
        count
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, count in report.user_properties
        if name == PROPERTY
    ]
    if counts:
        good, played = (sum(column) for column in zip(*counts, strict=True))
        terminalreporter.write_line(f"crash matrix direct: {good}/{played}")
