"""The Rego engine, made safe: what it raises becomes one error with a place, its panic too, and
nothing that it offers reaches the network or the machine."""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final, TypeVar

import regorus

from chatbot.adapters.rego_format import sprintf
from chatbot.adapters.rego_guard import SPRINTF

T = TypeVar("T")
_PLACE = re.compile(r"^\s*--> (?P<path>.+):(?P<line>\d+):(?P<column>\d+)\s*$", re.MULTILINE)
_ERROR = re.compile(r"^error: (?P<text>.+)$", re.MULTILINE)
_MAX_ERROR: Final = 300
_NOTHING: Final = ("[]", "{}")
_CLOSED: Final = (("http.send", 1), ("opa.runtime", 0))


class RegoError(Exception):
    """The engine could not parse or evaluate; `str(error)` is `file:line:column: reason`."""


class Engine:
    """One engine with its modules and data. It belongs to the thread that made it."""

    def __init__(self) -> None:
        self._engine = _guarded(regorus.Engine)
        self._inventory: object = None
        self._data: dict[str, Any] = {}
        self._prints = False

    def add_module(self, path: str, text: str, *, modern: bool) -> None:
        """Raises `RegoError` when it does not parse."""
        _guarded(lambda: self._engine.set_rego_v0(not modern))
        _guarded(lambda: self._engine.add_policy(path, text))
        self._prints = self._prints or "print" in text

    def trees(self) -> list[dict[str, Any]]:
        """The syntax trees of the modules, in the order in which they were added."""
        found: list[dict[str, Any]] = json.loads(_guarded(self._engine.get_ast_as_json))
        return found

    def close_off(self) -> None:
        """Replace what reaches outside, and print as OPA does. To be done before evaluating."""
        for name, arity in _CLOSED:
            _guarded(partial(self._engine.add_extension, name, arity, _out_of_reach))
        _guarded(lambda: self._engine.add_extension(SPRINTF, 2, sprintf))
        _guarded(lambda: self._engine.set_gather_prints(True))

    def set_data(self, data: Mapping[str, Any]) -> None:
        """The base documents below `data`."""
        self._data = dict(data)
        self._put(data)

    def set_inventory(self, token: object, inventory: str) -> None:
        """`data.inventory`, as JSON. The same `token` stands for the same inventory."""
        if self._inventory is not token:
            _guarded(self._engine.clear_data)
            self._put(self._data)
            _guarded(lambda: self._engine.add_data_json(f'{{"inventory":{inventory}}}'))
            self._inventory = token

    def evaluate(self, rule: str, document: str) -> Any:
        """The value of a rule for an input, both the input and the answer JSON; None: undefined,
        or an empty collection. Raises `RegoError`."""
        return _guarded(lambda: self._evaluate(rule, document))

    def _evaluate(self, rule: str, document: str) -> Any:
        self._engine.set_input_json(document)
        answer = self._engine.eval_rule_as_json(rule)
        if self._prints:
            self._engine.take_prints()
        return None if answer in _NOTHING else json.loads(answer)

    def _put(self, data: Mapping[str, Any]) -> None:
        if data:
            text = json.dumps(data)
            _guarded(lambda: self._engine.add_data_json(text))


@cache
def builtins() -> frozenset[str]:
    """The names of the engine's builtin functions."""
    engine = Engine()
    engine.add_module("builtins.rego", "package b\nnames := opa.runtime().builtins", modern=True)
    return frozenset(engine.evaluate("data.b.names", "{}")) | {"print"}


def _out_of_reach(*_: object) -> Any:
    raise PermissionError("out of reach of policies")


def _guarded(call: Callable[[], T]) -> T:
    """The engine's errors and its panics, which are no `Exception`, as `RegoError`."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise RegoError(_sentence(str(error), type(error).__name__)) from error


def _sentence(text: str, kind: str) -> str:
    text = text.split("\n\nStack backtrace", maxsplit=1)[0]
    place, reason = _PLACE.search(text), _ERROR.search(text)
    said = reason["text"].partition(" (path [")[0] if reason else " ".join(text.split()) or kind
    if kind == "PanicException":
        said = f"the engine failed: {said}"
    where = f"{place['path']}:{place['line']}:{place['column']}: " if place else ""
    return f"{where}{said[:_MAX_ERROR]}"
