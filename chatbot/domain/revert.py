"""Taking a merged change back on top of what is there now: later changes stay.

A three-way merge of lines: the change's files after it are the base, today's are ours, those
before it are theirs. The standard library finds the lines that differ; the merge itself is short.
It differs from Git's on purpose in one thing: edits that only touch each other are no conflict,
because two entries that were added to a list one after the other are the most common case. Whoever
uses the result proves it on the objects.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from chatbot.domain.errors import Conflict

OTHERWISE: Final = (
    "Take back the later change first, or take this one back by hand in a pull request and name "
    "that in manifest_ref of a new change."
)

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SHOWN = 5

Files = Mapping[str, str | None]
"""Text by path; None where there is no such file."""


@dataclass(frozen=True)
class _Hunk:
    """Lines `start` to `end` of the base, from 0, that became `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]
    at: int = field(compare=False)
    """The line where they stand now, from 1."""

    def clashes(self, other: "_Hunk") -> bool:
        if self == other:
            return False
        both_insert_here = self.start == self.end == other.start == other.end
        return both_insert_here or (self.start < other.end and other.start < self.end)


def reverted(before: Files, after: Files, now: Files) -> dict[str, str | None]:
    """The files to write so that a change is taken back; empty when all of it is gone already.

    `before` and `after` are the files that the change touched, as it found and as it left them.
    Raises `Conflict`, which names every file and line that was changed since in the same place.
    """
    written: dict[str, str | None] = {}
    clashes: list[str] = []
    for path in sorted(before.keys() | after.keys()):
        was, became, is_now = before.get(path), after.get(path), now.get(path)
        if was in (became, is_now):
            continue
        if is_now == became:
            written[path] = was
        elif is_now is None:
            clashes.append(f"{path} is gone")
        elif was is None or became is None:
            clashes.append(path)
        else:
            text, lines = merged(became, is_now, was)
            written[path] = text
            clashes += [f"{path} {_numbers(lines)}"] if lines else []
    if clashes:
        more = f" and {len(clashes) - _SHOWN} more" if len(clashes) > _SHOWN else ""
        raise Conflict(
            f"What this changed was changed again since: {', '.join(clashes[:_SHOWN])}{more}.",
            remedy=OTHERWISE,
        )
    return written


def merged(base: str, ours: str, theirs: str) -> tuple[str, list[int]]:
    """The text with what either side changed, and the lines of ours, from 1, where both changed
    the same to something different; the text means nothing then."""
    base_lines = _lines(base)
    own, other = _hunks(base_lines, _lines(ours)), _hunks(base_lines, _lines(theirs))
    clashing = [hunk.at for hunk in own if any(hunk.clashes(each) for each in other)]
    result: list[str] = []
    done = 0
    for hunk in sorted({*own, *other}, key=lambda each: (each.start, each.end)):
        result += base_lines[done : hunk.start]
        result += hunk.lines
        done = max(done, hunk.end)
    result += base_lines[done:]
    return _joined(result), clashing


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _joined(lines: Sequence[str]) -> str:
    """A last line without its end may not stand last any more."""
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines[:-1]) + "".join(
        lines[-1:]
    )


def _hunks(base: Sequence[str], side: Sequence[str]) -> list[_Hunk]:
    """How a side differs. What both begin and end with is left out first: it is most of a file, and
    finding differences takes time that grows faster than the file."""
    head = _common(base, side)
    rest = min(len(base), len(side)) - head
    tail = min(rest, _common(reversed(base), reversed(side)))
    middle = base[head : len(base) - tail], side[head : len(side) - tail]
    matcher = SequenceMatcher(None, *middle, autojunk=False)
    return [
        _Hunk(head + i1, head + i2, tuple(middle[1][j1:j2]), head + j1 + 1)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _common(one: Iterable[str], other: Iterable[str]) -> int:
    """How many items two sequences begin with in common."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _numbers(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:_SHOWN]))
    more = ", …" if len(lines) > _SHOWN else ""
    return f"{'line' if len(lines) == 1 else 'lines'} {shown}{more}"
