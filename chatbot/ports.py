"""What Redlight needs from outside, as Protocols; `adapters` has one file for each.

Every method that leaves the process may raise `RetryLater` or `Permanent` (or one of its kin:
`NotFound`, `Conflict`) from `domain.errors`, and nothing else on purpose. Every call has a
timeout of its own. Every write is safe to repeat.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chatbot.domain.argocd import Application
from chatbot.domain.argocd_pause import Paused, Restored
from chatbot.domain.argocd_sync import SyncOrder, Told
from chatbot.domain.argocd_windows import SyncWindow
from chatbot.domain.card import Card
from chatbot.domain.change import (
    Change,
    ChangeRequest,
    FieldConflict,
    MessageRef,
    Path,
    PullRequest,
    SnapshotEntry,
    Target,
)
from chatbot.domain.events import AuditCheck, AuditEntry, AuditEvent
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Delivery, Notice
from chatbot.domain.person import Person

Manifest = dict[str, Any]
"""A Kubernetes object as JSON."""


class Clock(Protocol):
    """Time, so that tests can move it."""

    def now(self) -> datetime:
        """Now, in UTC."""
        ...


# --- the store -------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewChange:
    """A change that has no number yet."""

    path: Path
    requester: str
    request: ChangeRequest
    submission: str
    """Slack's id of the submitted view: submitting it twice makes one change."""


@dataclass(frozen=True)
class CardRow:
    """Where a change's card stands and which revision of the change it shows."""

    change: int
    message: MessageRef | None
    shown_revision: int
    attempted: bool
    """A first post may have reached Slack without being recorded."""


class Store(Protocol):
    """The tables. Safe from many threads and from two processes; no method leaves a
    transaction open."""

    def create_change(
        self, new: NewChange, entry: AuditEntry, notices: Sequence[Notice] = ()
    ) -> Change:
        """Give the next number (no gaps, no repeats) and store the change as `requested`, due at
        once, with its audit entry, whose `change` is filled in and whose `at` is the time of
        creation. A `submission` seen before returns the change it made."""
        ...

    def save(
        self, change: Change, entries: Sequence[AuditEntry], notices: Sequence[Notice] = ()
    ) -> Change:
        """The one function that writes state: the change, its audit entries and its notices in
        one transaction. Returns it with the next `version`. Raises `StaleChange` if the row has
        moved on since `change.version` was read."""
        ...

    def change(self, number: int) -> Change:
        """Raises `NotFound`."""
        ...

    def record(self, entry: AuditEntry) -> None:
        """Append an event that explains no change of state, such as a refusal."""
        ...

    def due(self, now: datetime, limit: int = 100) -> list[int]:
        """Numbers of changes whose `due_at` has come, oldest first."""
        ...

    def deliveries_due(self, now: datetime, limit: int = 100) -> list[int]:
        """Numbers of changes whose card shows an older revision, or that have notices to send,
        and that no `delay_delivery` keeps back."""
        ...

    def hold(self, change: Change) -> list[int]:
        """Take the change's objects in its environment, all or none. Returns the numbers of the
        changes that hold some of them, lowest first; empty: they are ours. Repeating is fine.
        `save` lets go of them when the state is not in `HOLDING`."""
        ...

    def changes(
        self,
        *,
        requester: str = "",
        environment: str = "",
        text: str = "",
        open_only: bool = False,
        limit: int = 10,
    ) -> list[Change]:
        """Changes for a list: newest first; of open ones, those that wait for a person before the
        others. `text` matches id, target, namespace, justification
        and incident id."""
        ...

    def live_counts(self) -> dict[State, int]:
        """How many changes that are not closed are in which state."""
        ...

    def with_open_pull_request(self) -> list[int]:
        """Numbers of changes in `pr_open`."""
        ...

    def events(self, change: int | None = None) -> list[AuditEvent]:
        """The audit log in order, whole or of one change."""
        ...

    def check_audit(self) -> AuditCheck:
        """Walk the hash chain to the first event that does not follow from the one before it. A
        missing tail shows against the stored head."""
        ...

    def card(self, change: int) -> CardRow:
        """The change's card, posted or not."""
        ...

    def card_attempted(self, change: int) -> None:
        """Intent: the card is about to be posted for the first time."""
        ...

    def card_shown(self, change: int, message: MessageRef, revision: int) -> None:
        """The card at `message` shows the change as of `revision`."""
        ...

    def pending_notices(self, change: int) -> list[Delivery]:
        """Notices not yet sent, in the order they were written."""
        ...

    def notice_attempted(self, change: int, key: str) -> None:
        """Intent: the notice is about to be sent."""
        ...

    def notice_sent(self, change: int, key: str, message: MessageRef | None) -> None:
        """The notice stands at `message`, or nobody can be reached (None); it is not sent
        again."""
        ...

    def delay_delivery(self, change: int, until: datetime) -> None:
        """Slack is not there: card and notices of this change are due again at `until`."""
        ...

    def claim(self, change: int, task: str) -> AbstractContextManager[bool]:
        """Keep a task (`reconcile`, `deliver`) of a change to one worker, across threads and
        processes; yields False when another worker that is alive has it. A dead process's claims
        are free at once."""
        ...


# --- the cluster -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind as the server's discovery knows it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    scalable: bool
    """Whether it has a `scale` subresource."""


@dataclass(frozen=True)
class DryRun:
    """What the server would make of a write, beside what is there now."""

    target: Target
    live: Manifest | None
    result: Manifest | None
    """None when there are conflicts to decide on first."""
    conflicts: tuple[FieldConflict, ...] = ()


class Cluster(Protocol):
    """One kubeconfig context. Field manager `redlight`."""

    def kind(self, name: str, group_version: str = "") -> Kind:
        """Find a kind by kind, plural, singular or short name (`Deployment`, `deploy`). Answers
        from a warm cache; asks the server again on a miss. Raises `NotFound` with near names."""
        ...

    def get(self, target: Target) -> Manifest | None:
        """The live object, or None."""
        ...

    def get_many(self, targets: Sequence[Target]) -> list[Manifest | None]:
        """`get` for each, in order, a few at a time."""
        ...

    def names(self, kind: Kind, namespace: str) -> list[str]:
        """Names of the objects of a kind, for a helpful refusal."""
        ...

    def dry_run_apply(self, manifests: Sequence[Manifest], *, force: bool) -> list[DryRun]:
        """What `apply` would do, an answer for each manifest, in order."""
        ...

    def dry_run_scale(self, target: Target, replicas: int, *, force: bool) -> DryRun:
        """What `scale` would do; a conflict when another manager owns `.spec.replicas`."""
        ...

    def dry_run_restart(self, target: Target, at: str) -> DryRun:
        """What `restart` would do."""
        ...

    def apply(self, manifests: Sequence[Manifest], *, change: str, force: bool) -> list[Manifest]:
        """Server-side apply, namespaces and CRDs first (and waited for), a few at a time after.
        Every object gets the annotation `redlight.dev/change`."""
        ...

    def scale(self, target: Target, replicas: int, *, change: str) -> Manifest:
        """Through the scale subresource."""
        ...

    def restart(self, target: Target, at: str, *, change: str) -> Manifest:
        """Set the pod template's `kubectl.kubernetes.io/restartedAt`."""
        ...

    def restore(self, snapshot: Sequence[SnapshotEntry], *, change: str) -> None:
        """Bring every object back to its snapshot; one that was not there is deleted. What other
        managers changed meanwhile outside our fields stays."""
        ...

    def failing_pods(self, target: Target) -> list[str]:
        """Why the pods of a workload do not come up, a sentence each: pod, reason, message, from
        pod statuses and warning events; and the workload's own warning events."""
        ...

    def autoscalers(self, target: Target) -> list[str]:
        """Names of the HorizontalPodAutoscalers that scale this object."""
        ...


class Clusters(Protocol):
    """Clusters by kubeconfig context."""

    def __call__(self, context: str) -> Cluster:
        """The cluster of a context; the same one each time."""
        ...


# --- Argo CD ---------------------------------------------------------------------------------


class Deployer(Protocol):
    """Argo CD in one cluster. An Application that is not there raises `NotFound`."""

    def application(self, name: str, namespace: str) -> Application:
        """As it is now; `domain.argocd_sync.sync_outcome` says what came of a sync."""
        ...

    def sync(self, name: str, namespace: str, order: SyncOrder) -> Told:
        """Have the order's revision synced, once for each attempt. Raises `RetryLater`, with
        whose it is, while another operation runs. An Application with auto-sync is not told."""
        ...

    def pause(self, name: str, namespace: str, change: str, until: datetime) -> Paused:
        """Pause auto-sync for a change; a later `until` prolongs its own pause. Raises `Conflict`
        when another change has paused it, or somebody turned auto-sync on again meanwhile."""
        ...

    def restore(self, name: str, namespace: str, change: str) -> Restored:
        """Put auto-sync back exactly as it was. Raises `Conflict` when another change has paused
        it."""
        ...

    def windows(self, application: Application) -> tuple[SyncWindow, ...] | None:
        """The sync windows of its AppProject; None when Redlight may not read AppProjects (the
        rule is optional). `domain.argocd_windows.blocking` says which are in the way."""
        ...

    def paused(self, namespace: str) -> list[Application]:
        """The Applications that carry our mark, whatever change put it there."""
        ...


class Deployers(Protocol):
    """Argo CD by kubeconfig context."""

    def __call__(self, context: str) -> Deployer:
        """Argo CD as seen from a context."""
        ...


# --- Git -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RepoFile:
    """One file of a tree."""

    path: str
    blob_sha: str


class GitHost(Protocol):
    """The cluster repository at its host."""

    def head(self, branch: str) -> str | None:
        """Commit SHA a branch points to; None when there is no such branch."""
        ...

    def merge_base(self, base: str, head: str) -> str:
        """The newest commit that both have: where `head` left `base`. Both are SHAs or branches."""
        ...

    def files(self, commit_sha: str, under: str = "") -> list[RepoFile]:
        """Every file below a folder at a commit."""
        ...

    def read(self, blob_sha: str) -> bytes:
        """A blob. Blobs never change, so they are remembered."""
        ...

    def commit(
        self, branch: str, base_sha: str, message: str, files: Mapping[str, str | None]
    ) -> str:
        """One commit of many files (None deletes) on `branch`, made on top of `base_sha`;
        returns its SHA. If the branch's tree already is the wanted one, returns its head. Never
        forces; a branch with other content raises `Conflict`."""
        ...

    def open_pull_request(
        self, branch: str, base: str, title: str, body: str, labels: Sequence[str]
    ) -> PullRequest:
        """The open pull request of `branch`: the one that is there, or a new one. One that was
        closed unmerged is reopened if the host lets us."""
        ...

    def pull_request(self, number: int, etag: str = "") -> PullRequest | None:
        """As it is now; None when it is unchanged since `etag`."""
        ...

    def pull_request_of(self, branch: str) -> PullRequest | None:
        """The newest pull request from `branch`, in whatever state."""
        ...

    def merge(self, number: int, head_sha: str, method: str) -> str:
        """Merge if the head still is `head_sha`; returns the merge commit. Already merged is
        success. `Conflict` when the head moved or it does not merge cleanly; `Permanent` when
        branch protection says no, with its words."""
        ...

    def close(self, number: int) -> None:
        """Close unmerged; closed already is success."""
        ...

    def delete_branch(self, branch: str) -> None:
        """Gone already is success."""
        ...


class Kustomize(Protocol):
    """Renders a kustomization with the real kustomize."""

    def render(self, files: Mapping[str, str], folder: str) -> list[Manifest]:
        """Render `folder` of a repository given as {path: text}. Raises `Permanent` with
        kustomize's own message."""
        ...


# --- Slack -----------------------------------------------------------------------------------


class Chat(Protocol):
    """Slack. Messages carry the change id and a key in their metadata."""

    def person(self, user: str) -> Person:
        """Raises `NotFound`."""
        ...

    def user_by_email(self, email: str) -> str | None:
        """User id of the member with this e-mail, or None."""
        ...

    def group_members(self, handle: str) -> frozenset[str]:
        """User ids of a user group, named `@handle`. Raises `NotFound`."""
        ...

    def post_card(self, channel: str, card: Card) -> MessageRef:
        """Post the card for the first time."""
        ...

    def update_card(self, message: MessageRef, card: Card) -> None:
        """Draw the card anew where it stands."""
        ...

    def find_card(self, channel: str, change: str) -> MessageRef | None:
        """The card as posted before, by message metadata."""
        ...

    def send(self, notice: Notice, change: str, card: MessageRef | None) -> MessageRef:
        """Send it: under the card, or to the person."""
        ...

    def find_notice(
        self, notice: Notice, change: str, card: MessageRef | None
    ) -> MessageRef | None:
        """The notice as sent before, by message metadata."""
        ...

    def link(self, message: MessageRef) -> str:
        """Permalink of a message."""
        ...
