"""A pull request as a change knows it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class PullRequestState(StrEnum):
    """A pull request as far as a change cares."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class PullRequest(BaseModel):
    """A pull request as last seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    url: str
    branch: str
    base: str = ""
    """The branch it goes to."""
    from_fork: bool = False
    """Whether its branch stands in another repository, where we may not write."""
    head_sha: str
    state: PullRequestState
    merge_sha: str = ""
    etag: str = ""
    """For the next conditional request."""
