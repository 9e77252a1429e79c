"""Pull requests: open, find, edit, compare and merge them."""

from sandbox.forge import diffs, merging
from sandbox.forge.errors import ApiError, invalid, not_found
from sandbox.forge.rest.call import REPO, Answer, Call, Page, Route, Text, flag, maybe_text, text
from sandbox.forge.shapes import commits as commit_shapes
from sandbox.forge.shapes import pulls as shapes
from sandbox.forge.shapes.links import Json
from sandbox.forge.state import PullRequest

_METHODS = ("merge", "squash", "rebase")


def create_pull(call: Call) -> Answer:
    """POST pulls: one open pull request for each head and base."""
    forge, body = call.forge, call.body
    head_ref = _head_branch(call, text(body, "head", "PullRequest"))
    base_ref = text(body, "base", "PullRequest")
    title = text(body, "title", "PullRequest")
    head, base = forge.head(head_ref), forge.head(base_ref)
    if head is None or base is None:
        raise invalid("PullRequest", "invalid", field="base" if head else "head")
    if _open_for(call, head_ref, base_ref):
        message = f"A pull request already exists for {forge.owner}:{head_ref}."
        raise invalid("PullRequest", "custom", message=message)
    if forge.git.is_ancestor(head, base):
        message = f"No commits between {base_ref} and {head_ref}"
        raise invalid("PullRequest", "custom", message=message)
    number = max(forge.state.pulls, default=0) + 1
    pull = PullRequest(
        number=number,
        id=forge.state.next_id(),
        title=title,
        body=maybe_text(body, "body"),
        author=call.login,
        head_ref=head_ref,
        base_ref=base_ref,
        head_sha=head,
        base_sha=base,
        draft=flag(body, "draft"),
    )
    forge.state.next_id()  # the pull request is an issue too, and that has an id of its own
    forge.state.pulls[number] = pull
    forge.keep_head(pull)
    return Answer(201, shapes.pull_request(forge, pull, call.links, judged=False))


def _head_branch(call: Call, head: str) -> str:
    owner, colon, branch = head.partition(":")
    if not colon:
        return head
    if owner.lower() != call.forge.owner.lower():
        raise invalid("PullRequest", "invalid", field="head")
    return branch


def _open_for(call: Call, head_ref: str, base_ref: str) -> PullRequest | None:
    pulls = call.forge.open_pulls()
    return next((p for p in pulls if (p.head_ref, p.base_ref) == (head_ref, base_ref)), None)


def list_pulls(call: Call) -> Page:
    """GET pulls by `state`, `head` (`owner:branch`) and `base`; newest first unless sorted."""
    query = call.query
    state = query.get("state", "open")
    found = [pull for pull in call.forge.state.pulls.values() if state in ("all", pull.state)]
    if "head" in query:
        owner, colon, branch = query["head"].partition(":")
        mine = owner.lower() == call.forge.owner.lower()
        # GitHub silently ignores a head that is not `owner:branch`.
        if colon:
            found = [pull for pull in found if mine and pull.head_ref == branch]
    if "base" in query:
        found = [pull for pull in found if pull.base_ref == query["base"]]
    by_update = query.get("sort") == "updated"
    downwards = query.get("direction", "desc") == "desc"
    found.sort(
        key=lambda pull: (pull.updated_at if by_update else pull.created_at, pull.number),
        reverse=downwards,
    )
    return Page(found, lambda pull: shapes.pull_request_simple(call.forge, pull, call.links))


def get_pull(call: Call) -> Json | Text:
    """GET pulls/{number}, or its diff by the Accept header."""
    pull = call.pull()
    if call.wants_diff():
        return Text(diff_of(call, pull), "application/vnd.github.diff")
    return shapes.pull_request(call.forge, pull, call.links)


def diff_of(call: Call, pull: PullRequest) -> str:
    """What the pull request changes, in Git's unified format."""
    start = shapes.fork_point(call.forge, pull)
    return diffs.unified(call.forge.git, start, pull.head_sha)


def edit_pull(call: Call) -> Json:
    """PATCH pulls/{number}: title, body, base, and close or reopen."""
    pull = call.pull()
    if pull.author != call.login:
        call.need("triage")
    edit(call, pull)
    return shapes.pull_request(call.forge, pull, call.links)


def edit(call: Call, pull: PullRequest) -> None:
    """Do what the body of a PATCH on the pull request or its issue says."""
    body = call.body
    pull.title = text(body, "title", "PullRequest", pull.title)
    if "body" in body:
        pull.body = maybe_text(body, "body")
    base_ref = text(body, "base", "PullRequest", pull.base_ref)
    if base_ref != pull.base_ref:
        base = call.forge.head(base_ref)
        if base is None:
            raise invalid("PullRequest", "invalid", field="base")
        pull.base_ref, pull.base_sha = base_ref, base
    state = text(body, "state", "PullRequest", pull.state)
    if state not in ("open", "closed"):
        raise invalid("PullRequest", "invalid", field="state")
    if state == "closed" and pull.state == "open":
        pull.close()
    elif state == "open" and pull.state == "closed":
        reopen(call, pull)
    pull.touch()


def reopen(call: Call, pull: PullRequest) -> None:
    """Open a closed pull request again; 422 when it was merged or its branch is gone or taken."""
    head = call.forge.head(pull.head_ref)
    reason = ""
    if pull.merged_at:
        reason = "The pull request cannot be reopened."
    elif head is None:
        reason = f"The {pull.head_ref} branch has been deleted."
    elif _open_for(call, pull.head_ref, pull.base_ref):
        reason = f"There is already an open pull request for {pull.head_ref}."
    if reason:
        message = f"state cannot be changed. {reason}"
        raise invalid("PullRequest", "invalid", field="state", message=message)
    pull.state, pull.closed_at = "open", None
    call.forge.sync()


def list_commits(call: Call) -> Page:
    """GET pulls/{number}/commits, oldest first."""
    commits = merging.commits_of(call.forge, call.pull())
    return Page(commits, lambda commit: commit_shapes.commit(call.forge, commit, call.links))


def list_files(call: Call) -> Page:
    """GET pulls/{number}/files."""
    pull = call.pull()
    return Page(
        shapes.changed_files(call.forge, pull),
        lambda file: commit_shapes.file(file, pull.head_sha, call.links),
    )


def is_merged(call: Call) -> Answer:
    """GET pulls/{number}/merge: 204 for yes, 404 for no."""
    if call.pull().merged_at is None:
        raise not_found()
    return Answer(204)


def merge(call: Call) -> Json:
    """PUT pulls/{number}/merge, guarded by `sha` if given."""
    method = text(call.body, "merge_method", "PullRequest", "merge")
    if method not in _METHODS:
        raise ApiError(422, f"Invalid request.\n\n{method!r} is not one of {_METHODS}.")
    order = merging.MergeOrder(
        method, maybe_text(call.body, "commit_title"), maybe_text(call.body, "commit_message")
    )
    sha = maybe_text(call.body, "sha")
    commit = merging.merge(call.forge, call.pull(), call.login, order, sha)
    call.forge.sync()
    return {"sha": commit, "merged": True, "message": "Pull Request successfully merged"}


def update_branch(call: Call) -> Answer:
    """PUT pulls/{number}/update-branch: merge the base into the head."""
    pull = call.pull()
    merging.update_branch(call.forge, pull, call.login, maybe_text(call.body, "expected_head_sha"))
    return Answer(
        202, {"message": "Updating pull request branch.", "url": call.links.pull(pull.number)}
    )


_ONE = REPO + r"/pulls/{number:\d+}"
ROUTES = [
    Route("GET", REPO + "/pulls", list_pulls),
    Route("POST", REPO + "/pulls", create_pull),
    Route("GET", _ONE, get_pull),
    Route("PATCH", _ONE, edit_pull),
    Route("GET", _ONE + "/commits", list_commits),
    Route("GET", _ONE + "/files", list_files),
    Route("GET", _ONE + "/merge", is_merged),
    Route("PUT", _ONE + "/merge", merge, "write"),
    Route("PUT", _ONE + "/update-branch", update_branch, "write"),
]
