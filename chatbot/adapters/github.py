"""The cluster repository on GitHub, behind the `GitHost` port.

One commit of many files goes through the Git data API: a tree, a commit, a ref, however many files.
What never changes (trees, blobs, commits) is remembered.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from github import Auth, Github, GithubException, InputGitTreeElement
from github.PullRequest import PullRequest as GithubPullRequest
from github.Repository import Repository
from requests import RequestException

from chatbot.adapters.github_errors import translated
from chatbot.domain.change import PullRequest, PullRequestState
from chatbot.domain.errors import Conflict, Permanent, RetryLater
from chatbot.ports import RepoFile
from chatbot.settings import GitHubSettings

TIMEOUT = 15
"""Seconds for one request."""

REMEMBERED_TREES = 256
REMEMBERED_BLOBS = 4_096


class GitHubHost:
    """One repository (`owner/name`) at github.com or a GitHub Enterprise."""

    def __init__(self, settings: GitHubSettings, repository: str) -> None:
        self._github = Github(
            auth=_auth(settings),
            base_url=settings.api_url,
            timeout=TIMEOUT,
            retry=None,  # the rows retry, and say so on the card
            seconds_between_requests=None,  # limits are honoured when GitHub states them
            seconds_between_writes=None,
            per_page=100,
        )
        self._owner = repository.partition("/")[0]
        self._name = repository
        self._folder: Callable[[str], list[Any]] = lru_cache(REMEMBERED_TREES)(self._fetch_folder)
        self._whole: Callable[[str], list[Any]] = lru_cache(REMEMBERED_TREES)(self._fetch_whole)
        self._blob: Callable[[str], bytes] = lru_cache(REMEMBERED_BLOBS)(self._fetch_blob)

    def head(self, branch: str) -> str | None:
        """Commit SHA a branch points to; None when there is no such branch."""
        with _translating(f"branch {branch}"):
            try:
                return self._repo.get_git_ref(f"heads/{branch}").object.sha
            except GithubException as error:
                if error.status == 404:
                    return None
                raise

    def merge_base(self, base: str, head: str) -> str:
        """The newest commit that both have: where `head` left `base`. Both are SHAs or branches."""
        with _translating(f"comparison of {base} and {head}"):
            return self._repo.compare(base, head).merge_base_commit.sha

    def files(self, commit_sha: str, under: str = "") -> list[RepoFile]:
        """Every file below a folder at a commit; none when the folder is not there."""
        with _translating(f"commit {commit_sha}"):
            tree_sha = commit_sha
            for name in filter(None, under.split("/")):
                folders = [entry for entry in self._folder(tree_sha) if entry.path == name]
                if not folders or folders[0].type != "tree":
                    return []
                tree_sha = folders[0].sha
            prefix = f"{under}/" if under else ""
            return [
                RepoFile(path=f"{prefix}{entry.path}", blob_sha=entry.sha)
                for entry in self._whole(tree_sha)
                if entry.type == "blob"
            ]

    def read(self, blob_sha: str) -> bytes:
        """A blob. Blobs never change, so they are remembered."""
        with _translating(f"blob {blob_sha}"):
            return self._blob(blob_sha)

    def commit(
        self, branch: str, base_sha: str, message: str, files: Mapping[str, str | None]
    ) -> str:
        """One commit of many files (None deletes) on `branch`, made on top of `base_sha`; returns
        its SHA. If the branch's tree already is the wanted one, returns its head. Never forces; a
        branch with other content raises `Conflict`."""
        with _translating(f"branch {branch}"):
            base = self._repo.get_git_commit(base_sha)
            tree = self._repo.create_git_tree(_elements(files), base_tree=base.tree)
            if (head := self._head_with(branch, tree.sha)) is not None:
                return head
            commit = self._repo.create_git_commit(message, tree, [base])
            try:
                self._repo.create_git_ref(f"refs/heads/{branch}", commit.sha)
            except GithubException as error:
                if error.status != 422:
                    raise
                if (head := self._head_with(branch, tree.sha)) is not None:
                    return head
                raise
            return commit.sha

    def open_pull_request(
        self, branch: str, base: str, title: str, body: str, labels: Sequence[str]
    ) -> PullRequest:
        """The open pull request of `branch`: the one that is there, or a new one. One that was
        closed unmerged is reopened if the host lets us."""
        with _translating(f"branch {branch}"):
            pull = self._open_pull(branch) or self._reopened_pull(branch)
            if pull is None:
                pull = self._repo.create_pull(base, branch, title=title, body=body)
            missing = set(labels) - {label.name for label in pull.labels}
            if missing:
                pull.add_to_labels(*sorted(missing))
            return _seen(pull.raw_data)

    def pull_request(self, number: int, etag: str = "") -> PullRequest | None:
        """As it is now; None when it is unchanged since `etag`."""
        with _translating(f"pull request #{number}"):
            headers, data = self._github.requester.requestJsonAndCheck(
                "GET",
                f"/repos/{self._name}/pulls/{number}",
                headers={"If-None-Match": etag} if etag else None,
            )
            if data is None:  # a 304 has no body
                return None
            return _seen(data).model_copy(update={"etag": headers.get("etag", "")})

    def pull_request_of(self, branch: str) -> PullRequest | None:
        """The newest pull request from `branch`, in whatever state."""
        with _translating(f"branch {branch}"):
            for pull in self._pulls(branch, "all"):
                return _seen(pull.raw_data)
            return None

    def merge(self, number: int, head_sha: str, method: str) -> str:
        """Merge if the head still is `head_sha`; returns the merge commit. Already merged is
        success. `Conflict` when the head moved or it does not merge cleanly; `Permanent` when
        branch protection says no, with its words."""
        with _translating(f"pull request #{number}"):
            pull = self._repo.get_pull(number)
            if pull.merged:
                return str(pull.merge_commit_sha)
            try:
                return pull.merge(sha=head_sha, merge_method=method).sha
            except GithubException as error:
                raise self._why_unmerged(number, error) from error

    def close(self, number: int) -> None:
        """Close unmerged; closed already is success."""
        with _translating(f"pull request #{number}"):
            pull = self._repo.get_pull(number)
            if pull.state == "open":
                pull.edit(state="closed")

    def delete_branch(self, branch: str) -> None:
        """Gone already is success."""
        with _translating(f"branch {branch}"):
            try:
                # A GitRef that was never read deletes its reading address, which is another.
                self._github.requester.requestJsonAndCheck(
                    "DELETE", f"/repos/{self._name}/git/refs/heads/{quote(branch)}"
                )
            except GithubException as error:
                if error.status != 422:
                    raise

    @property
    def _repo(self) -> Repository:
        return self._github.get_repo(self._name, lazy=True)

    def _fetch_folder(self, sha: str) -> list[Any]:
        return list(self._repo.get_git_tree(sha).tree)

    def _fetch_whole(self, sha: str) -> list[Any]:
        tree = self._repo.get_git_tree(sha, recursive=True)
        if tree.raw_data.get("truncated"):
            raise Permanent(
                f"A folder of {self._name} holds more files than GitHub lists at once",
                remedy="Point the environment's path at a smaller folder.",
            )
        return list(tree.tree)

    def _fetch_blob(self, sha: str) -> bytes:
        blob = self._repo.get_git_blob(sha)
        return b64decode(blob.content) if blob.encoding == "base64" else blob.content.encode()

    def _head_with(self, branch: str, tree_sha: str) -> str | None:
        """The branch's head if it has this tree, None without a branch; else `Conflict`."""
        head = self.head(branch)
        if head is None or self._repo.get_git_commit(head).tree.sha == tree_sha:
            return head
        raise Conflict(
            f"The branch {branch} holds something else than this change",
            remedy="Delete the branch if nobody needs it, then retry.",
        )

    def _pulls(self, branch: str, state: str) -> Iterator[GithubPullRequest]:
        yield from self._repo.get_pulls(
            state=state, head=f"{self._owner}:{branch}", sort="created", direction="desc"
        )

    def _open_pull(self, branch: str) -> GithubPullRequest | None:
        return next(self._pulls(branch, "open"), None)

    def _reopened_pull(self, branch: str) -> GithubPullRequest | None:
        """GitHub does not reopen what was merged, or whose branch was made anew."""
        pull = next(self._pulls(branch, "closed"), None)
        if pull is None or pull.merged_at is not None:
            return None
        try:
            pull.edit(state="open")
        except GithubException as error:
            if error.status != 422:
                raise
            return None
        return self._repo.get_pull(pull.number)  # an edited one keeps the raw data of before

    def _why_unmerged(self, number: int, error: GithubException) -> RetryLater | Permanent:
        if error.status not in (405, 409):
            return translated(error, f"pull request #{number}")
        pull = self._repo.get_pull(number)
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


def _auth(settings: GitHubSettings) -> Auth.Auth:
    if settings.app:
        app = Auth.AppAuth(settings.app.id, settings.app.private_key.get_secret_value())
        return app.get_installation_auth(int(settings.app.installation_id))
    if settings.token is None:
        raise Permanent("There is neither a GitHub token nor a GitHub App")
    return Auth.Token(settings.token.get_secret_value())


def _elements(files: Mapping[str, str | None]) -> list[InputGitTreeElement]:
    return [
        InputGitTreeElement(path, "100644", "blob", sha=None)
        if text is None
        else InputGitTreeElement(path, "100644", "blob", content=text)
        for path, text in sorted(files.items())
    ]


def _seen(data: Mapping[str, Any]) -> PullRequest:
    merged = bool(data.get("merged") or data.get("merged_at"))
    state = PullRequestState.OPEN if data["state"] == "open" else PullRequestState.CLOSED
    return PullRequest(
        number=data["number"],
        url=data["html_url"],
        branch=data["head"]["ref"],
        head_sha=data["head"]["sha"],
        state=PullRequestState.MERGED if merged else state,
        merge_sha=(data.get("merge_commit_sha") or "") if merged else "",
    )


@contextmanager
def _translating(what: str) -> Iterator[None]:
    """GitHub's refusals and a network that fails, as the two families."""
    try:
        yield
    except GithubException as error:
        raise translated(error, what) from error
    except RequestException as error:
        raise RetryLater(f"GitHub does not answer ({type(error).__name__})") from error
