"""A change in the words of Git: its record, its commit message and its pull request.

The same change always gives the same text, so that a repeated step finds its own traces.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from chatbot.domain import story
from chatbot.domain.change import (
    Change,
    ChangeRequest,
    Path,
    Plan,
    format_change_id,
    parse_change_id,
)
from chatbot.domain.excerpt import excerpt_lines
from chatbot.domain.plaintext import fenced, link, markdown, neutral, one_line, quoted
from chatbot.domain.yamltext import write as yamlwrite

RECORDS: Final = "mcp-ocs/changes"
"""Where the records of all changes stand in the cluster repository."""
MAX_BODY: Final = 65_000
"""GitHub takes 65,536 characters."""
_MAX_TITLE: Final = 200
_MAX_SUBJECT: Final = 72
_MAX_PROSE: Final = 4_000
_MAX_LINES: Final = 60
"""Of a diff: more would be read under “Files changed”."""
_MAX_LINE: Final = 200
_CUT: Final = "… the rest stands under “Files changed”."
_WAYS: Final = {
    Path.DIRECT: "applied to the cluster already; this pull request brings it into Git",
    Path.GITOPS: "applied when this pull request is merged",
    Path.EMERGENCY: "an emergency, applied to the cluster already; this pull request brings it"
    " into Git",
}


def record_path(change: Change) -> str:
    """Where the record of a change stands in the cluster repository."""
    return f"{RECORDS}/{change.id}.yaml"


def recorded_changes(paths: Iterable[str]) -> list[int]:
    """The numbers of the changes whose records stand at these paths."""
    names = (path.removeprefix(f"{RECORDS}/") for path in paths)
    numbers = (parse_change_id(name.removesuffix(".yaml")) for name in names)
    return [number for number in numbers if number is not None]


def change_record(change: Change, *, result: str = "") -> str:
    """The record as YAML: who asked for what, why, and how to undo it; `result` is a sentence.
    People are Slack ids, times are UTC."""
    request, progress = change.request, change.progress
    window = request.maintenance_window
    fields: dict[str, Any] = {
        "change": change.id,
        "path": change.path.value,
        "operation": request.operation.value,
        "environment": request.environment,
        "namespace": request.namespace,
        "targets": [
            {
                "apiVersion": target.api_version,
                "kind": target.kind,
                **({"namespace": target.namespace} if target.namespace else {}),
                "name": target.name,
            }
            for target in request.targets
        ],
        "rolls_back": request.rolls_back and format_change_id(request.rolls_back),
        "replicas": request.replicas,
        "manifest_ref": request.manifest_ref,
        "requester": change.requester,
        "requested_at": _utc(change.created_at),
        "justification": request.justification,
        "risk_assessment": request.risk_assessment.value,
        "rollback_plan": request.rollback_plan,
        "affected_services": list(request.affected_services),
        "maintenance_window": window and {"start": _utc(window.start), "end": _utc(window.end)},
        "incident_id": request.incident_id,
        "session": request.session,
        "plan_digest": progress.confirmed_digest or (progress.plan.digest if progress.plan else ""),
        "confirmed_by": progress.confirmed_by,
        "restarted_at": progress.restarted_at,
        "applied_at": progress.applied_at and _utc(progress.applied_at),
        "result": result,
    }
    said = {key: value for key, value in fields.items() if value or value == 0}
    return "\n".join([f"# {headline(change)}", *yamlwrite.block(said, yamlwrite.Style()), ""])


def headline(change: Change) -> str:
    """`CHG-12: Scale deployment/web 4 → 8 in prod`."""
    return one_line(f"{change.id}: {_what(change)}", _MAX_TITLE)


def commit_message(change: Change) -> str:
    """Subject, justification, and the trailer that names the change."""
    subject = one_line(headline(change), _MAX_SUBJECT)
    why = quoted(_cut(neutral(change.request.justification), _MAX_PROSE))
    body = f"{why}\n\n" if change.request.justification.strip() else ""
    return f"{subject}\n\n{body}Change-Id: {change.id}\n"


def pull_request_title(change: Change) -> str:
    """The pull request's title, at most 200 characters."""
    return headline(change)


def pull_request_body(change: Change, *, login: str = "", card: str = "") -> str:
    """The pull request's text as Markdown, below GitHub's limit. `login` is the requester's at
    GitHub, where that is known; `card` is the permalink of the change's card in Slack."""
    request = change.request
    rows = [
        ("What", markdown(_what(change))),
        ("How", _WAYS[change.path]),
        ("Requested by", f"`{_code(login)}`" if login else _slack_user(change)),
        ("Risk", request.risk_assessment.value),
        ("Affects", ", ".join(markdown(one_line(s, 100)) for s in request.affected_services[:50])),
        ("Window", _window(request)),
        ("Incident", markdown(one_line(request.incident_id, 100))),
        ("Session", link(request.session) if request.session else ""),
        ("Card", link(card) if card else ""),
    ]
    parts = ["\n".join(f"- **{name}:** {text}" for name, text in rows if text)]
    parts += _prose("Why", request.justification) + _prose("Undo", request.rollback_plan)
    parts += [f"Change-Id: {change.id}"]
    room = MAX_BODY - len("\n\n".join(parts)) - 200
    if change.progress.plan and (differing := difference(change.progress.plan, room)):
        parts.insert(-1, f"### Difference\n\n{differing}")
    return "\n\n".join(parts) + "\n"


def _what(change: Change) -> str:
    """As the card's first line says it, and where."""
    return f"{story.headline(change)} in {change.request.environment}"


def _slack_user(change: Change) -> str:
    return f"Slack user `{_code(change.requester)}`"


def _prose(title: str, text: str) -> list[str]:
    if not text.strip():
        return []
    return [f"### {title}\n\n{quoted(markdown(_cut(text, _MAX_PROSE)))}"]


def difference(plan: Plan, room: int) -> str:
    """The telling lines of a plan in a fenced block of at most `room` characters; empty when
    nothing differs."""
    lines = excerpt_lines([(str(planned.target), planned.diff) for planned in plan.objects])
    shown = [_cut(line, _MAX_LINE) for line in lines[:_MAX_LINES]]
    while len(block := fenced("\n".join(shown), "diff")) > room and shown:
        shown = shown[: len(shown) // 2]
    if not shown:
        return _CUT if lines else ""
    return block if len(shown) == len(lines) else f"{block}\n\n{_CUT}"


def _window(request: ChangeRequest) -> str:
    window = request.maintenance_window
    return f"{_utc(window.start)} to {_utc(window.end)}" if window else ""


def _code(text: str) -> str:
    return one_line(text.replace("`", "'"), 100)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
