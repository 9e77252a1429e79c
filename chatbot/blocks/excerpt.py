"""The telling part of a diff in one block of the card, which has room for a few lines; the whole
diff is a click away."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.domain.excerpt import excerpt_lines, is_change
from chatbot.domain.mrkdwn import code_block, shorten

LINES = 14
_LINE_LENGTH = 160
_BLOCK_LENGTH = 2_500


@dataclass(frozen=True)
class Excerpt:
    """A code block, and how many changed lines it leaves out."""

    block: str
    """mrkdwn; empty when nothing differs."""
    unseen: int


def excerpt(diffs: Sequence[tuple[str, str]], lines: int = LINES) -> Excerpt:
    """The first `lines` of these (title, unified diff)."""
    everything = excerpt_lines(diffs)
    shown = [shorten(line, _LINE_LENGTH) for line in everything[:lines]]
    unseen = sum(is_change(line) for line in everything[lines:])
    return Excerpt(code_block("\n".join(shown), _BLOCK_LENGTH) if shown else "", unseen)
