"""After an emergency: Git gets what was really applied, or it is proved that it needs nothing.

Reconciled is an emergency when its pull request is merged, live equals Git, and Argo CD is unpaused
and says Synced. It closes when the postmortem is accepted too. Nobody's edit is written over: where
Git and the cluster differ, that is shown until people have brought one of them to the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chatbot.domain import emergency_news as news
from chatbot.domain import story_emergency as story
from chatbot.domain.change import Change, Waiting
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.ports import GitHost, Store
from chatbot.services.autosync import AutoSync
from chatbot.services.backfill import Backfill
from chatbot.services.comparison import Comparison
from chatbot.services.ledger import AT_ONCE, Ledger
from chatbot.services.proposals import Proposals
from chatbot.services.queue import overtaken, queued
from chatbot.services.rollbacks import Rollbacks

SOON, LOOK_AGAIN = timedelta(seconds=1), timedelta(seconds=30)
"""How soon is looked anew for what nobody tells us (that live and Git agree, what Argo CD says):
after as long again as was waited, within these."""

POSTMORTEM = timedelta(minutes=5)
"""An accepted postmortem wakes its change; this is for when that is lost."""


@dataclass(frozen=True)
class EmergencyBackfill:
    """Pays Git back after an emergency."""

    git: GitHost
    store: Store
    ledger: Ledger
    proposals: Proposals
    comparison: Comparison
    auto_sync: AutoSync
    backfill: Backfill
    rollbacks: Rollbacks
    told_in: Callable[[Change], Sequence[str]]
    """The channels that hear of an emergency."""

    def reconcile(self, change: Change) -> Change:
        """Step `reconciling`: ask Git if there is something to ask for, then prove that all is
        well, then wait for the postmortem."""
        if change.progress.reconciled_at is not None:
            return self._close(change)
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        if (left := self._without_overtaken(change)) is not None:
            return left
        if not change.progress.written:
            return self._tidied(change) or self._prove(change)
        if not _is_merged(change) and (asked := self._ask(change)) is not None:
            return asked
        return self._prove(change)

    def _ask(self, change: Change) -> Change | None:
        """Ask Git for what was written, and keep Argo CD off that until Git has it; None when Git
        says it already."""
        if not self._git_says_it(change):
            grip = self.auto_sync.grip(change)
            if (paused := self.auto_sync.gripped(change, grip)) is not None:
                return paused
        return self.proposals.bring(change)

    def _git_says_it(self, change: Change) -> bool:
        """Whether Git had what was written, without our asking, when it was looked at last: Argo CD
        brings nothing else then. False when that cannot be learnt now."""
        if not change.progress.base_sha:
            return False
        try:
            return not self.proposals.files(change)
        except (RetryLater, Permanent):
            return False

    def watch(self, change: Change) -> Change:
        """Step `pr_open`: see what became of the pull request. It is closed when another emergency
        has written to everything in it since."""
        if overtaken(self.store, change) and (closed := self._superseded(change)) is not None:
            return closed
        return self.backfill.watch(change)

    def _without_overtaken(self, change: Change) -> Change | None:
        """What a later emergency wrote is that one's to bring into Git."""
        gone = overtaken(self.store, change)
        written = change.progress.written or ()
        left = tuple(entry for entry in written if entry.target.key not in gone)
        if left == written:
            return None
        lost = sorted(gone & {entry.target.key for entry in written})
        return self.ledger.note(change, "change.overtaken", data={"objects": lost}, written=left)

    def _tidied(self, change: Change) -> Change | None:
        """Nothing is to be brought into Git any more: no pull request of ours stays open."""
        known = change.progress.pull_request
        if known is None or known.state is not PullRequestState.OPEN:
            return None
        seen = self._closed(known)
        return self.ledger.note(
            change,
            "pull_request.closed" if seen.state is PullRequestState.CLOSED else "pull_request.seen",
            data={"number": seen.number, "state": seen.state.value},
            pull_request=seen,
        )

    def _superseded(self, change: Change) -> Change | None:
        known, gone = change.progress.pull_request, overtaken(self.store, change)
        if known is None or not all(target.key in gone for target in change.request.targets):
            return None
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        seen = self._closed(known)
        if seen.state is not PullRequestState.CLOSED:
            return None
        return self.ledger.advance(
            change,
            Event.PR_CLOSED,
            "pull_request.superseded",
            data={"number": seen.number},
            notices=story.superseded(seen.number),
            pull_request=seen,
        )

    def _closed(self, known: PullRequest) -> PullRequest:
        """Closed and without its branch, unless it is merged. Safe to repeat: the one that is
        closed already may be so by us, with its branch left."""
        seen = self.git.pull_request(known.number) or known
        if seen.state is PullRequestState.MERGED:
            return seen
        if seen.state is PullRequestState.OPEN:
            self.git.close(seen.number)
        self.git.delete_branch(seen.branch)
        return seen.model_copy(update={"state": PullRequestState.CLOSED})

    def _prove(self, change: Change) -> Change:
        """Live equals Git, Argo CD is unpaused, and says so itself."""
        divergence = self.comparison.divergence(change)
        if divergence:
            return self._differs(change, divergence)
        if _is_merged(change) and (unseen := self.auto_sync.unseen(change, _since(change))):
            reason = f"for Argo CD to look at {', '.join(unseen)}, before it syncs by itself again"
            return self._wait(change, reason, divergence="")
        if (restored := self.auto_sync.restore(change)) is not None:
            return restored
        if reasons := self.auto_sync.out_of_sync(change, _since(change)):
            return self._wait(change, "; ".join(reasons), divergence="")
        return self._reconciled(change)

    def _differs(self, change: Change, divergence: str) -> Change:
        reason = "for Git and the cluster to say the same"
        if divergence == change.progress.divergence:
            return self._wait(change, reason)
        return self.ledger.note(
            change,
            "reconciliation.differs",
            data={"diff": divergence},
            notices=story.differs(change),
            due_in=SOON,
            divergence=divergence,
            failure=None,
            waiting=Waiting(reason=reason, since=self.ledger.clock.now()),
        )

    def _reconciled(self, change: Change) -> Change:
        """The debt is paid. The objects are free for others, whoever still writes a postmortem."""
        now = self.ledger.clock.now()
        owed = self._owed(change, Kind.RECONCILIATION)
        if owed is None:  # by a version of ours that did not put it into the change
            return self._close(self.ledger.rest(change, AT_ONCE, reconciled_at=now))
        paid = self.ledger.pay(
            change,
            owed,
            "reconciliation.met",
            data={"objects": [target.key for target in change.request.targets]},
            notices=story.reconciled(),
            reconciled_at=now,
        )
        return self._close(paid)

    def _close(self, change: Change) -> Change:
        self.store.let_go(change.number)
        if self._owed(change, Kind.POSTMORTEM):
            settled = {"divergence": "", "failure": None, "rollout": ()}
            return self._wait(change, "for the postmortem", POSTMORTEM, **settled)
        self.rollbacks.finished(change)
        return self.ledger.advance(
            change,
            Event.IN_SYNC,
            "change.completed",
            data={"objects": [target.key for target in change.request.targets]},
            notices=story.completed(change),
            announcements=news.closed(change, self.told_in(change), self.ledger.clock.now()),
            due_in=None,
            divergence="",
            rollout=(),
        )

    def _owed(self, change: Change, kind: Kind) -> Obligation | None:
        """What is still to be paid of this kind."""
        owed = self.store.obligation(change.number, kind)
        return owed if owed is not None and owed.is_open else None

    def _wait(
        self, change: Change, reason: str, due_in: timedelta | None = None, **progress: Any
    ) -> Change:
        waited = change.progress.waiting
        same = waited is not None and waited.reason == reason
        now = self.ledger.clock.now()
        since = waited.since if waited and same else now
        waiting = Waiting(reason=reason, since=since)
        due_in = due_in or min(max(now - since, SOON), LOOK_AGAIN)
        return self.ledger.rest(change, due_in, waiting=waiting, **progress)


def _is_merged(change: Change) -> bool:
    pull_request = change.progress.pull_request
    return pull_request is not None and pull_request.state is PullRequestState.MERGED


def _since(change: Change) -> datetime:
    """When Git or the cluster was brought to where it is now."""
    turns = [step.at for step in change.progress.steps if step.name == State.RECONCILING.value]
    return turns[-1] if turns else change.created_at
