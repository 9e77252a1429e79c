"""The card's lines about the review of a pull request: what policy says, what is left of quotas."""

from collections.abc import Sequence
from typing import Final

from chatbot.blocks.kit import Block, context, listed, section
from chatbot.domain.change import format_change_id
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.mrkdwn import escape, shorten
from chatbot.domain.review import Finding, Review
from chatbot.domain.review_text import line

_LINE: Final = 280
_SIGNS: Final = {Enforcement.DENY: "🔴", Enforcement.WARN: "🟠"}


def review_blocks(review: Review | None, *, denials_told: bool = False) -> list[Block]:
    """The verdict in a line; beneath it a line for everything that denies or warns, unless it is
    one warning, which fits beside. `denials_told`: the card has them already, as what failed."""
    if review is None:
        return []
    denials, warnings = (_of(review, kind) for kind in (Enforcement.DENY, Enforcement.WARN))
    shown = [*(() if denials_told else denials), *warnings]
    verdict = _verdict(review, len(denials), len(warnings))
    if not denials and len(warnings) == 1:
        verdict, shown = f"{verdict}: {_line(warnings[0])}", []
    came_by = () if review.promoted_by is None else (_came_by(review.promoted_by),)
    left = [escape(shorten(sentence, _LINE)) for sentence in review.quota]
    if not shown:
        return [context(verdict, *([listed(left)] if left else []), *came_by)]
    rows = listed([f"{_SIGNS[one.enforcement]} {_line(one)}" for one in shown])
    return [
        section(f"{verdict}:\n{rows}"),
        *([context(text) for text in (listed(left), *came_by) if text]),
    ]


def _came_by(number: int) -> str:
    return f"{format_change_id(number)} completed the same before"


def _verdict(review: Review, denials: int, warnings: int) -> str:
    """`Policy 🟢 14 passed, 2 warnings`, counted in rendered objects and in complaints."""
    warned = f", {warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
    if not denials:
        return f"Policy 🟢 {review.objects} passed{warned}"
    return f"Policy 🔴 {denials} denial{'' if denials == 1 else 's'}{warned}"


def _line(finding: Finding) -> str:
    return escape(shorten(" ".join(line(finding).split()), _LINE))


def _of(review: Review, enforcement: Enforcement) -> Sequence[Finding]:
    return [finding for finding in review.findings if finding.enforcement is enforcement]
