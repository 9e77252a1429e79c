"""The `GitHost` port: every call under the name of what it is about, so that a refusal names it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property

from github.Repository import Repository

from chatbot.adapters.github import branches, commits, pulls, reviewing
from chatbot.adapters.github.client import OwnClient, own_login, sign_in
from chatbot.adapters.github.errors import translating
from chatbot.adapters.github.trees import Trees
from chatbot.adapters.patience import Patience
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.review import StatusState
from chatbot.ports import GitCommit, GitReview, RepoFile
from chatbot.settings import GitHubSettings

WORKERS = 8
"""Blobs that are read at a time. GitHub allows a hundred requests at once; more than these gain
little, and every card waits for them."""


class GitHubHost:
    """One repository (`owner/name`) at github.com or a GitHub Enterprise."""

    def __init__(self, settings: GitHubSettings, repository: str) -> None:
        self._settings = settings
        self._own = OwnClient(settings, sign_in(settings), repository)
        self._name = repository
        self._trees = Trees(lambda: self._repo, repository)
        self._patience = Patience()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="github")

    def head(self, branch: str) -> str | None:
        """Commit SHA a branch points to; None when there is no such branch."""
        with self._asking(f"branch {branch}"):
            return branches.head_of(self._repo, branch)

    def merge_base(self, base: str, head: str) -> str:
        """The newest commit that both have: where `head` left `base`. Both are SHAs or branches."""
        with self._asking(f"comparison of {base} and {head}"):
            return self._repo.compare(base, head).merge_base_commit.sha

    def parent(self, commit_sha: str) -> str:
        """The first parent of a commit: of a merge, what it was merged into."""
        with self._asking(f"commit {commit_sha}"):
            return commits.parent(self._repo, commit_sha)

    def commits(self, base_sha: str, head_sha: str) -> list[GitCommit]:
        """Every commit in head and not in base, oldest first. GitHub's own account `web-flow`,
        which commits what is merged on its pages, is nobody's hand. E-mails are in lower case."""
        with self._asking(f"comparison of {base_sha} and {head_sha}"):
            return commits.between(self._repo, base_sha, head_sha)

    def files(self, commit_sha: str, under: str = "") -> list[RepoFile]:
        """Every file below a folder at a commit; none when the folder is not there."""
        with self._asking(f"commit {commit_sha}"):
            return self._trees.files(commit_sha, under)

    def detours(self, commit_sha: str) -> list[RepoFile]:
        """Symbolic links and submodules."""
        with self._asking(f"commit {commit_sha}"):
            return self._trees.detours(commit_sha)

    def read(self, blob_sha: str) -> bytes:
        """A blob. Blobs never change, so they are remembered."""
        with self._asking(f"blob {blob_sha}"):
            return self._trees.blob(blob_sha)

    def blobs(self, blob_shas: Collection[str]) -> Mapping[str, bytes]:
        """Blobs by SHA, read a few at a time. After the first that cannot be read, no other is
        begun."""
        found = {sha: self._trees.blob.held(sha) for sha in blob_shas}
        missing = [sha for sha, blob in found.items() if blob is None]
        reads = {sha: self._pool.submit(self.read, sha) for sha in missing}
        try:
            read = {sha: future.result() for sha, future in reads.items()}
        finally:
            for future in reads.values():
                future.cancel()
        return {sha: read[sha] if blob is None else blob for sha, blob in found.items()}

    def commit(
        self,
        branch: str,
        base_sha: str,
        message: str,
        files: Mapping[str, str | None],
        *,
        over: str = "",
    ) -> str:
        """One commit of many files (None deletes) on `branch`, made on top of `base_sha`; returns
        its SHA. If the branch's tree already is the wanted one, returns its head. Never forces; a
        branch with other content raises `Conflict`.

        With `over`, the branch's present head, the branch moves forward to a commit whose parents
        are `over` and `base_sha` and whose tree is the wanted one, whatever the branch held. If
        the head is neither `over` nor what this makes, it is a `Conflict`."""
        with self._asking(f"branch {branch}"):
            if over:
                return branches.commit_over(self._repo, branch, over, base_sha, message, files)
            return branches.commit_on_new(self._repo, branch, base_sha, message, files)

    def merge_base_into(self, branch: str, base: str, message: str) -> str:
        """Bring `base` into `branch` on the host; returns the branch's head after it, also when
        there was nothing to bring. `Conflict` when it does not merge cleanly."""
        with self._asking(f"branch {branch}"):
            return branches.merge_into(self._repo, branch, base, message)

    def open_pull_request(
        self, branch: str, base: str, title: str, body: str, labels: Sequence[str]
    ) -> PullRequest:
        """The open pull request of `branch`: the one that is there, or a new one. One that was
        closed unmerged is reopened if the host lets us; one that somebody merged meanwhile, with
        all that the branch has, is the one."""
        with self._asking(f"branch {branch}"):
            repo = self._repo
            pull = pulls.open_or_reopened(
                repo, self._head(branch), lambda: branches.head_of(repo, branch)
            )
            if pull is None:
                pull = self._repo.create_pull(base, branch, title=title, body=body)
            missing = set(labels) - {label.name for label in pull.labels}
            if missing:
                pull.add_to_labels(*sorted(missing))
            return pulls.seen(pull.raw_data)

    def pull_request(self, number: int, etag: str = "") -> PullRequest | None:
        """As it is now; None when it is unchanged since `etag`."""
        with self._asking(f"pull request #{number}"):
            headers, data = self._own.github.requester.requestJsonAndCheck(
                "GET",
                f"/repos/{self._name}/pulls/{number}",
                headers={"If-None-Match": etag} if etag else None,
            )
            if data is None:  # a 304 has no body
                return None
            return pulls.seen(data).model_copy(update={"etag": headers.get("etag", "")})

    def pull_request_of(self, branch: str) -> PullRequest | None:
        """The newest pull request from `branch`, in whatever state."""
        with self._asking(f"branch {branch}"):
            for pull in pulls.pulls_of(self._repo, self._head(branch), "all"):
                return pulls.seen(pull.raw_data)
            return None

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
        with self._asking(f"commit {commit_sha}"):
            reviewing.set_status(self._repo, commit_sha, context, state, description, url)

    def comment(self, number: int, key: str, body: str) -> None:
        """Our one comment under `key` on a pull request: made, edited in place, or left alone when
        it says this already. What others wrote is never taken for ours."""
        with self._asking(f"pull request #{number}"):
            reviewing.comment(self._repo, number, key, body, lambda: self._login)

    def reviews(self, number: int) -> list[GitReview]:
        """The latest deciding review of each reviewer, oldest first: approval, request for
        changes, or one that was dismissed. A plain comment decides nothing, and neither does an
        account that is gone."""
        with self._asking(f"pull request #{number}"):
            return reviewing.latest_reviews(self._repo, number)

    def merge(self, number: int, head_sha: str, method: str) -> str:
        """Merge if the head still is `head_sha`; returns the merge commit. Already merged is
        success. `Conflict` when the head moved or it does not merge cleanly; `Permanent` when
        branch protection says no, with its words."""
        with self._asking(f"pull request #{number}"):
            return pulls.merged(self._repo, number, head_sha, method)

    def close(self, number: int) -> None:
        """Close unmerged; closed already is success."""
        with self._asking(f"pull request #{number}"):
            pull = self._repo.get_pull(number)
            if pull.state == "open":
                pull.edit(state="closed")

    def delete_branch(self, branch: str) -> None:
        """Gone already is success."""
        with self._asking(f"branch {branch}"):
            branches.delete(self._repo, branch)

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        with self._patience.honoured(), translating(what):
            yield

    @cached_property
    def _login(self) -> str:
        return own_login(self._settings, self._own.github)

    @property
    def _repo(self) -> Repository:
        return self._own.repository

    def _head(self, branch: str) -> str:
        """A branch as the head of a pull request: GitHub wants its owner with it."""
        return f"{self._name.partition('/')[0]}:{branch}"
