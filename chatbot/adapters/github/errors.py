"""GitHub's refusals as the two families of errors.

Limits: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api. A secondary
limit is a 403 or 429 with Retry-After; a spent primary one has a remaining count of 0 and a reset
time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from github import GithubException
from requests import RequestException

from chatbot.adapters.retry_after import retry_after
from chatbot.domain.errors import Conflict, NotFound, Permanent, RetryLater

SECONDARY_LIMIT_PAUSE = timedelta(minutes=1)
"""What GitHub's documentation asks for when a limit comes without a time."""


@contextmanager
def translating(what: str) -> Iterator[None]:
    """GitHub's refusals and a network that fails, as the two families."""
    try:
        yield
    except GithubException as error:
        raise translated(error, what) from error
    except RequestException as error:
        raise RetryLater(f"GitHub does not answer ({type(error).__name__})") from error


def translated(error: GithubException, what: str) -> RetryLater | Permanent:
    """The error as a sentence about `what` (`pull request #7`), retried or not."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    said = _message(error.data) or str(error.status)
    if error.status == 429 or (error.status == 403 and _is_limit(headers, said)):
        return RetryLater("GitHub limits how often we may call", after=_pause(headers))
    if error.status >= 500:
        asked = retry_after(headers.get("retry-after"))
        return RetryLater(f"GitHub is not well (status {error.status})", after=asked)
    match error.status:
        case 401:
            return Permanent(
                "GitHub does not know our credentials",
                remedy="Set a valid GITHUB_TOKEN, or install the GitHub App again.",
            )
        case 403:
            return Permanent(
                f"GitHub does not let us touch {what}: {said}",
                remedy="Give the token contents, pull requests and commit statuses, read and "
                "write, on the cluster repository.",
            )
        case 404:
            return NotFound(
                f"GitHub has no {what}, or does not show it to us",
                remedy="Check [git] repo in redlight.toml and what the token may see.",
            )
        case 409:
            return Conflict(f"GitHub refused {what}: {said}")
        case _:
            return Permanent(f"GitHub refused {what}: {said}")


def _message(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    details = [
        str(entry.get("message") or entry.get("code") or "")
        for entry in data.get("errors") or ()
        if isinstance(entry, dict)
    ]
    return ": ".join(filter(None, [str(data.get("message") or ""), ", ".join(details)]))


def _is_limit(headers: Mapping[str, str], said: str) -> bool:
    spent = headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in headers or "rate limit" in said.lower()


def _pause(headers: Mapping[str, str]) -> timedelta:
    if (asked := retry_after(headers.get("retry-after"))) is not None:
        return asked
    if (
        headers.get("x-ratelimit-remaining") == "0"
        and (reset := headers.get("x-ratelimit-reset", "")).isdigit()
    ):
        until = datetime.fromtimestamp(int(reset), UTC)
        return max(timedelta(seconds=1), until - datetime.now(UTC))
    return SECONDARY_LIMIT_PAUSE
