"""Fields of JSON maps that may not be there: None is a value of its own."""

from collections.abc import Iterator, Mapping
from typing import Any, Final


class _Absent:
    """The value of a field that is not there."""


ABSENT: Final = _Absent()


def keys(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[str]:
    """The keys of both, each once, those of the first in its order before the rest."""
    yield from first
    yield from (key for key in second if key not in first)


def at(part: Mapping[str, Any], key: str) -> Any:
    """What stands there, or `ABSENT`."""
    return part.get(key, ABSENT)


def put(part: dict[str, Any], key: str, wanted: Any) -> None:
    """Set a field, or remove it when `ABSENT` is wanted."""
    if wanted is ABSENT:
        part.pop(key, None)
    else:
        part[key] = wanted
