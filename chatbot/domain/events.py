"""The audit log's entries and the hash chain that makes a missing or altered one visible."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

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


class ChainLink(NamedTuple):
    """A row of the log as it was found; `entry` is None when the row cannot be read."""

    sequence: int
    entry: AuditEntry | None
    hash: str


class AuditCheck(BaseModel):
    """What a walk along the log found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: int
    """How many events hold, counted from the first."""
    broken: int | None = None
    """Sequence of the first event that is altered, missing or out of place; None: all hold."""
    reason: str = ""
    """A sentence about the broken event."""


def check_chain(links: Iterable[ChainLink], head: ChainLink) -> AuditCheck:
    """Walk the log from its first event. `head` names the last event that was written, so that a
    tail cut off shows as well."""
    previous, good = GENESIS, 0
    for link in links:
        reason = _why_broken(previous, good + 1, link)
        if reason:
            broken = min(link.sequence, good + 1)
            return AuditCheck(events=good, broken=broken, reason=reason)
        previous, good = link.hash, link.sequence
    if good < head.sequence:
        reason = (
            f"Event {good + 1} is missing: {head.sequence} events were written, "
            f"and the log ends after {good}."
        )
        return AuditCheck(events=good, broken=good + 1, reason=reason)
    if (good, previous) != (head.sequence, head.hash):
        reason = f"Event {good} is not the one that was written last: the log was rewritten."
        return AuditCheck(events=max(good - 1, 0), broken=good, reason=reason)
    return AuditCheck(events=good)


def _why_broken(previous: str, expected: int, link: ChainLink) -> str:
    """Why `link` cannot be event number `expected`; empty when it is."""
    if link.sequence > expected:
        return f"Event {expected} is missing: the log goes on with event {link.sequence}."
    if link.sequence < expected:
        return f"Event {link.sequence} stands where no event was written."
    if link.entry is None:
        return f"Event {expected} cannot be read."
    if chain_hash(previous, expected, link.entry) != link.hash:
        return f"Event {expected} was altered: its hash does not follow from the event before it."
    return ""
