"""Taking a change back, in the words of Git. The same change always gives the same text."""

from typing import Final

from chatbot.domain import record, story
from chatbot.domain.change import Change
from chatbot.domain.plaintext import markdown, neutral, one_line, quoted

STATUS: Final = "A way back is not judged anew: it restores what was there before."

_MAX_TITLE: Final = 200
_MAX_SUBJECT: Final = 72
_MAX_PROSE: Final = 4_000


def title(change: Change) -> str:
    """`CHG-12: Take back: Scale deployment/web 4 → 8 in prod`."""
    what = f"{change.id}: Take back: {story.headline(change)} in {change.request.environment}"
    return one_line(what, _MAX_TITLE)


def commit_message(change: Change) -> str:
    """Subject, why, and the trailer that names the change."""
    why = quoted(neutral(_because(change)))
    subject = one_line(title(change), _MAX_SUBJECT)
    return f"{subject}\n\n{why}\n\nChange-Id: {change.id}\n"


def body(change: Change) -> str:
    """The pull request's text as Markdown."""
    merged = change.progress.pull_request
    number = f"#{merged.number}" if merged else "its pull request"
    parts = [
        f"This takes back {number}, which did not work. What was merged since stays.",
        f"### Why\n\n{quoted(markdown(_because(change)))}",
        f"Change-Id: {change.id}",
    ]
    return "\n\n".join(parts) + "\n"


def changed_record(change: Change) -> str:
    """The change's record, which says now how it ended."""
    return record.change_record(change, result=f"Taken back. {one_line(_because(change), 500)}")


def _because(change: Change) -> str:
    said = change.progress.revert_because or "It did not work."
    return said if len(said) <= _MAX_PROSE else said[: _MAX_PROSE - 1] + "…"
