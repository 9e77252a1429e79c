"""Freezes for tests, and who was let through them."""

from datetime import timedelta
from typing import Any

from chatbot.domain.freeze import Exemption, Freeze
from tests.support.builders import NOW, SENIOR


def freeze(id: str = "one", *environments: str, **fields: Any) -> Freeze:  # noqa: A002 - its name
    """Of `test` unless others are named, for two hours, an hour ago, by the senior."""
    defaults: dict[str, Any] = {
        "environments": environments or ("test",),
        "start": NOW - timedelta(hours=1),
        "end": NOW + timedelta(hours=1),
        "reason": "year end",
        "by": SENIOR,
    }
    return Freeze(id=id, **{**defaults, **fields})


def exemption(freeze: str = "one") -> Exemption:
    """The senior let something through."""
    return Exemption(freeze=freeze, by=SENIOR, at=NOW, reason="it mends the outage")
