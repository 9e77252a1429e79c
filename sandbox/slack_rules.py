"""The building blocks of Slack's JSON schema: what a value may be, and where it is not.

Slack answers a bad message with sentences like `must be less than 76 characters
[json-pointer:/blocks/0/elements/0/text/text]`. The rules here find such places and word them the
same way; which rule holds where stands in `sandbox.slack_limits`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """Collects what is wrong, each with the JSON pointer of its place."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, pointer: str, message: str) -> None:
        """Note that the value at `pointer` breaks a rule."""
        self.found.append((pointer, message))

    def sentences(self) -> list[str]:
        """The violations as Slack words them, in the order they were found."""
        return [f"{message} [json-pointer:{pointer}]" for pointer, message in self.found]


Rule = Callable[[Any, str, Report], None]


def string(most: int, least: int = 0) -> Rule:
    """A string of `least` to `most` characters."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, str):
            report.add(pointer, "must be a string")
        elif len(value) > most:
            report.add(pointer, f"must be less than {most + 1} characters")
        elif len(value) < least:
            report.add(pointer, f"must be more than {least - 1} characters")

    return check


def pattern(expression: str, what: str) -> Rule:
    """A string that matches the whole expression; `what` names the format for people."""
    compiled = re.compile(expression)

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            report.add(pointer, f"must be {what}")

    return check


def integer(least: int, most: int) -> Rule:
    """A whole number from `least` to `most`."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.add(pointer, "must be an integer")
        elif not least <= value <= most:
            report.add(pointer, f"must be between {least} and {most}")

    return check


def boolean(value: Any, pointer: str, report: Report) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.add(pointer, "must be a boolean")


def anything(_value: Any, _pointer: str, _report: Report) -> None:
    """A part of Block Kit that this project does not use: let through unchecked."""


def one_of(*values: str) -> Rule:
    """One of the listed strings."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if value not in values:
            report.add(pointer, f"must be one of: {', '.join(values)}")

    return check


def list_of(rule: Rule, least: int, most: int) -> Rule:
    """A list of `least` to `most` items that each keep `rule`."""

    def check(value: Any, pointer: str, report: Report) -> None:
        if not isinstance(value, list):
            report.add(pointer, "must be an array")
            return
        if len(value) > most:
            report.add(pointer, f"no more than {most} items allowed")
        if len(value) < least:
            report.add(pointer, f"must contain at least {least} item")
        for index, item in enumerate(value):
            rule(item, f"{pointer}/{index}", report)

    return check


@dataclass(frozen=True)
class Schema:
    """An object with exactly these fields; `also` holds what one field asks of another."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    also: tuple[Rule, ...] = ()

    def __call__(self, value: Any, pointer: str, report: Report) -> None:
        """Report every field that is missing, unknown or breaks its own rule."""
        if not isinstance(value, dict):
            report.add(pointer, "must be an object")
            return
        for name in self.required.keys() - value.keys():
            report.add(pointer, f"missing required field: {name}")
        for name, item in value.items():
            rule = self.required.get(name) or self.optional.get(name)
            if rule is None:
                report.add(f"{pointer}/{name}", f"invalid additional property: {name}")
            else:
                rule(item, f"{pointer}/{name}", report)
        for check in self.also:
            check(value, pointer, report)


@dataclass(frozen=True)
class ByType:
    """An object whose `type` decides its schema; a type that is not listed is refused."""

    schemas: Mapping[str, Rule]
    what: str

    def __call__(self, value: Any, pointer: str, report: Report) -> None:
        """Report an unknown type, or what the schema of its type finds."""
        if not isinstance(value, dict):
            report.add(pointer, "must be an object")
            return
        kind = value.get("type")
        if kind is None:
            report.add(pointer, "missing required field: type")
        elif kind not in self.schemas:
            report.add(f"{pointer}/type", f"unsupported {self.what} type: {kind}")
        else:
            self.schemas[kind](value, pointer, report)

    def only(self, *kinds: str) -> "ByType":
        """The same table with these types alone, for a place that takes fewer."""
        return ByType({kind: self.schemas[kind] for kind in kinds}, self.what)


def typed(
    kind: str,
    required: Mapping[str, Rule] | None = None,
    optional: Mapping[str, Rule] | None = None,
    also: tuple[Rule, ...] = (),
) -> Schema:
    """The schema of an object that says `"type": kind`."""
    return Schema({"type": one_of(kind), **(required or {})}, optional or {}, also)
