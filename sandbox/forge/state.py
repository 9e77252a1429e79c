"""Everything the forge knows that Git does not: people, pull requests, reviews, statuses.

It is one pydantic model, saved as JSON after each change, so that a sandbox that is stopped and
started again shows the same pull requests.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

Permission = Literal["none", "read", "triage", "write", "maintain", "admin"]
PERMISSIONS: tuple[Permission, ...] = ("none", "read", "triage", "write", "maintain", "admin")
ReviewState = Literal["PENDING", "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]


def now() -> datetime:
    """This moment in UTC, to the second, which is as fine as GitHub tells time."""
    return datetime.now(UTC).replace(microsecond=0)


class User(BaseModel):
    """An account and what it may do in the one repository."""

    login: str
    id: int
    name: str
    email: str
    permission: Permission = "write"
    type: Literal["User", "Bot", "Organization"] = "User"


class Label(BaseModel):
    """A label of the repository; `color` is six hex digits."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


class Comment(BaseModel):
    """A comment in a pull request's conversation."""

    id: int
    author: str
    body: str
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class Review(BaseModel):
    """A review, bound to the head commit that was looked at."""

    id: int
    author: str
    state: ReviewState
    body: str
    commit: str
    submitted_at: datetime = Field(default_factory=now)


class Status(BaseModel):
    """One status posted on a commit; the newest of a context counts."""

    id: int
    state: Literal["error", "failure", "pending", "success"]
    context: str
    description: str | None = None
    target_url: str | None = None
    creator: str
    created_at: datetime = Field(default_factory=now)


class Protection(BaseModel):
    """The rules of a protected branch; `contexts` or `approvals` None means not required."""

    contexts: list[str] | None = None
    strict: bool = False
    approvals: int | None = None
    dismiss_stale: bool = False
    code_owners: bool = False
    last_push_approval: bool = False
    enforce_admins: bool = False
    linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False


class PullRequest(BaseModel):
    """A pull request; head and base commits are as last seen in Git."""

    number: int
    id: int
    title: str
    body: str | None
    author: str
    head_ref: str
    base_ref: str
    head_sha: str
    base_sha: str
    draft: bool = False
    state: Literal["open", "closed"] = "open"
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_commit_sha: str | None = None
    labels: list[str] = Field(default_factory=list)
    assignees: list[str] = Field(default_factory=list)
    reviewers: list[str] = Field(default_factory=list)
    reviews: list[Review] = Field(default_factory=list)
    comments: list[Comment] = Field(default_factory=list)

    def touch(self) -> None:
        """Note that something about it changed."""
        self.updated_at = now()

    def close(self) -> None:
        """Close it; a merge sets its own fields beside this."""
        self.state = "closed"
        self.closed_at = now()
        self.touch()


class State(BaseModel):
    """The whole memory of one forge."""

    counter: int = 1000
    created_at: datetime = Field(default_factory=now)
    pushed_at: datetime = Field(default_factory=now)
    users: dict[str, User] = Field(default_factory=dict)
    labels: dict[str, Label] = Field(default_factory=dict)
    pulls: dict[int, PullRequest] = Field(default_factory=dict)
    statuses: dict[str, list[Status]] = Field(default_factory=dict)
    protections: dict[str, Protection] = Field(default_factory=dict)
    installation_tokens: dict[str, datetime] = Field(default_factory=dict)

    def next_id(self) -> int:
        """A number never handed out before."""
        self.counter += 1
        return self.counter

    def user(self, login: str) -> User | None:
        """The account of that name; GitHub ignores case in logins."""
        return self.users.get(login.lower())

    def add_user(
        self,
        login: str,
        permission: Permission = "write",
        kind: Literal["User", "Bot", "Organization"] = "User",
    ) -> User:
        """Make an account, or give the one that is there another permission."""
        known = self.user(login)
        if known:
            known.permission = permission
            return known
        number = self.next_id()
        user = User(
            login=login,
            id=number,
            name=login,
            email=f"{number}+{login}@users.noreply.github.com",
            permission=permission,
            type=kind,
        )
        self.users[login.lower()] = user
        return user

    def user_of_email(self, email: str) -> User | None:
        """The account a commit's e-mail address belongs to, if any; case makes no difference."""
        wanted = email.lower()
        return next((user for user in self.users.values() if user.email.lower() == wanted), None)

    def latest_statuses(self, sha: str) -> list[Status]:
        """The newest status of each context on a commit, newest first."""
        latest: dict[str, Status] = {}
        for status in self.statuses.get(sha, []):
            latest.pop(status.context, None)
            latest[status.context] = status
        return list(reversed(latest.values()))


def load(path: Path) -> State:
    """The saved state, or a new one when there is none."""
    if path.exists():
        return State.model_validate_json(path.read_text())
    return State()


def save(state: State, path: Path) -> None:
    """Write the state so that a crash leaves the old or the new file, never half of one."""
    draft = path.with_suffix(".tmp")
    draft.write_text(state.model_dump_json())
    draft.replace(path)
