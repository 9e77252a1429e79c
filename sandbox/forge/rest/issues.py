"""The issue side of pull requests: labels, assignees and the conversation."""

import re

from sandbox.forge.errors import ApiError, invalid, not_found
from sandbox.forge.rest.call import REPO, Answer, Call, Page, Route, maybe_text, text, texts
from sandbox.forge.rest.pulls import edit
from sandbox.forge.shapes import pulls as shapes
from sandbox.forge.shapes.links import Json
from sandbox.forge.state import Comment, Label, PullRequest, now

_LONGEST_COMMENT = 65_536
_COLOR = re.compile(r"[0-9a-fA-F]{6}")


def get_issue(call: Call) -> Json:
    """GET issues/{number}; every issue here is a pull request."""
    return shapes.issue(call.forge, call.pull(), call.links)


def edit_issue(call: Call) -> Json:
    """PATCH issues/{number}: what the pull request's PATCH does, and labels and assignees."""
    pull = call.pull()
    if pull.author != call.login:
        call.need("triage")
    edit(call, pull)
    if "labels" in call.body:
        pull.labels = _known_labels(call, texts(call.body, "labels"))
    if "assignees" in call.body:
        pull.assignees = _people(call, texts(call.body, "assignees"))
    return get_issue(call)


def _people(call: Call, logins: list[str]) -> list[str]:
    return [user.login for login in logins if (user := call.forge.state.user(login))]


def add_assignees(call: Call) -> Answer:
    """POST issues/{number}/assignees."""
    pull = call.pull()
    names = _people(call, texts(call.body, "assignees"))
    pull.assignees += [name for name in names if name not in pull.assignees]
    pull.touch()
    return Answer(201, shapes.issue(call.forge, pull, call.links))


# Labels


def _label(call: Call) -> Label:
    found = call.forge.state.labels.get(call.params["name"].lower())
    if found is None:
        raise not_found()
    return found


def list_repo_labels(call: Call) -> Page:
    """GET labels of the repository."""
    found = list(call.forge.state.labels.values())
    return Page(found, lambda label: shapes.label(label, call.links))


def get_label(call: Call) -> Json:
    """GET labels/{name}."""
    return shapes.label(_label(call), call.links)


def create_label(call: Call) -> Answer:
    """POST labels; 422 when the name is taken."""
    name = text(call.body, "name", "Label")
    color = text(call.body, "color", "Label", "ededed")
    if not _COLOR.fullmatch(color):
        raise invalid("Label", "invalid", field="color")
    if name.lower() in call.forge.state.labels:
        raise invalid("Label", "already_exists", field="name")
    label = _new_label(call, name, color, maybe_text(call.body, "description"))
    return Answer(201, shapes.label(label, call.links))


def _new_label(call: Call, name: str, color: str, description: str | None) -> Label:
    number = call.forge.state.next_id()
    label = Label(id=number, name=name, color=color.lower(), description=description)
    call.forge.state.labels[name.lower()] = label
    return label


def _known_labels(call: Call, names: list[str]) -> list[str]:
    """Their names as the repository spells them; unknown ones are made, as GitHub does."""
    known = call.forge.state.labels
    found = [known.get(name.lower()) or _new_label(call, name, "ededed", None) for name in names]
    return list(dict.fromkeys(label.name for label in found))


def list_labels(call: Call) -> Page:
    """GET issues/{number}/labels."""
    return _labels_of(call, call.pull())


def _labels_of(call: Call, pull: PullRequest) -> Page:
    return Page(shapes.labels(call.forge, pull, call.links), lambda shape: shape)


def add_labels(call: Call) -> Page:
    """POST issues/{number}/labels: put these beside what is there."""
    pull = call.pull()
    names = _known_labels(call, _label_names(call))
    pull.labels += [name for name in names if name not in pull.labels]
    pull.touch()
    return _labels_of(call, pull)


def set_labels(call: Call) -> Page:
    """PUT issues/{number}/labels: these and no others."""
    pull = call.pull()
    pull.labels = _known_labels(call, _label_names(call))
    pull.touch()
    return _labels_of(call, pull)


def _label_names(call: Call) -> list[str]:
    # GitHub takes {"labels": [...]} and a bare array, which the server hands over as "".
    return texts(call.body, "labels" if "labels" in call.body else "")


def remove_label(call: Call) -> Page:
    """DELETE issues/{number}/labels/{name}."""
    pull = call.pull()
    gone = call.params["name"].lower()
    kept = [name for name in pull.labels if name.lower() != gone]
    if len(kept) == len(pull.labels):
        raise ApiError(404, "Label does not exist")
    pull.labels = kept
    pull.touch()
    return _labels_of(call, pull)


def clear_labels(call: Call) -> Answer:
    """DELETE issues/{number}/labels."""
    pull = call.pull()
    pull.labels = []
    pull.touch()
    return Answer(204)


# Comments


def list_comments(call: Call) -> Page:
    """GET issues/{number}/comments, oldest first."""
    pull = call.pull()
    return Page(
        pull.comments, lambda comment: shapes.comment(call.forge, pull, comment, call.links)
    )


def create_comment(call: Call) -> Answer:
    """POST issues/{number}/comments."""
    pull = call.pull()
    comment = Comment(id=call.forge.state.next_id(), author=call.login, body=_comment_body(call))
    pull.comments.append(comment)
    pull.touch()
    return Answer(201, shapes.comment(call.forge, pull, comment, call.links))


def _comment_body(call: Call) -> str:
    body = text(call.body, "body", "IssueComment")
    if not body.strip():
        raise invalid("IssueComment", "custom", field="body", message="body can't be blank")
    if len(body) > _LONGEST_COMMENT:
        message = f"body is too long (maximum is {_LONGEST_COMMENT} characters)"
        raise invalid("IssueComment", "custom", field="body", message=message)
    return body


def _comment(call: Call) -> tuple[PullRequest, Comment]:
    wanted = int(call.params["comment"])
    for pull in call.forge.state.pulls.values():
        for comment in pull.comments:
            if comment.id == wanted:
                return pull, comment
    raise not_found()


def get_comment(call: Call) -> Json:
    """GET issues/comments/{id}."""
    return shapes.comment(call.forge, *_comment(call), call.links)


def edit_comment(call: Call) -> Json:
    """PATCH issues/comments/{id}."""
    pull, comment = _comment(call)
    if comment.author != call.login:
        call.need("write")
    comment.body = _comment_body(call)
    comment.updated_at = now()
    return shapes.comment(call.forge, pull, comment, call.links)


def delete_comment(call: Call) -> Answer:
    """DELETE issues/comments/{id}."""
    pull, comment = _comment(call)
    if comment.author != call.login:
        call.need("write")
    pull.comments.remove(comment)
    pull.touch()
    return Answer(204)


def list_review_comments(call: Call) -> Page:
    """GET pulls/{number}/comments: the forge keeps none on single lines."""
    call.pull()
    return Page([], lambda shape: shape)


_ONE = REPO + r"/issues/{number:\d+}"
_COMMENT = REPO + r"/issues/comments/{comment:\d+}"
ROUTES = [
    Route("GET", REPO + "/labels", list_repo_labels),
    Route("POST", REPO + "/labels", create_label, "triage"),
    Route("GET", REPO + "/labels/{name:.+}", get_label),
    Route("GET", _ONE, get_issue),
    Route("PATCH", _ONE, edit_issue),
    Route("POST", _ONE + "/assignees", add_assignees, "triage"),
    Route("GET", _ONE + "/labels", list_labels),
    Route("POST", _ONE + "/labels", add_labels, "triage"),
    Route("PUT", _ONE + "/labels", set_labels, "triage"),
    Route("DELETE", _ONE + "/labels", clear_labels, "triage"),
    Route("DELETE", _ONE + "/labels/{name:.+}", remove_label, "triage"),
    Route("GET", _ONE + "/comments", list_comments),
    Route("POST", _ONE + "/comments", create_comment),
    Route("GET", _COMMENT, get_comment),
    Route("PATCH", _COMMENT, edit_comment),
    Route("DELETE", _COMMENT, delete_comment),
    Route("GET", REPO + r"/pulls/{number:\d+}/comments", list_review_comments),
]
