"""The gitops path up to the merge: pull request, review, approval, window.

Nothing touches the cluster here. Every step looks at the pull request anew, because people push to
it, merge it and close it without asking us; what was agreed to is bound to its head by the digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import promotion, review_text
from chatbot.domain import story_gitops as story
from chatbot.domain.change import Change, Failure, Plan
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Conflict, Permanent
from chatbot.domain.lifecycle import Event
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.domain.review import Review
from chatbot.domain.review_rules import denied
from chatbot.ports import GitHost, Store
from chatbot.services.authorship import authors_of
from chatbot.services.branches import Branches
from chatbot.services.ledger import Ledger
from chatbot.services.plan import timed
from chatbot.services.proposals import Proposals
from chatbot.services.queue import queued
from chatbot.services.review import Reviewer
from chatbot.services.rollbacks import Rollbacks
from chatbot.services.verdicts import Verdicts


@dataclass(frozen=True)
class GitOps:
    """Takes a change from the request to an approved pull request."""

    environments: Mapping[str, Environment]
    git: GitHost
    store: Store
    ledger: Ledger
    proposals: Proposals
    branches: Branches
    reviewer: Reviewer
    verdicts: Verdicts
    rollbacks: Rollbacks

    def propose(self, change: Change) -> Change:
        """Step `requested`: the edit on a branch of its own, in a pull request; or the pull
        request that somebody opened by hand and named."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        if (named := change.request.named_pull_request) is not None:
            return self._adopt(change, named)
        if change.progress.commit_sha and self.git.head(change.branch) is not None:
            return self.proposals.ask(change, change.progress.commit_sha)
        if (decided := timed(self.ledger, change) or self.rollbacks.decide(change)) is not None:
            return decided
        if (decided := self.proposals.decide_base(change)) is not None:
            return decided
        files = self.proposals.files(change)
        if not files:
            raise Permanent(
                "Git says this already, so there is nothing to change.",
                remedy="If the cluster differs, sync its Application in Argo CD.",
            )
        return self.proposals.open(change, files)

    def review(self, change: Change) -> Change:
        """Step `pr_open`: policy and everything else that can be known before people are asked."""
        if (waits := queued(self.store, self.ledger, change)) is not None:
            return waits
        seen = self.look(change)
        if seen.state is PullRequestState.CLOSED:
            return self.closed(change, seen)
        open_still = seen.state is PullRequestState.OPEN
        if open_still and (updated := self.branches.update(change, seen)) is not None:
            return updated
        plan, review = self._reviewed(change, seen)
        self.verdicts.publish(change, seen, plan, review)
        return self._judged(change, seen, plan, review)

    def look(self, change: Change) -> PullRequest:
        """The pull request as it is now."""
        known = change.progress.pull_request
        if known is None:
            raise Permanent(f"{change.id} waits for a pull request that it does not know")
        return self.git.pull_request(known.number) or known

    def mended(self, change: Change) -> Change:
        """Step `blocked`: whether somebody pushed what mends it, or it has been in the environment
        ahead by now."""
        if change.progress.pull_request is None:
            return self.ledger.rest(change, None)
        seen = self.look(change)
        if (moved := self.moved(change, seen)) is not None:
            return moved
        review = change.progress.review
        if review is None or not promotion.is_missing(review):
            return self.ledger.rest(change, None, pull_request=seen)
        if (number := self.reviewer.promotions.came_by(change, review.content)) is None:
            return self.ledger.rest(change, promotion.LOOK_AGAIN, pull_request=seen)
        return self.ledger.advance(
            change,
            Event.OUTDATED,
            "promotion.followed",
            data={"change": number},
            notices=story.followed(change, number),
            pull_request=seen,
        )

    def moved(self, change: Change, seen: PullRequest) -> Change | None:
        """What became of the pull request while people were asked: closed, or with other content
        than they saw; None when all is as it was."""
        review = change.progress.review
        if seen.state is PullRequestState.CLOSED:
            return self.closed(change, seen)
        if review is not None and seen.head_sha == review.head_sha:
            return None
        return self.ledger.advance(
            change,
            Event.OUTDATED,
            "pull_request.moved",
            data={"was": review.head_sha if review else "", "now": seen.head_sha},
            notices=story.moved(change, seen),
            pull_request=seen,
        )

    def outdated(self, change: Change, seen: PullRequest) -> Change | None:
        """Right before the effect: whether what was approved is what would be merged now, judged by
        the rules of now, and still fits into the quotas; None when it is."""
        if seen.state is PullRequestState.MERGED:
            return None
        plan, review = self._reviewed(change, seen)
        known = change.progress.plan
        if known is not None and plan.digest == known.digest and not denied(review):
            return None
        return self.ledger.advance(
            change,
            Event.OUTDATED,
            "review.outdated",
            data={"was": known.digest if known else "", "now": plan.digest},
            notices=story.outdated(change),
        )

    def conflicting(self, change: Change, seen: PullRequest, error: Conflict) -> Change:
        """The base branch moved under an approved head: it is brought up to date and asked anew."""
        return self.ledger.advance(
            change,
            Event.OUTDATED,
            "pull_request.conflicting",
            data={"because": str(error)},
            notices=story.outdated(change),
            pull_request=seen,
        )

    def closed(self, change: Change, seen: PullRequest) -> Change:
        """Somebody closed the pull request at the host: that is a no."""
        return self.ledger.advance(
            change,
            Event.CANCELLED,
            "pull_request.closed",
            data={"number": seen.number},
            notices=story.closed(change, seen),
            pull_request=seen,
        )

    def tidy(self, change: Change) -> Change:
        """Step of every ending: no pull request is left open, no branch of ours behind."""
        known = change.progress.pull_request
        if known is None:
            return self.ledger.rest(change, None)
        seen = self.look(change)
        if seen.state is PullRequestState.OPEN:
            self.verdicts.publish_ending(change, seen)
            self.git.close(seen.number)
        if seen.branch == change.branch:
            self.git.delete_branch(seen.branch)
        return self.ledger.rest(change, None, pull_request=self.look(change))

    def _adopt(self, change: Change, number: int) -> Change:
        found = self.git.pull_request(number)
        if found is None or found.state is not PullRequestState.OPEN:
            raise Permanent(
                f"Pull request #{number} is not open any more",
                remedy="Open it again and retry, or request the change anew.",
            )
        if found.from_fork or found.base != self.proposals.base:
            raise Permanent(
                f"Pull request #{number} does not lead from a branch of this repository to "
                f"{self.proposals.base}",
                remedy="Open one that does, and name it in a new request.",
            )
        return self.proposals.adopt(change, found)

    def _reviewed(self, change: Change, seen: PullRequest) -> tuple[Plan, Review]:
        left = self._left(change, seen)
        authors = authors_of(
            commit
            for commit in self.git.commits(left, seen.head_sha)
            if commit.sha not in change.progress.own_commits
        )
        return self.reviewer.review(change, left, seen.head_sha, authors)

    def _left(self, change: Change, seen: PullRequest) -> str:
        """Where the branch left the base. Once it is merged, the host would say: nowhere."""
        if seen.state is PullRequestState.MERGED:
            review = change.progress.review
            return review.base_sha if review else change.progress.base_sha
        return self.git.merge_base(self.proposals.base, seen.head_sha)

    def _judged(self, change: Change, seen: PullRequest, plan: Plan, review: Review) -> Change:
        data = {
            "head": review.head_sha,
            "policies": review.policy_revision,
            "digest": plan.digest,
            "findings": [finding.model_dump(mode="json") for finding in review.findings],
        }
        if denied(review):
            sentence, remedy = review_text.failure_of(review)
            failure = Failure(sentence=sentence, remedy=remedy, at=self.ledger.clock.now())
            return self.ledger.advance(
                change,
                Event.BLOCKED,
                "policy.denied",
                data=data,
                notices=story.denied(change, failure),
                due_in=promotion.LOOK_AGAIN if promotion.is_missing(review) else None,
                failure=failure,
                plan=plan,
                review=review,
                pull_request=seen,
            )
        return self.ledger.advance(
            change,
            Event.POLICY_PASSED,
            "policy.passed",
            data=data,
            notices=story.passed(plan),
            plan=plan,
            review=review,
            pull_request=seen,
        )
