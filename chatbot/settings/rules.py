"""The keys of `redlight.toml`: what a platform owner decides. `docs/redlight.toml` explains each.

These models mirror the file; `Environment` of the domain is what an environment's section means
once its class has filled the gaps.
"""

import re
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from chatbot.domain import freeze
from chatbot.domain.change import RiskLevel
from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.domain.environment import (
    ENVIRONMENT_CLASSES,
    ArgoApplications,
    Backfill,
    ClassRules,
    Environment,
    EnvironmentClass,
    MergeMethod,
)
from chatbot.domain.events import canonical_json
from chatbot.settings.incident_rules import IncidentRules, JiraRules

HOURS_IN_A_YEAR = 8760

_PERSON = re.compile(r"[UW][A-Z0-9_]+|@[^\s@]+|[^\s@]+@[^\s@]+")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_BRANCH = re.compile(r"[^\s~^:?*\[\\-][^\s~^:?*\[\\]*")
_CHANNEL = re.compile(r"#?[^\s#@]{1,80}")


def _person(entry: str) -> str:
    if not _PERSON.fullmatch(entry):
        raise ValueError(
            "must be a Slack user id (U0123ABCD), an e-mail or a user group (@platform-seniors)"
        )
    return entry


def _channel(name: str) -> str:
    if not _CHANNEL.fullmatch(name):
        raise ValueError('must be a channel\'s name ("#prod-changes") or id')
    return name


def _repository(name: str) -> str:
    if not _REPOSITORY.fullmatch(name):
        raise ValueError("must be owner/name, such as acme/cluster-config")
    return name


def _branch(name: str) -> str:
    if not _BRANCH.fullmatch(name):
        raise ValueError("must be the name of a branch")
    return name


def _folder(path: str) -> str:
    folder = path.rstrip("/")
    parts = folder.split("/")
    if "\\" in folder or not all(parts) or {".", ".."} & set(parts):
        raise ValueError("must be a folder inside the repository, such as environments/prod")
    return folder


PersonEntry = Annotated[str, AfterValidator(_person)]
Channel = Annotated[str, AfterValidator(_channel)]
Folder = Annotated[str, AfterValidator(_folder)]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
EnvironmentName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)
]
Hours = Annotated[float, Field(strict=True, gt=0, le=HOURS_IN_A_YEAR, allow_inf_nan=False)]
HoursOrNone = Annotated[float, Field(strict=True, ge=0, le=HOURS_IN_A_YEAR, allow_inf_nan=False)]
Minutes = Annotated[float, Field(strict=True, gt=0, le=24 * 60, allow_inf_nan=False)]
Seconds = Annotated[float, Field(strict=True, ge=1, le=3600, allow_inf_nan=False)]
WholeSeconds = Annotated[StrictInt, Field(ge=1, le=300)]


def _three_pages(minutes: tuple[float, ...]) -> tuple[float, ...]:
    if len(minutes) != 3 or list(minutes) != sorted(set(minutes)):
        raise ValueError("must be three times in minutes, each later than the one before")
    return minutes


class Section(BaseModel):
    """A table of the file: no key that is not listed, nothing to change after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SlackMode(StrEnum):
    """How Slack reaches us."""

    SOCKET = "socket"
    HTTP = "http"


class SlackRules(Section):
    """`[slack]`."""

    mode: SlackMode = SlackMode.SOCKET
    port: Annotated[StrictInt, Field(ge=1, le=65535)] = 3000
    """Only for `http`."""


class PeopleRules(Section):
    """`[people]`: Slack user ids, e-mails and `@user-groups`."""

    requesters: tuple[PersonEntry, ...] = ()
    """Empty: every full member of the workspace."""
    seniors: tuple[PersonEntry, ...] = ()
    managers: tuple[PersonEntry, ...] = ()


class ChannelRules(Section):
    """`[channels]`."""

    incidents: Channel | None = None
    stakeholders: tuple[Channel, ...] = ()
    on_call: Channel | None = None


class GitRules(Section):
    """`[git]`: the cluster repository."""

    repo: Annotated[str, AfterValidator(_repository)]
    branch: Annotated[str, AfterValidator(_branch)] = "main"


class BreakGlassRules(Section):
    """`[break_glass]`: who signs off emergencies, who is paged, what is sensitive."""

    sign_offs: Annotated[StrictInt, Field(ge=1, le=5)] = 1
    page_after_minutes: Annotated[tuple[Minutes, ...], AfterValidator(_three_pages)] = (5, 10, 15)
    timeout_minutes: Minutes = 60
    sensitive: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _pages_before_it_expires(self) -> "BreakGlassRules":
        if self.timeout_minutes <= self.page_after_minutes[-1]:
            raise ValueError("expires before everybody was paged: raise timeout_minutes")
        return self


class ObligationRules(Section):
    """`[obligations]`: what an emergency owes, and when to remind."""

    postmortem_hours: Hours = 24
    reconciliation_hours: Hours = 24
    remind_before_hours: tuple[Hours, ...] = (12, 4, 1)
    refuse_requests_in_debt: StrictBool = True


class PollingRules(Section):
    """`[polling]`: how often to look at what does not tell us by itself."""

    pull_requests_seconds: Seconds = 15


class TimeoutRules(Section):
    """`[timeouts]`: after how long a call that got no answer counts as not answered."""

    slack_seconds: WholeSeconds = 10
    github_seconds: WholeSeconds = 15
    cluster_seconds: WholeSeconds = 15
    jira_seconds: WholeSeconds = 15


class Freeze(Section):
    """`[[freezes]]`: no change goes to these environments from `start` until before `end`."""

    environments: Annotated[tuple[str, ...], Field(min_length=1)]
    start: AwareDatetime
    end: AwareDatetime
    reason: Name

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Freeze":
        if self.end <= self.start:
            raise ValueError("ends before it starts")
        return self

    def resolve(self) -> freeze.Freeze:
        """The freeze that this section describes. Its id follows from what it says: a section that
        is changed is another freeze, and who was let through the old one asks anew."""
        said = canonical_json(self.model_dump(mode="json"))
        return freeze.Freeze(
            id=f"config:{sha256(said.encode()).hexdigest()[:16]}",
            environments=self.environments,
            start=self.start,
            end=self.end,
            reason=self.reason,
            by="",
        )


class BackfillRules(Section):
    """`[environments.X.backfill]`."""

    auto_merge: StrictBool = False
    merge_method: MergeMethod = MergeMethod.MERGE


class ArgoRules(Section):
    """`[environments.X.argocd]`."""

    application: Name | Annotated[tuple[Name, ...], Field(min_length=1)]
    """One, or a list of all that deploy the environment."""
    namespace: Name = "argocd"
    prune: StrictBool = False
    sync_options: tuple[Name, ...] = ()
    settle_seconds: Seconds = 10
    timeout_minutes: Minutes = 15

    def resolve(self) -> ArgoApplications:
        """What the section says, with times as times."""
        named = self.application
        return ArgoApplications(
            names=(named,) if isinstance(named, str) else named,
            namespace=self.namespace,
            prune=self.prune,
            sync_options=self.sync_options,
            settle=timedelta(seconds=self.settle_seconds),
            timeout=timedelta(minutes=self.timeout_minutes),
        )


class EnvironmentRules(Section):
    """`[environments.X]`; None: as the class says."""

    class_: Annotated[EnvironmentClass, Field(alias="class")]
    channel: Channel
    path: Folder | None = None
    context: str = ""
    emergency_context: str | None = None
    namespaces: tuple[Name, ...] = ()
    cluster_scoped: StrictBool = False
    approvals: Annotated[StrictInt, Field(ge=1, le=20)] = 1
    approval_timeout_hours: Hours = 8
    rollback_on_failure: StrictBool = True
    rollout_timeout_minutes: Minutes = 10
    risk_level: RiskLevel | None = None
    auto_apply: StrictBool | None = None
    gitops_required: StrictBool | None = None
    requires_senior_approval: StrictBool | None = None
    confirm: StrictBool | None = None
    backfill: BackfillRules = BackfillRules()
    merge_method: MergeMethod = MergeMethod.MERGE
    github_reviews: StrictBool = False
    rollback_approved_hours: HoursOrNone = 0
    promoted_from: str = ""
    argocd: ArgoRules | None = None

    def class_rules(self) -> ClassRules:
        """The class's rules with what this section says instead."""
        said = {
            name: value
            for name in ClassRules.model_fields
            if (value := getattr(self, name)) is not None
        }
        return ENVIRONMENT_CLASSES[self.class_].model_copy(update=said)

    def resolve(self, name: str) -> Environment:
        """The environment that this section describes, nothing left to default."""
        return Environment(
            name=name,
            class_=self.class_,
            rules=self.class_rules(),
            path=self.path or f"environments/{name}",
            context=self.context,
            emergency_context=(
                self.context if self.emergency_context is None else self.emergency_context
            ),
            channel=self.channel,
            namespaces=self.namespaces,
            cluster_scoped=self.cluster_scoped,
            approvals=self.approvals,
            approval_timeout=timedelta(hours=self.approval_timeout_hours),
            rollback_on_failure=self.rollback_on_failure,
            rollout_timeout=timedelta(minutes=self.rollout_timeout_minutes),
            backfill=Backfill(**self.backfill.model_dump()),
            merge_method=self.merge_method,
            github_reviews=self.github_reviews,
            rollback_approved_for=timedelta(hours=self.rollback_approved_hours),
            promoted_from=self.promoted_from,
            argocd=self.argocd.resolve() if self.argocd else None,
        )


class Rules(Section):
    """The whole file."""

    git: GitRules
    environments: Annotated[dict[EnvironmentName, EnvironmentRules], Field(min_length=1)]
    slack: SlackRules = SlackRules()
    people: PeopleRules = PeopleRules()
    channels: ChannelRules = ChannelRules()
    github_logins: dict[Annotated[str, AfterValidator(_person)], Name] = {}
    break_glass: BreakGlassRules = BreakGlassRules()
    obligations: ObligationRules = ObligationRules()
    incidents: IncidentRules = IncidentRules()
    jira: JiraRules = JiraRules()
    polling: PollingRules = PollingRules()
    timeouts: TimeoutRules = TimeoutRules()
    freezes: tuple[Freeze, ...] = ()

    def emergency(self) -> EmergencyRules:
        """What is decided about emergencies, with times as times."""
        glass, owed = self.break_glass, self.obligations
        again, managers, on_call = (timedelta(minutes=m) for m in glass.page_after_minutes)
        return EmergencyRules(
            sign_offs=glass.sign_offs,
            timeout=timedelta(minutes=glass.timeout_minutes),
            page_after=(again, managers, on_call),
            on_call=self.channels.on_call or "",
            sensitive=glass.sensitive,
            postmortem_within=timedelta(hours=owed.postmortem_hours),
            reconciliation_within=timedelta(hours=owed.reconciliation_hours),
        )
