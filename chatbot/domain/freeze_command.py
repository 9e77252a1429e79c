"""What somebody typed after `/change` to stop changes, to lift that or to let one through, as data.
Wrong words become one sentence that shows the right ones."""

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


def parse_freeze_command(verb: str, text: str) -> FreezeCommand | UnfreezeCommand | ExemptCommand:
    """Read a text whose first word is `verb`: freeze, unfreeze or exempt. Raises `Refused`."""
    said, *because = _BECAUSE.split(text, maxsplit=1)
    words, reason = said.split()[1:], "".join(because).strip()
    match verb:
        case "freeze":
            return _freeze(words, reason)
        case "unfreeze":
            return _unfreeze(words, reason)
        case _:
            return _exempt(words, reason)


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
