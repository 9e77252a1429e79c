"""Commits, and whose hands they went through.

GitHub names the accounts of a commit's author and committer. Co-authors stand in the message only;
their account is known where they use the address that GitHub made for it:
https://docs.github.com/account-and-profile/reference/email-addresses-reference.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from urllib.parse import quote

from github.Repository import Repository

from chatbot.domain.errors import NotFound, Permanent
from chatbot.domain.review import Author
from chatbot.ports import GitCommit

_PAGE = 100
_WEB_FLOW = "web-flow"
_CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by:.*<([^<>\s]+)>[ \t]*\r?$", re.I | re.M)
_NOREPLY = re.compile(r"(?:[0-9]+\+)?([a-z0-9_-]+(?:\[bot\])?)@users\.noreply\..+", re.I)


def between(repo: Repository, base_sha: str, head_sha: str) -> list[GitCommit]:
    """Every commit in head and not in base, oldest first, however many pages they fill."""
    url = f"{repo.url}/compare/{quote(base_sha)}...{quote(head_sha)}"
    found: list[GitCommit] = []
    for page in count(1):
        _, data = repo.requester.requestJsonAndCheck(
            "GET", url, parameters={"page": page, "per_page": _PAGE}
        )
        found += [GitCommit(one["sha"], _authors(one)) for one in data["commits"]]
        if len(found) >= data["total_commits"]:
            break
        if not data["commits"]:
            raise Permanent(
                f"There are more commits between {base_sha} and {head_sha} than GitHub lists",
                remedy="Split the pull request, or squash its commits.",
            )
    return found


def parent(repo: Repository, commit_sha: str) -> str:
    """The first parent of a commit."""
    parents = repo.get_git_commit(commit_sha).parents
    if not parents:
        raise NotFound(f"Nothing came before commit {commit_sha}")
    return parents[0].sha


def _authors(commit: Mapping[str, Any]) -> tuple[Author, ...]:
    """Everybody who had a hand in it, each once."""
    found: dict[tuple[str, str], Author] = {}
    for one in _hands(commit):
        found.setdefault((one.login.lower(), one.email), one)
    return tuple(found.values())


def _hands(commit: Mapping[str, Any]) -> Iterator[Author]:
    for role in ("author", "committer"):
        # GitHub tells a stranger as null or as an object without properties.
        login = (commit[role] or {}).get("login", "")
        if not (role == "committer" and login == _WEB_FLOW):
            yield _author((commit["commit"][role] or {}).get("email") or "", login)
    for email in _CO_AUTHOR.findall(commit["commit"]["message"]):
        yield _author(email)


def _author(email: str, login: str = "") -> Author:
    made_by_github = _NOREPLY.fullmatch(email)
    if not login and made_by_github:
        login = made_by_github[1]
    return Author(login=login, email=email.lower())
