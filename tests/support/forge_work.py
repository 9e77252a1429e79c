"""What a bot does on a Git host, in the fewest PyGithub calls, for tests to build on."""

from collections.abc import Mapping

from github import InputGitTreeElement
from github.PullRequest import PullRequest
from github.Repository import Repository


def commit_files(
    repo: Repository,
    branch: str,
    files: Mapping[str, str | None],
    *,
    base: str = "main",
    message: str = "Change the configuration",
) -> str:
    """Put files (None deletes one) on a branch in one commit; a new branch starts at `base`.

    Returns the commit's SHA.
    """
    exists = [ref for ref in repo.get_git_matching_refs(f"heads/{branch}") if _is(ref.ref, branch)]
    start = exists[0].object.sha if exists else repo.get_git_ref(f"heads/{base}").object.sha
    parent = repo.get_git_commit(start)
    elements = [
        InputGitTreeElement(path, "100644", "blob", sha=None)
        if content is None
        else InputGitTreeElement(path, "100644", "blob", content=content)
        for path, content in files.items()
    ]
    tree = repo.create_git_tree(elements, parent.tree)
    commit = repo.create_git_commit(message, tree, [parent])
    if exists:
        exists[0].edit(commit.sha)
    else:
        repo.create_git_ref(f"refs/heads/{branch}", commit.sha)
    return commit.sha


def _is(ref: str, branch: str) -> bool:
    return ref == f"refs/heads/{branch}"


def open_pull(
    repo: Repository, branch: str, files: Mapping[str, str | None], *, title: str = "A change"
) -> PullRequest:
    """Commit files to a new branch and open a pull request for it, judged by a second look."""
    commit_files(repo, branch, files)
    pull = repo.create_pull(base="main", head=branch, title=title, body="Why: because.")
    return repo.get_pull(pull.number)
