"""The addresses GitHub puts in every answer.

They echo the host the caller used, so that they lead back through whatever proxy stands in front.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]


def stamp(when: datetime) -> str:
    """A moment as GitHub writes it: UTC, to the second, with a Z."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_stamp(when: datetime | None) -> str | None:
    """Like `stamp`, and None for None."""
    return None if when is None else stamp(when)


def node_id(kind: str, key: object) -> str:
    """An opaque id like those of GitHub's GraphQL."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


@dataclass(frozen=True)
class Links:
    """`api` is the API's root and `site` the web pages' root, both without a slash at the end."""

    api: str
    site: str
    owner: str
    name: str

    @property
    def repo(self) -> str:
        """The repository in the API."""
        return f"{self.api}/repos/{self.owner}/{self.name}"

    @property
    def repo_page(self) -> str:
        """The repository's web page."""
        return f"{self.site}/{self.owner}/{self.name}"

    def commit(self, sha: str) -> str:
        """A commit in the commits API."""
        return f"{self.repo}/commits/{sha}"

    def commit_page(self, sha: str) -> str:
        """A commit's web page."""
        return f"{self.repo_page}/commit/{sha}"

    def git(self, kind: str, sha: str) -> str:
        """A Git object in the data API; `kind` is `commits`, `trees` or `blobs`."""
        return f"{self.repo}/git/{kind}/{sha}"

    def contents(self, path: str, ref: str) -> str:
        """A path in the contents API."""
        return f"{self.repo}/contents/{quote(path)}?ref={quote(ref, safe='')}"

    def blob_page(self, path: str, ref: str) -> str:
        """A file's web page."""
        return f"{self.repo_page}/blob/{quote(ref, safe='')}/{quote(path)}"

    def pull(self, number: int) -> str:
        """A pull request in the API."""
        return f"{self.repo}/pulls/{number}"

    def issue(self, number: int) -> str:
        """A pull request as an issue in the API."""
        return f"{self.repo}/issues/{number}"

    def pull_page(self, number: int) -> str:
        """A pull request's web page."""
        return f"{self.repo_page}/pull/{number}"
