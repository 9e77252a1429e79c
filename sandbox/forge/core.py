"""The forge itself: one repository, the people who use it, and its pull requests.

Git may change behind the forge's back, by a push. `sync` therefore runs before every answer and
brings the pull requests up to what the branches now say.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sandbox.forge import git as gitlib
from sandbox.forge import seeding
from sandbox.forge.git import NO_OBJECT, Git, Signature
from sandbox.forge.state import (
    PERMISSIONS,
    Permission,
    Protection,
    PullRequest,
    State,
    User,
    load,
    now,
    save,
)

DEFAULT_TOKENS: Mapping[str, str] = {
    "sandbox-bot-token": "redlight-bot",
    "sandbox-admin-token": "acme-admin:admin",
    "sandbox-senior-token": "octo-senior",
}
DEFAULT_PEOPLE: tuple[str, ...] = ("octo-requester", "octo-senior", "octo-senior-2", "octo-manager")
WEB_FLOW_EMAIL = "noreply@github.com"
INSTALLATION_TOKEN_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class AppConfig:
    """The one GitHub App of the forge; with a `public_key` (PEM) its JWTs are really verified."""

    app_id: int = 1
    slug: str = "redlight"
    installation_id: int = 1
    public_key: str | None = None

    @property
    def login(self) -> str:
        """The account the App acts as."""
        return f"{self.slug}[bot]"


@dataclass(frozen=True)
class Config:
    """How a forge is set up; `tokens` maps a token to `login` or `login:permission`."""

    directory: Path
    repo: str = "acme/cluster-config"
    seed: Path | None = None
    tokens: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_TOKENS))
    people: Sequence[str] = DEFAULT_PEOPLE
    app: AppConfig = AppConfig()
    branch: str = "main"


class Forge:
    """One GitHub with one repository; not safe for use from two threads at once."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.owner, _, self.name = config.repo.partition("/")
        if not self.owner or not self.name or "/" in self.name:
            raise ValueError(f"{config.repo!r} is not OWNER/NAME")
        self.branch = config.branch
        self.bare = config.directory / self.owner / f"{self.name}.git"
        self._state_file = config.directory / "forge.json"
        fresh = not self.bare.exists()
        self.git = gitlib.init(self.bare, self.branch) if fresh else Git(self.bare)
        self.state: State = load(self._state_file)
        self.tokens: dict[str, str] = {}
        self._populate()
        if fresh:
            seeding.seed(self.git, self.branch, config.seed, self.signature(self.owner_user))
        seeding.install_update_hook(self.bare)
        self.save()

    def _populate(self) -> None:
        self.state.add_user(self.owner, "admin", "Organization")
        for person in self.config.people:
            self.add_person(person)
        for token, person in self.config.tokens.items():
            self.tokens[token] = self.add_person(person).login
        self.state.add_user(self.config.app.login, "write", "Bot")
        # GitHub's own account, which commits what is merged on its pages or by its API.
        self.state.add_user("web-flow", "none").email = WEB_FLOW_EMAIL

    # People

    @property
    def owner_user(self) -> User:
        """The account that owns the repository."""
        return self.user(self.owner)

    def add_person(self, person: str) -> User:
        """Make an account from `login` or `login:permission`; write is the default."""
        login, _, permission = person.partition(":")
        if permission:
            return self.state.add_user(login, _permission(permission))
        return self.state.user(login) or self.state.add_user(login)

    def user(self, login: str) -> User:
        """The account of that name; KeyError when there is none."""
        found = self.state.user(login)
        if found is None:
            raise KeyError(login)
        return found

    def may(self, login: str, needed: Permission) -> bool:
        """Whether an account's permission on the repository reaches `needed`."""
        user = self.state.user(login)
        held = user.permission if user else "none"
        return PERMISSIONS.index(held) >= PERMISSIONS.index(needed)

    def login_of_token(self, token: str) -> str | None:
        """Whose token this is; None for an unknown or expired one."""
        if token in self.tokens:
            return self.tokens[token]
        expires = self.state.installation_tokens.get(token)
        return self.config.app.login if expires and expires > now() else None

    def new_installation_token(self) -> str:
        """Hand out a token of the App's installation, good for an hour."""
        token = f"ghs_{secrets.token_hex(18)}"
        self.state.installation_tokens[token] = now() + INSTALLATION_TOKEN_LIFETIME
        return token

    def signature(self, user: User) -> Signature:
        """How an account signs a commit made now."""
        return Signature(user.name, user.email, now())

    # Branches and pull requests

    def head(self, branch: str) -> str | None:
        """The commit a branch points to, or None."""
        return self.git.tip(f"refs/heads/{branch}")

    def protection(self, branch: str) -> Protection | None:
        """The rules of a branch, if it is protected."""
        return self.state.protections.get(branch)

    def open_pulls(self) -> list[PullRequest]:
        """The pull requests that are open, oldest first."""
        return [pull for pull in self.state.pulls.values() if pull.state == "open"]

    def sync(self) -> bool:
        """Bring open pull requests up to what their branches say; whether anything changed."""
        waiting = self.open_pulls()
        if not waiting:
            return False
        branches = self.git.refs("refs/heads/")
        tips = {ref.name.removeprefix("refs/heads/"): ref.sha for ref in branches}
        return sum(self._sync_pull(pull, tips) for pull in waiting) > 0

    def _sync_pull(self, pull: PullRequest, tips: Mapping[str, str]) -> bool:
        head, base = tips.get(pull.head_ref), tips.get(pull.base_ref)
        if head is None or base is None:
            pull.close()
            return True
        if (head, base) == (pull.head_sha, pull.base_sha):
            return False
        if head != pull.head_sha:
            self._move_head(pull, head)
        elif self.git.is_ancestor(head, base):
            pull.close()
            pull.merged_at, pull.merged_by = pull.closed_at, pull.author
            pull.merge_commit_sha = head
            return True  # the base as it was before keeps the list of its commits
        pull.base_sha = base
        return True

    def _move_head(self, pull: PullRequest, head: str) -> None:
        pull.head_sha = head
        pull.touch()
        self.keep_head(pull)
        rules = self.protection(pull.base_ref)
        if rules and rules.dismiss_stale:
            for review in pull.reviews:
                if review.state == "APPROVED":
                    review.state = "DISMISSED"

    def keep_head(self, pull: PullRequest) -> None:
        """Keep the head under `refs/pull/N/head`, so it outlives its branch as on GitHub."""
        ref = f"refs/pull/{pull.number}/head"
        self.git.update_ref(ref, pull.head_sha, self.git.tip(ref) or NO_OBJECT)

    def save(self) -> None:
        """Write everything that is not in Git to disk."""
        save(self.state, self._state_file)
        seeding.write_protected_branches(self.bare, self.state.protections)


def _permission(word: str) -> Permission:
    for known in PERMISSIONS:
        if word == known:
            return known
    raise ValueError(f"{word!r} is no permission; use one of {', '.join(PERMISSIONS)}")
