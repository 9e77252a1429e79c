"""What is said about a pull request: statuses of its commits, comments, reviews."""

from collections.abc import Callable

from github.CommitStatus import CommitStatus
from github.PaginatedList import PaginatedList
from github.PullRequestReview import PullRequestReview
from github.Repository import Repository

from chatbot.domain.review import StatusState
from chatbot.ports import GitReview

LONGEST_DESCRIPTION = 140
LONGEST_COMMENT = 65_536
"""Characters; GitHub refuses more of either with a 422."""

_DECIDING = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


def set_status(
    repo: Repository,
    commit_sha: str,
    context: str,
    state: StatusState,
    description: str,
    url: str,
) -> None:
    """Post a status unless the newest of its context says the same."""
    said = _cut(description.strip(), LONGEST_DESCRIPTION)
    newest = _newest_status(repo, commit_sha, context)
    if newest and (state.value, said, url) == (
        newest.state,
        newest.description or "",
        newest.target_url or "",
    ):
        return
    status = {"state": state.value, "context": context, "description": said}
    repo.requester.requestJsonAndCheck(
        "POST",
        f"{repo.url}/statuses/{commit_sha}",
        input={**status, "target_url": url} if url else status,
    )


def _newest_status(repo: Repository, commit_sha: str, context: str) -> CommitStatus | None:
    statuses = PaginatedList(
        CommitStatus, repo.requester, f"{repo.url}/commits/{commit_sha}/statuses", None
    )
    return next((status for status in statuses if status.context == context), None)


def comment(
    repo: Repository, number: int, key: str, body: str, own_login: Callable[[], str]
) -> None:
    """Make the comment that begins with the key's marker say this. Others may copy a marker, so
    only a comment of our own account counts."""
    marker = f"<!-- redlight: {key} -->"
    text = _cut(f"{marker}\n{body.rstrip()}", LONGEST_COMMENT)
    conversation = repo.get_issue(number)
    for found in conversation.get_comments():
        if not found.body.startswith(marker) or found.user is None:
            continue
        if found.user.login == own_login():
            if found.body.replace("\r\n", "\n").rstrip() != text:
                found.edit(text)
            return
    conversation.create_comment(text)


def latest_reviews(repo: Repository, number: int) -> list[GitReview]:
    """The latest deciding review of each reviewer, oldest first."""
    latest: dict[str, PullRequestReview] = {}
    deciding = [review for review in repo.get_pull(number).get_reviews() if _decides(review)]
    for review in sorted(deciding, key=lambda review: review.submitted_at):
        latest.pop(review.user.login, None)
        latest[review.user.login] = review
    return [
        GitReview(
            login=login,
            approves=review.state == "APPROVED",
            commit_sha=review.commit_id or "",
            at=review.submitted_at,
        )
        for login, review in latest.items()
    ]


def _decides(review: PullRequestReview) -> bool:
    return review.state in _DECIDING and review.user is not None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
