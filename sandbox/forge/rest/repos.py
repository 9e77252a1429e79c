"""The repository: branches, contents, commits, comparisons and collaborators."""

from functools import partial

from sandbox.forge import diffs, merging
from sandbox.forge.errors import ApiError, not_found, refused
from sandbox.forge.git import Commit, GitError, Ref, TreeEntry
from sandbox.forge.rest.call import (
    REPO,
    Answer,
    Call,
    Page,
    Route,
    Text,
    mapping,
    maybe_text,
    text,
)
from sandbox.forge.rest.gitdata import check_push, from_base64, signature
from sandbox.forge.shapes import accounts
from sandbox.forge.shapes import commits as shapes
from sandbox.forge.shapes import pulls as pull_shapes
from sandbox.forge.shapes.links import Json

_DIFF_TYPE = "application/vnd.github.diff"
_MOST_FILES = 300
_COMPARED_COMMITS = 250


def get_repo(call: Call) -> Json:
    """GET the repository."""
    return accounts.full_repo(call.forge, call.links, call.login)


def list_branches(call: Call) -> Page:
    """GET branches, by name."""
    return Page(call.forge.git.refs("refs/heads/"), lambda ref: _short_branch(call, ref))


def _short_branch(call: Call, ref: Ref) -> Json:
    name = ref.name.removeprefix("refs/heads/")
    return {
        "name": name,
        "commit": {"sha": ref.sha, "url": call.links.commit(ref.sha)},
        "protected": call.forge.protection(name) is not None,
    }


def get_branch(call: Call) -> Json:
    """GET branches/{branch} with its tip and whether it is protected."""
    name = call.params["branch"]
    sha = call.forge.head(name)
    if sha is None:
        raise ApiError(404, "Branch not found")
    rules = call.forge.protection(name)
    url = f"{call.links.repo}/branches/{name}"
    contexts = rules.contexts if rules else None
    return {
        "name": name,
        "commit": shapes.commit(call.forge, call.forge.git.commit(sha), call.links),
        "_links": {"self": url, "html": f"{call.links.repo_page}/tree/{name}"},
        "protected": rules is not None,
        "protection": {
            "enabled": rules is not None,
            "required_status_checks": {
                "enforcement_level": "off" if contexts is None else "non_admins",
                "contexts": contexts or [],
                "checks": [{"context": context, "app_id": None} for context in contexts or []],
            },
        },
        "protection_url": f"{url}/protection",
    }


# Contents


def get_contents(call: Call) -> Json | list[Json] | Text:
    """GET contents/{path}: a file with its bytes, or a folder's rows."""
    git = call.forge.git
    at = call.query.get("ref") or call.forge.branch
    commit = call.commit_of(at)
    if commit is None:
        raise ApiError(404, f"No commit found for the ref {at}")
    entry = git.entry(commit.sha, call.params["path"].strip("/"))
    if entry is None:
        raise not_found()
    if entry.type == "blob":
        content = git.blob(entry.sha)
        if ".raw" in call.accept:
            return Text(content.decode(errors="replace"), "application/vnd.github.raw")
        return shapes.content_file(entry, content, at, call.links)
    prefix = f"{entry.path}/" if entry.path else ""
    rows = git.tree(entry.sha)
    return [
        shapes.content_row(
            TreeEntry(row.mode, row.type, row.sha, prefix + row.path, row.size), at, call.links
        )
        for row in rows
    ]


def put_contents(call: Call) -> Answer:
    """PUT contents/{path}: one commit with one file; `sha` guards what is replaced."""
    path, branch, tip = _target(call)
    content = from_base64(text(call.body, "content", "Contents"))
    before = call.forge.git.entry(tip.sha, path)
    sha = maybe_text(call.body, "sha")
    if before and sha is None:
        raise refused('Invalid request.\n\n"sha" wasn\'t supplied.')
    if sha is not None and (before is None or before.sha != sha):
        raise ApiError(409, f"{path} does not match {sha}")
    [blob] = call.forge.git.write_blobs([content])
    commit = _commit_on(call, branch, tip, put=[TreeEntry("100644", "blob", blob, path)])
    entry = TreeEntry("100644", "blob", blob, path, len(content))
    row = shapes.content_row(entry, branch, call.links)
    body = {"content": row, "commit": shapes.git_commit(commit, call.links)}
    return Answer(200 if before else 201, body)


def delete_contents(call: Call) -> Json:
    """DELETE contents/{path}; `sha` guards what is deleted."""
    path, branch, tip = _target(call)
    before = call.forge.git.entry(tip.sha, path)
    if before is None or before.type != "blob":
        raise not_found()
    sha = text(call.body | dict(call.query), "sha", "Contents")
    if before.sha != sha:
        raise ApiError(409, f"{path} does not match {sha}")
    commit = _commit_on(call, branch, tip, removed=[path])
    return {"content": None, "commit": shapes.git_commit(commit, call.links)}


def _target(call: Call) -> tuple[str, str, Commit]:
    given = call.body | {key: value for key, value in call.query.items() if key == "branch"}
    branch = maybe_text(given, "branch") or call.forge.branch
    branch = branch.removeprefix("refs/heads/")
    tip = call.forge.head(branch)
    if tip is None:
        raise ApiError(404, f"Branch {branch} not found")
    check_push(call, branch, None)
    path = call.params["path"].strip("/")
    if any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise refused("path contains a malformed path component")
    return path, branch, call.forge.git.commit(tip)


def _commit_on(
    call: Call,
    branch: str,
    tip: Commit,
    *,
    put: list[TreeEntry] | None = None,
    removed: list[str] | None = None,
) -> Commit:
    git = call.forge.git
    message = text(call.body | dict(call.query), "message", "Commit")
    author = signature(call, mapping(call.body, "author"), None)
    committer = signature(call, mapping(call.body, "committer"), author)
    try:
        tree = git.write_tree(tip.tree, put or [], removed or [])
        sha = git.write_commit(tree, [tip.sha], message, author, committer)
        git.update_ref(f"refs/heads/{branch}", sha, tip.sha)
    except GitError as error:
        raise ApiError(409, f"{branch} was modified. Try again.") from error
    call.forge.sync()
    return git.commit(sha)


# Commits


def list_commits(call: Call) -> Page:
    """GET commits, newest first, from `sha` (a branch or commit), also by `path` and time."""
    name = call.query.get("sha") or call.forge.branch
    start = call.commit_of(name)
    if start is None:
        raise not_found()
    limits = [f"--{word}={call.query[word]}" for word in ("since", "until") if word in call.query]
    path = ["--", call.query["path"]] if "path" in call.query else ["--"]
    found = call.forge.git.commits(*limits, start.sha, *path)
    return Page(found, lambda commit: shapes.commit(call.forge, commit, call.links))


def get_commit(call: Call) -> Json | Text:
    """GET commits/{ref} with its files, or as a diff."""
    commit = commit_named(call)
    if call.wants_diff():
        before = commit.parents[0] if commit.parents else None
        return Text(diffs.unified(call.forge.git, before, commit.sha), _DIFF_TYPE)
    return shapes.commit_with_files(call.forge, commit, call.links)


def commit_named(call: Call) -> Commit:
    """The commit in the address; 422 as GitHub answers for an unknown one."""
    name = call.params["ref"]
    commit = call.commit_of(name)
    if commit is None:
        raise refused(f"No commit found for SHA: {name}")
    return commit


def commit_pulls(call: Call) -> Page:
    """GET commits/{sha}/pulls: the pull requests that brought or would bring a commit."""
    sha = commit_named(call).sha
    git = call.forge.git
    found = [
        pull
        for pull in call.forge.state.pulls.values()
        if pull.merge_commit_sha == sha
        or (git.is_ancestor(sha, pull.head_sha) and not git.is_ancestor(sha, pull.base_sha))
    ]
    return Page(found, lambda pull: pull_shapes.pull_request_simple(call.forge, pull, call.links))


def compare(call: Call) -> Page | Text:
    """GET compare/{base}...{head}, over what the head has since it left the base: pages of
    commits, and on the first the files."""
    base_name, dots, head_name = call.params["basehead"].partition("...")
    git = call.forge.git
    base, head = (
        call.commit_of(name.removeprefix(f"{call.forge.owner}:")) for name in (base_name, head_name)
    )
    root = git.merge_base(base.sha, head.sha) if base and head and dots else None
    if base is None or head is None or root is None:
        raise not_found()
    if call.wants_diff():
        return Text(diffs.unified(git, root, head.sha), _DIFF_TYPE)
    ahead, behind = git.ahead_behind(base.sha, head.sha)
    brought = git.commits_between(base.sha, head.sha)
    render = partial(shapes.commit, call.forge, links=call.links)
    page = f"{call.links.repo_page}/compare/{base_name}...{head_name}"
    shape = {
        "url": f"{call.links.repo}/compare/{base_name}...{head_name}",
        "html_url": page,
        "permalink_url": f"{call.links.repo_page}/compare/{base.sha}...{head.sha}",
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": render(base),
        "merge_base_commit": render(git.commit(root)),
        "status": _relation(ahead, behind),
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
    }
    changed = diffs.files(git, root, head.sha)[:_MOST_FILES]
    if call.query.get("page", "1") == "1":
        shape["files"] = [shapes.file(file, head.sha, call.links) for file in changed]
    return Page(brought, render, lambda rows: shape | {"commits": rows}, _COMPARED_COMMITS)


def _relation(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    if ahead:
        return "ahead"
    return "behind" if behind else "identical"


def merge_branch(call: Call) -> Answer:
    """POST merges: `head`, a branch or commit, into the branch `base`; 204 when it is there."""
    branch = text(call.body, "base", "Merge")
    name = text(call.body, "head", "Merge")
    tip, head = call.forge.head(branch), call.commit_of(name)
    if tip is None or head is None:
        raise ApiError(404, "Head does not exist" if tip else "Base does not exist")
    if call.forge.git.is_ancestor(head.sha, tip):
        return Answer(204)
    check_push(call, branch, None)
    message = maybe_text(call.body, "commit_message") or f"Merge {name} into {branch}"
    made = merging.merge_into(call.forge, branch, head.sha, call.login, message)
    if made is None:
        raise ApiError(409, "Merge conflict")
    return Answer(201, shapes.commit(call.forge, call.forge.git.commit(made), call.links))


# Collaborators


def list_collaborators(call: Call) -> Page:
    """GET collaborators."""
    people = [
        user
        for user in call.forge.state.users.values()
        if user.type != "Organization" and user.permission != "none"
    ]
    return Page(people, lambda user: accounts.collaborator(call.forge, user, call.links))


def check_collaborator(call: Call) -> Answer:
    """GET collaborators/{username}: 204 for yes, 404 for no."""
    if not call.forge.may(call.params["username"], "read"):
        raise not_found()
    return Answer(204)


def get_permission(call: Call) -> Json:
    """GET collaborators/{username}/permission."""
    user = call.forge.state.user(call.params["username"])
    if user is None:
        raise ApiError(404, f"{call.params['username']} is not a user")
    return accounts.permission(call.forge, user, call.links)


def empty_checks(call: Call) -> Json:
    """GET check-runs or check-suites: the forge runs none; statuses are what it has."""
    commit_named(call)
    return {"total_count": 0, call.params["kind"].replace("-", "_"): []}


ROUTES = [
    Route("GET", REPO, get_repo),
    Route("GET", REPO + "/branches", list_branches),
    Route("GET", REPO + "/branches/{branch:.+}", get_branch),
    Route("GET", REPO + "/contents/{path:.*}", get_contents),
    Route("PUT", REPO + "/contents/{path:.+}", put_contents, "write"),
    Route("DELETE", REPO + "/contents/{path:.+}", delete_contents, "write"),
    Route("GET", REPO + "/commits", list_commits),
    Route("GET", REPO + "/commits/{ref:.+}/pulls", commit_pulls),
    Route("GET", REPO + "/commits/{ref:.+}/{kind:check-runs|check-suites}", empty_checks),
    Route("GET", REPO + "/commits/{ref:.+}", get_commit),
    Route("GET", REPO + "/compare/{basehead:.+}", compare),
    Route("POST", REPO + "/merges", merge_branch, "write"),
    Route("GET", REPO + "/collaborators", list_collaborators),
    Route("GET", REPO + "/collaborators/{username}", check_collaborator),
    Route("GET", REPO + "/collaborators/{username}/permission", get_permission),
]
