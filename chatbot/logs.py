"""The log: one line an event, ours and every library's, with no secret in it.

Text for people (`12:04:31Z info  change.applied change=CHG-12 …`) or JSON for machines. The last
thing that happens to a line before it is written is that secrets are masked in it: whatever
brought one there, a key, an exception's text, a library's debug line, it does not get out.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor

from chatbot.domain.secrets import MASK, mask_tokens

_SHORTEST_SECRET = 8
"""A shorter "secret" would mask ordinary words."""

_PLAIN = re.compile(r'[^\s"=\\\x00-\x1f\x7f\u2028\u2029]+')

_TALKATIVE = ("apscheduler", "urllib3", "kubernetes", "github", "slack_sdk", "slack_bolt")
"""Libraries of which only warnings are worth a line."""


def configure(
    *, json_lines: bool, secrets: Iterable[str] = (), stream: TextIO | None = None
) -> None:
    """Send structlog's and the standard library's events to `stream` (default: stderr), replacing
    what was configured before. `secrets` are values to mask beside all that looks like a token."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(json_lines=json_lines, mask=redactor(secrets)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def about_change(change: str) -> AbstractContextManager[None]:
    """Within this context every event of this thread carries `change=CHG-n`."""
    return structlog.contextvars.bound_contextvars(change=change)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that masks these secrets, however a line may spell them, and whatever else looks
    like a token."""
    spellings: set[str] = set()
    for secret in secrets:
        for part in (secret, *secret.splitlines()):
            spellings |= {part, quote(part, safe=""), json.dumps(part)[1:-1], repr(part)[1:-1]}
    known = sorted((s for s in spellings if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, known))) if known else None

    def mask(text: str) -> str:
        return mask_tokens(pattern.sub(MASK, text) if pattern else text)

    return mask


def _renderer(*, json_lines: bool, mask: Callable[[str], str]) -> Processor:
    as_line = _json_line if json_lines else _text_line

    def render(_logger: Any, _name: str, event: EventDict) -> str:
        # Once where a value becomes text, before quoting can hide a secret from us, and once
        # over the whole line for what came as text already.
        return mask(as_line(event, lambda value: mask(str(value))))

    return render


def _json_line(event: EventDict, to_text: Callable[[Any], str]) -> str:
    return json.dumps(event, default=to_text)


def _text_line(event: EventDict, to_text: Callable[[Any], str]) -> str:
    rest = dict(event)
    timestamp, level = rest.pop("timestamp", ""), rest.pop("level", "")
    words = [f"{timestamp} {level:<8} {_printable(to_text(rest.pop('event', '')))}"]
    exception = rest.pop("exception", None)
    if exception is not None:
        rest["exception"] = exception  # long, so it comes last
    words += (f"{_printable(key)}={_quoted(to_text(value))}" for key, value in rest.items())
    return " ".join(words)


def _printable(text: str) -> str:
    """An event's name may be a library's whole sentence; it stays one line."""
    return text if text.isprintable() else json.dumps(text)


def _quoted(text: str) -> str:
    """A value that cannot be taken for two, nor start a line of its own."""
    if _PLAIN.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
