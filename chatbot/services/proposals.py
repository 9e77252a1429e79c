"""Asking Git to take a change: its edit on a branch of its own, in a pull request.

On the gitops path this comes first, on the others it pays Git back; it is the same either way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatbot.domain import record, story
from chatbot.domain.change import Change, Operation, Path
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Permanent
from chatbot.domain.gitedit import Apply, Edit, Restart, Scale
from chatbot.domain.lifecycle import Event
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.written import written_edits
from chatbot.ports import GitHost
from chatbot.services.ledger import Ledger
from chatbot.services.operations import wanted_manifests
from chatbot.services.repository import ClusterRepository

LABEL = "redlight"


@dataclass(frozen=True)
class Proposals:
    """Proposes changes to the cluster repository."""

    environments: Mapping[str, Environment]
    git: GitHost
    repository: ClusterRepository
    base: str
    """The branch that the cluster follows."""
    ledger: Ledger
    login_of: Callable[[str], str]
    """Slack user id to GitHub login; empty where it is not known."""

    def base_head(self) -> str:
        """The commit that the cluster follows now."""
        head = self.git.head(self.base)
        if head is None:
            raise Permanent(
                f"The repository has no branch {self.base}",
                remedy="Set [git] branch in redlight.toml to the branch the cluster follows.",
            )
        return head

    def decide_base(self, change: Change) -> Change | None:
        """Decide which commit the change's branch starts from, before it is made; None when that
        is decided. It is decided anew as long as there is no branch."""
        base_sha = change.progress.base_sha
        if base_sha and self.git.head(change.branch) is not None:
            return None
        head = self.base_head()
        if head == base_sha:
            return None
        return self.ledger.note(change, "branch.based", data={"commit": head}, base_sha=head)

    def files(self, change: Change) -> dict[str, str | None]:
        """The files that have to change, and their new text; empty when Git says it already."""
        return self.files_at(change, change.progress.base_sha)

    def files_at(self, change: Change, commit_sha: str) -> dict[str, str | None]:
        """`files`, on top of a commit."""
        folder = self.environments[change.request.environment].path
        if (takes := change.progress.takes_back) is not None:
            return self.repository.reverted(takes.before_sha, takes.after_sha, commit_sha, folder)
        return self.repository.edited(commit_sha, folder, edits_of(change))

    def bring(self, change: Change) -> Change | None:
        """The next step towards a pull request of the change's own; None when Git says it
        already."""
        if (decided := self.decide_base(change)) is not None:
            return decided
        files = self.files(change)
        return self.open(change, files) if files else None

    def open(self, change: Change, files: Mapping[str, str | None]) -> Change:
        """One commit of the files and the change's record, and a pull request for it."""
        files = {**files, record.record_path(change): record.change_record(change)}
        commit = self.git.commit(
            change.branch, change.progress.base_sha, record.commit_message(change), files
        )
        return self.ask(change, commit)

    def ask(self, change: Change, commit_sha: str) -> Change:
        """A pull request for the branch, whose first commit is ours."""
        pull_request = self._pull_request(change, change.branch)
        return self.ledger.advance(
            change,
            Event.PR_OPENED,
            "pull_request.opened",
            data={
                "number": pull_request.number,
                "url": pull_request.url,
                "commit": commit_sha,
            },
            notices=story.pull_request_opened(change, pull_request),
            commit_sha=commit_sha,
            own_commits=tuple(dict.fromkeys((*change.progress.own_commits, commit_sha))),
            pull_request=pull_request,
        )

    def adopt(self, change: Change, found: PullRequest) -> Change:
        """Take a pull request that a person opened: it only gets our label."""
        pull_request = self._pull_request(change, found.branch)
        return self.ledger.advance(
            change,
            Event.PR_OPENED,
            "pull_request.adopted",
            data={"number": pull_request.number, "url": pull_request.url},
            notices=story.pull_request_adopted(pull_request),
            pull_request=pull_request,
        )

    def _pull_request(self, change: Change, branch: str) -> PullRequest:
        return self.git.open_pull_request(
            branch,
            self.base,
            record.pull_request_title(change),
            record.pull_request_body(change, login=self.login_of(change.requester)),
            [LABEL],
        )


def edits_of(change: Change) -> list[Edit]:
    """What the change does to Git's documents: what was asked for, or, of an emergency, what it
    really wrote, as far as something of that is left."""
    if change.path is Path.EMERGENCY:
        return written_edits(change.request.operation, change.progress.written or ())
    return [edit_of(change)]


def edit_of(change: Change) -> Edit:
    """What was asked for, as an edit of Git's documents."""
    request = change.request
    match request.operation:
        case Operation.APPLY:
            return Apply(tuple(wanted_manifests(change)))
        case Operation.SCALE if request.replicas is not None:
            return Scale(request.targets[0], request.replicas)
        case Operation.RESTART:
            return Restart(request.targets[0], change.progress.restarted_at)
        case _:
            raise Permanent(f"{change.id} is of a kind that Git cannot be asked for")
