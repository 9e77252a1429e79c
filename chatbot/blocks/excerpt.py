"""The part of a diff that a person needs to recognise a change: the lines that change, each after
the line above it. The card has room for a few; the whole diff is a click away."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.domain.mrkdwn import code_block, shorten

LINES = 14
_LINE_LENGTH = 160
_BLOCK_LENGTH = 2_500
_GAP = "…"
_FILE_HEADER = re.compile(r"^--- live\n\+\+\+ wanted\n(?=@@)", re.MULTILINE)
"""As `chatbot.domain.diff` writes it; a removed line `-- x` of a script looks much like it."""


@dataclass(frozen=True)
class Excerpt:
    """A code block, and how many changed lines it leaves out."""

    block: str
    """mrkdwn; empty when nothing differs."""
    unseen: int


def excerpt(diffs: Sequence[tuple[str, str]], lines: int = LINES) -> Excerpt:
    """The first `lines` of these (title, unified diff); titles stand only where there are many."""
    differing = [(title, diff) for title, diff in diffs if diff.strip()]
    everything: list[str] = []
    for title, diff in differing:
        if len(differing) > 1 and title:
            everything.append(f"# {title}")
        everything += _near_changes(diff)
    shown = [shorten(line, _LINE_LENGTH) for line in everything[:lines]]
    unseen = sum(_changes(line) for line in everything[lines:])
    return Excerpt(code_block("\n".join(shown), _BLOCK_LENGTH) if shown else "", unseen)


def _near_changes(diff: str) -> list[str]:
    """Changed lines and what stands above them; an ellipsis stands for what is between."""
    lines = list(_body(diff))
    changed = {place for place, line in enumerate(lines) if _changes(line)}
    shown: list[str] = []
    left_out = False
    for place, line in enumerate(lines):
        if line != _GAP and (place in changed or place + 1 in changed):
            if left_out and shown:
                shown.append(_GAP)
            shown.append(line)
            left_out = False
        else:
            left_out = True
    return shown


def _body(diff: str) -> Iterator[str]:
    """The lines of unified diffs without their headers; a gap stands for each hunk's."""
    for hunk in _FILE_HEADER.split(diff):
        yield _GAP
        for line in hunk.removesuffix("\n").split("\n"):
            yield _GAP if line.startswith("@@") else line


def _changes(line: str) -> bool:
    return line.startswith(("+", "-"))
