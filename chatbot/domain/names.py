"""Names as Kubernetes allows them (RFC 1123), and the short texts people type in a form."""

import re
from typing import Final

from chatbot.domain.errors import InvalidInput

MAX_REPLICAS: Final = 10_000

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN_PART = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN_LENGTH: Final = 253
_KIND_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")


def dns_label(text: str) -> bool:
    """Whether a text can name a namespace: at most 63 of `a-z`, `0-9` and inner `-`."""
    return _LABEL.fullmatch(text) is not None


def dns_subdomain(text: str) -> bool:
    """Whether a text can name most objects: labels joined by dots, at most 253 characters."""
    return len(text) <= _SUBDOMAIN_LENGTH and all(
        _SUBDOMAIN_PART.fullmatch(part) for part in text.split(".")
    )


def path_segment(text: str) -> bool:
    """Whether a text can name an RBAC object, which also may have `:` and capitals in it."""
    return (
        0 < len(text) <= _SUBDOMAIN_LENGTH
        and text not in (".", "..")
        and text.isprintable()
        and not set(text) & set("/%\\ ")
    )


def parse_replicas(text: str, field: str = "replicas") -> int:
    """How many pods, 0 to 10,000. Raises `InvalidInput` with one sentence for `field`."""
    word = text.strip()
    if not word:
        raise InvalidInput({field: "How many replicas? Give a whole number, such as 4."})
    if not _WHOLE.fullmatch(word):
        raise InvalidInput({field: "Give the replicas as a whole number, such as 4."})
    count = int(word)
    if count < 0:
        raise InvalidInput({field: "Replicas cannot be fewer than 0."})
    if count > MAX_REPLICAS:
        raise InvalidInput({field: f"Replicas cannot be more than {MAX_REPLICAS:,}."})
    return count


def parse_target_word(text: str, field: str = "name") -> tuple[str, str]:
    """`deploy/web` to `("deploy", "web")`: the word for a kind, as typed, and the name. Raises
    `InvalidInput` with one sentence for `field`."""
    kind, slash, name = text.strip().partition("/")
    if not slash or not kind or not name:
        raise InvalidInput({field: "Name the target as kind/name, such as deploy/web."})
    if not _KIND_WORD.fullmatch(kind):
        raise InvalidInput({field: "The part before the `/` must be a kind, such as deploy."})
    if not dns_subdomain(name):
        raise InvalidInput({field: f"The part after the `/` must be a name: {NAME_RULE}."})
    return kind, name


NAME_RULE: Final = (
    "lower-case letters, digits, `-` and `.`, starting and ending with a letter or a digit,"
    " at most 253 characters"
)
NAMESPACE_RULE: Final = (
    "lower-case letters, digits and `-`, starting and ending with a letter or a digit,"
    " at most 63 characters"
)
