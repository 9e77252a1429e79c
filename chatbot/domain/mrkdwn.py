"""Text for Slack's mrkdwn. What people typed is data: it never becomes a mention, a link or a
way out of a code span."""

from datetime import UTC, datetime

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escape(text: str) -> str:
    """Slack's three control characters escaped: no mention, channel or link can come of it."""
    return text.translate(_ESCAPES)


def code(text: str) -> str:
    """An inline code span; back ticks inside become quotes, so that nothing leaves the span."""
    return f"`{escape(text.replace('`', chr(39)))}`"


def code_block(text: str) -> str:
    """A code block; a fence inside is broken up with a zero-width space."""
    broken_up = text.replace("```", "`\u200b``")
    return f"```\n{escape(broken_up)}\n```"


def quote(text: str) -> str:
    """A block quote, every line of it."""
    return "\n".join(f"> {line}" for line in escape(text).splitlines() or [""])


def mention(user: str) -> str:
    """A person who is to be named; `user` is a Slack id that we know, never typed text."""
    return f"<@{user}>"


def link(url: str, label: str) -> str:
    """A link with its label."""
    return f"<{escape(url).replace('|', '%7C')}|{escape(label).replace('|', '¦')}>"


def moment(at: datetime) -> str:
    """A time that every reader sees in their own zone; the fallback says UTC."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def clock_time(at: datetime) -> str:
    """Only the time of day, in the reader's zone."""
    return f"<!date^{int(at.timestamp())}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def duration(seconds: float) -> str:
    """`95` to `1 min 35 s`; the two largest units."""
    total = max(0, int(seconds))
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    parts = [
        f"{value} {unit}"
        for value, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (secs, "s"))
        if value
    ]
    return " ".join(parts[:2]) or "0 s"
