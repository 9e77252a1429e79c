"""The way back on the gitops path: a merged change that does not work is taken back by a commit on
top of what is there now, in a pull request of its own, and Argo CD syncs that. The commit that
failed is not synced again. Then the environment is held until a senior has looked at it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.domain import record, revert_text
from chatbot.domain import story_gitops as story
from chatbot.domain.argocd_sync import SyncOutcome, Verdict
from chatbot.domain.change import Change, Failure
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Conflict, Permanent, RetryLater
from chatbot.domain.lifecycle import Event
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.domain.review import StatusState
from chatbot.domain.story import failure_notices
from chatbot.ports import GitHost
from chatbot.services.deployment import WATCH_DELAY, Deployment
from chatbot.services.ledger import AT_ONCE, Ledger
from chatbot.services.proposals import LABEL, Proposals
from chatbot.services.repository import ClusterRepository
from chatbot.services.verdicts import CONTEXT

_THROUGH = (Verdict.SYNCED_AND_HEALTHY, Verdict.SUPERSEDED)


@dataclass(frozen=True)
class Reverts:
    """Takes merged changes back."""

    environments: Mapping[str, Environment]
    git: GitHost
    repository: ClusterRepository
    proposals: Proposals
    deployment: Deployment
    ledger: Ledger

    def roll_back(self, change: Change) -> Change:
        """Step `rolling_back`: Git first, on top of what is there now; then the cluster."""
        if (waits := self.deployment.line(change)) is not None:
            return waits
        if change.progress.reverted_sha:
            return self._sync(change, change.progress.reverted_sha)
        if (known := change.progress.revert) is not None:
            seen = self.git.pull_request(known.number) or known
            if seen.state is PullRequestState.MERGED:
                return self._reverted(change, seen.merge_sha, seen)
            if seen.state is PullRequestState.CLOSED and known.state is PullRequestState.OPEN:
                return self._closed(change, seen)
        if (based := self._based(change)) is not None:
            return based
        files = self._files(change)
        if not files:
            return self._gone_already(change)
        return self._ask(change, files) or self._merge(change)

    def _based(self, change: Change) -> Change | None:
        """Decide which commit to take it back on, before that is done; None when it is decided. A
        base that moves on is followed, but not under a commit that may be made already."""
        progress = change.progress
        if progress.revert_base_sha and not progress.revert_commit_sha:
            made = self.git.head(change.revert_branch)
            if made is not None and (not progress.revert or made != progress.revert.head_sha):
                return None
        head = self.proposals.base_head()
        if head == progress.revert_base_sha:
            return None
        return self.ledger.note(
            change,
            "revert.based",
            data={"commit": head},
            revert_base_sha=head,
            revert_commit_sha="",
        )

    def _files(self, change: Change) -> dict[str, str | None]:
        """The files that are without the change; empty when Git has nothing of it any more."""
        review = change.progress.review
        if review is None:
            raise Permanent(f"{change.id} has no reviewed pull request to take back")
        base, folder = change.progress.revert_base_sha, self._environment(change).path
        files = self.repository.reverted(review.base_sha, review.head_sha, base, folder)
        if files:
            files[record.record_path(change)] = revert_text.changed_record(change)
        return files

    def _ask(self, change: Change, files: Mapping[str, str | None]) -> Change | None:
        """The commit and its pull request; None when they are made and recorded."""
        progress = change.progress
        if progress.revert_commit_sha and _is_open(progress.revert):
            return None
        commit_sha = self.git.commit(
            change.revert_branch,
            progress.revert_base_sha,
            revert_text.commit_message(change),
            files,
            over=progress.revert.head_sha if progress.revert else "",
        )
        asked = self.git.open_pull_request(
            change.revert_branch,
            self.proposals.base,
            revert_text.title(change),
            revert_text.body(change),
            [LABEL],
        )
        return self.ledger.note(
            change,
            "revert.opened",
            data={"number": asked.number, "url": asked.url, "commit": commit_sha},
            notices=story.revert_opened(asked),
            revert=asked.model_copy(update={"head_sha": commit_sha}),
            revert_commit_sha=commit_sha,
        )

    def _merge(self, change: Change) -> Change:
        """Merge our own commit and no other. It needs no new verdict: what it restores was there
        before, and the environment does not work as it is."""
        asked, commit_sha = change.progress.revert, change.progress.revert_commit_sha
        if asked is None:
            raise Permanent(f"{change.id} is taken back by a pull request that it does not know")
        self.git.set_status(commit_sha, CONTEXT, StatusState.SUCCESS, revert_text.STATUS)
        try:
            self.git.merge(asked.number, commit_sha, self._environment(change).merge_method.value)
        except Conflict:
            if self.proposals.base_head() == change.progress.revert_base_sha:
                raise
            return self.ledger.rest(change, AT_ONCE)
        seen = self.git.pull_request(asked.number) or asked
        if seen.state is not PullRequestState.MERGED:
            raise RetryLater(f"GitHub does not show #{asked.number} as merged yet")
        return self._reverted(change, seen.merge_sha, seen)

    def _gone_already(self, change: Change) -> Change:
        """Somebody else took it back meanwhile; ours is not needed."""
        asked = change.progress.revert
        if asked is not None:
            self.git.close(asked.number)
            asked = asked.model_copy(update={"state": PullRequestState.CLOSED})
        return self._reverted(change, change.progress.revert_base_sha, asked)

    def _reverted(self, change: Change, revision: str, asked: PullRequest | None) -> Change:
        return self.ledger.note(
            change,
            "revert.merged",
            data={"number": asked.number if asked else None, "commit": revision},
            notices=story.reverted(revision),
            revert=asked,
            reverted_sha=revision,
            reverted_at=self.ledger.clock.now(),
            sync_attempt=change.progress.sync_attempt + 1,
            settling={},
            rollout=(),
            failure=None,
            waiting=None,
        )

    def _closed(self, change: Change, seen: PullRequest) -> Change:
        return self._stands_still(
            change,
            "revert.closed",
            f"Pull request #{seen.number}, which takes this back, was closed.",
            "Retry opens it again. Or take the commit back by hand, then retry.",
            revert=seen,
        )

    def _sync(self, change: Change, revision: str) -> Change:
        """Have the cluster follow Git back, and wait until it is healthy."""
        if self._ends_failed_sync(change):
            return self.ledger.rest(change, WATCH_DELAY)
        self.deployment.tell(change, revision)
        outcomes = self.deployment.outcomes(change, revision)
        if refused := _operations_that_failed(outcomes.values()):
            return self._stands_still(
                change,
                "revert.sync_failed",
                "\n".join(["It is taken back in Git, but the cluster did not follow.", *refused]),
                "Mend what Argo CD complains about, then retry.",
                sync_attempt=change.progress.sync_attempt + 1,
            )
        if all(each.verdict in _THROUGH for each in outcomes.values()):
            return self._held(change, ())
        lines = [line for each in outcomes.values() for line in each.reasons]
        if self._late(change):
            return self._held(change, lines)
        return self.deployment.watch(change, outcomes)

    def _ends_failed_sync(self, change: Change) -> bool:
        """A sync of the commit that failed may wait for health forever: it is ended."""
        merged = change.progress.pull_request
        if merged is None or not merged.merge_sha:
            return False
        argocd, deployer = self.deployment.argocd(change)
        running = [
            deployer.terminate(name, argocd.namespace, change.id, merged.merge_sha)
            for name in argocd.names
        ]
        return any(running)

    def _held(self, change: Change, remarks: Sequence[str]) -> Change:
        for branch in (change.revert_branch, change.branch):
            self.git.delete_branch(branch)
        lines = [change.progress.revert_because]
        if remarks:
            lines += ["Taken back, but not healthy in time:", *remarks]
        return self.ledger.advance(
            change,
            Event.REVERTED,
            "change.taken_back",
            data={"commit": change.progress.reverted_sha, "remarks": list(remarks)},
            notices=story.held(change, remarks),
            due_in=None,
            failure=Failure(sentence="\n".join(lines), at=self.ledger.clock.now()),
        )

    def _stands_still(
        self, change: Change, kind: str, sentence: str, remedy: str, **progress: Any
    ) -> Change:
        failure = Failure(sentence=sentence, remedy=remedy, at=self.ledger.clock.now())
        return self.ledger.note(
            change,
            kind,
            data={"because": sentence},
            notices=failure_notices(change, failure),
            due_in=None,
            failure=failure,
            waiting=None,
            **progress,
        )

    def _late(self, change: Change) -> bool:
        argocd, _ = self.deployment.argocd(change)
        started = change.progress.reverted_at or change.updated_at
        return self.ledger.clock.now() - started > argocd.timeout

    def _environment(self, change: Change) -> Environment:
        return self.environments[change.request.environment]


def _is_open(asked: PullRequest | None) -> bool:
    return asked is not None and asked.state is PullRequestState.OPEN


def _operations_that_failed(outcomes: Iterable[SyncOutcome]) -> list[str]:
    """What failed to sync, other than what is synced and not healthy: that may still come."""
    return [
        line
        for each in outcomes
        if each.verdict is Verdict.FAILED and each.settling is None
        for line in each.reasons
    ]
