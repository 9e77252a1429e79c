"""Keeping a change's branch in step with the branch that it goes to.

What people agree to is the head of the pull request; what the cluster gets is the merge. The two
are the same only while nothing of the environment has changed on the base since the branch left it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import record
from chatbot.domain import story_gitops as story
from chatbot.domain.change import Change
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Permanent
from chatbot.domain.pull_request import PullRequest
from chatbot.ports import GitHost
from chatbot.services.ledger import Ledger
from chatbot.services.proposals import Proposals
from chatbot.services.repository import ClusterRepository


@dataclass(frozen=True)
class Branches:
    """Brings branches up to date, never by force."""

    environments: Mapping[str, Environment]
    git: GitHost
    repository: ClusterRepository
    proposals: Proposals
    ledger: Ledger

    def update(self, change: Change, seen: PullRequest) -> Change | None:
        """Bring what the base gained since into the branch; None when it has all that matters.

        A branch that holds only our own edit gets the same edit made anew on today's base, which
        also settles conflicts; on people's commits the base is merged. Raises `Conflict` when that
        does not go by itself.
        """
        base_head = self.proposals.base_head()
        left = self.git.merge_base(self.proposals.base, seen.head_sha)
        folder = self.environments[change.request.environment].path
        if left == base_head or self._same(left, base_head, folder):
            return None
        ours = seen.head_sha == change.progress.commit_sha
        if ours:
            head = self._made_anew(change, seen, base_head)
        else:
            message = f"Bring {self.proposals.base} into {seen.branch}"
            head = self.git.merge_base_into(seen.branch, self.proposals.base, message)
        return self.ledger.note(
            change,
            "branch.updated",
            data={"was": seen.head_sha, "now": head, "base": base_head},
            notices=story.updated(self.proposals.base, head),
            own_commits=(*change.progress.own_commits, head),
            commit_sha=head if ours else change.progress.commit_sha,
        )

    def _same(self, one: str, other: str, folder: str) -> bool:
        """Whether two commits stand for the same files of an environment, its bases included."""
        return self.repository.files(one, folder) == self.repository.files(other, folder)

    def _made_anew(self, change: Change, seen: PullRequest, base_head: str) -> str:
        files = self.proposals.files_at(change, base_head)
        if not files:
            raise Permanent(
                f"{self.proposals.base} has got the same edit meanwhile, so nothing is left to do.",
                remedy="Cancel this change; Git says already what it asks for.",
            )
        files[record.record_path(change)] = record.change_record(change)
        message = record.commit_message(change)
        return self.git.commit(seen.branch, base_head, message, files, over=seen.head_sha)
