"""Hold recorded requests and answers against GitHub's own OpenAPI description.

The description is a file outside the repository, named by `GITHUB_OPENAPI`.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

VARIABLE = "GITHUB_OPENAPI"
UNSET = f"{VARIABLE} does not name GitHub's OpenAPI description"

# OpenAPI knows no parameter with a slash in it; GitHub has these.
_SLASHED = re.compile(r"(/git/refs?/|/git/matching-refs/|/contents/|/compare/)(.+)$")

# What PyGithub sends, or GitHub answers, and the description does not hold: (side, pattern of
# "METHOD path", why). Each is GitHub's documented prose or long-standing practice.
_KNOWN = (
    ("both", r"GET .*/repos/[^/]+/[^/]+/installation$", "the path is not in every extract"),
    ("both", r"GET .*/statuses/[0-9a-f]+$", "PyGithub lists statuses at the older address"),
    ("request", r"(POST|PUT) .*/issues/\d+/labels$", "a bare array is allowed in prose only"),
    ("request", r"PUT .*/protection$", "PyGithub sends null for the rules it does not set"),
)


@dataclass(frozen=True)
class Exchange:
    """One request as it was sent and the answer that came."""

    request: requests.PreparedRequest
    response: requests.Response

    def __str__(self) -> str:
        return f"{self.request.method} {self.request.path_url} -> {self.response.status_code}"


@contextlib.contextmanager
def recorded() -> Iterator[list[Exchange]]:
    """Record what goes through `requests`, which is what PyGithub speaks HTTP with."""
    exchanges: list[Exchange] = []
    send = requests.Session.send

    def note(
        session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        response = send(session, request, **options)
        exchanges.append(Exchange(request, response))
        return response

    requests.Session.send = note  # type: ignore[method-assign, assignment]
    try:
        yield exchanges
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


class GithubDescription:
    """GitHub's description, with `url` in the place of api.github.com."""

    def __init__(self, url: str) -> None:
        description = json.loads(Path(os.environ[VARIABLE]).read_text())
        description["servers"] = [{"url": url}]
        for author in ("author", "committer"):  # nullable beside `oneOf` is not understood
            role = description["components"]["schemas"]["commit"]["properties"][author]
            role["oneOf"].append({"nullable": True, "enum": [None]})
        contents = description["paths"]["/repos/{owner}/{repo}/contents/{path}"]["get"]
        answer = contents["responses"]["200"]["content"]["application/json"]["schema"]
        answer.pop("discriminator", None)  # it names a property, which a folder's array has not
        self._api = OpenAPI.from_dict(description, config=Config(spec_validator_cls=None))

    def complaints(self, exchange: Exchange) -> list[str]:
        """What GitHub does not document about a request or its answer; empty when all is well."""
        request = exchange.request.copy()
        request.url = _SLASHED.sub(_encoded, _without_query(request)) + _query(request)
        asked = RequestsOpenAPIRequest(request)
        found = []
        if not _is_known("request", exchange):
            try:
                self._api.validate_request(asked)
            except OpenAPIError as error:
                found.append(f"{exchange}: request: {_explained(error)}")
        if not _is_known("answer", exchange):
            try:
                self._api.validate_response(asked, RequestsOpenAPIResponse(exchange.response))
            except OpenAPIError as error:
                found.append(f"{exchange}: answer: {_explained(error)}")
        return found


def _is_known(side: str, exchange: Exchange) -> bool:
    line = f"{exchange.request.method} {_without_query(exchange.request)}"
    return any(part in (side, "both") and re.match(known, line) for part, known, _ in _KNOWN)


def _without_query(request: requests.PreparedRequest) -> str:
    return (request.url or "").partition("?")[0]


def _query(request: requests.PreparedRequest) -> str:
    _, mark, query = (request.url or "").partition("?")
    return mark + query


def _encoded(match: re.Match[str]) -> str:
    return match[1] + quote(unquote(match[2]), safe="")


def _explained(error: BaseException) -> str:
    """The error with its causes, and for schema errors where in the body they are."""
    parts = [f"{type(error).__name__}: {error}"]
    entries = getattr(error, "schema_errors", None) or []
    parts += [f"at {list(entry.absolute_path)}: {entry.message[:300]}" for entry in entries]
    if error.__cause__:
        parts.append(_explained(error.__cause__))
    return " | ".join(parts)
