"""What a rollback takes back, decided before anything is done about it; and the link between it and
the change that it takes back, on both rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import rollback, story
from chatbot.domain.change import Change, Operation, Path, RolledBack, SnapshotEntry, TakenBack
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Conflict, Permanent
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.revert import OTHERWISE
from chatbot.ports import Clusters, GitHost, Manifest, Store
from chatbot.services.ledger import Ledger
from chatbot.services.proposals import Proposals


@dataclass(frozen=True)
class Rollbacks:
    """Decides on rollbacks."""

    environments: Mapping[str, Environment]
    store: Store
    clusters: Clusters
    git: GitHost
    proposals: Proposals
    ledger: Ledger

    def decide(self, change: Change) -> Change | None:
        """Decide what a rollback takes back, and store that; None when it is decided, or when the
        change is none. Raises `Permanent` when the original cannot be taken back any more, and
        `Conflict` when later changes did something else to the same fields."""
        number = change.request.rolls_back
        if change.request.operation is not Operation.ROLLBACK or number is None:
            return None
        original = self.store.change(number)
        self._refuse_unless_possible(change, original)
        self._link(original, RolledBack(by=change.number))
        takes = self._takes(change, original)
        if takes == change.progress.takes_back:
            self._refuse_unless_git_follows(change)
            return None
        return self.ledger.note(
            change,
            "rollback.decided",
            data={"change": original.id, "before": takes.before_sha, "after": takes.after_sha},
            takes_back=takes,
        )

    def finished(self, change: Change) -> None:
        """A change is about to be called done: if it is a rollback, the original says so."""
        if change.request.rolls_back is not None:
            original = self.store.change(change.request.rolls_back)
            self._link(original, RolledBack(by=change.number, done=True))

    def _refuse_unless_possible(self, change: Change, original: Change) -> None:
        """Two that were asked for at the same instant both get here; the first one counts."""
        others = [
            other
            for other in self.store.rollbacks_of(original.number)
            if other.number < change.number
            or (other.number > change.number and other.state is State.COMPLETED)
        ]
        environment = self.environments[change.request.environment]
        if because := rollback.why_not(original, others, environment):
            raise Permanent(
                f"{original.id} cannot be rolled back. {because}", remedy="Cancel this rollback."
            )

    def _refuse_unless_git_follows(self, change: Change) -> None:
        """Before the cluster is put back: whether Git can be. Where Git comes first it says so
        itself."""
        if change.path is not Path.GITOPS:
            self.proposals.files_at(change, self.proposals.base_head())

    def _link(self, original: Change, link: RolledBack) -> None:
        if original.progress.rolled_back == link:
            return
        self.ledger.note(
            original,
            "rollback.finished" if link.done else "rollback.asked_for",
            data={"by": link.by},
            notices=story.rolled_back_by(link),
            due_in=None,
            rolled_back=link,
        )

    def _takes(self, change: Change, original: Change) -> TakenBack:
        pull_request = original.progress.pull_request
        if pull_request is None:
            raise Permanent(f"{original.id} has no pull request to take back")
        before, after = self._commits(original, pull_request)
        objects = self._objects(change, original) if change.path is not Path.GITOPS else ()
        return TakenBack(before_sha=before, after_sha=after, objects=objects)

    def _commits(self, original: Change, merged: PullRequest) -> tuple[str, str]:
        """Between which commits the original's edit stands: those that were reviewed, or our own
        one; with other people's commits in it, what its merge brought."""
        if (review := original.progress.review) is not None:
            return review.base_sha, review.head_sha
        if merged.head_sha == original.progress.commit_sha:
            return original.progress.base_sha, merged.head_sha
        return self.git.parent(merged.merge_sha), merged.merge_sha

    def _objects(self, change: Change, original: Change) -> tuple[SnapshotEntry, ...]:
        """The original's snapshot, but for what later changes did to the same objects."""
        later = self._found_by_later(change, original)
        snapshot = original.progress.snapshot or ()
        shared = [entry.target for entry in snapshot if entry.target.key in later]
        cluster = self.clusters(self.environments[original.request.environment].context)
        live = dict(zip(shared, cluster.get_many(shared), strict=True))
        return tuple(
            _brought_back(entry, *later[entry.target.key], live[entry.target])
            if entry.target in live
            else entry
            for entry in snapshot
        )

    def _found_by_later(
        self, change: Change, original: Change
    ) -> dict[str, tuple[Change, SnapshotEntry]]:
        """How the first change since found each object, by key."""
        found: dict[str, tuple[Change, SnapshotEntry]] = {}
        for other in self.store.writers_since(original):
            for entry in other.progress.snapshot or ():
                if other.number != change.number:
                    found.setdefault(entry.target.key, (other, entry))
        return found


def _brought_back(
    entry: SnapshotEntry, other: Change, since: SnapshotEntry, live: Manifest | None
) -> SnapshotEntry:
    wanted, clashes = rollback.brought_back(entry, since, live)
    if clashes:
        field = f"`{clashes[0]}` of " if clashes[0] else ""
        raise Conflict(
            f"{other.id} changed {field}{entry.target.place} since, as this would.",
            remedy=OTHERWISE,
        )
    return wanted
