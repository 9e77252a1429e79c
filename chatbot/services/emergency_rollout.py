"""An emergency in the cluster, from the sign-off to the undo: snapshot, write, watch, put back.

Here, and nowhere before, the emergency identity is used. Between the sign-off and the write stands
no call to anything but the cluster: not to Git, Jira or Slack, and Argo CD is asked to keep off but
not waited for. What is owed is stored with the news that it was written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chatbot.domain import emergency_news as news
from chatbot.domain import story_emergency as story
from chatbot.domain.change import Change, Failure, SnapshotEntry
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Permanent
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.managed import written
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.story import failure_notices
from chatbot.ports import Cluster, Clusters, Store
from chatbot.services.autosync import AutoSync, Grip
from chatbot.services.forecasts import Forecasts
from chatbot.services.ledger import Ledger
from chatbot.services.operations import perform
from chatbot.services.queue import SNAPSHOT_TAKEN, overtaken, own_snapshot, queued, seize, wait
from chatbot.services.reconcile import touch
from chatbot.services.snapshots import snapshot_of, told
from chatbot.services.watching import judged, reasons

WATCH_DELAY = timedelta(seconds=1)


@dataclass(frozen=True)
class EmergencyRollout:
    """Writes to a cluster past Git, and sees it through."""

    environments: Mapping[str, Environment]
    clusters: Clusters
    store: Store
    ledger: Ledger
    forecasts: Forecasts
    auto_sync: AutoSync
    hours: Mapping[Kind, timedelta]
    """How long there is for what is owed."""
    told_in: Callable[[Change], Sequence[str]]
    """The channels that hear of an emergency."""

    def apply(self, change: Change) -> Change:
        """Step `applying`: make sure that what was signed off still holds, take the objects, store
        how they are; then Argo CD is paused, and it is written."""
        if change.progress.started_digest != change.progress.confirmed_digest:
            return self._start(change)
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        if overtaken(self.store, change):
            return self._start(change)
        grip = Grip((), {})
        if change.progress.auto_sync_until is None:
            grip = self.auto_sync.grip(change)
            # With a sync under way it is written all the same, and again when that is over.
            if not grip.syncing and (paused := self.auto_sync.gripped(change, grip)) is not None:
                return paused
        try:
            perform(self._cluster(change), change)
        except Permanent as error:
            return self._failed(change, error)
        return self._applied(change, grip.remarks or change.progress.rollout)

    def validate(self, change: Change) -> Change:
        """Step `validating`: judge the rollout. One that fails stays as it is, and says so: in an
        emergency a person decides whether the way back is better."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        grip = self.auto_sync.grip(change)
        if (regained := self._regained(change, grip)) is not None:
            return regained
        cluster = self.clusters(self._environment(change).context)
        verdicts = judged(cluster, change)
        lines = tuple(verdict.message for verdict in verdicts)
        if all(verdict.done for verdict in verdicts):
            return self._over(change, "rollout.finished", grip.remarks, lines, None)
        late = self._is_late(change)
        if late or any(verdict.failed for verdict in verdicts):
            failure = Failure(
                sentence=reasons(cluster, change, verdicts, late=late),
                remedy="It stays as it is. Undo puts everything back as it was before.",
                at=self.ledger.clock.now(),
            )
            return self._over(change, "rollout.failed", grip.remarks, lines, failure)
        shown = (*lines, *grip.remarks)
        return self.ledger.rest(change, WATCH_DELAY, rollout=shown, waiting=None)

    def _regained(self, change: Change, grip: Grip) -> Change | None:
        """Argo CD is kept off only now: it was loose at the write, or at work, and may have undone
        it. So it is written again, before that is recorded; and again when a sync that was under
        way then is over. None when Argo CD was kept off from the start, or still is not."""
        if not grip.paused or change.progress.auto_sync_until is not None:
            return None
        if not overtaken(self.store, change):
            perform(self._cluster(change), change)
        if grip.syncing and not self._is_late(change):
            return wait(self.ledger, change, "for a sync of Argo CD to end", WATCH_DELAY)
        return self.auto_sync.gripped(change, grip)

    def _is_late(self, change: Change) -> bool:
        """Whether the rollout takes longer than it may."""
        started = change.progress.applied_at or change.updated_at
        return self.ledger.clock.now() - started > self._environment(change).rollout_timeout

    def roll_back(self, change: Change) -> Change:
        """Step `rolling_back`: everything as the snapshot has it, but what another emergency wrote
        since. What is owed stays owed."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        snapshot = own_snapshot(self.store, change)
        self._cluster(change).restore(snapshot, change=change.id)
        ours = {entry.target for entry in snapshot}
        left = [target for target in change.request.targets if target not in ours]
        return self.ledger.advance(
            change,
            Event.RESTORED_IN_DEBT,
            "change.undone",
            data={"objects": [target.key for target in ours]},
            notices=story.undone(change, left),
            obligations=self._owed(change),
            announcements=news.undone(change, self.told_in(change), self.ledger.clock.now()),
            written=(),
            rollout=(),
        )

    def _start(self, change: Change) -> Change:
        plan = self.forecasts.preview(change)
        if plan.digest != change.progress.confirmed_digest:
            return self.ledger.advance(
                change,
                Event.OUTDATED,
                "plan.outdated",
                data={"confirmed": change.progress.confirmed_digest, "now": plan.digest},
                notices=story.outdated(change),
                confirmed_digest="",
                confirmed_by="",
                started_digest="",
                lights=(),
                approvals=(),
                force=False,
            )
        lost = seize(self.store, self.ledger, change)
        snapshot = snapshot_of(self.store, self._cluster(change), change)
        return self.ledger.note(
            change,
            SNAPSHOT_TAKEN,
            data=told(snapshot),
            notices=story.seized(lost),
            snapshot=snapshot,
            started_digest=plan.digest,
            # The lights showed whose fields it takes over; no owner stops an emergency.
            force=True,
            waiting=None,
        )

    def _applied(self, change: Change, remarks: Sequence[str]) -> Change:
        owed, now = self._owed(change), self.ledger.clock.now()
        return self.ledger.advance(
            change,
            Event.APPLIED,
            "change.applied",
            data={
                "objects": [target.key for target in change.request.targets],
                "remarks": list(remarks),
            },
            notices=story.applied(change, owed, remarks),
            obligations=owed,
            announcements=news.applied(change, owed, self.told_in(change), now),
            applied_at=now,
            rollout=tuple(remarks),
        )

    def _failed(self, change: Change, error: Permanent) -> Change:
        """The cluster said no, perhaps half-way: what may have been written is owed for as well."""
        now = self.ledger.clock.now()
        failure = Failure(sentence=str(error), remedy=error.remedy, at=now)
        return self.ledger.advance(
            change,
            Event.FAILED,
            "change.failed",
            data={"because": str(error)},
            notices=failure_notices(change, failure),
            obligations=self._owed(change),
            due_in=None,
            applied_at=now,
            started_digest="",
            failure=failure,
        )

    def _over(
        self,
        change: Change,
        kind: str,
        remarks: Sequence[str],
        lines: Sequence[str],
        failure: Failure | None,
    ) -> Change:
        """The rollout is over, one way or the other: what was really written is stored, for Git."""
        ours = self._written(change)
        self._wake_overtaken(change)
        notices = story.unhealthy(change, failure) if failure else story.rolled_out(change)
        return self.ledger.advance(
            change,
            Event.ROLLED_OUT,
            kind,
            data={
                "rollout": list(lines),
                "written": [entry.model_dump(mode="json") for entry in ours],
            },
            notices=notices,
            rollout=(*lines, *remarks) if failure else tuple(remarks),
            failure=failure,
            written=ours,
        )

    def _wake_overtaken(self, change: Change) -> None:
        """Who waits for a pull request about the same objects looks at it anew: what it says is
        history now, and nothing else would tell."""
        ours = {target.key for target in change.request.targets}
        for number in self.store.in_states({State.PR_OPEN}, change.request.environment):
            other = self.store.change(number)
            if ours.intersection(target.key for target in other.request.targets):
                touch(self.store, self.ledger, number)

    def _written(self, change: Change) -> tuple[SnapshotEntry, ...]:
        """By the server's account of our fields."""
        targets = change.request.targets
        cluster = self.clusters(self._environment(change).context)
        found = zip(targets, cluster.get_many(targets), strict=True)
        return tuple(
            SnapshotEntry(target=target, manifest=written(live, change.id) if live else None)
            for target, live in found
        )

    def _owed(self, change: Change) -> list[Obligation]:
        now = self.ledger.clock.now()
        return [
            Obligation(
                change=change.number,
                kind=kind,
                owner=change.requester,
                since=now,
                due_at=now + self.hours[kind],
            )
            for kind in Kind
        ]

    def _environment(self, change: Change) -> Environment:
        return self.environments[change.request.environment]

    def _cluster(self, change: Change) -> Cluster:
        return self.clusters(self._environment(change).emergency_context)
