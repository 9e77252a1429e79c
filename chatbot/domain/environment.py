"""Environments and their classes: how risky a place is and which path a change takes there.

The four classes and their values are ADR-002's; `redlight.toml` may override any of them.
"""

from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

from chatbot.domain.change import Path, RiskLevel
from chatbot.domain.emergency_rules import EmergencyRules


class EnvironmentClass(StrEnum):
    """ADR-002's four environment classes."""

    DEV = "dev"
    TEST = "test"
    STAGING = "staging"
    PROD = "prod"


class ClassRules(BaseModel):
    """What a class of environments demands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk_level: RiskLevel
    auto_apply: bool
    gitops_required: bool
    requires_senior_approval: bool = False
    confirm: bool = True


ENVIRONMENT_CLASSES: dict[EnvironmentClass, ClassRules] = {
    EnvironmentClass.DEV: ClassRules(
        risk_level=RiskLevel.LOW, auto_apply=True, gitops_required=False, confirm=False
    ),
    EnvironmentClass.TEST: ClassRules(
        risk_level=RiskLevel.MEDIUM, auto_apply=True, gitops_required=False
    ),
    EnvironmentClass.STAGING: ClassRules(
        risk_level=RiskLevel.HIGH, auto_apply=False, gitops_required=True
    ),
    EnvironmentClass.PROD: ClassRules(
        risk_level=RiskLevel.CRITICAL,
        auto_apply=False,
        gitops_required=True,
        requires_senior_approval=True,
    ),
}


class MergeMethod(StrEnum):
    """How GitHub merges a pull request."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


class Backfill(BaseModel):
    """How an already applied change gets into Git."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    auto_merge: bool = False
    merge_method: MergeMethod = MergeMethod.MERGE


class ArgoApplications(BaseModel):
    """The Argo CD Applications that deploy an environment, and how they are synced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...]
    namespace: str = "argocd"
    prune: bool = False
    """Whether a sync deletes what Git no longer has."""
    sync_options: tuple[str, ...] = ()
    """Such as `ServerSideApply=true`, on top of each Application's own."""
    settle: timedelta = timedelta(seconds=10)
    """For how long an Application has to stay healthy before that is believed."""
    timeout: timedelta = timedelta(minutes=15)
    """For a sync and for everything to become healthy."""


class Environment(BaseModel):
    """One place that changes go to, with every rule resolved: class defaults and overrides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    class_: EnvironmentClass
    rules: ClassRules
    path: str
    """Folder of this environment in the Git repository, without a trailing slash."""
    context: str
    """kubeconfig context; empty: the current one."""
    emergency_context: str
    channel: str
    namespaces: tuple[str, ...] = ()
    """Shell patterns of the namespaces that belong here; empty: all but `kube-*`."""
    cluster_scoped: bool = False
    """Whether objects without a namespace may be changed here."""
    approvals: int = 1
    approval_timeout: timedelta = timedelta(hours=8)
    rollback_on_failure: bool = True
    rollout_timeout: timedelta = timedelta(minutes=10)
    backfill: Backfill = Field(default_factory=Backfill)
    merge_method: MergeMethod = MergeMethod.MERGE
    """On the gitops path."""
    github_reviews: bool = False
    """Whether an approving review on GitHub counts as an approval."""
    rollback_approved_for: timedelta = timedelta()
    """For how long after a change completed its approval covers its exact rollback; zero: never."""
    promoted_from: str = ""
    """The environment in which the same must have completed before; empty: none."""
    argocd: ArgoApplications | None = None
    emergency: EmergencyRules = Field(default_factory=EmergencyRules)

    @property
    def request_path(self) -> Path:
        """The path that an ordinary change takes here."""
        return Path.DIRECT if self.rules.auto_apply else Path.GITOPS

    def owns_namespace(self, namespace: str) -> bool:
        """Whether a namespace belongs to this environment."""
        if not self.namespaces:
            return not fnmatchcase(namespace, "kube-*")
        return any(fnmatchcase(namespace, pattern) for pattern in self.namespaces)

    def allows_cluster_object(self, kind: str, name: str) -> bool:
        """Whether an object without a namespace may be changed here: any, where the rules say so,
        otherwise only the Namespaces that were named as this environment's."""
        own = kind == "Namespace" and bool(self.namespaces) and self.owns_namespace(name)
        return self.cluster_scoped or own

    @property
    def only_namespace(self) -> str:
        """The namespace that needs no asking for, if there is exactly one; else empty."""
        single = len(self.namespaces) == 1 and not set(self.namespaces[0]) & set("*?[")
        return self.namespaces[0] if single else ""
