"""A message's text as Slack stores it, as plain text: what is kept of it outside Slack must not
be full of ids and entities."""

import re
from html import unescape

_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def plain(text: str) -> str:
    """`<@U1|ann> sees &lt;5xx&gt; at <https://x.example|the shop>` to `@ann sees <5xx> at the shop
    (https://x.example)`."""
    return unescape(_TOKEN.sub(_words, text)).strip()


def _words(token: re.Match[str]) -> str:
    sign, target, label = token[1], token[2], token[3]
    match sign:
        case "@" | "#":
            return f"{sign}{label or target}"
        case "!":
            return label or f"@{target.partition('^')[0]}"
        case _:
            return f"{label} ({target})" if label and label != target else target
