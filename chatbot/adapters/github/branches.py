"""Branches: where they point, and commits put on them, never by force.

One commit of many files goes through the Git data API: a tree, a commit, a ref, however many files.
"""

from collections.abc import Mapping
from urllib.parse import quote

from github import GithubException, InputGitTreeElement
from github.GitRef import GitRef
from github.Repository import Repository

from chatbot.domain.errors import Conflict


def ref_of(repo: Repository, branch: str) -> GitRef | None:
    """The ref of a branch; None when there is no such branch."""
    try:
        ref = repo.get_git_ref(f"heads/{branch}")
        _ = ref.object  # it is fetched only now
    except GithubException as error:
        if error.status == 404:
            return None
        raise
    return ref


def head_of(repo: Repository, branch: str) -> str | None:
    """Commit SHA a branch points to; None when there is no such branch."""
    ref = ref_of(repo, branch)
    return ref.object.sha if ref else None


def commit_on_new(
    repo: Repository, branch: str, base_sha: str, message: str, files: Mapping[str, str | None]
) -> str:
    """A branch that starts with one commit on top of `base_sha`; the commit's SHA."""
    base = repo.get_git_commit(base_sha)
    tree = repo.create_git_tree(_elements(files), base_tree=base.tree)
    if (head := _head_with(repo, branch, tree.sha)) is not None:
        return head
    commit = repo.create_git_commit(message, tree, [base])
    try:
        repo.create_git_ref(f"refs/heads/{branch}", commit.sha)
    except GithubException as error:
        if error.status != 422:
            raise
        if (head := _head_with(repo, branch, tree.sha)) is not None:
            return head
        raise
    return commit.sha


def delete(repo: Repository, branch: str) -> None:
    """Gone already is success."""
    try:
        # A GitRef that was never read deletes its reading address, which is another.
        repo.requester.requestJsonAndCheck("DELETE", f"{repo.url}/git/refs/heads/{quote(branch)}")
    except GithubException as error:
        if error.status != 422:
            raise


def _head_with(repo: Repository, branch: str, tree_sha: str) -> str | None:
    """The branch's head if it has this tree, None without a branch; else `Conflict`."""
    head = head_of(repo, branch)
    if head is None or repo.get_git_commit(head).tree.sha == tree_sha:
        return head
    raise Conflict(
        f"The branch {branch} holds something else than this change",
        remedy="Delete the branch if nobody needs it, then retry.",
    )


def _elements(files: Mapping[str, str | None]) -> list[InputGitTreeElement]:
    return [
        InputGitTreeElement(path, "100644", "blob", sha=None)
        if text is None
        else InputGitTreeElement(path, "100644", "blob", content=text)
        for path, text in sorted(files.items())
    ]
