"""The part of JQL that a client needs that looks for its own issues: clauses joined by AND."""

import re
import time
from collections.abc import Callable

from sandbox.jira.errors import ApiError
from sandbox.jira.state import Issue, Jira

_ORDER = re.compile(r"\border\s+by\b.*$", re.IGNORECASE | re.DOTALL)
_CLAUSE = re.compile(
    r"""\s*(?P<field>"[^"]+"|[A-Za-z]+)\s*(?P<op>!=|=|~|in\b)\s*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|\([^)]*\)|[^\s()]+)\s*(?:and\b|$)""",
    re.IGNORECASE,
)

_FIELDS: dict[str, Callable[[Jira, Issue], list[str]]] = {
    "project": lambda _, issue: [issue.project],
    "labels": lambda _, issue: issue.labels,
    "key": lambda _, issue: [issue.key],
    "issuekey": lambda _, issue: [issue.key],
    "parent": lambda _, issue: [issue.parent],
    "issuetype": lambda _, issue: [issue.kind],
    "status": lambda _, issue: [issue.status],
    "statuscategory": lambda jira, issue: [jira.workflow.categories[issue.status]],
    "summary": lambda _, issue: [issue.summary],
}


def search(jira: Jira, jql: str) -> list[Issue]:
    """The issues that a query names and the index knows, oldest first; raises `ApiError`."""
    rest = _ORDER.sub("", jql).strip()
    if not rest and jira.is_cloud:
        raise ApiError(400, "Unbounded JQL queries are not allowed here. Add a search restriction.")
    found = [each for each in jira.issues.values() if each.seen_from <= time.monotonic()]
    while rest:
        clause = _CLAUSE.match(rest)
        field = clause["field"].strip('"').lower() if clause else rest.split()[0]
        if clause is None or field not in _FIELDS:
            raise ApiError(400, f"Error in the JQL Query: '{field}' cannot be searched for.")
        wanted = _values(clause["value"])
        found = [
            issue
            for issue in found
            if _holds(clause["op"].lower(), _FIELDS[field](jira, issue), wanted)
        ]
        rest = rest[clause.end() :]
    return found


def _values(text: str) -> list[str]:
    listed = text[1:-1].split(",") if text.startswith("(") else [text]
    return [re.sub(r"\\(.)", r"\1", each.strip().strip("\"'")).lower() for each in listed]


def _holds(operator: str, has: list[str], wanted: list[str]) -> bool:
    values = [value.lower() for value in has]
    if operator == "~":
        return any(word in value for word in wanted for value in values)
    return any(word in values for word in wanted) is not (operator == "!=")
