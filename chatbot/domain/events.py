"""The audit log's entries and the hash chain that makes a missing or altered one visible."""

import hashlib
import json
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

GENESIS = "0" * 64
"""What the first event's hash covers in place of an event before it."""

SYSTEM = "redlight"
"""The actor of what Redlight does by itself."""


class AuditEntry(BaseModel):
    """Something that was decided or done, before it has a place in the log.

    `kind` is dotted and past tense (`change.requested`, `pull_request.opened`); `data` is JSON
    and holds no secrets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    actor: str
    """Slack user id, or `SYSTEM`."""
    change: int | None
    at: AwareDatetime
    data: dict[str, Any] = {}


class AuditEvent(BaseModel):
    """An entry at its place in the log, chained to the one before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int
    entry: AuditEntry
    hash: str


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spare white space, so that equal values have equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def chain_hash(previous: str, sequence: int, entry: AuditEntry) -> str:
    """SHA-256 over the hash before and this entry's canonical JSON, as 64 hex digits."""
    body = canonical_json({"sequence": sequence, **entry.model_dump(mode="json")})
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()
