"""The one place where an API server's answer becomes one of our two error families."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kubernetes.client.exceptions import ApiException

from chatbot.adapters.retry_after import retry_after
from chatbot.domain.errors import (
    Conflict,
    Forbidden,
    NotFound,
    Permanent,
    RedlightError,
    RetryLater,
)

_BUSY = frozenset({429, 500, 502, 503, 504})
_OUR_MISTAKE = "failed to create typed patch object"
"""Servers answer 500 to an apply with a field that the kind does not have."""

_CONFLICT_CAUSE = re.compile(r'conflict with "(?P<manager>[^"]*)"')
_FORBIDDEN = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)

ROLE_FILE = "docs/rbac/role.yaml"
"""Where the roles that the bot needs are written down."""


def from_answer(error: ApiException, doing: str) -> RedlightError:
    """What an answer other than 2xx means; `doing` says what was asked (`get deployment/web`)."""
    code = int(error.status or 0)
    status = _status(error)
    sentence = str(status.get("message") or "")
    if code in _BUSY and _OUR_MISTAKE not in sentence:
        said = sentence or f"HTTP {code}"
        return RetryLater(f"the cluster could not {doing} now: {said}", after=_pause(error, status))
    if code == 0:
        return _never_answered(error, doing)
    return _refusal(code, sentence or f"the cluster answered HTTP {code} to {doing}", status)


def from_transport(error: Exception, doing: str) -> RetryLater:
    """No answer came: connection refused or lost, or a timeout."""
    return RetryLater(f"the cluster did not answer ({doing}): {_brief(error)}")


def is_missing_object(error: ApiException) -> bool:
    """A 404 that speaks of the object, and not of a kind or path that the server lacks."""
    details = _status(error).get("details") or {}
    return error.status == 404 and bool(details.get("name"))


def _refusal(code: int, sentence: str, status: Mapping[str, Any]) -> RedlightError:
    match code:
        case 404:
            return NotFound(sentence, remedy="Check the name and the namespace.")
        case 409:
            owners = _owners(status)
            return Conflict(sentence, remedy=_conflict_remedy(owners), owners=owners)
        case 401:
            return Permanent(
                "the cluster does not accept Redlight's credentials: " + sentence,
                remedy="Renew the token or certificate of this context in the kubeconfig.",
            )
        case 403:
            return _forbidden(sentence)
        case 410:
            return RetryLater(f"the cluster's list went out of date while it was read: {sentence}")
    return Permanent(sentence, remedy="Mend what the sentence names and ask again.")


def _never_answered(error: ApiException, doing: str) -> RedlightError:
    """The client reports TLS faults as status 0; no retry mends a certificate."""
    reason = str(error.reason or "no answer")
    if "CERTIFICATE" in reason.upper():
        return Permanent(
            f"the cluster's certificate is not the expected one ({doing}): {reason}",
            remedy="Check certificate-authority and server of this context in the kubeconfig.",
        )
    return RetryLater(f"the cluster did not answer ({doing}): {reason}")


def _forbidden(sentence: str) -> Permanent:
    match = _FORBIDDEN.search(sentence)
    if match is None:
        remedy = "An admission rule or a quota of the cluster says no; ask its owner."
        return Permanent(sentence, remedy=remedy)
    group = f" of {match['group']}" if match["group"] else ""
    where = f" in {match['namespace']}" if match["namespace"] else " in the whole cluster"
    return Forbidden(
        sentence,
        remedy=f"Grant Redlight `{match['verb']}` on `{match['resource']}`{group}{where}: "
        f"bind the role in {ROLE_FILE} there.",
    )


def _conflict_remedy(owners: Mapping[str, str]) -> str:
    if not owners:
        return "Ask again; if it happens every time, another program keeps changing the object."
    names = ", ".join(sorted(set(owners.values())))
    return f"Agree with the owner ({names}), or override the conflict on purpose."


def _owners(status: Mapping[str, Any]) -> dict[str, str]:
    """Field path to field manager, from the causes of an apply conflict."""
    owners: dict[str, str] = {}
    for cause in (status.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "FieldManagerConflict":
            match = _CONFLICT_CAUSE.search(str(cause.get("message", "")))
            owners[str(cause.get("field", ""))] = match["manager"] if match else "another manager"
    return owners


def _status(error: ApiException) -> dict[str, Any]:
    """The `Status` object that the server sends with a refusal; empty if it sent none."""
    body = error.body
    try:
        status = json.loads(body) if body else {}
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _pause(error: ApiException, status: Mapping[str, Any]) -> timedelta | None:
    header = (error.headers or {}).get("Retry-After")
    return retry_after(header or (status.get("details") or {}).get("retryAfterSeconds"))


def _brief(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text.rpartition(": ")[2] if "HTTPSConnection" in text else text
