"""Git data: refs, commits, trees and blobs, as a bot writes many files in one commit."""

import base64
import binascii
from datetime import datetime

from sandbox.forge import merging
from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError, not_found, refused
from sandbox.forge.git import NO_OBJECT, GitError, Ref, Signature, TreeEntry
from sandbox.forge.rest.call import (
    REPO,
    Answer,
    Call,
    Page,
    Route,
    flag,
    mapping,
    maybe_text,
    text,
    texts,
)
from sandbox.forge.shapes import commits as shapes
from sandbox.forge.shapes.links import Json
from sandbox.forge.state import now

_MODES = {
    "100644": "blob",
    "100755": "blob",
    "120000": "blob",
    "040000": "tree",
    "160000": "commit",
}


def get_ref(call: Call) -> Json:
    """GET git/ref/{ref}: exactly this ref."""
    return shapes.ref(_ref(call), call.links)


def _ref(call: Call, *, missing: ApiError | None = None) -> Ref:
    name = f"refs/{call.params['ref'].removeprefix('refs/')}"
    found = next((ref for ref in call.forge.git.refs(name) if ref.name == name), None)
    if found is None:
        raise missing or not_found()
    return found


def matching_refs(call: Call) -> Page:
    """GET git/matching-refs/{ref}: refs whose name starts so."""
    prefix = f"refs/{call.params['ref'].removeprefix('refs/')}"
    found = [ref for ref in call.forge.git.refs("refs/") if ref.name.startswith(prefix)]
    return Page(found, lambda ref: shapes.ref(ref, call.links))


def create_ref(call: Call) -> Answer:
    """POST git/refs."""
    git = call.forge.git
    name, sha = text(call.body, "ref", "Reference"), text(call.body, "sha", "Reference")
    if not name.startswith("refs/") or name.count("/") < 2 or not git.is_ref_name(name):
        raise refused(f"{name} is not a valid ref name.")
    kind = git.type_of(sha)
    if kind is None:
        raise refused("Object does not exist")
    if git.tip(name):
        raise refused("Reference already exists")
    try:
        git.update_ref(name, sha, NO_OBJECT)
    except GitError as error:  # refs/heads/a beside refs/heads/a/b, or no commit under heads
        raise refused("Reference update failed") from error
    _pushed(call.forge)
    return Answer(201, shapes.ref(Ref(name, sha, kind), call.links))


def update_ref(call: Call) -> Json:
    """PATCH git/refs/{ref}: only a fast forward unless `force`."""
    git = call.forge.git
    found = _ref(call, missing=refused("Reference does not exist"))
    sha = text(call.body, "sha", "Reference")
    force = flag(call.body, "force")
    if git.type_of(sha) != "commit":
        raise refused("Object does not exist")
    forward = git.is_ancestor(found.sha, sha)
    if not forward and not force:
        raise refused("Update is not a fast forward")
    _guard(call, found, sha=sha, forward=forward)
    try:
        git.update_ref(found.name, sha, found.sha)
    except GitError as error:
        raise refused("Reference cannot be updated") from error
    _pushed(call.forge)
    return shapes.ref(Ref(found.name, sha, "commit"), call.links)


def delete_ref(call: Call) -> Answer:
    """DELETE git/refs/{ref}."""
    found = _ref(call, missing=refused("Reference does not exist"))
    rules = call.forge.protection(found.name.removeprefix("refs/heads/"))
    if found.name == f"refs/heads/{call.forge.branch}" or (rules and not rules.allow_deletions):
        raise refused("Cannot delete this branch")
    call.forge.git.delete_ref(found.name, found.sha)
    _pushed(call.forge)
    return Answer(204)


def _guard(call: Call, ref: Ref, *, sha: str, forward: bool) -> None:
    branch = ref.name.removeprefix("refs/heads/")
    if not forward:
        rules = call.forge.protection(branch)
        if rules and not rules.allow_force_pushes:
            raise refused("Cannot force-push to this branch")
    check_push(call, branch, sha)


def check_push(call: Call, branch: str, sha: str | None) -> None:
    """422 when the branch's rules forbid putting the commit `sha` (None: a new one) on it."""
    rules = call.forge.protection(branch)
    if rules is None or (call.forge.may(call.login, "admin") and not rules.enforce_admins):
        return
    if rules.approvals is not None:
        raise refused("Changes must be made through a pull request.")
    unmet = merging.unmet_checks(call.forge, sha or NO_OBJECT, rules)
    if unmet:
        raise refused(" ".join(unmet))


def _pushed(forge: Forge) -> None:
    forge.state.pushed_at = now()
    forge.sync()


def get_commit(call: Call) -> Json:
    """GET git/commits/{sha}."""
    sha = call.params["sha"]
    if call.forge.git.type_of(sha) != "commit":
        raise not_found()
    return shapes.git_commit(call.forge.git.commit(sha), call.links)


def create_commit(call: Call) -> Answer:
    """POST git/commits: author and committer default to the caller, now."""
    git = call.forge.git
    message, tree = text(call.body, "message", "Commit"), text(call.body, "tree", "Commit")
    parents = texts(call.body, "parents")
    if git.type_of(tree) != "tree":
        raise refused("Tree SHA does not exist")
    if any(git.type_of(parent) != "commit" for parent in parents):
        raise refused("Parent SHA does not exist or is not a commit object")
    author = signature(call, mapping(call.body, "author"), None)
    committer = signature(call, mapping(call.body, "committer"), author)
    sha = git.write_commit(tree, parents, message, author, committer)
    return Answer(201, shapes.git_commit(git.commit(sha), call.links))


def signature(call: Call, given: Json | None, default: Signature | None) -> Signature:
    """Who signs a commit: as given in the body, or `default`, or the caller."""
    own = default or call.forge.signature(call.user)
    if not given:
        return own
    date = maybe_text(given, "date")
    try:
        when = datetime.fromisoformat(date) if date else own.when
    except ValueError as error:
        raise refused(f"Invalid request.\n\n{date!r} is not a valid date-time.") from error
    return Signature(text(given, "name", "Commit"), text(given, "email", "Commit"), when)


def get_tree(call: Call) -> Json:
    """GET git/trees/{sha or branch}; `recursive` with any value walks into folders."""
    git = call.forge.git
    name = call.params["sha"]
    sha = name if git.type_of(name) == "tree" else None
    if sha is None:
        commit = call.commit_of(name)
        if commit is None:
            raise not_found()
        sha = commit.tree
    return shapes.tree(sha, git.tree(sha, recursive="recursive" in call.query), call.links)


def create_tree(call: Call) -> Answer:
    """POST git/trees: `base_tree` with entries put in; an entry with `sha: null` takes one out."""
    git = call.forge.git
    base = _base_tree(call)
    entries = call.body.get("tree")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise refused("Invalid tree info")
    inline = [entry for entry in entries if entry.get("sha") is None and "content" in entry]
    shas = iter(git.write_blobs([text(entry, "content", "Tree").encode() for entry in inline]))
    put, removed = [], []
    for entry in entries:
        path = _path(entry)
        if "content" in entry and entry.get("sha") is None:
            put.append(TreeEntry(entry.get("mode", "100644"), "blob", next(shas), path))
        elif "sha" in entry and entry["sha"] is None:
            removed.append(path)
        else:
            put.append(_known_object(call, entry, path))
    removed = _files_below(call, base, removed)
    try:
        sha = git.write_tree(base, put, removed)
    except GitError as error:
        raise refused("GitRPC::BadObjectState") from error
    return Answer(201, shapes.tree(sha, git.tree(sha), call.links))


def _base_tree(call: Call) -> str | None:
    given = maybe_text(call.body, "base_tree")
    if given is None:
        return None
    kind = call.forge.git.type_of(given)
    if kind == "commit":
        return call.forge.git.commit(given).tree
    if kind != "tree":
        raise ApiError(404, "Not Found")
    return given


def _path(entry: Json) -> str:
    path = text(entry, "path", "Tree")
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..", ".git") for part in parts):
        raise refused("tree.path contains a malformed path component")
    return path


def _known_object(call: Call, entry: Json, path: str) -> TreeEntry:
    mode, sha = text(entry, "mode", "Tree"), text(entry, "sha", "Tree")
    if mode not in _MODES:
        raise refused("Must supply a valid tree.mode")
    kind = _MODES[mode]
    if kind != "commit" and call.forge.git.type_of(sha) != kind:
        raise refused(f"tree.sha {sha} is not a valid {kind}")
    return TreeEntry(mode, kind, sha, path)


def _files_below(call: Call, base: str | None, removed: list[str]) -> list[str]:
    """The files that go when these files or folders are taken out; 422 for a missing one."""
    if not removed:
        return []
    known = {row.path: row for row in call.forge.git.tree(base, recursive=True)} if base else {}
    if set(removed) - known.keys():
        raise refused("GitRPC::BadObjectState")
    return [
        path
        for path, row in known.items()
        if row.type != "tree"
        and any(path == gone or path.startswith(f"{gone}/") for gone in removed)
    ]


def get_blob(call: Call) -> Json:
    """GET git/blobs/{sha}."""
    sha = call.params["sha"]
    if call.forge.git.type_of(sha) != "blob":
        raise not_found()
    return shapes.blob(sha, call.forge.git.blob(sha), call.links)


def create_blob(call: Call) -> Answer:
    """POST git/blobs, in utf-8 or base64."""
    content = text(call.body, "content", "Blob")
    raw = content.encode()
    if text(call.body, "encoding", "Blob", "utf-8") == "base64":
        raw = from_base64(content)
    [sha] = call.forge.git.write_blobs([raw])
    return Answer(201, {"sha": sha, "url": call.links.git("blobs", sha)})


def from_base64(content: str) -> bytes:
    """Decode what callers send, newlines and all; 422 when it is not base64."""
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except binascii.Error as error:
        raise refused("content is not valid Base64") from error


ROUTES = [
    Route("GET", REPO + "/git/ref/{ref:.+}", get_ref),
    Route("GET", REPO + "/git/matching-refs/{ref:.*}", matching_refs),
    Route("POST", REPO + "/git/refs", create_ref, "write"),
    Route("PATCH", REPO + "/git/refs/{ref:.+}", update_ref, "write"),
    Route("DELETE", REPO + "/git/refs/{ref:.+}", delete_ref, "write"),
    Route("GET", REPO + "/git/commits/{sha}", get_commit),
    Route("POST", REPO + "/git/commits", create_commit, "write"),
    Route("GET", REPO + "/git/trees/{sha:.+}", get_tree),
    Route("POST", REPO + "/git/trees", create_tree, "write"),
    Route("GET", REPO + "/git/blobs/{sha}", get_blob),
    Route("POST", REPO + "/git/blobs", create_blob, "write"),
]
