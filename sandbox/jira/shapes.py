"""Issues and their parts as Jira tells them: wiki text to version 2 of the API, documents to 3."""

from datetime import datetime
from typing import Any

from sandbox.jira.errors import ApiError
from sandbox.jira.state import CUSTOM_FIELDS, PRIORITIES, TYPES, Comment, Issue, Jira, Link

Shape = dict[str, Any]
_CATEGORIES = {
    "new": (2, "To Do"),
    "indeterminate": (4, "In Progress"),
    "done": (3, "Done"),
}


def moment(at: datetime) -> str:
    """`2026-03-02T09:30:00.000+0000`."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def text_out(text: str, version: str) -> Any:
    """Wiki text, or a document of one paragraph for each line of it."""
    if version == "2":
        return text or None
    if not text:
        return None
    lines = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
        for line in text.splitlines()
    ]
    return {"type": "doc", "version": 1, "content": lines}


def text_in(value: Any, field: str, version: str) -> str:
    """Back to wiki text; raises `ApiError` for what this version of the API does not take."""
    if value is None:
        return ""
    if version == "2":
        if not isinstance(value, str):
            raise ApiError(400, **{field: "Operation value must be a string"})
        return value
    if not isinstance(value, dict) or value.get("type") != "doc":
        raise ApiError(400, **{field: "Operation value must be an Atlassian Document"})
    lines = [
        "".join(part.get("text", "") for part in block.get("content") or [])
        for block in value.get("content") or []
    ]
    return "\n".join(lines)


def me(jira: Jira) -> Shape:
    """The account that every call comes from."""
    name = (
        {"accountId": "5b10sandbox"} if jira.is_cloud else {"name": "redlight", "key": "redlight"}
    )
    return {
        **name,
        "displayName": "Redlight",
        "emailAddress": jira.user or "redlight@example.com",
        "active": True,
    }


def issue_type(name: str) -> Shape:
    """One issue type."""
    return {"id": str(1 + list(TYPES).index(name)), "name": name, "subtask": TYPES[name]}


def priority(name: str) -> Shape:
    """One priority."""
    return {"id": str(1 + PRIORITIES.index(name)), "name": name}


def status(jira: Jira, name: str) -> Shape:
    """One status, in its category."""
    category = jira.workflow.categories[name]
    number, words = _CATEGORIES[category]
    return {
        "id": str(1 + list(jira.workflow.categories).index(name)),
        "name": name,
        "statusCategory": {"id": number, "key": category, "name": words},
    }


def transition(jira: Jira, given: Any, *, with_fields: bool) -> Shape:
    """One way to another status."""
    shape: Shape = {"id": given.id, "name": given.name, "to": status(jira, given.to)}
    if with_fields:
        resolution = {
            "required": True,
            "name": "Resolution",
            "schema": {"type": "resolution", "system": "resolution"},
            "allowedValues": [{"id": "1", "name": "Done"}, {"id": "2", "name": "Won't Do"}],
        }
        shape["fields"] = {"resolution": resolution} if given.has_screen else {}
    return shape


def comment(jira: Jira, given: Comment, version: str, base: str, issue: Issue) -> Shape:
    """One comment."""
    return {
        "self": f"{base}/issue/{issue.id}/comment/{given.id}",
        "id": str(given.id),
        "author": me(jira),
        "body": text_out(given.body, version),
        "created": moment(given.created),
        "updated": moment(given.created),
    }


def remote_link(given: Link, base: str, issue: Issue) -> Shape:
    """One link out of Jira."""
    shape: Shape = {
        "id": given.id,
        "self": f"{base}/issue/{issue.id}/remotelink/{given.id}",
        "object": {"url": given.url, "title": given.title},
    }
    return {**shape, "globalId": given.global_id} if given.global_id else shape


def issue(jira: Jira, given: Issue, version: str, base: str, wanted: str) -> Shape:
    """An issue with the fields that `wanted` lists (`*all`, or names separated by commas)."""
    parent = jira.issues.get(given.parent)
    fields: Shape = {
        "summary": given.summary,
        "description": text_out(given.description, version),
        "project": {"id": "10000", "key": given.project, "name": "Incidents"},
        "issuetype": issue_type(given.kind),
        "priority": priority(given.priority),
        "labels": given.labels,
        "status": status(jira, given.status),
        "resolution": {"id": "1", "name": given.resolution} if given.resolution else None,
        "created": moment(given.created),
        "subtasks": [_brief(jira, each, base) for each in jira.subtasks(given)],
        "comment": {
            "comments": [comment(jira, each, version, base, given) for each in given.comments]
        },
        **{name: given.custom.get(name) for name in CUSTOM_FIELDS},
    }
    if parent:
        fields["parent"] = _brief(jira, parent, base)
    names = [name.strip() for name in wanted.split(",")]
    everything = {"*all", "*navigable"} & set(names)
    return {
        "id": given.id,
        "key": given.key,
        "self": f"{base}/issue/{given.id}",
        "fields": {name: fields[name] for name in fields if everything or name in names},
    }


def _brief(jira: Jira, given: Issue, base: str) -> Shape:
    return {
        "id": given.id,
        "key": given.key,
        "self": f"{base}/issue/{given.id}",
        "fields": {
            "summary": given.summary,
            "status": status(jira, given.status),
            "issuetype": issue_type(given.kind),
        },
    }
