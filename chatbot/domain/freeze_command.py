"""What somebody typed after `/change` with a reason: to stop changes, to lift that, to let one
through or to send one ahead, as data. Wrong words become one sentence that shows the right ones."""

import re
from dataclasses import dataclass

from chatbot.domain.change import parse_change_id
from chatbot.domain.duration import parse_duration
from chatbot.domain.errors import Refused

_BECAUSE = re.compile(r"(?<!\S)because(?!\S)", re.IGNORECASE)


@dataclass(frozen=True)
class FreezeCommand:
    """`/change freeze <env>|all [until <time>|<length of time>] [because …]`."""

    environment: str
    until: str = ""
    """As `domain.window.parse_until` reads it; empty: until somebody lifts it."""
    reason: str = ""


@dataclass(frozen=True)
class UnfreezeCommand:
    """`/change unfreeze <env>|all [because …]`."""

    environment: str
    reason: str = ""


@dataclass(frozen=True)
class ExemptCommand:
    """`/change exempt CHG-n because …`."""

    number: int
    reason: str


@dataclass(frozen=True)
class PromoteSkipCommand:
    """`/change promote-skip CHG-n because …`."""

    number: int
    reason: str


ReasonedCommand = FreezeCommand | UnfreezeCommand | ExemptCommand | PromoteSkipCommand
REASONED = ("freeze", "unfreeze", "exempt", "promote-skip")


def parse_reasoned_command(verb: str, text: str) -> ReasonedCommand:
    """Read a text whose first word is `verb`, one of `REASONED`. Raises `Refused`."""
    said, *because = _BECAUSE.split(text, maxsplit=1)
    words, reason = said.split()[1:], "".join(because).strip()
    match verb:
        case "freeze":
            return _freeze(words, reason)
        case "unfreeze":
            return _unfreeze(words, reason)
        case "exempt":
            return _exempt(words, reason)
        case _:
            return _promote_skip(words, reason)


def _freeze(words: list[str], reason: str) -> FreezeCommand:
    match [word.lower() for word in words]:
        case [environment]:
            return FreezeCommand(environment, "", reason)
        case [environment, "until", _, *_]:
            return FreezeCommand(environment, " ".join(words[2:]), reason)
        case [environment, lasting] | [environment, "for", lasting] if parse_duration(lasting):
            return FreezeCommand(environment, lasting, reason)
    raise Refused(
        "What shall be frozen, until when and why? Write it like "
        "`/change freeze prod until 2026-12-24 18:00 because year end`, "
        "`/change freeze prod 4h because …` or, until somebody lifts it, `/change freeze all`."
    )


def _unfreeze(words: list[str], reason: str) -> UnfreezeCommand:
    if len(words) != 1:
        raise Refused(
            "What shall be unfrozen? Write it like `/change unfreeze prod`, or `/change unfreeze "
            "all` for what was frozen with `all`."
        )
    return UnfreezeCommand(words[0].lower(), reason)


def _exempt(words: list[str], reason: str) -> ExemptCommand:
    number = parse_change_id(words[0]) if len(words) == 1 else None
    if number is None or not reason:
        raise Refused(
            "Which change may pass the freeze, and why? Write it like "
            "`/change exempt CHG-12 because it mends the outage`."
        )
    return ExemptCommand(number, reason)


def _promote_skip(words: list[str], reason: str) -> PromoteSkipCommand:
    number = parse_change_id(words[0]) if len(words) == 1 else None
    if number is None or not reason:
        raise Refused(
            "Which change goes ahead, and why? Write it like "
            "`/change promote-skip CHG-12 because staging has no such queue`."
        )
    return PromoteSkipCommand(number, reason)
