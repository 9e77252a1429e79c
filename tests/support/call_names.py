"""Names for the bot's outbound calls: what each does, without ids, so that a call of one run can
be found again in the next."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

_READ_METHODS = (
    *("auth.test", "apps.connections.open", "users.info", "users.conversations"),
    *("usergroups.list", "usergroups.users.list", "users.lookupByEmail"),
    *("conversations.history", "conversations.replies", "chat.getPermalink"),
)
_SHA = re.compile(r"\b[0-9a-f]{40}\b")
_NUMBER = re.compile(r"/\d+(?=/|$)")
_REPOSITORY = re.compile(r"^/repos/[^/]+/[^/]+/")


def slack(method: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """`slack chat.postMessage card|thread|direct`, `slack chat.update`, `slack response_url` …"""
    if path.startswith("/_hooks/"):
        return "slack response_url"
    called = path.rsplit("/", 1)[-1]
    if called != "chat.postMessage":
        return f"slack {called}"
    try:
        given = json.loads(body)
    except ValueError:
        given = {key: values[0] for key, values in parse_qs(body.decode()).items()}
    metadata = given.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    if metadata.get("event_payload", {}).get("key") == "card":
        return f"slack {called} card"
    return f"slack {called} {'thread' if given.get('thread_ts') else 'direct'}"


def forge(method: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """`forge POST git/trees`, `forge GET git/ref/heads/{branch}`, `forge PUT pulls/{n}/merge` …"""
    place = _REPOSITORY.sub("", unquote(path))
    place = _SHA.sub("{sha}", re.sub(r"mcp-ocs/change-chg-\d+", "{branch}", place))
    place = _NUMBER.sub("/{n}", place)
    state = f" {query['state']}" if "state" in query else ""
    return f"forge {method} {place}{state}"


def cluster(method: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """`cluster PATCH deployments/scale`, `cluster APPLY services (dry run)`, `cluster GET pods` …

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
    return f"cluster {verb} {resource}{dry}"


def is_effect(name: str) -> bool:
    """Whether a call changes something outside, or answers a person."""
    system, _, what = name.partition(" ")
    if system == "slack":
        return what not in _READ_METHODS
    return not what.startswith("GET ") and not name.endswith("(dry run)")
