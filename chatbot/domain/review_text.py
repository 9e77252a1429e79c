"""A review in the words of the Git host: the commit status, the comment under the pull request, and
the sentence that says why a change is blocked. What policies and people wrote is data here."""

from collections.abc import Sequence
from typing import Final

from chatbot.domain.change import Change, ObjectAction, Plan
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.lifecycle import State
from chatbot.domain.plaintext import markdown, one_line
from chatbot.domain.promotion import POLICY
from chatbot.domain.record import MAX_BODY, difference
from chatbot.domain.review import Finding, Review
from chatbot.domain.review_rules import denied

DESCRIPTION: Final = 140
"""Characters of a commit status that GitHub takes."""
_ROOM: Final = 15_000
"""Characters of the notes, and half of the findings'; the rest is for the diff."""
_NAMES: Final = 20
_MESSAGE: Final = 400
_NAME: Final = 150
_LINES: Final = 5
_SIGNS: Final = {
    Enforcement.DENY: "🔴 denies",
    Enforcement.WARN: "🟠 warns",
    Enforcement.DRYRUN: "⚪ notes",
}
_VERBS: Final = {
    ObjectAction.CREATE: "creates",
    ObjectAction.CHANGE: "changes",
    ObjectAction.DELETE: "**deletes**",
    ObjectAction.NOTHING: "leaves",
}
_ENDINGS: Final = {
    State.CANCELLED: "was cancelled",
    State.REJECTED: "was rejected",
    State.EXPIRED: "has expired: nobody approved it in time",
    State.FAILED: "has failed",
}


def description(review: Review) -> str:
    """The commit status in one line."""
    stopping = _of(review, Enforcement.DENY)
    if not stopping:
        return one_line(f"Passed: {tally(review)}", DESCRIPTION)
    more = f" (and {len(stopping) - 1} more)" if len(stopping) > 1 else ""
    return one_line(f"Denied: {line(stopping[0])}", DESCRIPTION - len(more)) + more


def tally(review: Review) -> str:
    """`14 objects judged, 2 denials, 1 warning`."""
    counts = [
        _count(review.objects, "object", "judged"),
        _count(len(_of(review, Enforcement.DENY)), "denial"),
        _count(len(_of(review, Enforcement.WARN)), "warning"),
        _count(len(_of(review, Enforcement.DRYRUN)), "note"),
    ]
    return ", ".join([counts[0], *(count for count in counts[1:] if not count.startswith("0 "))])


def line(finding: Finding) -> str:
    """`images, deployment/web in shop: the tag latest …`, as plain text."""
    if not finding.object and finding.message.startswith(f"{finding.policy} "):
        return finding.message
    about = f"{finding.policy}, {finding.object}" if finding.object else finding.policy
    return f"{about}: {finding.message}"


def failure_of(review: Review) -> tuple[str, str]:
    """Why the change is blocked, a line a denial, and what can be done; as plain text."""
    stopping = _of(review, Enforcement.DENY)
    lines = [one_line(line(finding), _MESSAGE) for finding in stopping[:_LINES]]
    if len(stopping) > _LINES:
        lines.append(f"and {len(stopping) - _LINES} more")
    if all(finding.policy == POLICY for finding in stopping):
        return "\n".join(lines), "Or cancel."
    return (
        "\n".join(("Policy stops this:", *lines)),
        "Push a commit to the pull request that mends it; it is checked anew by itself. Or cancel.",
    )


def comment(change: Change, plan: Plan, review: Review) -> str:
    """The whole review as Markdown, below GitHub's limit. The same review gives the same text."""
    verdict = "🔴 denied" if denied(review) else "🟢 nothing speaks against it"
    judged = (
        f"{change.id} at {review.head_sha[:7]}, by the policies of the base branch "
        f"({review.policy_revision[:7]}): {tally(review)}."
    )
    parts = [f"### Redlight: {verdict}", judged]
    if review.findings:
        parts.append(_table(review.findings))
    if notes := [*plan.warnings, *review.quota]:
        parts.append(_cut([f"- {_cell(note, _MESSAGE)}" for note in notes], _ROOM))
    if plan.objects:
        verbs = (_object(verb, plan, action) for action, verb in _VERBS.items())
        parts.append("\n".join(f"- {text}" for text in verbs if text))
    whole = "\n\n".join(parts)
    if block := difference(plan, MAX_BODY - len(whole) - 200):
        whole = f"{whole}\n\n{block}"
    return f"{whole}\n"


def ending(change: Change) -> str:
    """Why the pull request is closed by us."""
    became = _ENDINGS.get(change.state, "is over")
    return f"{change.id} {became}, so this pull request is closed. Nothing of it was merged.\n"


def _table(findings: Sequence[Finding]) -> str:
    rows = [
        " | ".join(
            (
                "",
                _SIGNS[finding.enforcement],
                _cell(finding.policy, _NAME),
                _cell(finding.object, _NAME),
                _cell(finding.message, _MESSAGE),
                "",
            )
        ).strip()
        for finding in findings
    ]
    return "\n".join(("| | policy | object | |", "|---|---|---|---|", _cut(rows, 2 * _ROOM)))


def _cut(lines: Sequence[str], room: int) -> str:
    """The first lines in so many characters, and how many there are besides."""
    shown: list[str] = []
    for text in lines:
        room -= len(text) + 1
        if room < 0:
            break
        shown.append(text)
    left = len(lines) - len(shown)
    return "\n".join(shown) + (f"\n\n… and {left} more." if left else "")


def _cell(text: str, limit: int) -> str:
    return markdown(one_line(text, limit))


def _object(verb: str, plan: Plan, action: ObjectAction) -> str:
    """`changes deployment/web in shop and 3 more`; empty when there are none."""
    names = [one.target.place for one in plan.objects if one.action is action]
    if not names:
        return ""
    shown = ", ".join(_cell(name, _NAME) for name in names[:_NAMES])
    left = len(names) - _NAMES
    return f"{verb} {shown}" + (f" and {left} more" if left > 0 else "")


def _of(review: Review, enforcement: Enforcement) -> list[Finding]:
    return [finding for finding in review.findings if finding.enforcement is enforcement]


def _count(number: int, noun: str, tail: str = "") -> str:
    return f"{number} {noun}{'' if number == 1 else 's'} {tail}".strip()
