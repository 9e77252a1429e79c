"""The part of a diff that a person needs to recognise a change: the lines that change, each after
the line above it. A line that says it all stands alone."""

import re
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Final

_GAP: Final = "…"
_SIGNS: Final = ("+", "-")
_FILE_HEADER: Final = re.compile(r"^--- live\n\+\+\+ wanted\n(?=@@)", re.MULTILINE)
"""As `chatbot.domain.diff` writes it; a removed line `-- x` of a script looks much like it."""

_FIELD: Final = re.compile(r"  ([^\s:-][^\s:]*): \S")
"""A field with its value right below the top of an object, such as `  replicas: 5`."""


def excerpt_lines(diffs: Sequence[tuple[str, str]]) -> list[str]:
    """The telling lines of these (title, unified diff); titles stand only where there are many."""
    differing = [(title, diff) for title, diff in diffs if diff.strip()]
    lines: list[str] = []
    for title, diff in differing:
        if len(differing) > 1 and title:
            lines.append(f"# {title}")
        lines += _near_changes(diff)
    return lines


def is_change(line: str) -> bool:
    """Whether a line of a unified diff is one that is added or removed."""
    return line.startswith(_SIGNS)


def _near_changes(diff: str) -> list[str]:
    """Changed lines and what stands above them; an ellipsis stands for what is between."""
    lines = list(_body(diff))
    changes = [line.startswith(_SIGNS) for line in lines]
    if one_field := _one_field(lines, list(compress(lines, changes))):
        return one_field
    shown: list[str] = []
    left_out = False
    for line, changed, changes_next in zip(lines, changes, [*changes[1:], False], strict=True):
        if (changed or changes_next) and line != _GAP:
            if left_out and shown:
                shown.append(_GAP)
            shown.append(line)
            left_out = False
        else:
            left_out = True
    return shown


def _one_field(lines: Sequence[str], changed: list[str]) -> list[str]:
    """The two lines of a change of one field that needs no line above it to be recognised; empty
    if it is anything else. In an item of a list the same field may stand many times."""
    if [line[0] for line in changed] != ["-", "+"] or any(line.startswith(" - ") for line in lines):
        return []
    before, after = (_FIELD.match(line[1:]) for line in changed)
    return changed if before and after and before[1] == after[1] else []


def _body(diff: str) -> Iterator[str]:
    """The lines of unified diffs without their headers; a gap stands for each hunk's."""
    for hunk in _FILE_HEADER.split(diff):
        yield _GAP
        lines = hunk.removesuffix("\n").split("\n")
        yield from (_GAP if line.startswith("@@") else line for line in lines)
