"""`sprintf` as OPA prints it, for the cases in which the engine's own raises an error: too few or
too many arguments, or one that does not fit its verb. A message must never cost a verdict."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

MAX_WIDTH: Final = 200
_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?P<verb>.?)", re.S)


def sprintf(template: str, arguments: str) -> str:
    """The text of a format and its arguments, a JSON array."""
    values = list(json.loads(arguments))
    rest: Iterator[Any] = iter(values)
    used = 0

    def put(match: re.Match[str]) -> str:
        nonlocal used
        verb = match["verb"]
        if verb == "%":
            return "%"
        if not verb:
            return "%!(NOVERB)"
        used += 1
        return _put(match, next(rest)) if used <= len(values) else f"%!{verb}(MISSING)"

    text = _VERB.sub(put, template)
    if used < len(values):
        extra = ", ".join(f"{_type(value)}={_plain(value)}" for value in values[used:])
        text += f"%!(EXTRA {extra})"
    return text


def _put(match: re.Match[str], value: Any) -> str:
    verb = match["verb"]
    made = _VERBS[verb](value, match["precision"]) if verb in _VERBS else None
    if made is None:
        return f"%!{verb}({_type(value)}={_plain(value)})"
    width = min(int(match["width"] or 0), MAX_WIDTH)
    if "-" in match["flags"]:
        return made.ljust(width)
    is_number = isinstance(value, int | float)
    return made.zfill(width) if "0" in match["flags"] and is_number else made.rjust(width)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _type(value: Any) -> str:
    if isinstance(value, float):
        return "float64"
    return "int" if isinstance(value, int) and not isinstance(value, bool) else "string"


def _cut(value: Any, precision: str | None) -> str:
    text = _plain(value)
    return text[: int(precision or 0)] if precision is not None else text


def _text(value: Any, precision: str | None) -> str | None:
    return None if _type(value) != "string" else _cut(value, precision)


def _whole(value: Any, _: str | None) -> str | None:
    return str(value) if _type(value) == "int" else None


def _float(style: str) -> Callable[[Any, str | None], str | None]:
    def put(value: Any, precision: str | None) -> str | None:
        if _type(value) != "float64":
            return None
        return f"{value:.{min(int(precision or 0), 60) if precision is not None else 6}{style}}"

    return put


def _hexadecimal(value: Any, _: str | None) -> str | None:
    return f"{value:x}" if _type(value) == "int" else _plain(value).encode().hex()


def _quoted(value: Any, _: str | None) -> str | None:
    return json.dumps(_plain(value), ensure_ascii=False)


_VERBS: Final[dict[str, Callable[[Any, str | None], str | None]]] = {
    "v": _cut,
    "s": _text,
    "d": _whole,
    "f": _float("f"),
    "g": _float("g"),
    "e": _float("e"),
    "x": _hexadecimal,
    "q": _quoted,
    "t": lambda value, _: _plain(value) if isinstance(value, bool) else None,
}
