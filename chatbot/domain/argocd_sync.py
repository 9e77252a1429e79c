"""Telling Argo CD to sync, and reading what came of it. Pure.

An operation is ours when its `info` names our change and it is for our revision. Only such an
operation is judged; what others start is waited out, or is seen to have gone past us.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.argocd import (
    ATTEMPT_INFO,
    CHANGE_INFO,
    Application,
    Health,
    Json,
    OperationState,
    Phase,
    SyncOperation,
    SyncStatus,
    short,
)
from chatbot.domain.errors import Permanent, RetryLater

BUSY_AFTER: Final = timedelta(seconds=5)
"""When to ask again while another operation runs."""

USERNAME: Final = "redlight"


@dataclass(frozen=True)
class SyncOrder:
    """What a change wants synced."""

    change: str
    revision: str
    """Full commit SHA."""
    repo: str = ""
    """`owner/name`: which of several sources the revision is for; others stay where they follow."""
    prune: bool = False
    options: tuple[str, ...] = ()
    """Sync options such as `ServerSideApply=true`, on top of the Application's own."""
    attempt: int = 1
    """Counts what a person asked for anew after a failure; each is done once."""


class Told(StrEnum):
    """What telling Argo CD to sync came to."""

    STARTED = "started"
    ALREADY = "already"
    """This very operation runs or has finished."""
    AUTO_SYNCED = "auto_synced"
    """Argo CD syncs this Application by itself; wait for it."""
    SUPERSEDED = "superseded"
    """The revision was deployed, and a later sync has deployed another since."""


def tell(application: Application, order: SyncOrder) -> tuple[Told, Json]:
    """What to do about an order, and the `operation` to set when it is `STARTED`. Raises
    `RetryLater` while another operation runs, with whose it is, and `Permanent` when it cannot
    be done."""
    if application.deleting:
        raise Permanent(f"Application {application.name} is being deleted")
    running, state = application.in_flight, application.state
    if running is not None:
        if _is_order(running, order):
            return Told.ALREADY, None
        raise RetryLater(busy(application, running), after=BUSY_AFTER)
    if state is not None and _is_order(state.operation, order):
        return Told.ALREADY, None
    if _gone_past(application, order.revision):
        return Told.SUPERSEDED, None
    if application.auto_sync and not _given_up(state, order):
        return Told.AUTO_SYNCED, None
    return Told.STARTED, _operation(application, order)


def _given_up(state: OperationState | None, order: SyncOrder) -> bool:
    """Whether a person asks anew for what auto-sync tried: it tries a commit once and no more."""
    if order.attempt == 1 or state is None or state.phase is Phase.SUCCEEDED:
        return False
    return order.revision in (*state.operation.revisions, *state.revisions)


def terminate(
    application: Application, change: str, revision: str, before: int | None = None
) -> tuple[bool, Json]:
    """Whether the change's own operation for a revision runs, and the patch that ends it, as Argo
    CD's own API server would; none when it has not begun or is ending already. With `before`, only
    one of an earlier attempt than that counts."""
    running, state = application.in_flight, application.state
    if running is None or not is_ours(running, change, revision):
        return False, None
    if before is not None and running.attempt >= before:
        return False, None
    if state is None or state.operation is not running or state.phase is not Phase.RUNNING:
        return True, None
    return True, {"status": {"operationState": {"phase": Phase.TERMINATING.value}}}


def busy(application: Application, running: SyncOperation) -> str:
    """A sentence that says whose operation runs."""
    return (
        f"Argo CD is busy with an operation {running} on Application {application.name};"
        " only one runs at a time"
    )


def _is_order(operation: SyncOperation, order: SyncOrder) -> bool:
    ours = is_ours(operation, order.change, order.revision)
    return ours and operation.attempt == order.attempt


def is_ours(operation: SyncOperation, change: str, revision: str) -> bool:
    """Whether an operation is the change's, for that revision."""
    return operation.change == change and revision in operation.revisions


def _operation(application: Application, order: SyncOrder) -> dict[str, Json]:
    info = [{"name": CHANGE_INFO, "value": order.change}]
    if order.attempt > 1:
        info.append({"name": ATTEMPT_INFO, "value": str(order.attempt)})
    sync: dict[str, Json] = {}
    if application.multi_source:
        sync["revisions"] = _revisions(application, order)
    else:
        sync["revision"] = order.revision
    if order.prune:
        sync["prune"] = True
    # Argo CD's own API server fills these two in; whoever sets `operation` has to do it too.
    if options := list(dict.fromkeys((*application.sync_options, *order.options))):
        sync["syncOptions"] = options
    operation: dict[str, Json] = {
        "info": info,
        # A user name makes it a sync by hand, which sync windows may allow when automated
        # ones are not.
        "initiatedBy": {"username": USERNAME},
        "sync": sync,
    }
    if application.retry:
        operation["retry"] = dict(application.retry)
    return operation


def _revisions(application: Application, order: SyncOrder) -> list[str]:
    """One for each source; empty keeps what the source follows."""
    wanted = order.repo.lower()
    revisions = [
        order.revision if wanted and _repository(source.repo_url).endswith(f"/{wanted}") else ""
        for source in application.sources
    ]
    if not any(revisions):
        raise Permanent(
            f"none of the sources of Application {application.name} is {order.repo or 'named'}",
            remedy="Check `repo` under [git] and the Application's `sources`.",
        )
    return revisions


def _repository(url: str) -> str:
    """`git@host:owner/name.git` and `https://host/owner/name` alike as `…/owner/name`."""
    return url.lower().rstrip("/").removesuffix(".git").replace(":", "/")


class Verdict(StrEnum):
    """What came of a sync so far."""

    WAITING = "waiting"
    SYNCED_AND_HEALTHY = "synced_and_healthy"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Settling(BaseModel):
    """The health that was last seen at our revision and since when: what the caller keeps between
    two looks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    health: Health
    since: AwareDatetime


@dataclass(frozen=True)
class SyncOutcome:
    """What came of a sync so far; `reasons` are sentences, in Argo CD's own words where it has
    some."""

    verdict: Verdict
    reasons: tuple[str, ...] = field(default=())
    settling: Settling | None = None
    """To hand in at the next look."""


def sync_outcome(
    application: Application,
    *,
    revision: str,
    change: str,
    settling: Settling | None,
    settle: timedelta,
    now: datetime,
) -> SyncOutcome:
    """Whether the change's revision is synced and healthy, and has been so for `settle`.

    An auto-synced Application needs no operation of ours: Argo CD's own for that revision counts.
    `SUPERSEDED` means that another revision was deployed after ours, and says which; whether it
    contains ours is for Git to say.
    """
    running, state = application.in_flight, application.state
    if running is not None and not _counts(application, running, state, revision, change):
        if deployed(application, revision):
            reason = f"an operation {running} at {short(running.revisions)} has begun since"
            return SyncOutcome(Verdict.SUPERSEDED, (reason,))
        return SyncOutcome(Verdict.WAITING, (busy(application, running),))
    if running is not None:
        begun = state is not None and not state.phase.completed
        said = (state.message if begun and state else "") or "Argo CD has taken on the operation"
        return SyncOutcome(Verdict.WAITING, (said,))
    if state is not None and _counts(application, state.operation, state, revision, change):
        if state.phase is not Phase.SUCCEEDED:
            return SyncOutcome(Verdict.FAILED, _operation_reasons(state))
        return _settled(application, revision, state.finished_at, settling, settle, now)
    if _gone_past(application, revision):
        later = application.history[-1].revisions
        return SyncOutcome(Verdict.SUPERSEDED, (f"Argo CD has deployed {short(later)} since",))
    if application.auto_sync and revision in application.revisions:
        return _settled(application, revision, None, settling, settle, now)
    seen = f"Argo CD last saw {short(application.revisions)}, not {short([revision])}"
    return SyncOutcome(Verdict.WAITING, application.conditions or (seen,))


def _counts(
    application: Application,
    operation: SyncOperation,
    state: OperationState | None,
    revision: str,
    change: str,
) -> bool:
    """Whether an operation is what we wait for: our own, or Argo CD's own for our revision."""
    if is_ours(operation, change, revision):
        return True
    resolved = state.revisions if state is not None and state.operation is operation else ()
    return application.auto_sync and revision in (*operation.revisions, *resolved)


def _settled(
    application: Application,
    revision: str,
    finished_at: datetime | None,
    settling: Settling | None,
    settle: timedelta,
    now: datetime,
) -> SyncOutcome:
    compared = application.reconciled_at
    if finished_at is not None and compared is not None and compared < finished_at:
        return SyncOutcome(Verdict.WAITING, ("Argo CD looks at what the sync has made",))
    if application.sync is SyncStatus.UNKNOWN:
        reasons = application.conditions or ("Argo CD cannot say whether it is in sync",)
        return SyncOutcome(Verdict.WAITING, reasons)
    # Compared to a newer commit, OutOfSync speaks of that commit and not of ours.
    if application.sync is SyncStatus.OUT_OF_SYNC and revision in application.revisions:
        return SyncOutcome(Verdict.WAITING, _out_of_sync(application))
    reasons = _health_reasons(application)
    if application.health not in _LASTING:
        return SyncOutcome(Verdict.WAITING, reasons)
    health = Health.HEALTHY if application.health is Health.HEALTHY else Health.DEGRADED
    if settling is None or settling.health is not health:
        settling = Settling(health=health, since=now)
    if now - settling.since < settle:
        return SyncOutcome(Verdict.WAITING, reasons, settling)
    if health is Health.HEALTHY:
        return SyncOutcome(Verdict.SYNCED_AND_HEALTHY, (), settling)
    return SyncOutcome(Verdict.FAILED, reasons, settling)


_LASTING: Final = (Health.HEALTHY, Health.DEGRADED, Health.MISSING)
"""Health that is believed when it lasts; right after a sync it may still be the one before."""


def _health_reasons(application: Application) -> tuple[str, ...]:
    said = f": {application.health_message}" if application.health_message else ""
    first = f"Argo CD calls Application {application.name} {application.health}{said}"
    if application.health is Health.HEALTHY:
        return (first,)
    named = tuple(
        f"{resource.name} is {resource.health}" + (f": {resource.message}" * bool(resource.message))
        for resource in application.resources
        if resource.health not in (None, Health.HEALTHY)
    )
    return (first, *named)


def _out_of_sync(application: Application) -> tuple[str, ...]:
    names = [each.name for each in application.resources if each.sync is SyncStatus.OUT_OF_SYNC]
    return (f"still OutOfSync after the sync: {', '.join(names) or 'Argo CD does not say what'}",)


def _operation_reasons(state: OperationState) -> tuple[str, ...]:
    first = state.message or f"the sync ended as {state.phase}"
    failed = [each for each in state.results if each.failed and each.message]
    return (first, *(f"{each.name}: {each.message}" for each in failed))


def deployed(application: Application, revision: str) -> bool:
    """Whether Argo CD has deployed this revision, however long ago."""
    return any(revision in entry.revisions for entry in application.history)


def _gone_past(application: Application, revision: str) -> bool:
    last: Sequence[str] = application.history[-1].revisions if application.history else ()
    return deployed(application, revision) and revision not in last
