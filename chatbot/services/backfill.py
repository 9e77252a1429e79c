"""Paying Git back: the pull request that brings an applied change into Git, and the proof that Git
and the cluster agree afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import story
from chatbot.domain.change import Change, Failure
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Permanent
from chatbot.domain.lifecycle import Event
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.ports import GitHost, Store
from chatbot.services.autosync import AutoSync
from chatbot.services.comparison import Comparison
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.proposals import Proposals
from chatbot.services.queue import queued, wait
from chatbot.services.rollbacks import Rollbacks


@dataclass(frozen=True)
class Backfill:
    """Brings Git and cluster together again."""

    environments: Mapping[str, Environment]
    git: GitHost
    store: Store
    proposals: Proposals
    comparison: Comparison
    ledger: Ledger
    auto_sync: AutoSync
    rollbacks: Rollbacks
    freezes: Freezes

    def reconcile(self, change: Change) -> Change:
        """Step `reconciling`: ask Git if it was not asked, else compare."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        if change.progress.pull_request is None:
            return self.proposals.bring(change) or self._compare(change)
        return self._compare(change)

    def watch(self, change: Change) -> Change:
        """Step `pr_open`: merge where that is ours to do, and see what became of it. An open one
        rests until the poll wakes it, or until a freeze that keeps us from merging is over."""
        known = change.progress.pull_request
        if known is None:
            raise Permanent(f"{change.id} waits for a pull request that it does not know")
        now = self.git.pull_request(known.number) or known
        if now.state is PullRequestState.OPEN and self._may_merge(change, now):
            if freeze := self.freezes.blocking(change):
                return self.freezes.wait(change, freeze, pull_request=now, failure=None)
            if (waits := queued(self.store, self.ledger, change)) is not None:
                return waits
            method = self._environment(change).backfill.merge_method.value
            merge_sha = self.git.merge(now.number, now.head_sha, method)
            now = now.model_copy(update={"state": PullRequestState.MERGED, "merge_sha": merge_sha})
        if now.state is PullRequestState.OPEN:
            return self.ledger.rest(change, None, pull_request=now, failure=None, waiting=None)
        if now.state is PullRequestState.MERGED:
            return self._merged(change, now)
        return self._closed(change, now)

    def _may_merge(self, change: Change, now: PullRequest) -> bool:
        """Only what we wrote merges by itself; a commit by somebody else waits for a person."""
        ours = now.head_sha == change.progress.commit_sha
        return self._environment(change).backfill.auto_merge and ours

    def _merged(self, change: Change, pull_request: PullRequest) -> Change:
        self.git.delete_branch(pull_request.branch)
        return self.ledger.advance(
            change,
            Event.PR_MERGED,
            "pull_request.merged",
            data={"number": pull_request.number, "commit": pull_request.merge_sha},
            notices=story.pull_request_merged(pull_request),
            pull_request=pull_request,
        )

    def _closed(self, change: Change, pull_request: PullRequest) -> Change:
        failure = Failure(
            sentence=f"Pull request #{pull_request.number} was closed without a merge, "
            "so the cluster has something that Git does not.",
            remedy="Open it again, or undo the change in the cluster.",
            at=self.ledger.clock.now(),
        )
        return self.ledger.advance(
            change,
            Event.PR_CLOSED,
            "pull_request.closed",
            data={"number": pull_request.number},
            notices=story.failure_notices(change, failure),
            due_in=None,
            pull_request=pull_request,
            divergence=self.comparison.divergence(change),
            failure=failure,
        )

    def _unseen(self, change: Change) -> Change | None:
        """Wait until Argo CD knows what Git has now; None when there is nothing to wait for."""
        known = change.progress.pull_request
        merged = known is not None and known.state is PullRequestState.MERGED
        names = self.auto_sync.unseen(change, change.progress.steps[-1].at) if merged else []
        if not names:
            return None
        reason = f"for Argo CD to look at {', '.join(names)}, before it syncs by itself again"
        return wait(self.ledger, change, reason)

    def _compare(self, change: Change) -> Change:
        divergence = self.comparison.divergence(change)
        if not divergence:
            if (waits := self._unseen(change)) is not None:
                return waits
            if (restored := self.auto_sync.restore(change)) is not None:
                return restored
            self.rollbacks.finished(change)
            return self.ledger.advance(
                change,
                Event.IN_SYNC,
                "change.completed",
                data={"objects": [target.key for target in change.request.targets]},
                notices=story.completed(change),
                due_in=None,
                divergence="",
            )
        failure = Failure(
            sentence="Git and the cluster differ, so this is not done.",
            remedy="Open a pull request again to bring Git to what was asked, or mend the cluster "
            "and retry.",
            at=self.ledger.clock.now(),
        )
        return self.ledger.note(
            change,
            "reconciliation.differs",
            data={"diff": divergence},
            notices=story.failure_notices(change, failure),
            due_in=None,
            divergence=divergence,
            failure=failure,
            waiting=None,
        )

    def _environment(self, change: Change) -> Environment:
        return self.environments[change.request.environment]
