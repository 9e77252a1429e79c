"""The cluster's part of the direct path: snapshot, apply, watch, and put back what fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chatbot.domain import story
from chatbot.domain.change import Change, Failure
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Permanent
from chatbot.domain.lifecycle import Event
from chatbot.domain.pull_request import PullRequestState
from chatbot.ports import Cluster, Clusters, GitHost, Store
from chatbot.services.autosync import AutoSync
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.operations import perform
from chatbot.services.plan import Planner
from chatbot.services.queue import SNAPSHOT_TAKEN, overtaken, own_snapshot, queued
from chatbot.services.snapshots import snapshot_of, told
from chatbot.services.watching import judged, reasons

WATCH_DELAY = timedelta(seconds=1)


@dataclass(frozen=True)
class Rollout:
    """Writes to clusters, and sees it through."""

    environments: Mapping[str, Environment]
    clusters: Clusters
    git: GitHost
    store: Store
    ledger: Ledger
    planner: Planner
    auto_sync: AutoSync
    freezes: Freezes

    def apply(self, change: Change) -> Change:
        """Step `applying`: wait for the end of a freeze and for the objects, make sure that what
        was confirmed still holds, store the snapshot, then write. What began finishes."""
        begun = change.progress.started_digest == change.progress.confirmed_digest
        if not begun and (freeze := self.freezes.blocking(change)):
            return self.freezes.wait(change, freeze)
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        if not begun or overtaken(self.store, change):
            return self._start(change)
        if (paused := self.auto_sync.pause(change)) is not None:
            return paused
        try:
            perform(self._cluster(change), change)
        except Permanent as error:
            return self._go_back(change, str(error), error.remedy)
        return self.ledger.advance(
            change,
            Event.APPLIED,
            "change.applied",
            data={"objects": [target.key for target in change.request.targets]},
            notices=story.applied(change),
            applied_at=self.ledger.clock.now(),
        )

    def validate(self, change: Change) -> Change:
        """Step `validating`: judge the rollout as `kubectl rollout status` does."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        environment = self.environments[change.request.environment]
        cluster = self._cluster(change)
        verdicts = judged(cluster, change)
        lines = tuple(verdict.message for verdict in verdicts)
        if all(verdict.done for verdict in verdicts):
            return self.ledger.advance(
                change,
                Event.ROLLED_OUT,
                "rollout.finished",
                data={"rollout": list(lines)},
                notices=story.rolled_out(change),
                rollout=lines,
            )
        started = change.progress.applied_at or change.updated_at
        late = self.ledger.clock.now() - started > environment.rollout_timeout
        if late or any(verdict.failed for verdict in verdicts):
            return self._go_back(change, reasons(cluster, change, verdicts, late=late), "")
        return self.ledger.rest(change, WATCH_DELAY, rollout=lines, waiting=None)

    def roll_back(self, change: Change) -> Change:
        """Step `rolling_back`: everything as the snapshot has it, no pull request left open. What
        an emergency wrote since is left alone."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        pull_request = change.progress.pull_request
        if pull_request and pull_request.state is PullRequestState.OPEN:
            self.git.close(pull_request.number)
        snapshot = own_snapshot(self.store, change)
        self._cluster(change).restore(snapshot, change=change.id)
        if (restored := self.auto_sync.restore(change)) is not None:
            return restored
        failure = change.progress.failure
        return self.ledger.advance(
            change,
            Event.RESTORED,
            "change.rolled_back",
            data={"objects": [entry.target.key for entry in snapshot]},
            notices=story.rolled_back(change, failure.sentence if failure else ""),
            due_in=None,
            failure=failure,
        )

    def _start(self, change: Change) -> Change:
        plan = self.planner.preview(change)
        if plan.digest != change.progress.confirmed_digest:
            return self.ledger.advance(
                change,
                Event.OUTDATED,
                "plan.outdated",
                data={"confirmed": change.progress.confirmed_digest, "now": plan.digest},
                notices=story.outdated(change),
                confirmed_digest="",
                confirmed_by="",
                force=False,
            )
        snapshot = snapshot_of(self.store, self._cluster(change), change)
        return self.ledger.note(
            change,
            SNAPSHOT_TAKEN,
            data=told(snapshot),
            snapshot=snapshot,
            started_digest=plan.digest,
            waiting=None,
        )

    def _go_back(self, change: Change, sentence: str, remedy: str) -> Change:
        environment = self.environments[change.request.environment]
        failure = Failure(sentence=sentence, remedy=remedy, at=self.ledger.clock.now())
        data = {"because": sentence}
        if environment.rollback_on_failure:
            return self.ledger.advance(
                change,
                Event.ROLLBACK_STARTED,
                "rollback.started",
                data=data,
                notices=story.rollback_started(change, sentence),
                failure=failure,
            )
        return self.ledger.advance(
            change,
            Event.FAILED,
            "change.failed",
            data=data,
            notices=story.failure_notices(change, failure),
            due_in=None,
            failure=failure,
        )

    def _cluster(self, change: Change) -> Cluster:
        return self.clusters(self.environments[change.request.environment].context)
