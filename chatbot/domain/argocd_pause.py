"""Pausing an Application's auto-sync and putting it back exactly as it was.

Both are one patch, so a crash leaves either all of it or nothing. Auto-sync is paused by taking
`automated` away: versions before v3 do not know `enabled: false`. What it was stands in the
annotation beside it, so that whoever finds the Application can put it back.

An emergency takes another change's pause over: the setting from before the first pause stays with
it, and whoever had the pause leaves it alone from then on.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from chatbot.domain.argocd import PAUSED_BY, REFRESH, Application, Json, Pause, SyncStatus
from chatbot.domain.change import Target
from chatbot.domain.errors import Conflict

Patch = dict[str, Json]
"""A JSON merge patch (RFC 7386); empty: nothing to do."""


class Paused(StrEnum):
    """What asking for a pause came to."""

    PAUSED = "paused"
    ALREADY = "already"
    """By this change, until then."""
    NOT_NEEDED = "not_needed"
    """Argo CD does not sync this Application by itself."""


class Restored(StrEnum):
    """What asking to restore came to."""

    RESTORED = "restored"
    ALREADY = "already"
    """There is no pause."""
    KEPT_EDIT = "kept_edit"
    """Somebody set auto-sync while it was paused; theirs stays, and our mark is gone."""
    TAKEN_OVER = "taken_over"
    """The pause is another change's by now, which restores it; this one leaves it alone."""


def pause(
    application: Application, change: str, until: datetime, *, takeover: bool = False
) -> tuple[Paused, Patch]:
    """How to pause auto-sync for a change. Raises `Conflict` when another change has paused it,
    unless that is to be taken over, or when somebody turned auto-sync on again meanwhile."""
    held, until = application.paused_by, until.replace(microsecond=0)
    if held is None:
        if not application.auto_sync:
            return Paused.NOT_NEEDED, {}
        held = Pause(change, until, was_set=True, automated=application.automated)
        return Paused.PAUSED, _mark(held.to_annotation()) | _automated(None)
    if takeover and held.change and held.change != change:
        if application.auto_sync:  # somebody turned it on again under the other's pause
            held = Pause(held.change, held.until, was_set=True, automated=application.automated)
        taken = replace(held, change=change, until=until)
        return Paused.PAUSED, _mark(taken.to_annotation()) | _automated(None)
    _check_owner(application, held, change)
    if application.auto_sync:
        by = application.generated_by
        who = f"ApplicationSet {by} probably" if by else "somebody"
        raise Conflict(
            f"auto-sync of Application {application.name} was turned on again while {change} had"
            f" it paused; {who} did that",
            remedy="Turn it off there, or let Argo CD have its way and cancel the change.",
        )
    if held.until == until:
        return Paused.ALREADY, {}
    return Paused.PAUSED, _mark(replace(held, until=until).to_annotation())


def concerns(application: Application, targets: Iterable[Target]) -> bool:
    """Whether an Application has any of these objects, as far as its status tells. One that does
    not say what it has may have them."""
    known = {resource.name for resource in application.resources}
    return not known or any(target.place in known for target in targets)


def why_not_synced(application: Application, since: datetime) -> str:
    """Why Argo CD does not vouch that the cluster is what Git says, by a look after `since`; empty
    when it does."""
    name, held = application.name, application.paused_by
    if held is not None:
        return f"auto-sync of {name} is still paused for {held.change or 'somebody'}"
    if application.sync is not SyncStatus.SYNCED:
        return f"Argo CD says that {name} is {application.sync.value}"
    return "" if _looked(application, since) else f"Argo CD has not looked at {name} since"


def look(application: Application, since: datetime) -> Patch:
    """How to ask for a look after `since`, which Argo CD takes by itself only every few minutes, or
    never where its polling is turned off; empty when it was asked, or has looked."""
    asked = application.asked_to_look or _looked(application, since)
    return {} if asked else {"metadata": {"annotations": {REFRESH: "normal"}}}


def _looked(application: Application, since: datetime) -> bool:
    """Argo CD's times are whole seconds."""
    looked = application.reconciled_at
    return looked is None or looked >= since.replace(microsecond=0)


def restore(application: Application, change: str) -> tuple[Restored, Patch]:
    """How to put auto-sync back for a change. Raises `Conflict` when the mark is not Redlight's."""
    held = application.paused_by
    if held is None:
        return Restored.ALREADY, {}
    if held.change and held.change != change:
        return Restored.TAKEN_OVER, {}
    _check_owner(application, held, change)
    if application.has_automated:
        same = held.was_set and application.automated == held.automated
        return (Restored.RESTORED if same else Restored.KEPT_EDIT), _mark(None)
    return Restored.RESTORED, _mark(None) | (_automated(held.automated) if held.was_set else {})


def _mark(annotation: str | None) -> Patch:
    return {"metadata": {"annotations": {PAUSED_BY: annotation}}}


def _automated(value: Json) -> Patch:
    return {"spec": {"syncPolicy": {"automated": value}}}


def _check_owner(application: Application, held: Pause, change: str) -> None:
    if held.change == change:
        return
    if not held.change:
        raise Conflict(
            f"Application {application.name} has an annotation {PAUSED_BY} that is not Redlight's",
            remedy="Set auto-sync as it should be and remove the annotation.",
        )
    raise Conflict(
        f"auto-sync of Application {application.name} is paused by {held.change}, not by {change}",
        remedy=f"Wait until {held.change} is done, or cancel it.",
    )
