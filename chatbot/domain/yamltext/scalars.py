"""What a plain YAML word means to Kubernetes, so that we read `yes`, `017` and `1e3` as it does.

Kubernetes reads YAML with a YAML 1.1 parser and turns it into JSON. A table of words in the
contract tests is read both by kubectl and by this module.
"""

import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_PREFIXED = re.compile(r"([-+]?)0([xX][0-9a-fA-F]+|[oO]?[0-7]+|[bB][01]+)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASES = {"x": 16, "o": 8, "b": 2}
_SIGNED_64 = 1 << 63
_UNSIGNED_64 = 1 << 64
_WHOLE_LIMIT = 1e21
"""Kubernetes writes a whole float below this as an integer."""


class NotFinite(ValueError):
    """Infinity or NaN, which JSON cannot hold."""


def resolve(word: str) -> Scalar:
    """The JSON value of an unquoted scalar. Timestamps stay text. Raises `NotFinite`."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in "+-.0123456789":
        return word
    if _NOT_FINITE.fullmatch(word):
        raise NotFinite(word)
    digits = word if word[0] == "." else word.replace("_", "")
    whole = _integer(digits)
    if whole is not None and -_SIGNED_64 <= whole < _UNSIGNED_64:
        return whole
    if _FLOAT.fullmatch(digits):
        value = float(digits)
        if math.isfinite(value):
            return normal(value)
    return word


def normal(value: float) -> int | float:
    """A whole float as the integer that Kubernetes makes of it in JSON."""
    return int(value) if value.is_integer() and abs(value) < _WHOLE_LIMIT else value


def _integer(digits: str) -> int | None:
    if _DECIMAL.fullmatch(digits):
        return int(digits) if len(digits) <= len(str(_UNSIGNED_64)) + 1 else None
    if match := _PREFIXED.fullmatch(digits):
        sign, body = match[1], match[2]
        base = _BASES.get(body[0].lower(), 0)
        value = int(body[1:], base) if base else int(body, 8)
        return -value if sign == "-" else value
    return None
