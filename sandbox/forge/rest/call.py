"""What a REST handler gets and gives, free of the web framework.

A handler is a plain function from `Call` to an answer: a JSON value (200), an `Answer` with another
status, or a `Page` that is cut to the page asked for before its rows are rendered.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.forge.core import Forge
from sandbox.forge.errors import ApiError, invalid, not_found
from sandbox.forge.git import Commit
from sandbox.forge.shapes.links import Json, Links
from sandbox.forge.state import Permission, PullRequest, User

_SHA = re.compile(r"[0-9a-f]{4,40}")


@dataclass(frozen=True)
class Answer:
    """A JSON answer with its status; `body` None sends no body."""

    status: int
    body: Any = None


@dataclass(frozen=True)
class Text:
    """An answer that is not JSON, such as a diff."""

    text: str
    content_type: str


@dataclass(frozen=True)
class Page:
    """A list to be cut to `per_page`; `wrap` builds the body around the rows, if GitHub has one."""

    items: Sequence[Any]
    render: Callable[[Any], Json]
    wrap: Callable[[list[Json]], Json] | None = None
    per_page: int = 30
    """How many, where the caller does not say."""


@dataclass(frozen=True)
class Call:
    """One request: who asks (`login`), what for, and where answers should point (`links`)."""

    forge: Forge
    login: str
    links: Links
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    accept: str = ""

    @property
    def user(self) -> User:
        """The account that asks."""
        return self.forge.user(self.login)

    def pull(self) -> PullRequest:
        """The pull request named in the address; 404 when there is none."""
        found = self.forge.state.pulls.get(int(self.params["number"]))
        if found is None:
            raise not_found()
        return found

    def need(self, permission: Permission) -> None:
        """403 unless the caller holds `permission` on the repository."""
        if not self.forge.may(self.login, permission):
            who = "admin rights to" if permission == "admin" else "push access to"
            raise ApiError(403, f"Must have {who} Repository.")

    def commit_of(self, name: str) -> Commit | None:
        """The commit a branch, tag, full ref or SHA (4 digits or more) names, or None."""
        git = self.forge.git
        short = name.removeprefix("refs/")
        sha = git.commit_at(f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{short}")
        if not sha and _SHA.fullmatch(name):
            sha = git.commit_by(name)
        return git.commit(sha) if sha else None

    def wants_diff(self) -> bool:
        """Whether the Accept header asks for a diff in place of JSON."""
        return ".diff" in self.accept or ".patch" in self.accept


Handler = Callable[[Call], Any]
Access = Literal["anyone", "user", "app", "token"]


@dataclass(frozen=True)
class Route:
    """One REST call; `needs` is the least permission on the repository.

    `access` `user` takes a person's or the App installation's token, `app` the App's JWT, `token`
    any of them and `anyone` nothing.
    """

    method: str
    path: str
    handler: Handler
    needs: Permission = "read"
    access: Access = "user"


REPO = "/repos/{owner}/{repo}"


def text(body: Json, field: str, resource: str, default: str | None = None) -> str:
    """A string of the request's body; 422 when it is missing (no default) or of another type."""
    value = body.get(field, default)
    if value is None:
        if default is None:
            raise invalid(resource, "missing_field", field=field)
        return default
    if not isinstance(value, str):
        raise _wrong_type(field, value, "a string")
    return value


def maybe_text(body: Json, field: str) -> str | None:
    """A string of the request's body, or None; 422 for another type."""
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise _wrong_type(field, value, "a string")
    return value


def texts(body: Json, field: str) -> list[str]:
    """A list of strings of the request's body, empty when it is missing; 422 for another type."""
    value = body.get(field) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong_type(field, value, "an array of strings")
    return value


def flag(body: Json, field: str, *, default: bool = False) -> bool:
    """A yes or no of the request's body; 422 for another type."""
    value = body.get(field, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _wrong_type(field, value, "a boolean")
    return value


def mapping(body: Json, field: str) -> Json | None:
    """An object of the request's body, or None; 422 for another type."""
    value = body.get(field)
    if value is not None and not isinstance(value, dict):
        raise _wrong_type(field, value, "an object")
    return value


def _wrong_type(field: str, value: object, wanted: str) -> ApiError:
    return ApiError(
        422, f"Invalid request.\n\nFor 'properties/{field}', {value!r} is not {wanted}."
    )
