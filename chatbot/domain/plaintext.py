"""What people typed, made harmless for GitHub: no mention, no HTML, no link that closes an issue,
no switch that skips the checks. It still reads as it was typed."""

import re
from typing import Final

_JOINER: Final = "\u2060"
"""Word joiner: has no width, and no pattern of GitHub's goes across it."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRIGGER = re.compile(
    r"@(?!\u2060)|#(?=\d)|GH(?=-\d)|:(?=//)|\bwww(?=\.)|\[(?=\s*\w)", re.IGNORECASE
)
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~=$:])")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/?&=%#+,;-]*)?")


def neutral(text: str) -> str:
    """Text for a title or a commit message: nothing in it triggers anything."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _TRIGGER.sub(lambda match: match[0] + _JOINER, _SURROGATE.sub("\ufffd", text))


def one_line(text: str, limit: int) -> str:
    """Neutral text on one line of at most `limit` characters."""
    flat = " ".join(neutral(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def markdown(text: str) -> str:
    """Neutral text that no Markdown or HTML acts on."""
    escaped = _MARKUP.sub(r"\\\1", neutral(text))
    return "".join(_ENTITIES.get(character, character) for character in escaped)


def link(text: str) -> str:
    """An address as a link if it is nothing but one, otherwise as harmless text."""
    text = text.strip()
    return f"<{text}>" if _LINK.fullmatch(text) else markdown(one_line(text, 500))


def quoted(text: str) -> str:
    """A block quote, line by line."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))


def fenced(text: str, language: str = "") -> str:
    """A fenced block that its content cannot close."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    body = _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n")
    return f"{fence}{language}\n{body}\n{fence}"
