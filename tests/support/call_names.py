"""Names for the bot's outbound calls: what each does, without ids, so that a call of one run can
be found again in the next."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from chatbot.domain.argocd import REFRESH

_READ_METHODS = (
    *("auth.test", "apps.connections.open", "users.info", "users.conversations"),
    *("usergroups.list", "usergroups.users.list", "users.lookupByEmail"),
    *("conversations.history", "conversations.replies", "conversations.list"),
    *("conversations.info", "chat.getPermalink", "bookmarks.list"),
)
_SHA = re.compile(r"\b[0-9a-f]{40}\b")
_NUMBER = re.compile(r"/\d+(?=/|$)")
_ISSUE = re.compile(r"(?<=/)[A-Z]+-\d+(?=/|$)")
_REPOSITORY = re.compile(r"^/repos/[^/]+/[^/]+/")


def slack(method: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """`slack chat.postMessage card|thread|direct|news|incident`, `slack chat.update`, `slack
    response_url` …"""
    if path.startswith("/_hooks/"):
        return "slack response_url"
    called = path.rsplit("/", 1)[-1]
    if called not in ("chat.postMessage", "chat.update"):
        return f"slack {called}"
    try:
        given = json.loads(body)
    except ValueError:
        given = {key: values[0] for key, values in parse_qs(body.decode()).items()}
    metadata = given.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    payload = metadata.get("event_payload") or {}
    what = _message(given, payload.get("change", ""), payload.get("key", ""))
    drawn = called == "chat.update" and what != "incident"
    return f"slack {called}" if drawn else f"slack {called} {what}"


def _message(given: Mapping[str, object], change: str, key: str) -> str:
    if key == "card":
        return "card"
    if key == "incident" or key.startswith("event:"):
        return "incident"
    if key and not change:
        return "news"
    return "thread" if given.get("thread_ts") else "direct"


def forge(method: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """`forge POST git/trees`, `forge GET git/ref/heads/{branch}`, `forge PUT pulls/{n}/merge` …"""
    place = _REPOSITORY.sub("", unquote(path))
    place = re.sub(r"mcp-ocs/postmortem-chg-\d+", "{postmortem}", place)
    place = _SHA.sub("{sha}", re.sub(r"mcp-ocs/change-chg-\d+", "{branch}", place))
    place = _NUMBER.sub("/{n}", place)
    state = f" {query['state']}" if "state" in query else ""
    return f"forge {method} {place}{state}"


def cluster(method: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """`cluster PATCH deployments/scale`, `cluster APPLY services (dry run)`, `cluster GET pods`,
    `cluster PATCH applications (look)` …

    Only a server-side apply says whether it forces."""
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        parts = parts[2:]
    if not parts:
        return f"cluster {method} discovery"
    resource = "/".join([parts[0], *parts[2:]])
    verb = "APPLY" if method == "PATCH" and "force" in query else method
    dry = " (dry run)" if "dryRun" in query else ""
    look = " (look)" if REFRESH.encode() in body else ""
    return f"cluster {verb} {resource}{dry}{look}"


def jira(method: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """`jira POST issue`, `jira POST issue/{key}/comment`, `jira GET search` …"""
    place = _ISSUE.sub("{key}", path.removeprefix("/rest/api/2"))
    return f"jira {method} {place.removeprefix('/')}"


def is_effect(name: str) -> bool:
    """Whether a call changes something outside, or answers a person."""
    system, _, what = name.partition(" ")
    if system == "slack":
        return what not in _READ_METHODS
    return not what.startswith("GET ") and not name.endswith("(dry run)")
