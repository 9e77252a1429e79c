"""Kubernetes quantities such as `500m`, `1Gi` and `1e3`. Source of the notation:
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""

import re
from decimal import Decimal
from typing import Any, Final

_NOTATION: Final = re.compile(
    r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]{1,3}))?"
)
_DECIMAL: Final = dict(zip("num", (-9, -6, -3), strict=True)) | dict(
    zip("kMGTPE", range(3, 21, 3), strict=True)
)
_BINARY: Final = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_MOST_DIGITS: Final = 40


def parse_quantity(value: Any) -> Decimal:
    """The number that a quantity stands for. Raises `ValueError` with a sentence."""
    written = isinstance(value, str | int | float) and not isinstance(value, bool)
    text = str(value) if written else ""
    match = _NOTATION.fullmatch(text) if len(text) <= _MOST_DIGITS else None
    if match is None:
        raise ValueError(f"`{str(value)[:_MOST_DIGITS]}` is no quantity, such as 500m or 1Gi")
    number, suffix, exponent = match.groups()
    if suffix in _BINARY:
        return Decimal(number) * Decimal(1024) ** (_BINARY.index(suffix) + 1)
    return Decimal(number).scaleb(_DECIMAL[suffix] if suffix else int(exponent or 0))


def show_quantity(amount: Decimal, *, binary: bool) -> str:
    """For people, with at most two digits behind the point: `9.5`, and for bytes `1.5Gi`."""
    unit = ""
    if binary:
        for suffix in _BINARY:
            if abs(amount) < 1024:
                break
            amount, unit = amount / 1024, suffix
    text = f"{amount:.2f}".rstrip("0").rstrip(".")
    return f"{text}{unit}"
