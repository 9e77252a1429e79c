"""Commits, trees, blobs, refs, diffs and statuses, as GitHub's JSON."""

import base64

from sandbox.forge import diffs
from sandbox.forge.core import Forge
from sandbox.forge.git import Commit, Ref, Signature, TreeEntry
from sandbox.forge.shapes import accounts
from sandbox.forge.shapes.links import Json, Links, node_id, stamp
from sandbox.forge.state import Status, User

_UNSIGNED = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}
_KINDS = {"commit": "commits", "tree": "trees", "blob": "blobs", "tag": "tags"}
_CONTENT_TYPES = {"tree": "dir", "commit": "submodule"}


def ref(found: Ref, links: Links) -> Json:
    """A Git ref and the object it points to."""
    return {
        "ref": found.name,
        "node_id": node_id("Ref", found.name),
        "url": f"{links.repo}/git/{found.name}",
        "object": {
            "sha": found.sha,
            "type": found.type,
            "url": links.git(_KINDS[found.type], found.sha),
        },
    }


def _person(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": stamp(signature.when)}


def git_commit(commit: Commit, links: Links) -> Json:
    """A commit in the Git data API."""
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", commit.sha),
        "url": links.git("commits", commit.sha),
        "html_url": links.commit_page(commit.sha),
        "author": _person(commit.author),
        "committer": _person(commit.committer),
        "tree": {"sha": commit.tree, "url": links.git("trees", commit.tree)},
        "message": commit.message,
        "parents": [
            {
                "sha": parent,
                "url": links.git("commits", parent),
                "html_url": links.commit_page(parent),
            }
            for parent in commit.parents
        ],
        "verification": _UNSIGNED,
    }


def commit(forge: Forge, found: Commit, links: Links) -> Json:
    """A commit in the commits API, without its files."""
    users = [forge.state.user_of_email(who.email) for who in (found.author, found.committer)]
    author, committer = (accounts.simple_user(user, links) if user else None for user in users)
    return {
        "sha": found.sha,
        "node_id": node_id("Commit", found.sha),
        "commit": {
            "author": _person(found.author),
            "committer": _person(found.committer),
            "message": found.message,
            "tree": {"sha": found.tree, "url": links.git("trees", found.tree)},
            "url": links.git("commits", found.sha),
            "comment_count": 0,
            "verification": _UNSIGNED,
        },
        "url": links.commit(found.sha),
        "html_url": links.commit_page(found.sha),
        "comments_url": f"{links.commit(found.sha)}/comments",
        "author": author,
        "committer": committer,
        "parents": [
            {
                "sha": parent,
                "url": links.commit(parent),
                "html_url": links.commit_page(parent),
            }
            for parent in found.parents
        ],
    }


def commit_with_files(forge: Forge, found: Commit, links: Links) -> Json:
    """A commit with its difference to its first parent."""
    before = found.parents[0] if found.parents else None
    changed = diffs.files(forge.git, before, found.sha)
    additions = sum(file.additions for file in changed)
    deletions = sum(file.deletions for file in changed)
    return commit(forge, found, links) | {
        "stats": {
            "additions": additions,
            "deletions": deletions,
            "total": additions + deletions,
        },
        "files": [file(entry, found.sha, links) for entry in changed],
    }


def file(changed: diffs.FileDiff, at: str, links: Links) -> Json:
    """One changed file; `at` is the commit its links lead to."""
    shape: Json = {
        "sha": changed.sha,
        "filename": changed.path,
        "status": changed.status,
        "additions": changed.additions,
        "deletions": changed.deletions,
        "changes": changed.additions + changed.deletions,
        "blob_url": links.blob_page(changed.path, at),
        "raw_url": links.blob_page(changed.path, at).replace("/blob/", "/raw/", 1),
        "contents_url": links.contents(changed.path, at),
    }
    if changed.patch is not None:
        shape["patch"] = changed.patch
    if changed.previous is not None:
        shape["previous_filename"] = changed.previous
    return shape


def tree(sha: str, rows: list[TreeEntry], links: Links) -> Json:
    """A tree, flat or recursive as `rows` are."""
    return {
        "sha": sha,
        "url": links.git("trees", sha),
        "tree": [
            {
                "path": row.path,
                "mode": row.mode,
                "type": row.type,
                "sha": row.sha,
                **({} if row.size is None else {"size": row.size}),
                "url": links.git(_KINDS[row.type], row.sha),
            }
            for row in rows
        ],
        "truncated": False,
    }


def _in_base64(content: bytes) -> str:
    return base64.encodebytes(content).decode()


def blob(sha: str, content: bytes, links: Links) -> Json:
    """A blob with its content in base64."""
    return {
        "sha": sha,
        "node_id": node_id("Blob", sha),
        "size": len(content),
        "url": links.git("blobs", sha),
        "content": _in_base64(content),
        "encoding": "base64",
    }


def content_row(entry: TreeEntry, at: str, links: Links) -> Json:
    """A file or folder as a row of a folder's listing; `at` is the ref that was asked for."""
    url = links.contents(entry.path, at)
    git_url = links.git(_KINDS[entry.type], entry.sha)
    page = links.blob_page(entry.path, at)
    is_file = entry.type == "blob"
    return {
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size or 0,
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": page.replace("/blob/", "/raw/", 1) if is_file else None,
        "type": _CONTENT_TYPES.get(entry.type, "file"),
        "_links": {"self": url, "git": git_url, "html": page},
    }


def content_file(entry: TreeEntry, content: bytes, at: str, links: Links) -> Json:
    """A file with its content in base64."""
    return content_row(entry, at, links) | {"content": _in_base64(content), "encoding": "base64"}


def simple_status(status: Status, sha: str, creator: User | None, links: Links) -> Json:
    """A status as it stands in the combined status."""
    when = stamp(status.created_at)
    return {
        "url": f"{links.repo}/statuses/{sha}",
        "avatar_url": f"{links.site}/avatars/{creator.id if creator else 0}",
        "id": status.id,
        "node_id": node_id("StatusContext", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": when,
        "updated_at": when,
    }


def status(forge: Forge, found: Status, sha: str, links: Links) -> Json:
    """A status with who posted it."""
    creator = forge.state.user(found.creator)
    return simple_status(found, sha, creator, links) | {
        "creator": accounts.simple_user(creator, links) if creator else None
    }


def combined_status(forge: Forge, sha: str, latest: list[Status], links: Links) -> Json:
    """The one state of a commit; `pending` also when nobody has posted any."""
    states = {found.state for found in latest}
    if states & {"error", "failure"}:
        state = "failure"
    else:
        state = "success" if states == {"success"} else "pending"
    return {
        "state": state,
        "statuses": [
            simple_status(found, sha, forge.state.user(found.creator), links) for found in latest
        ],
        "sha": sha,
        "total_count": len(latest),
        "repository": accounts.minimal_repo(forge, links),
        "commit_url": links.commit(sha),
        "url": f"{links.commit(sha)}/status",
    }
