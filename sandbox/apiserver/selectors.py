"""Label and field selectors as the query string carries them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.apiserver.problems import bad_request

Manifest = dict[str, Any]
Matcher = Callable[[Manifest], bool]

_IN: Final = re.compile(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)")
_EQUALS: Final = re.compile(r"([^=!\s]+)\s*(==|!=|=)\s*(\S*)")
_SPLIT: Final = re.compile(r",(?![^(]*\))")


def label_matcher(selector: str) -> Matcher:
    """Whether an object's labels match: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, joined by commas.

    Raises a 400 `Problem` when the selector cannot be read.
    """
    tests = [_requirement(part.strip()) for part in _SPLIT.split(selector) if part.strip()]
    return lambda manifest: all(test(_labels(manifest)) for test in tests)


def _labels(manifest: Manifest) -> Mapping[str, str]:
    labels: Mapping[str, str] = manifest["metadata"].get("labels") or {}
    return labels


def _requirement(part: str) -> Callable[[Mapping[str, str]], bool]:
    if match := _IN.fullmatch(part):
        key, wanted = match[1], {value.strip() for value in match[3].split(",")}
        if match[2] == "in":
            return lambda labels: labels.get(key) in wanted
        return lambda labels: labels.get(key) not in wanted
    if match := _EQUALS.fullmatch(part):
        name, value = match[1], match[3]
        if match[2] == "!=":
            return lambda labels: labels.get(name) != value
        return lambda labels: labels.get(name) == value
    if part.startswith("!") and " " not in part:
        return lambda labels: part[1:] not in labels
    if re.fullmatch(r"[\w./-]+", part):
        return lambda labels: part in labels
    raise bad_request(f'unable to parse requirement: "{part}"')


def field_matcher(selector: str) -> Matcher:
    """Whether an object's fields match, such as `involvedObject.name=web,type!=Normal`."""
    tests = []
    for part in (piece.strip() for piece in selector.split(",")):
        if not part:
            continue
        match = _EQUALS.fullmatch(part)
        if match is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        tests.append((match[1].split("."), match[2] != "!=", match[3]))
    return lambda manifest: all(
        (_text_at(manifest, path) == value) is wanted for path, wanted, value in tests
    )


def _text_at(manifest: Any, path: list[str]) -> str:
    value = manifest
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)
