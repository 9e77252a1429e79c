"""A change: what was asked (`ChangeRequest`, immutable) and how far it got (`Progress`).

Shaped like a Kubernetes object, a spec and a status, because it is reconciled like one.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from chatbot.domain.argocd_sync import Settling
from chatbot.domain.emergency import Criterion, Light
from chatbot.domain.freeze import Exemption
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.review import Approval, Author, Review, Skip

_PULL_REQUEST = re.compile(r"#([0-9]{1,9}) at ")
_CHANGE_ID = re.compile(r"CHG-([1-9][0-9]{0,9})", re.IGNORECASE)

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Operation(StrEnum):
    """What a change does to its targets."""

    APPLY = "apply"
    SCALE = "scale"
    RESTART = "restart"
    ROLLBACK = "rollback"


class RiskLevel(StrEnum):
    """ADR-002's risk levels, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Path(StrEnum):
    """The three ways to a cluster."""

    DIRECT = "direct"
    GITOPS = "gitops"
    EMERGENCY = "emergency"


class Target(BaseModel):
    """One object in a cluster. `namespace` is empty for a cluster-scoped kind."""

    model_config = _FROZEN

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """API group, empty for the core group."""
        group, slash, _ = self.api_version.rpartition("/")
        return group if slash else ""

    @property
    def key(self) -> str:
        """Identity inside a cluster, whatever version is spoken: `apps/Deployment/shop/web`."""
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"

    @property
    def place(self) -> str:
        """For sentences: `deployment/web in shop`."""
        return f"{self} in {self.namespace}" if self.namespace else str(self)

    def __str__(self) -> str:
        """As people write it: `deployment/web`."""
        return f"{self.kind.lower()}/{self.name}"


class TimeWindow(BaseModel):
    """A maintenance window: start inclusive, end exclusive."""

    model_config = _FROZEN

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "TimeWindow":
        if self.end <= self.start:
            raise ValueError("the window ends before it starts")
        return self


class ChangeRequest(BaseModel):
    """What somebody asked for: every field of ADR-002's `ChangeRequest`, and the operation."""

    model_config = _FROZEN

    operation: Operation
    environment: str
    namespace: str
    targets: tuple[Target, ...]
    manifest: str | None = None
    """The YAML to apply, one or many documents; only for `apply`."""
    manifest_ref: str | None = None
    """The pull request or branch that `manifest` was read from, with its commit."""
    manifest_authors: tuple[Author, ...] = ()
    """Who wrote a commit in that, as the Git host said when it was read."""
    replicas: int | None = None
    """Only for `scale`."""
    rolls_back: int | None = None
    """Number of the change that is taken back; only for `rollback`."""
    justification: str
    risk_assessment: RiskLevel
    rollback_plan: str = ""
    affected_services: tuple[str, ...] = ()
    maintenance_window: TimeWindow | None = None
    incident_id: str = ""
    session: str = ""
    """Link to the diagnostic session that led here."""
    criterion: Criterion | None = None
    """Why the glass may be broken; only on the emergency path."""
    blast_radius: str = ""
    """Who and what feels it, in a line; only on the emergency path."""

    @property
    def named_pull_request(self) -> int | None:
        """The number of the pull request that `manifest_ref` names, if it names one."""
        match = _PULL_REQUEST.match(self.manifest_ref or "")
        return int(match[1]) if match else None


class MessageRef(BaseModel):
    """Where a message stands: Slack's channel id and timestamp."""

    model_config = _FROZEN

    channel: str
    ts: str


class ObjectAction(StrEnum):
    """What applying does to one object."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    NOTHING = "nothing"


class PlannedObject(BaseModel):
    """What would happen to one object: the server's answer to a dry run, or what a pull request
    makes of what Git stands for."""

    model_config = _FROZEN

    target: Target
    action: ObjectAction
    diff: str
    """Unified diff against live, or against the base branch; noise left out, Secret data masked."""
    resource_version: str
    """Of the live object that the plan was made against; empty when there was none, and for a
    pull request, which is not about live."""


class FieldConflict(BaseModel):
    """A field that another field manager owns."""

    model_config = _FROZEN

    target: Target
    field: str
    manager: str


class Plan(BaseModel):
    """What would happen: made by a dry run, shown for confirmation, bound by its digest."""

    model_config = _FROZEN

    objects: tuple[PlannedObject, ...]
    conflicts: tuple[FieldConflict, ...] = ()
    warnings: tuple[str, ...] = ()
    """Sentences to read before confirming, such as an autoscaler that would undo a scale."""
    digest: str


class SnapshotEntry(BaseModel):
    """One object as it was before; `manifest` is None when it did not exist."""

    model_config = _FROZEN

    target: Target
    manifest: dict[str, Any] | None


class TakenBack(BaseModel):
    """What a rollback takes back, read from the original change before anything is done."""

    model_config = _FROZEN

    before_sha: str
    """The commit of the cluster repository that the original found."""
    after_sha: str
    """The commit that it left."""
    objects: tuple[SnapshotEntry, ...] = ()
    """How its objects have to be in the cluster; only where that is ours to write."""


class RolledBack(BaseModel):
    """The change that takes this one back."""

    model_config = _FROZEN

    by: int
    done: bool = False


class Failure(BaseModel):
    """Why a change stands still: a sentence, and what a person can do."""

    model_config = _FROZEN

    sentence: str
    remedy: str = ""
    at: AwareDatetime


class Waiting(BaseModel):
    """What a change waits for, and since when."""

    model_config = _FROZEN

    reason: str
    since: AwareDatetime
    behind: tuple[int, ...] = ()
    """The numbers of the changes that have what this one needs, if that is it."""


class Step(BaseModel):
    """One step on the card: when it was reached."""

    model_config = _FROZEN

    name: str
    at: AwareDatetime


class Progress(BaseModel):
    """How far a change got; every handle that makes a repeated step find its own traces."""

    model_config = _FROZEN

    plan: Plan | None = None
    confirmed_digest: str = ""
    confirmed_by: str = ""
    started_digest: str = ""
    """The confirmed digest under which writing to the cluster began; empty until then."""
    force: bool = False
    """Whether field conflicts are overridden, by somebody's deliberate choice."""
    snapshot: tuple[SnapshotEntry, ...] | None = None
    """Stored before the first write; None until then."""
    auto_sync_until: AwareDatetime | None = None
    """Until when Argo CD's auto-sync is paused for this change; None when it is not."""
    restarted_at: str = ""
    """The annotation's value, decided before it is sent."""
    applied_at: AwareDatetime | None = None
    rollout: tuple[str, ...] = ()
    """One line an object, as `kubectl rollout status` words it."""
    base_sha: str = ""
    """The commit that the change's branch starts from, decided before the branch is made."""
    commit_sha: str = ""
    """The commit that we made; only a pull request that ends with it merges by itself."""
    own_commits: tuple[str, ...] = ()
    """Every commit that we made on the change's branch: they have no author among people."""
    pull_request: PullRequest | None = None
    divergence: str = ""
    """How Git and live differ, as a diff, when the change was checked and they do."""
    review: Review | None = None
    """Of the pull request's head, on the gitops path; the plan beside it is what it changes."""
    approvals: tuple[Approval, ...] = ()
    """Every yes so far; only those to the plan's digest count."""
    nudged_at: AwareDatetime | None = None
    """When people were last reminded that an approval is missing."""
    exemptions: tuple[Exemption, ...] = ()
    """The freezes that this change was let through."""
    promotion_skip: Skip | None = None
    """Why it may come before it has been in the environment ahead."""
    sync_attempt: int = 1
    """Counts what Argo CD was asked to sync anew after a failure."""
    sync_asked_at: AwareDatetime | None = None
    """When somebody asked for that, from which on Argo CD is waited for; None: since the merge."""
    settling: dict[str, Settling] = {}
    """By Application: the health that was last seen, and since when."""
    revert: PullRequest | None = None
    """The pull request that takes a merged change back."""
    revert_base_sha: str = ""
    """The commit that its newest commit is made on, decided before it is made."""
    revert_commit_sha: str = ""
    """Our newest commit on its branch; empty while one is due."""
    reverted_sha: str = ""
    """The commit of the base branch that is without the change; empty while there is none."""
    reverted_at: AwareDatetime | None = None
    """When that was seen, from which on Argo CD is waited for."""
    revert_because: str = ""
    """Why a merged change is taken back."""
    takes_back: TakenBack | None = None
    """Only of a rollback, once it is decided."""
    rolled_back: RolledBack | None = None
    """The newest rollback of this change."""
    lights: tuple[Light, ...] = ()
    """The red lights that were passed; only those of the plan's digest count."""
    bypassed: tuple[str, ...] = ()
    """What an emergency goes past, a sentence each, as it stood when the plan was made."""
    written: tuple[SnapshotEntry, ...] | None = None
    """What an emergency really put into the objects, by the server's account of our fields."""
    reconciled_at: AwareDatetime | None = None
    """When an emergency was found to be reconciled; from then on there is nothing to undo."""
    steps: tuple[Step, ...] = ()
    failure: Failure | None = None
    waiting: Waiting | None = None


class Change(BaseModel):
    """One change, as its row says."""

    model_config = _FROZEN

    number: int
    path: Path
    requester: str
    """Slack user id."""
    request: ChangeRequest
    state: State
    progress: Progress = Field(default_factory=Progress)
    created_at: AwareDatetime
    updated_at: AwareDatetime
    due_at: datetime | None = None
    """When the reconciler looks again without being woken; None: only when something happens."""
    attempts: int = 0
    """Failed tries of the current step in a row."""
    revision: int = 0
    """Counts what a reader of the card would notice; the card shows one of them."""
    version: int = 0
    """Counts writes; a writer that read an older version is refused."""

    @property
    def id(self) -> str:
        """`CHG-12`."""
        return format_change_id(self.number)

    @property
    def branch(self) -> str:
        """The change's branch in the cluster repository."""
        return f"mcp-ocs/change-{self.id.lower()}"

    @property
    def revert_branch(self) -> str:
        """The branch that takes it back, if that has to be."""
        return f"{self.branch}-revert"


def format_change_id(number: int) -> str:
    """`12` to `CHG-12`."""
    return f"CHG-{number}"


def parse_change_id(text: str) -> int | None:
    """`CHG-12`, `chg-12` to `12`; None when the text is no change id."""
    match = _CHANGE_ID.fullmatch(text.strip())
    return int(match[1]) if match else None
