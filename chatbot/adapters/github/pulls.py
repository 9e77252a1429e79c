"""Pull requests: found by their branch, opened, seen, merged."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from github import GithubException
from github.PullRequest import PullRequest as GithubPullRequest
from github.Repository import Repository

from chatbot.adapters.github.errors import translated
from chatbot.domain.errors import Conflict, Permanent, RetryLater
from chatbot.domain.pull_request import PullRequest, PullRequestState


def pulls_of(repo: Repository, head: str, state: str) -> Iterator[GithubPullRequest]:
    """The pull requests from a head (`owner:branch`), newest first."""
    yield from repo.get_pulls(state=state, head=head, sort="created", direction="desc")


def open_or_reopened(
    repo: Repository, head: str, branch_head: Callable[[], str | None]
) -> GithubPullRequest | None:
    """The open pull request from a head, or the last one: if GitHub opens it again, or if it is
    merged with all that the branch has. `branch_head` gives the commit that this is."""
    return next(pulls_of(repo, head, "open"), None) or _last(repo, head, branch_head)


def _last(
    repo: Repository, head: str, branch_head: Callable[[], str | None]
) -> GithubPullRequest | None:
    """GitHub does not reopen what was merged, or whose branch was made anew."""
    pull = next(pulls_of(repo, head, "closed"), None)
    if pull is None:
        return None
    if pull.merged_at is not None:
        return pull if pull.head.sha == branch_head() else None
    try:
        pull.edit(state="open")
    except GithubException as error:
        if error.status != 422:
            raise
        return None
    return repo.get_pull(pull.number)  # an edited one keeps the raw data of before


def merged(repo: Repository, number: int, head_sha: str, method: str) -> str:
    """Merge if the head still is `head_sha`; the merge commit."""
    pull = repo.get_pull(number)
    if pull.merged:
        return str(pull.merge_commit_sha)
    try:
        return pull.merge(sha=head_sha, merge_method=method).sha
    except GithubException as error:
        raise _why_unmerged(repo, number, error) from error


def _why_unmerged(repo: Repository, number: int, error: GithubException) -> RetryLater | Permanent:
    if error.status not in (405, 409):
        return translated(error, f"pull request #{number}")
    pull = repo.get_pull(number)
    said = str(error.data.get("message", "")) if isinstance(error.data, dict) else ""
    if error.status == 409:
        return Conflict(
            f"Pull request #{number} got another commit meanwhile",
            remedy="Look at it on GitHub and merge it there, or retry.",
        )
    if pull.state != "open":
        return Conflict(f"Pull request #{number} was closed")
    mergeable = pull.raw_data.get("mergeable")
    if mergeable is None or "base branch was modified" in said.lower():
        return RetryLater(f"GitHub is still working out whether #{number} can be merged")
    if pull.mergeable_state == "dirty" or not mergeable:
        return Conflict(
            f"Pull request #{number} conflicts with its base branch",
            remedy="Resolve the conflict on GitHub and merge it there.",
        )
    return Permanent(
        f"GitHub does not let #{number} be merged: {said}",
        remedy="Meet what the branch protection asks for, then retry, or merge it by hand.",
    )


def seen(data: Mapping[str, Any]) -> PullRequest:
    """A pull request of GitHub's JSON as the domain sees it."""
    merged = bool(data.get("merged") or data.get("merged_at"))
    head, base = data["head"], data["base"]
    state = PullRequestState.OPEN if data["state"] == "open" else PullRequestState.CLOSED
    return PullRequest(
        number=data["number"],
        url=data["html_url"],
        branch=head["ref"],
        base=base["ref"],
        # The repository of a fork that was deleted is null.
        from_fork=(head["repo"] or {}).get("id") != base["repo"]["id"],
        head_sha=head["sha"],
        state=PullRequestState.MERGED if merged else state,
        merge_sha=(data.get("merge_commit_sha") or "") if merged else "",
    )
