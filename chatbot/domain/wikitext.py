"""Text for Jira's wiki markup. What people typed is data: it never becomes a mention, a link, a
macro or a way out of a block."""

import re
from datetime import UTC, datetime

from chatbot.domain.mrkdwn import shorten

LONGEST = 32_000
"""Jira takes 32,767 characters in a field."""

_MARKUP = re.compile(r"([\\{}\[\]|*_^~+!?#@-])")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_FENCE = "{noformat}"


def escape(text: str) -> str:
    """Every character that could mean something to Jira, escaped; line ends stay."""
    plain = _UNSEEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"(?m)^(h[1-6]|bq)\.", r"\1\\.", _MARKUP.sub(r"\\\1", plain))


def quote(text: str) -> str:
    """A block quote, every line of it."""
    return "\n".join(f"bq. {escape(line)}" for line in text.strip().splitlines() if line.strip())


def block(text: str, limit: int = 20_000) -> str:
    """Text as it stands, in a block of its own that it cannot leave."""
    inside = _UNSEEN.sub("\ufffd", shorten(text, limit)).replace(_FENCE, "{ noformat}")
    return f"{_FENCE}\n{inside.rstrip()}\n{_FENCE}"


def link(url: str, label: str) -> str:
    """A link with its label; `url` is ours or one that was checked."""
    address = re.sub(r"[\s\]|]", lambda found: f"%{ord(found[0]):02X}", url)
    return f"[{escape(' '.join(label.split()))}|{address}]"


def small(text: str) -> str:
    """A line of small print."""
    return f"{{color:#97a0af}}{escape(text)}{{color}}"


def moment(at: datetime) -> str:
    """`2026-03-02 09:30 UTC`: Jira moves no times into a reader's zone."""
    return escape(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"))
