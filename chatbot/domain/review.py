"""What was seen of a change's pull request before it may be merged, and who said yes to that.

The digest of the plan covers all of it; `domain.approval` says how many yes it needs, and whose.
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.enforcement import Enforcement

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Author(BaseModel):
    """Who had a hand in commits: who wrote or committed one, as the Git host knows them, or who
    requested the change that ours are of. What is not known is empty."""

    model_config = _FROZEN

    login: str = ""
    email: str = ""
    commit: str = ""
    """One of their commits, if it is known which."""
    user: str = ""
    """Their Slack user id, of somebody who requested a change."""
    requested: str = ""
    """The id of that change."""


class StatusState(StrEnum):
    """What a commit status says, in GitHub's words."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


class Finding(BaseModel):
    """One line of the review: a policy's complaint, or one of Redlight's own checks."""

    model_config = _FROZEN

    policy: str
    object: str
    """`deployment/web in shop`; empty when it is about no object."""
    message: str
    enforcement: Enforcement


class Skip(BaseModel):
    """Why a change comes to an environment before it has been in the one ahead of it."""

    model_config = _FROZEN

    content: str
    """What it was said about: other content needs another reason."""
    by: str
    at: AwareDatetime
    reason: str


class ApprovedWith(BaseModel):
    """The approval of the change that a rollback takes back, where it covers that too."""

    model_config = _FROZEN

    change: int
    by: tuple[str, ...]
    """Slack ids of those who gave it."""
    until: AwareDatetime


class Review(BaseModel):
    """One look at the pull request's head."""

    model_config = _FROZEN

    head_sha: str
    base_sha: str
    """Where the head left the base branch; nothing of this environment has changed there since."""
    policy_revision: str
    objects: int
    """How many rendered objects were judged."""
    findings: tuple[Finding, ...] = ()
    quota: tuple[str, ...] = ()
    """What is left of each ResourceQuota after this, a sentence each."""
    authors: tuple[Author, ...] = ()
    """Of every commit in it but Redlight's own."""
    content: str = ""
    """What is done to the objects, whatever the environment: see `domain.promotion`."""
    promoted_by: int | None = None
    """The change that did the same in the environment ahead of this one."""
    restores: str = ""
    """Digest of what is changed, as it was before: what a rollback has to restore."""
    rollback_for: timedelta = timedelta()
    """For how long after it completed its approval covers that; zero: not at all."""
    approved_with: ApprovedWith | None = None
    """Only of a rollback that needs no approval of its own."""
    asked_at: AwareDatetime
    """When people were asked, or would have been."""


class Channel(StrEnum):
    """Where somebody said yes."""

    SLACK = "slack"
    GITHUB = "github"


class Approval(BaseModel):
    """One person's yes to one exact content."""

    model_config = _FROZEN

    user: str
    """Slack user id."""
    behalf: str = ""
    """Of the senior who delegated to them; empty: they spoke for themselves."""
    digest: str
    at: AwareDatetime
    channel: Channel = Channel.SLACK
