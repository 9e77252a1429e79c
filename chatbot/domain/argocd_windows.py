"""Sync windows of an AppProject: when Argo CD would not carry out a sync. Pure.

Argo CD takes on an operation inside a closed window and lets it wait, without a word to whoever
asked; so people are told before they approve.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final
from zoneinfo import ZoneInfo

from chatbot.domain.argocd import Application
from chatbot.domain.cron import parse_cron

_DURATION: Final = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")

_MINUTES: Final = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class SyncWindow:
    """One window, as the project writes it."""

    kind: str
    """`allow` or `deny`."""
    schedule: str
    duration: str
    time_zone: str
    manual_sync: bool
    """Whether a sync by hand, such as ours, may pass it."""
    applications: tuple[str, ...]
    namespaces: tuple[str, ...]
    clusters: tuple[str, ...]
    needs_all: bool
    """Application, namespace and cluster all have to match, not just one of them."""

    def __str__(self) -> str:
        """For a sentence."""
        return f"{self.kind} window {self.schedule!r} for {self.duration} ({self.time_zone})"

    def concerns(self, application: Application) -> bool:
        """Whether it is about this Application."""
        clusters = (application.server, application.cluster)
        checks = [
            (self.applications, (application.name,)),
            (self.namespaces, (application.destination_namespace,)),
            (self.clusters, tuple(name for name in clusters if name)),
        ]
        results = [
            any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
            for patterns, names in checks
            if patterns
        ]
        return bool(results) and (all if self.needs_all else any)(results)

    def ends(self, now: datetime) -> datetime | None:
        """When the window that is open now ends; None when it is not open. Raises `ValueError`
        when it cannot be read."""
        local, length = now.astimezone(_zone(self.time_zone)), _duration(self.duration)
        began = parse_cron(self.schedule).last_before(local, length)
        return (began + length).astimezone(UTC) if began is not None else None


def read_windows(project: Mapping[str, Any]) -> tuple[SyncWindow, ...]:
    """The windows of an AppProject."""
    spec = project.get("spec")
    rows = (spec.get("syncWindows") if isinstance(spec, Mapping) else None) or ()
    return tuple(
        SyncWindow(
            kind=str(row.get("kind") or "allow"),
            schedule=str(row.get("schedule") or ""),
            duration=str(row.get("duration") or ""),
            time_zone=str(row.get("timeZone") or "UTC"),
            manual_sync=bool(row.get("manualSync")),
            applications=tuple(map(str, row.get("applications") or ())),
            namespaces=tuple(map(str, row.get("namespaces") or ())),
            clusters=tuple(map(str, row.get("clusters") or ())),
            needs_all=bool(row.get("andOperator")),
        )
        for row in rows
        if isinstance(row, Mapping)
    )


def blocking(
    windows: Sequence[SyncWindow], application: Application, now: datetime
) -> tuple[str, ...]:
    """Why Argo CD would not carry out a sync now, a sentence each; empty: it would. An Application
    with auto-sync is judged as auto-sync is, any other as a sync by hand."""
    by_hand = not application.auto_sync
    ours = [window for window in windows if window.concerns(application)]
    try:
        ends = {window: window.ends(now) for window in ours}
    except ValueError as error:
        return (f"a sync window of project {application.project} blocks: {error}",)
    denying = [window for window in ours if window.kind == "deny" and ends[window]]
    if denying:
        if by_hand and all(window.manual_sync for window in denying):
            return ()
        return tuple(f"the {each} is open until {ends[each]:{_MINUTES}} UTC" for each in denying)
    allowing = [window for window in ours if window.kind == "allow"]
    if any(ends[window] for window in allowing):
        return ()
    if by_hand and all(window.manual_sync for window in allowing):
        return ()
    return tuple(f"the {window} is not open" for window in allowing)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text.strip())
    if not text.strip() or match is None:
        raise ValueError(f"the duration {text!r} cannot be read")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
