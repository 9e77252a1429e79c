"""What a bot and people do on a Git host, in the fewest PyGithub calls, for tests to build on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from github import InputGitTreeElement
from github.PullRequest import PullRequest
from github.PullRequestReview import PullRequestReview
from github.Repository import Repository


def commit_files(
    repo: Repository,
    branch: str,
    files: Mapping[str, str | None],
    *,
    base: str = "main",
    message: str = "Change the configuration",
) -> str:
    """Put files (None deletes one) on a branch in one commit on top of its head; a new branch
    starts at `base`. The owner of the repository's token is author and committer.

    Returns the commit's SHA.
    """
    elements = [
        InputGitTreeElement(path, "100644", "blob", sha=None)
        if content is None
        else InputGitTreeElement(path, "100644", "blob", content=content)
        for path, content in files.items()
    ]
    return commit_elements(repo, branch, elements, base=base, message=message)


def commit_elements(
    repo: Repository,
    branch: str,
    elements: list[InputGitTreeElement],
    *,
    base: str = "main",
    message: str = "Change the configuration",
) -> str:
    """`commit_files` for whatever else a tree can hold, such as links."""
    push = prepare_push(repo, branch, elements, base=base, message=message)
    push.move()
    return push.sha


@dataclass(frozen=True)
class Push:
    """A commit that nothing points to yet."""

    sha: str
    move: Callable[[], object]
    """Let the branch point to it, or make the branch; one call."""


def prepare_push(
    repo: Repository,
    branch: str,
    elements: list[InputGitTreeElement],
    *,
    base: str = "main",
    message: str = "Change the configuration",
) -> Push:
    """`commit_elements` up to the last call, which is left to the caller."""
    exists = [ref for ref in repo.get_git_matching_refs(f"heads/{branch}") if _is(ref.ref, branch)]
    start = exists[0].object.sha if exists else repo.get_git_ref(f"heads/{base}").object.sha
    parent = repo.get_git_commit(start)
    tree = repo.create_git_tree(elements, parent.tree)
    commit = repo.create_git_commit(message, tree, [parent])
    if exists:
        return Push(commit.sha, lambda: exists[0].edit(commit.sha))
    return Push(commit.sha, lambda: repo.create_git_ref(f"refs/heads/{branch}", commit.sha))


def _is(ref: str, branch: str) -> bool:
    return ref == f"refs/heads/{branch}"


def open_pull(
    repo: Repository, branch: str, files: Mapping[str, str | None], *, title: str = "A change"
) -> PullRequest:
    """Commit files to a new branch and open a pull request for it, judged by a second look."""
    commit_files(repo, branch, files)
    pull = repo.create_pull(base="main", head=branch, title=title, body="Why: because.")
    return repo.get_pull(pull.number)


def approve(repo: Repository, number: int, *, commit_sha: str = "") -> PullRequestReview:
    """The owner of the repository's token approves a pull request, as it stands or as it stood
    at a commit."""
    pull = repo.get_pull(number)
    if commit_sha:
        return pull.create_review(repo.get_commit(commit_sha), event="APPROVE")
    return pull.create_review(event="APPROVE")


def protect(
    repo: Repository,
    branch: str = "main",
    *,
    contexts: Sequence[str] = (),
    approvals: int = 1,
    dismiss_stale: bool = False,
    strict: bool = False,
) -> None:
    """An administrator protects a branch: statuses that must be green, approving reviews (whether
    a push takes them back), and with `strict` a head that knows the base."""
    repo.get_branch(branch).edit_protection(
        contexts=list(contexts),
        strict=strict,
        required_approving_review_count=approvals,
        dismiss_stale_reviews=dismiss_stale,
    )
