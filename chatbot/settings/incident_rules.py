"""`[incidents]` and `[jira]`: what becomes of an emergency beside the cluster and Git."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_PREFIX = re.compile(r"[a-z0-9_-]{1,30}")
_LABEL = re.compile(r"\S{1,255}")
_OURS = frozenset(
    {"description", "issuetype", "labels", "parent", "priority", "project", "summary"}
)


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError("must be at most 30 small letters, digits, - and _")
    return text


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError("must be a label without spaces")
    return text


def _not_ours(fields: dict[str, Any]) -> dict[str, Any]:
    if taken := sorted(_OURS & set(fields)):
        raise ValueError(f"cannot set what Redlight sets itself: {', '.join(taken)}")
    return fields


class IncidentRules(BaseModel):
    """`[incidents]`: the channel of an emergency."""

    model_config = _FROZEN

    prefix: Annotated[str, AfterValidator(_prefix)] = "inc"
    private: StrictBool = False
    archive: StrictBool = False
    invite_seniors: StrictBool = True
    invite_managers: StrictBool = True


class JiraRules(BaseModel):
    """`[jira]`: what an emergency's issue looks like; how to reach Jira is in the environment."""

    model_config = _FROZEN

    issue_type: Name = "Incident"
    subtask_type: Name = "Sub-task"
    priority: str = ""
    """Empty: the project's own default."""
    labels: tuple[Annotated[str, AfterValidator(_label)], ...] = ()
    resolve: Annotated[tuple[Name, ...], Field(min_length=1)] = (
        "Resolve Issue",
        "Resolve",
        "Resolved",
        "Done",
        "Close Issue",
        "Closed",
    )
    """Transitions, or the statuses that they lead to; the first that Jira offers is taken."""
    resolution: Name = "Done"
    fields: Annotated[dict[str, Any], AfterValidator(_not_ours)] = {}
    """Field id to value, as Jira's REST API takes it."""
