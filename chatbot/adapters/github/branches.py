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


def commit_over(
    repo: Repository,
    branch: str,
    over: str,
    base_sha: str,
    message: str,
    files: Mapping[str, str | None],
) -> str:
    """Move a branch forward from `over` to a commit that holds `base_sha` with these files."""
    base = repo.get_git_commit(base_sha)
    tree = repo.create_git_tree(_elements(files), base_tree=base.tree)
    ref = ref_of(repo, branch)
    head = ref.object.sha if ref else ""
    if head and _is_made(repo, head, tree.sha, base_sha):
        return head
    if ref is None or head != over:
        raise _moved_on(branch)
    parents = [base] if over == base_sha else [repo.get_git_commit(over), base]
    commit = repo.create_git_commit(message, tree, parents)
    try:
        ref.edit(commit.sha, force=False)
    except GithubException as error:
        if error.status != 422:
            raise
        head = head_of(repo, branch) or ""
        if head == over:
            raise  # what stands in the way is not another commit
        if head and _is_made(repo, head, tree.sha, base_sha):
            return head
        raise _moved_on(branch) from error
    return commit.sha


def _is_made(repo: Repository, head: str, tree_sha: str, base_sha: str) -> bool:
    """Whether a head holds this tree and knows the base, so that nothing is left to do."""
    if repo.get_git_commit(head).tree.sha != tree_sha:
        return False
    return head == base_sha or repo.compare(base_sha, head).merge_base_commit.sha == base_sha


def _moved_on(branch: str) -> Conflict:
    return Conflict(
        f"The branch {branch} is not where it was when this was prepared",
        remedy="Retry, so that its newest commit is looked at.",
    )


def merge_into(repo: Repository, branch: str, base: str, message: str) -> str:
    """Merge `base` into a branch on GitHub; the branch's head after it."""
    try:
        made = repo.merge(branch, base, message)
    except GithubException as error:
        if error.status != 409:
            raise
        raise Conflict(
            f"{base} does not merge cleanly into {branch}",
            remedy=f"Merge {base} into it by hand, resolve the conflict and push the branch.",
        ) from error
    return made.sha if made else repo.get_git_ref(f"heads/{branch}").object.sha


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
