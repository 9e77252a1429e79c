"""The REST calls. Each handler checks before it writes: what is refused changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.jira import shapes
from sandbox.jira.errors import ApiError, off_screen
from sandbox.jira.jql import search
from sandbox.jira.state import CUSTOM_FIELDS, PRIORITIES, TYPES, Comment, Issue, Jira, Link

LONGEST_TEXT = 32_767
LONGEST_SUMMARY = 255
_PAGE = 50
_MOST = 100
_GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full "
    "migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


@dataclass(frozen=True)
class Call:
    """One request: `query` also holds what a search sent in its body."""

    jira: Jira
    version: str
    base: str
    """The address of the API, for links in answers."""
    params: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]

    @property
    def issue(self) -> Issue:
        """The issue that the path names; raises `ApiError`."""
        return self.jira.issue(self.params["key"])


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body; None: an empty one."""

    status: int
    body: Any = None


Handler = Callable[[Call], Answer]


def server_info(call: Call) -> Answer:
    """`serverInfo`, which strangers may read too."""
    cloud = call.jira.is_cloud
    return Answer(
        200,
        {
            "baseUrl": call.base.partition("/rest/")[0],
            "version": "1001.0.0-SNAPSHOT" if cloud else "9.12.2",
            "versionNumbers": [1001, 0, 0] if cloud else [9, 12, 2],
            "deploymentType": "Cloud" if cloud else "Server",
            "buildNumber": 100_000,
            "serverTitle": "Sandbox",
        },
    )


def myself(call: Call) -> Answer:
    """`myself`."""
    return Answer(200, shapes.me(call.jira))


def fields(_: Call) -> Answer:
    """`field`: what can be asked for by name."""
    own = ("summary", "description", "priority", "labels", "status", "resolution", "issuetype")
    listed = [{"id": name, "name": name.title(), "clauseNames": [name]} for name in own]
    custom = [
        {"id": name, "name": words, "custom": True, "clauseNames": [f"cf[{name[-5:]}]", words]}
        for name, words in CUSTOM_FIELDS.items()
    ]
    return Answer(200, [*listed, *custom])


def priorities(_: Call) -> Answer:
    """`priority`."""
    return Answer(200, [shapes.priority(name) for name in PRIORITIES])


def issue_types(_: Call) -> Answer:
    """`issuetype`."""
    return Answer(200, [shapes.issue_type(name) for name in TYPES])


def project(call: Call) -> Answer:
    """`project/{key}`."""
    if call.params["key"].upper() != call.jira.project:
        raise ApiError(404, f"No project could be found with key '{call.params['key']}'.")
    types = [shapes.issue_type(name) for name in TYPES]
    shape = {"id": "10000", "key": call.jira.project, "name": "Incidents", "issueTypes": types}
    return Answer(200, shape)


def create_meta(call: Call) -> Answer:
    """`issue/createmeta/{key}/issuetypes`."""
    project(call)
    types = [shapes.issue_type(name) for name in TYPES]
    listed = "issueTypes" if call.jira.is_cloud else "values"
    return Answer(200, {"startAt": 0, "maxResults": 50, "total": len(types), listed: types})


def create(call: Call) -> Answer:
    """`POST issue`."""
    given: dict[str, Any] = call.body.get("fields") or {}
    jira = call.jira
    if _named(given.get("project"), "key").upper() not in (jira.project, ""):
        raise ApiError(400, project="valid project is required")
    kind = _named(given.get("issuetype"))
    if kind not in TYPES:
        raise ApiError(400, issuetype="The issue type selected is invalid.")
    parent = _named(given.get("parent"), "key").upper()
    if TYPES[kind] is not bool(parent):
        raise ApiError(400, issuetype="The issue type selected is invalid for this parent.")
    if parent:
        jira.issue(parent)
    summary = str(given.get("summary") or "").strip()
    if not summary:
        raise ApiError(400, summary="You must specify a summary of the issue.")
    wanted = _checked(given, call.version)
    filed = jira.file(kind, summary, parent=parent, **wanted)
    self_link = f"{call.base}/issue/{filed.id}"
    return Answer(201, {"id": filed.id, "key": filed.key, "self": self_link})


def _named(value: Any, by: str = "name") -> str:
    """What a reference names: by name, by key, or by the ids that `shapes` gave out."""
    value = value or {}
    if by in value:
        return str(value[by])
    if by == "name" and str(value.get("id", "")).isdigit():
        names = list(TYPES)
        place = int(value["id"]) - 1
        return names[place] if 0 <= place < len(names) else ""
    return ""


def _checked(given: dict[str, Any], version: str) -> dict[str, Any]:
    """The fields that may be set at creation and later, as the state keeps them."""
    known = {"project", "issuetype", "parent", "summary", "description", "priority", "labels"}
    for name in given:
        if name not in known and name not in CUSTOM_FIELDS:
            raise off_screen(name)
    if "\n" in str(given.get("summary", "")):
        raise ApiError(
            400, summary="The summary is invalid because it contains newline characters."
        )
    if len(str(given.get("summary", ""))) > LONGEST_SUMMARY:
        raise ApiError(400, summary="Summary must be less than 255 characters.")
    values: dict[str, Any] = {"custom": {n: given[n] for n in CUSTOM_FIELDS if n in given}}
    if "description" in given:
        values["description"] = _short(shapes.text_in(given["description"], "description", version))
    if "priority" in given:
        values["priority"] = str((given["priority"] or {}).get("name", ""))
        if values["priority"] not in PRIORITIES:
            raise ApiError(400, priority="The priority selected is invalid.")
    if "labels" in given:
        values["labels"] = _labels(given["labels"])
    return values


def _labels(wanted: Any) -> list[str]:
    labels = list(dict.fromkeys(wanted or []))
    for label in labels:
        if " " in label:
            raise ApiError(400, labels=f"The label '{label}' contains spaces which is invalid.")
    return labels


def _short(text: str, field: str = "description") -> str:
    if len(text) > LONGEST_TEXT:
        limit = f"{LONGEST_TEXT:,} characters"
        sentence = f"The entered text is too long. It exceeds the allowed limit of {limit}."
        raise ApiError(400, **{field: sentence})
    return text


def read(call: Call) -> Answer:
    """`GET issue/{key}`."""
    wanted = call.query.get("fields") or "*all"
    return Answer(200, shapes.issue(call.jira, call.issue, call.version, call.base, wanted))


def edit(call: Call) -> Answer:
    """`PUT issue/{key}`: fields to set, and labels to add, remove or set."""
    issue = call.issue
    given = dict(call.body.get("fields") or {})
    labels = list(issue.labels)
    for change in (call.body.get("update") or {}).get("labels", []):
        for verb, label in change.items():
            labels = {
                "add": [*labels, label],
                "remove": [each for each in labels if each != label],
                "set": label,
            }[verb]
        given["labels"] = labels
    for name, value in _checked(given, call.version).items():
        setattr(issue, name, {**issue.custom, **value} if name == "custom" else value)
    issue.summary = str(given.get("summary", issue.summary))
    return Answer(204)


def comments(call: Call) -> Answer:
    """`GET issue/{key}/comment`, oldest first."""
    issue = call.issue
    start = _number(call.query.get("startAt"), 0)
    size = min(_number(call.query.get("maxResults"), 5000), 5000)
    shown = issue.comments[start : start + size]
    told = [shapes.comment(call.jira, one, call.version, call.base, issue) for one in shown]
    total = len(issue.comments)
    body = {"startAt": start, "maxResults": size, "total": total, "comments": told}
    return Answer(200, body)


def add_comment(call: Call) -> Answer:
    """`POST issue/{key}/comment`."""
    issue = call.issue
    text = _short(shapes.text_in(call.body.get("body"), "comment", call.version), "comment")
    if not text.strip():
        raise ApiError(400, comment="Comment body can not be empty!")
    comment = Comment(call.jira.next_id(), text, datetime.now(UTC))
    issue.comments.append(comment)
    return Answer(201, shapes.comment(call.jira, comment, call.version, call.base, issue))


def transitions(call: Call) -> Answer:
    """`GET issue/{key}/transitions`."""
    with_fields = "transitions.fields" in call.query.get("expand", "")
    offered = call.jira.workflow.of(call.issue.status)
    told = [shapes.transition(call.jira, each, with_fields=with_fields) for each in offered]
    return Answer(200, {"transitions": told})


def transit(call: Call) -> Answer:
    """`POST issue/{key}/transitions`."""
    named = str((call.body.get("transition") or {}).get("id", ""))
    call.jira.move(call.issue, named, call.body.get("fields") or {})
    return Answer(204)


def links(call: Call) -> Answer:
    """`GET issue/{key}/remotelink`."""
    issue = call.issue
    return Answer(200, [shapes.remote_link(each, call.base, issue) for each in issue.links])


def add_link(call: Call) -> Answer:
    """`POST issue/{key}/remotelink`: one `globalId` is one link."""
    issue, given = call.issue, call.body.get("object") or {}
    if not given.get("url") or not given.get("title"):
        raise ApiError(400, title="'title' is required.", url="'url' is required.")
    global_id = call.body.get("globalId")
    issue.links = [each for each in issue.links if not global_id or each.global_id != global_id]
    link = Link(call.jira.next_id(), given["url"], given["title"], global_id)
    issue.links.append(link)
    return Answer(
        201, {"id": link.id, "self": f"{call.base}/issue/{issue.id}/remotelink/{link.id}"}
    )


def old_search(call: Call) -> Answer:
    """`search`, with `startAt` and a total; Cloud has it no more."""
    if call.jira.is_cloud:
        raise ApiError(410, _GONE)
    found = search(call.jira, call.query.get("jql", ""))
    start = _number(call.query.get("startAt"), 0)
    size = min(_number(call.query.get("maxResults"), _PAGE), 1000)
    told = _told(call, found[start : start + size], call.query.get("fields") or "*navigable")
    return Answer(200, {"startAt": start, "maxResults": size, "total": len(found), "issues": told})


def enhanced_search(call: Call) -> Answer:
    """`search/jql`: pages by token, and no fields but the id unless they are asked for."""
    if not call.jira.is_cloud:
        raise ApiError(404, "null for uri")
    found = search(call.jira, call.query.get("jql", ""))
    start = _number(call.query.get("nextPageToken"), 0)
    size = min(_number(call.query.get("maxResults"), _PAGE), _MOST)
    wanted = call.query.get("fields") or "id"
    told = _told(call, found[start : start + size], wanted)
    if wanted == "id":
        told = [{"id": each["id"]} for each in told]
    after = start + size
    page: dict[str, Any] = {"issues": told, "isLast": after >= len(found)}
    return Answer(200, page if page["isLast"] else {**page, "nextPageToken": str(after)})


def _told(call: Call, issues: list[Issue], wanted: str) -> list[dict[str, Any]]:
    return [shapes.issue(call.jira, each, call.version, call.base, wanted) for each in issues]


def _number(given: str | None, default: int) -> int:
    return int(given) if given and given.isdecimal() else default


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/serverInfo", server_info),
    ("GET", "/myself", myself),
    ("GET", "/field", fields),
    ("GET", "/priority", priorities),
    ("GET", "/issuetype", issue_types),
    ("GET", "/project/{key}", project),
    ("GET", "/issue/createmeta/{key}/issuetypes", create_meta),
    ("POST", "/issue", create),
    ("GET", "/issue/{key}", read),
    ("PUT", "/issue/{key}", edit),
    ("GET", "/issue/{key}/comment", comments),
    ("POST", "/issue/{key}/comment", add_comment),
    ("GET", "/issue/{key}/transitions", transitions),
    ("POST", "/issue/{key}/transitions", transit),
    ("GET", "/issue/{key}/remotelink", links),
    ("POST", "/issue/{key}/remotelink", add_link),
    ("GET", "/search", old_search),
    ("POST", "/search", old_search),
    ("GET", "/search/jql", enhanced_search),
    ("POST", "/search/jql", enhanced_search),
)
