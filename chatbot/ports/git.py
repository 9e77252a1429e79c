"""The cluster repository at its host, and what renders it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chatbot.domain.pull_request import PullRequest
from chatbot.domain.review import Author, StatusState
from chatbot.ports.manifest import Manifest


@dataclass(frozen=True)
class RepoFile:
    """One file of a tree."""

    path: str
    blob_sha: str


@dataclass(frozen=True)
class GitCommit:
    """One commit and everybody who had a hand in it: author, committer, co-authors."""

    sha: str
    authors: tuple[Author, ...]


@dataclass(frozen=True)
class GitReview:
    """What one reviewer decided at last, about which commit (empty when it is gone), and when."""

    login: str
    approves: bool
    commit_sha: str
    at: datetime


class GitHost(Protocol):
    """The cluster repository at its host."""

    def head(self, branch: str) -> str | None:
        """Commit SHA a branch points to; None when there is no such branch."""
        ...

    def merge_base(self, base: str, head: str) -> str:
        """The newest commit that both have: where `head` left `base`. Both are SHAs or branches."""
        ...

    def parent(self, commit_sha: str) -> str:
        """The first parent of a commit: of a merge, what it was merged into."""
        ...

    def commits(self, base_sha: str, head_sha: str) -> list[GitCommit]:
        """Every commit in head and not in base, oldest first. The host's own account, which
        commits what is merged on its pages, is nobody's hand. E-mails are in lower case."""
        ...

    def files(self, commit_sha: str, under: str = "") -> list[RepoFile]:
        """Every file below a folder at a commit."""
        ...

    def detours(self, commit_sha: str) -> list[RepoFile]:
        """Paths at which a commit leads elsewhere: symbolic links, and submodules, whose
        `blob_sha` is the commit that they stand for. Links are among the `files` as well."""
        ...

    def read(self, blob_sha: str) -> bytes:
        """A blob. Blobs never change, so they are remembered."""
        ...

    def blobs(self, blob_shas: Collection[str]) -> Mapping[str, bytes]:
        """Blobs by SHA, read side by side; raises what `read` raises of the first that cannot be
        read."""
        ...

    def commit(
        self,
        branch: str,
        base_sha: str,
        message: str,
        files: Mapping[str, str | None],
        *,
        over: str = "",
    ) -> str:
        """One commit of many files (None deletes) on `branch`, made on top of `base_sha`;
        returns its SHA. If the branch's tree already is the wanted one, returns its head. Never
        forces; a branch with other content raises `Conflict`.

        With `over`, the branch's present head, the branch moves forward to a commit whose parents
        are `over` and `base_sha` and whose tree is the wanted one, whatever the branch held. If
        the head is neither `over` nor what this makes, it is a `Conflict`."""
        ...

    def merge_base_into(self, branch: str, base: str, message: str) -> str:
        """Bring `base` into `branch` on the host; returns the branch's head after it, also when
        there was nothing to bring. `Conflict` when it does not merge cleanly."""
        ...

    def open_pull_request(
        self, branch: str, base: str, title: str, body: str, labels: Sequence[str]
    ) -> PullRequest:
        """The open pull request of `branch`: the one that is there, or a new one. One that was
        closed unmerged is reopened if the host lets us; one that somebody merged meanwhile, with
        all that the branch has, is the one."""
        ...

    def pull_request(self, number: int, etag: str = "") -> PullRequest | None:
        """As it is now; None when it is unchanged since `etag`."""
        ...

    def pull_request_of(self, branch: str) -> PullRequest | None:
        """The newest pull request from `branch`, in whatever state."""
        ...

    def set_status(
        self,
        commit_sha: str,
        context: str,
        state: StatusState,
        description: str,
        url: str = "",
    ) -> None:
        """Post a commit status, unless the newest of this context says the same already. The
        description is cut to GitHub's 140 characters."""
        ...

    def comment(self, number: int, key: str, body: str) -> None:
        """Our one comment under `key` on a pull request: made, edited in place, or left alone when
        it says this already. What others wrote is never taken for ours."""
        ...

    def reviews(self, number: int) -> list[GitReview]:
        """The latest deciding review of each reviewer, oldest first: approval, request for
        changes, or one that was dismissed. A plain comment decides nothing, and neither does an
        account that is gone."""
        ...

    def merge(self, number: int, head_sha: str, method: str) -> str:
        """Merge if the head still is `head_sha`; returns the merge commit. Already merged is
        success. `Conflict` when the head moved or it does not merge cleanly; `Permanent` when
        branch protection says no, with its words."""
        ...

    def close(self, number: int) -> None:
        """Close unmerged; closed already is success."""
        ...

    def delete_branch(self, branch: str) -> None:
        """Gone already is success."""
        ...


class Kustomize(Protocol):
    """Renders a kustomization with the real kustomize."""

    def render(self, files: Mapping[str, str], folder: str) -> list[Manifest]:
        """Render `folder` of a repository given as {path: text}. Raises `Unreadable` with
        kustomize's own message."""
        ...
