"""The gitops path from the merge to the end: merge what was approved, have Argo CD sync it, see it
healthy; the cluster is Argo CD's to write.

One change at a time rolls out in an environment: what is judged healthy, or taken back, is one
change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chatbot.domain import story_gitops as story
from chatbot.domain.argocd_sync import SyncOrder, SyncOutcome, Verdict, deployed, sync_outcome
from chatbot.domain.change import Change, Failure
from chatbot.domain.environment import ArgoApplications, Environment
from chatbot.domain.errors import Conflict, Permanent, RetryLater
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.line import behind
from chatbot.domain.pull_request import PullRequestState
from chatbot.domain.story import failure_notices
from chatbot.ports import Deployer, Deployers, GitHost, Store
from chatbot.services.gitops import GitOps
from chatbot.services.ledger import AT_ONCE, Ledger
from chatbot.services.queue import queued
from chatbot.services.rollbacks import Rollbacks
from chatbot.services.symptoms import Symptoms

WATCH_DELAY = timedelta(seconds=1)


@dataclass(frozen=True)
class Deployment:
    """Merges, syncs, validates."""

    environments: Mapping[str, Environment]
    git: GitHost
    store: Store
    deployers: Deployers
    repo: str
    """`owner/name`: which of an Application's sources the revision is for."""
    ledger: Ledger
    gitops: GitOps
    rollbacks: Rollbacks
    symptoms: Symptoms

    def sync(self, change: Change) -> Change:
        """Step `syncing`: the merge, guarded by the approved head; then Argo CD is told."""
        if (waits := self.line(change)) is not None:
            return waits
        merged = change.progress.pull_request
        if merged is None or merged.state is not PullRequestState.MERGED:
            return self._merge(change)
        self.tell(change, merged.merge_sha)
        outcomes = self.outcomes(change, merged.merge_sha)
        if failed := _reasons(outcomes, Verdict.FAILED):
            return self._unhealthy(change, failed)
        argocd, deployer = self.argocd(change)
        applications = [deployer.application(name, argocd.namespace) for name in argocd.names]
        if all(deployed(application, merged.merge_sha) for application in applications):
            return self.ledger.advance(
                change,
                Event.SYNCED,
                "argocd.synced",
                data={"revision": merged.merge_sha, "applications": list(argocd.names)},
                notices=story.synced(change, argocd.names),
                rollout=(),
            )
        if self._late(change):
            return self._unhealthy(change, _late(outcomes))
        return self.watch(change, outcomes)

    def validate(self, change: Change) -> Change:
        """Step `validating`: Synced at that revision and Healthy, for a settle time, everywhere."""
        if (waits := self.line(change)) is not None:
            return waits
        merged = change.progress.pull_request
        if merged is None:
            raise Permanent(f"{change.id} validates a pull request that it does not know")
        outcomes = self.outcomes(change, merged.merge_sha)
        if failed := _reasons(outcomes, Verdict.FAILED):
            return self._unhealthy(change, failed)
        if superseded := _reasons(outcomes, Verdict.SUPERSEDED):
            return self._completed(change, superseded)
        if all(each.verdict is Verdict.SYNCED_AND_HEALTHY for each in outcomes.values()):
            return self._completed(change, [])
        if self._late(change):
            return self._unhealthy(change, _late(outcomes))
        return self.watch(change, outcomes)

    def line(self, change: Change) -> Change | None:
        """Wait while an emergency has taken the objects over; None when they are ours. Afterwards
        Argo CD has its time anew, and what was not merged yet is looked at once more."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        if not behind(change):
            return None
        if change.state is State.SYNCING:
            outdated = self.gitops.outdated(change, self.gitops.look(change))
            if outdated is not None:
                return outdated
        now = self.ledger.clock.now()
        return self.ledger.rest(change, AT_ONCE, sync_asked_at=now, waiting=None)

    def tell(self, change: Change, revision: str) -> None:
        """Have every Application synced at a revision, once for each attempt."""
        argocd, deployer = self.argocd(change)
        order = SyncOrder(
            change=change.id,
            revision=revision,
            repo=self.repo,
            prune=argocd.prune,
            options=argocd.sync_options,
            attempt=change.progress.sync_attempt,
        )
        for name in argocd.names:
            # What a person asks for anew may still run, and wait for health that never comes.
            if order.attempt > 1 and deployer.terminate(
                name, argocd.namespace, change.id, revision, order.attempt
            ):
                sentence = f"Argo CD is ending the sync of {name} that is asked for anew"
                raise RetryLater(sentence, after=WATCH_DELAY)
            deployer.sync(name, argocd.namespace, order)

    def outcomes(self, change: Change, revision: str) -> dict[str, SyncOutcome]:
        """What came of a revision in each Application so far, by name."""
        argocd, deployer = self.argocd(change)
        return {
            name: sync_outcome(
                deployer.application(name, argocd.namespace),
                revision=revision,
                change=change.id,
                settling=change.progress.settling.get(name),
                settle=argocd.settle,
                now=self.ledger.clock.now(),
            )
            for name in argocd.names
        }

    def _merge(self, change: Change) -> Change:
        """Merge the approved head and no other. What the host says afterwards counts: somebody may
        have pushed and merged in between."""
        review, asked = change.progress.review, change.progress.pull_request
        if review is None or asked is None:
            raise Permanent(f"{change.id} has no reviewed pull request to merge")
        conflict: Conflict | None = None
        try:
            method = self._environment(change).merge_method.value
            self.git.merge(asked.number, review.head_sha, method)
        except Conflict as error:
            conflict = error
        seen = self.gitops.look(change)
        if (moved := self.gitops.moved(change, seen)) is not None:
            return moved
        if conflict is not None:
            return self.gitops.conflicting(change, seen, conflict)
        if seen.state is not PullRequestState.MERGED:
            raise RetryLater(f"GitHub does not show #{seen.number} as merged yet")
        return self.ledger.note(
            change,
            "pull_request.merged",
            data={"number": seen.number, "head": seen.head_sha, "commit": seen.merge_sha},
            notices=story.merged(seen),
            pull_request=seen,
            applied_at=self.ledger.clock.now(),
            failure=None,
            waiting=None,
        )

    def watch(self, change: Change, outcomes: Mapping[str, SyncOutcome]) -> Change:
        """Look again soon; the card says meanwhile what Argo CD says."""
        lines = tuple(line for each in outcomes.values() for line in each.reasons)
        settling = {
            name: each.settling for name, each in outcomes.items() if each.settling is not None
        }
        return self.ledger.rest(change, WATCH_DELAY, rollout=lines, settling=settling, waiting=None)

    def _completed(self, change: Change, remarks: Sequence[str]) -> Change:
        self.rollbacks.finished(change)
        return self.ledger.advance(
            change,
            Event.HEALTHY,
            "change.completed",
            data={"objects": [target.key for target in change.request.targets]},
            notices=story.completed(change, remarks),
            rollout=tuple(remarks),
        )

    def _unhealthy(self, change: Change, reasons: Sequence[str]) -> Change:
        """The commit is in Git and does not work: take it back, or say so and wait for a person."""
        told = "\n".join((*reasons, *self.symptoms.of(change)))
        failure = Failure(sentence=told, at=self.ledger.clock.now())
        data = {"because": failure.sentence}
        if self._environment(change).rollback_on_failure:
            return self.ledger.advance(
                change,
                Event.ROLLBACK_STARTED,
                "rollback.started",
                data=data,
                notices=story.revert_started(change, failure),
                failure=failure,
                revert_because=failure.sentence,
            )
        return self.ledger.note(
            change,
            "sync.failed",
            data=data,
            notices=failure_notices(change, failure),
            due_in=None,
            failure=failure,
            waiting=None,
        )

    def _late(self, change: Change) -> bool:
        argocd, _ = self.argocd(change)
        progress = change.progress
        started = progress.sync_asked_at or progress.applied_at or change.updated_at
        return self.ledger.clock.now() - started > argocd.timeout

    def argocd(self, change: Change) -> tuple[ArgoApplications, Deployer]:
        """The Applications that deploy the change's environment, and who is asked about them."""
        environment = self._environment(change)
        if environment.argocd is None:
            raise Permanent(
                f"Nobody has said which Argo CD Application deploys {environment.name}",
                remedy=f"Name it under [environments.{environment.name}.argocd], then retry.",
            )
        return environment.argocd, self.deployers(environment.context)

    def _environment(self, change: Change) -> Environment:
        return self.environments[change.request.environment]


def _reasons(outcomes: Mapping[str, SyncOutcome], verdict: Verdict) -> list[str]:
    return [line for each in outcomes.values() if each.verdict is verdict for line in each.reasons]


def _late(outcomes: Mapping[str, SyncOutcome]) -> list[str]:
    waiting = _reasons(outcomes, Verdict.WAITING)
    return ["It was not healthy in time.", *waiting]
