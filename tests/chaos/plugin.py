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
    parts = [
        dict(report.user_properties).get(PROPERTY)
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.stats.get(outcome, [])
        if "test_crash_matrix" in report.nodeid and (report.when == "call" or report.failed)
    ]
    if not parts:
        return
    counted = [part for part in parts if part]
    good, played = sum(part[0] for part in counted), sum(part[1] for part in counted)
    broken = len(parts) - len(counted)
    unfinished = f", and {broken} parts that did not finish" if broken else ""
    terminalreporter.write_line(f"crash matrix direct: {good}/{played}{unfinished}")
