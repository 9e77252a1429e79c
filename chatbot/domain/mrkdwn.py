"""Text for Slack's mrkdwn. What people typed is data: it never becomes a mention, a link or a
way out of a code span, and shortening never breaks what was escaped."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, among them those that turn the order of a line around: a reader must see
what a machine would read."""

_LINE_END = re.compile(r"\r\n?|\n")
_TORN = re.compile(r"(?:<[^>\n]*|&[a-z]{0,3}|`+)$")
"""What a cut may leave behind: half a token, half an entity, back ticks that lost their partner."""

_FENCE = "```"
_ELLIPSIS = "…"
_LONGEST_ESCAPE = 5
"""One character becomes at most so many."""


def escape(text: str) -> str:
    """Slack's three control characters escaped: no mention, channel or link can come of it. Back
    ticks in a row are kept apart by zero-width spaces: no code block opens or closes."""
    text = re.sub("`(?=`)", "`\u200b", text)
    return html.escape(_UNSEEN.sub("\ufffd", _LINE_END.sub("\n", text)), quote=False)


def code(text: str, limit: int = 300) -> str:
    """An inline code span of at most `limit` typed characters; back ticks inside become quotes
    and line ends become spaces, so that nothing leaves the span."""
    line = _LINE_END.sub(" ", shorten(text, limit)).replace("`", "'")
    return f"`{escape(line) or ' '}`"


def code_block(text: str, limit: int = 2_900) -> str:
    """One code block of at most `limit` characters, on whole lines where that is possible."""
    first, *rest = code_blocks(text, limit - 2) or [f"{_FENCE}\n \n{_FENCE}"]
    return f"{first.removesuffix(_FENCE)}{_ELLIPSIS}\n{_FENCE}" if rest else first


def code_blocks(text: str, limit: int = 2_900) -> list[str]:
    """The whole text in code blocks of at most `limit` characters each. A line is only broken
    when it alone is longer than a block."""
    room = limit - len(f"{_FENCE}\n{_FENCE}")
    blocks: list[str] = []
    lines: list[str] = []
    used = 0
    for line in _fitting_lines(text, room - 1):
        if used + len(line) + 1 > room:
            blocks.append(_fenced(lines))
            lines, used = [], 0
        lines.append(line)
        used += len(line) + 1
    return [*blocks, _fenced(lines)] if lines else blocks


def _fitting_lines(text: str, room: int) -> Iterator[str]:
    """Lines as they may stand inside a fence, each at most `room` characters."""
    for line in _LINE_END.split(text):
        inside = escape(line)
        if len(inside) <= room:
            yield inside
            continue
        width = room // _LONGEST_ESCAPE
        for start in range(0, len(line), width):
            yield escape(line[start : start + width])


def _fenced(lines: list[str]) -> str:
    return "\n".join((_FENCE, *lines, _FENCE))


def quote(text: str) -> str:
    """A block quote, every line of it."""
    return "\n".join(f"> {line}" for line in escape(text.strip()).split("\n"))


def mention(user: str) -> str:
    """A person who is to be named; `user` is a Slack id that we know, never typed text."""
    return f"<@{user}>"


def link(url: str, label: str) -> str:
    """A link with its label."""
    address = re.sub(r"\s", "%20", escape(url).replace("|", "%7C"))
    words = " ".join(escape(label).replace("|", "¦").replace("`", "'").split())
    return f"<{address}|{words}>"


def moment(at: datetime) -> str:
    """A time that every reader sees in their own zone; the fallback says UTC."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def clock_time(at: datetime) -> str:
    """Only the time of day, in the reader's zone."""
    return f"<!date^{int(at.timestamp())}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>"


def since(at: datetime) -> str:
    """A time that has passed, and how long ago that is when somebody reads it."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}, {{ago}}|{fallback}>"


def until(at: datetime, now: datetime) -> str:
    """A time to come, and how far away that is as of `now`, to the minute: Slack counts only what
    has passed."""
    minutes = (at - now).total_seconds() / 60
    left = round(minutes) if minutes > 1 else minutes
    return f"{moment(at)}, in {duration(60 * left)}"


def shorten(text: str, limit: int) -> str:
    """Plain text of at most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _ELLIPSIS


def fit(text: str, limit: int) -> str:
    """Finished mrkdwn of at most `limit` characters: entities, mentions and links are kept whole
    or left out, and code that the cut left open is closed."""
    if len(text) <= limit:
        return text
    cut = text[: limit - len(f"\n{_ELLIPSIS}\n{_FENCE}")]
    while (whole := _TORN.sub("", cut)) != cut:
        cut = whole
    cut = cut.rstrip()
    if cut.count(_FENCE) % 2:
        return f"{cut}\n{_ELLIPSIS}\n{_FENCE}"
    last_line = cut.rpartition(_FENCE)[2].rpartition("\n")[2]
    return f"{cut}{_ELLIPSIS}`" if last_line.count("`") % 2 else f"{cut}{_ELLIPSIS}"


def duration(seconds: float) -> str:
    """`95` to `1 min 35 s`; the two largest units."""
    total = max(0, int(seconds))
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (secs, "s"))
    first = next((place for place, (value, _) in enumerate(units) if value), None)
    if first is None:
        return "0 s"
    return " ".join(f"{value} {unit}" for value, unit in units[first : first + 2] if value)
