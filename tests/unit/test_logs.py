import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from chatbot import logs
from chatbot.adapters.clock import SystemClock

KEY = "-----BEGIN RSA PRIVATE KEY-----\nAAAAhushhushAAAA\n-----END RSA PRIVATE KEY-----"
SECRETS = ["a secret with spaces", KEY, 'quo"ted\\secret']


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes; what was configured before comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def fail_with(text: str) -> None:
    raise RuntimeError(text)


def json_events(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_the_change_it_is_about(stream: io.StringIO) -> None:
    logs.configure(json_lines=True, stream=stream)
    with logs.about_change("CHG-12"):
        structlog.get_logger().info("change.applied", objects=2)
    structlog.get_logger().info("idle")
    first, second = json_events(stream)
    assert first["event"] == "change.applied"
    assert first["change"] == "CHG-12"
    assert first["objects"] == 2
    assert first["level"] == "info"
    assert str(first["timestamp"]).endswith("Z")
    assert "change" not in second


def test_an_event_is_one_line_of_text_whatever_its_values_hold(stream: io.StringIO) -> None:
    logs.configure(json_lines=False, stream=stream)
    structlog.get_logger().info(
        "request.refused", text="a\nb \u2028 forged level=error", who="U1", café="é", n=3
    )
    (line,) = stream.getvalue().splitlines()
    assert " info " in line
    assert r'text="a\nb \u2028 forged level=error" who=U1 café=é n=3' in line


@pytest.mark.parametrize("json_lines", [True, False])
def test_an_exception_is_part_of_its_line(stream: io.StringIO, json_lines: bool) -> None:
    logs.configure(json_lines=json_lines, stream=stream)
    try:
        fail_with("line one\nline two")
    except RuntimeError:
        structlog.get_logger().exception("step.failed")
    (line,) = stream.getvalue().splitlines()
    assert "Traceback" in line
    assert r"RuntimeError: line one\nline two" in line


def test_library_events_and_warnings_take_the_same_way(stream: io.StringIO) -> None:
    logs.configure(json_lines=True, stream=stream)
    logging.getLogger("some.library").warning("limit %d reached", 3, extra={"host": "h"})
    logging.getLogger("urllib3.connectionpool").info("chatter")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", stacklevel=1)
    first, second = json_events(stream)
    assert first["event"] == "limit 3 reached"
    assert first["host"] == "h"
    assert "old way" in str(second["event"])


@pytest.mark.parametrize("json_lines", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        *SECRETS,
        "https://x.example/?token=a%20secret%20with%20spaces",
        "xoxb-1234-hushhush",
        "xoxe.xoxp-1-hushhush",
        "xapp-1-A1-hushhush",
        "ghp_hushhush",
        "ghs_hushhush",
        "github_pat_11A_hushhush",
        "ATATT3xFfGF0hushhush",
        "sha256~hushhush_hushhush",
        "Authorization: Bearer hushhush.hush",
        "authorization: basic aHVzaDpodXNo",
        "https://user:hushhush@example.com/x.git",
        "eyJhbGciOiJSUzI1NiJ9.eyJodXNoIjoxfQ.hushhush",
        "-----BEGIN PRIVATE KEY-----\nhushhush\n-----END PRIVATE KEY-----",
    ],
)
def test_no_secret_reaches_the_log(stream: io.StringIO, text: str, json_lines: bool) -> None:
    logs.configure(json_lines=json_lines, secrets=SECRETS, stream=stream)
    log = structlog.get_logger()
    log.info("as.value", text=text)
    log.info("nested", data={"list": [{"deep": text}]})
    log.info(text)
    logging.getLogger("library").warning("said %s", text)
    try:
        fail_with(text)
    except RuntimeError:
        log.exception("step.failed")
    written = stream.getvalue()
    assert len(written.splitlines()) == 5
    for hidden in ("hushhush", "aHVzaDpodXNo", "secret with", "secret%20with", "ted\\", "quo"):
        assert hidden not in written
    assert written.count("[secret]") >= 5


def test_ordinary_words_are_left_alone(stream: io.StringIO) -> None:
    logs.configure(json_lines=False, secrets=["", "dev"], stream=stream)
    structlog.get_logger().info("applied", environment="dev", url="https://host:8080/x@y")
    assert "environment=dev" in stream.getvalue()
    assert "[secret]" not in stream.getvalue()


def test_the_system_clock_tells_utc() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
