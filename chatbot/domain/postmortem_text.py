"""A postmortem in the words of Git: its file, its commit and its pull request. The same postmortem
always gives the same text, so that a repeated step finds its own traces."""

from datetime import UTC, datetime

from chatbot.domain import record
from chatbot.domain.change import Change
from chatbot.domain.plaintext import link, markdown, one_line
from chatbot.domain.postmortem import Postmortem, PostmortemText

_MAX_ITEM = 1_000
_LONGEST_TITLE = 200
_LONGEST_SUBJECT = 72


def document(change: Change, written: Postmortem, *, login: str = "") -> str:
    """The file as Markdown. `login` is the author's at GitHub, where that is known."""
    text, request = written.text or PostmortemText(), change.request
    criterion = request.criterion.words if request.criterion else ""
    facts = [
        ("What", markdown(record.headline(change))),
        ("Why the glass was broken", criterion),
        ("Requested by", f"Slack user {_code(change.requester)}"),
        ("Written by", _code(login) if login else f"Slack user {_code(written.author)}"),
        ("Applied", _utc(change.progress.applied_at)),
        ("Written", _utc(written.submitted_at)),
        ("Incident", markdown(one_line(request.incident_id, 100))),
        ("Session", link(request.session) if request.session else ""),
        ("Record", _code(record.record_path(change))),
    ]
    parts = [
        f"# Postmortem of {change.id}",
        "\n".join(f"- **{name}:** {value}" for name, value in facts if value),
        f"## Summary\n\n{_prose(text.summary)}",
        f"## Impact\n\n{_prose(text.impact)}",
        f"## Root cause\n\n{_prose(text.root_cause)}",
        f"## Timeline\n\n{_lines(text.timeline)}",
        f"## Action items\n\n{_items(text)}",
    ]
    return "\n\n".join(parts) + "\n"


def commit_message(change: Change) -> str:
    """With the trailer that names the change."""
    return f"{_title(change, _LONGEST_SUBJECT)}\n\nChange-Id: {change.id}\n"


def pull_request_title(change: Change) -> str:
    """The pull request's title."""
    return _title(change, _LONGEST_TITLE)


def pull_request_body(change: Change, written: Postmortem) -> str:
    """What whoever merges it reads first."""
    text = written.text or PostmortemText()
    return (
        f"{_prose(text.summary)}\n\n"
        f"It is read and accepted in Slack. Merging this keeps it in {_code(written.path)}.\n\n"
        f"Change-Id: {change.id}\n"
    )


def acceptance(written: Postmortem) -> str:
    """For whoever reads the pull request: that it was accepted, by whom and when."""
    return f"Accepted in Slack by user {_code(written.judged_by)}, {_utc(written.judged_at)}."


def _title(change: Change, limit: int) -> str:
    return one_line(f"Postmortem of {record.headline(change)}", limit)


def _prose(text: str) -> str:
    """Line by line as it was typed: Markdown alone would run the lines together."""
    paragraphs = [
        "  \n".join(markdown(line.strip()) for line in paragraph.splitlines())
        for paragraph in text.replace("\r", "").strip().split("\n\n")
    ]
    return "\n\n".join(paragraphs) or "–"


def _lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(f"- {markdown(line)}" for line in lines if line) or "–"


def _items(text: PostmortemText) -> str:
    items = [f"- [ ] {markdown(one_line(item, _MAX_ITEM))}" for item in text.items]
    return "\n".join(items) or "None."


def _code(text: str) -> str:
    return f"`{one_line(text.replace('`', chr(39)), 100)}`"


def _utc(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else ""
