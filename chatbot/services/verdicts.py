"""Saying at the Git host what a review found: a commit status, and one comment that is kept up."""

from dataclasses import dataclass
from typing import Final

from chatbot.domain import review_text
from chatbot.domain.change import Change, Plan
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.review import Review, StatusState
from chatbot.domain.review_rules import denied
from chatbot.ports import GitHost

CONTEXT: Final = "redlight/policy"
"""Name of the commit status; branch protection can ask for it."""


@dataclass(frozen=True)
class Verdicts:
    """Publishes reviews."""

    git: GitHost

    def publish(self, change: Change, seen: PullRequest, plan: Plan, review: Review) -> None:
        """The verdict on the head that was judged, and the whole of it under the pull request."""
        state = StatusState.FAILURE if denied(review) else StatusState.SUCCESS
        description = review_text.description(review)
        self.git.set_status(review.head_sha, CONTEXT, state, description)
        self.git.comment(seen.number, "review", review_text.comment(change, plan, review))

    def publish_ending(self, change: Change, seen: PullRequest) -> None:
        """Why the pull request is closed by us."""
        self.git.comment(seen.number, "ending", review_text.ending(change))
