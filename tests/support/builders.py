"""Sensible requests, changes and entries; a test names only what it is about."""

import itertools
from datetime import UTC, datetime
from typing import Any

from chatbot.domain.change import (
    Change,
    ChangeRequest,
    MessageRef,
    Operation,
    Path,
    Progress,
    RiskLevel,
    Target,
)
from chatbot.domain.events import AuditEntry
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Audience, Notice
from chatbot.ports import NewChange

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""A Monday morning: the time of whatever names no other."""

REQUESTER = "U0REQUESTER"
SENIOR = "U0SENIOR"

_submissions = itertools.count(1)


def target(name: str = "web", **fields: Any) -> Target:
    """A Deployment in the namespace `shop`."""
    defaults = {"api_version": "apps/v1", "kind": "Deployment", "namespace": "shop"}
    return Target(**{**defaults, "name": name, **fields})


def change_request(**fields: Any) -> ChangeRequest:
    """Scale `deployment/web` to 3 in `dev`."""
    defaults: dict[str, Any] = {
        "operation": Operation.SCALE,
        "environment": "dev",
        "namespace": "shop",
        "targets": (target(),),
        "replicas": 3,
        "justification": "more visitors than two pods can serve",
        "risk_assessment": RiskLevel.LOW,
        "rollback_plan": "scale back to 2",
    }
    return ChangeRequest(**{**defaults, **fields})


def new_change(request: ChangeRequest | None = None, **fields: Any) -> NewChange:
    """A direct change by the requester; each with a submission of its own."""
    defaults: dict[str, Any] = {
        "path": Path.DIRECT,
        "requester": REQUESTER,
        "request": request or change_request(),
        "submission": f"V{next(_submissions):010}",
    }
    return NewChange(**{**defaults, **fields})


def change(**fields: Any) -> Change:
    """A change that was just requested, as a store would return it."""
    defaults: dict[str, Any] = {
        "number": 1,
        "path": Path.DIRECT,
        "requester": REQUESTER,
        "request": change_request(),
        "state": State.REQUESTED,
        "progress": Progress(),
        "created_at": NOW,
        "updated_at": NOW,
        "due_at": NOW,
        "version": 1,
    }
    return Change(**{**defaults, **fields})


def entry(kind: str = "change.requested", **fields: Any) -> AuditEntry:
    """An event of the requester's, now, about no change in particular."""
    defaults: dict[str, Any] = {"actor": REQUESTER, "change": None, "at": NOW, "data": {}}
    return AuditEntry(kind=kind, **{**defaults, **fields})


def notice(key: str = "requested", **fields: Any) -> Notice:
    """A line for the thread under the card."""
    defaults: dict[str, Any] = {"audience": Audience.THREAD, "text": "Something happened."}
    return Notice(key=key, **{**defaults, **fields})


def message(ts: str = "1772443800.000100", channel: str = "C0DEV") -> MessageRef:
    """A message in the channel of `dev`."""
    return MessageRef(channel=channel, ts=ts)
