"""Commit statuses: how policy checks report on a commit."""

from sandbox.forge.errors import invalid, not_found, refused
from sandbox.forge.rest.call import REPO, Answer, Call, Page, Route, maybe_text, text
from sandbox.forge.rest.repos import commit_named
from sandbox.forge.shapes import commits as shapes
from sandbox.forge.shapes.links import Json
from sandbox.forge.state import Status

_LONGEST_DESCRIPTION = 140


def create_status(call: Call) -> Answer:
    """POST statuses/{sha}."""
    sha = call.params["sha"]
    if call.forge.git.type_of(sha) != "commit":
        raise refused(f"No commit found for SHA: {sha}")
    description = maybe_text(call.body, "description")
    if description and len(description) > _LONGEST_DESCRIPTION:
        message = f"description is too long (maximum is {_LONGEST_DESCRIPTION} characters)"
        raise invalid("Status", "custom", field="description", message=message)
    state = text(call.body, "state", "Status")
    if state not in ("error", "failure", "pending", "success"):
        raise invalid(
            "Status", "custom", field="state", message="state is not included in the list"
        )
    status = Status(
        id=call.forge.state.next_id(),
        state=state,
        context=text(call.body, "context", "Status", "default"),
        description=description,
        target_url=maybe_text(call.body, "target_url"),
        creator=call.login,
    )
    call.forge.state.statuses.setdefault(sha, []).append(status)
    return Answer(201, shapes.status(call.forge, status, sha, call.links))


def list_statuses(call: Call) -> Page:
    """GET commits/{ref}/statuses, newest first."""
    commit = call.commit_of(call.params["ref"])
    if commit is None:
        raise not_found()
    found = list(reversed(call.forge.state.statuses.get(commit.sha, [])))
    return Page(found, lambda status: shapes.status(call.forge, status, commit.sha, call.links))


def combined_status(call: Call) -> Json:
    """GET commits/{ref}/status: the newest of each context, and what they say together."""
    sha = commit_named(call).sha
    latest = call.forge.state.latest_statuses(sha)
    return shapes.combined_status(call.forge, sha, latest, call.links)


ROUTES = [
    Route("POST", REPO + "/statuses/{sha}", create_status, "write"),
    Route("GET", REPO + "/commits/{ref:.+}/statuses", list_statuses),
    Route("GET", REPO + "/statuses/{ref:.+}", list_statuses),  # the older address
    Route("GET", REPO + "/commits/{ref:.+}/status", combined_status),
]
