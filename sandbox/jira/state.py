"""What the double remembers: one project with its issues, and how Jira's two kinds differ."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.jira.errors import ApiError, no_issue

TYPES = {"Incident": False, "Task": False, "Bug": False, "Sub-task": True}
"""Issue types, and whether an issue of it needs a parent."""

PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")

CUSTOM_FIELDS = {"customfield_10050": "Impact", "customfield_10051": "Change reason"}
"""What the project's create screen has besides Jira's own fields."""


@dataclass(frozen=True)
class Transition:
    """A way to another status; `has_screen` says that it takes a resolution, and needs one."""

    id: str
    name: str
    to: str
    has_screen: bool = False


@dataclass(frozen=True)
class Workflow:
    """Statuses with their categories, and what leads where from any other."""

    categories: dict[str, str]
    transitions: tuple[Transition, ...]

    @property
    def first(self) -> str:
        """The status of a new issue."""
        return next(iter(self.categories))

    def of(self, status: str) -> list[Transition]:
        """What an issue in this status offers."""
        return [each for each in self.transitions if each.to != status]


CLOUD = Workflow(
    {"To Do": "new", "In Progress": "indeterminate", "Done": "done"},
    (
        Transition("11", "To Do", "To Do"),
        Transition("21", "In Progress", "In Progress"),
        Transition("31", "Done", "Done"),
    ),
)
DATA_CENTER = Workflow(
    {"Open": "new", "In Progress": "indeterminate", "Resolved": "done", "Closed": "done"},
    (
        Transition("4", "Start Progress", "In Progress"),
        Transition("5", "Resolve Issue", "Resolved", has_screen=True),
        Transition("2", "Close Issue", "Closed", has_screen=True),
        Transition("3", "Reopen Issue", "Open"),
    ),
)


@dataclass
class Comment:
    """One comment, as wiki text."""

    id: int
    body: str
    created: datetime


@dataclass
class Link:
    """A link out of Jira."""

    id: int
    url: str
    title: str
    global_id: str | None = None


@dataclass
class Issue:
    """One issue; `description` is wiki text, `custom` what the custom fields hold."""

    number: int
    project: str
    kind: str
    summary: str
    status: str
    created: datetime
    description: str = ""
    priority: str = "Medium"
    labels: list[str] = field(default_factory=list)
    parent: str = ""
    resolution: str = ""
    custom: dict[str, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    seen_from: float = 0.0
    """From when on a search finds it, by the monotonic clock."""

    @property
    def key(self) -> str:
        """`INC-7`."""
        return f"{self.project}-{self.number}"

    @property
    def id(self) -> str:
        """Jira's own number of the issue."""
        return str(10_000 + self.number)


@dataclass
class Fault:
    """Bad weather for the next `times` calls whose `METHOD /path` ends as given (empty: all)."""

    ends: str = ""
    status: int = 503
    retry_after: int = 0
    times: int = 1
    drop: bool = False  # cut the connection instead of answering
    after: bool = False  # do the work first: the answer is what gets lost
    delay: float = 0.0  # seconds before anything else happens; alone it is no refusal

    @property
    def answers(self) -> bool:
        """Whether it takes the place of the real answer."""
        return self.drop or not self.delay


@dataclass
class Jira:
    """The whole memory of one Jira."""

    project: str
    is_cloud: bool
    user: str
    token: str
    index_seconds: float = 0.0
    """How long a search does not find a new issue, as Jira's index lags behind."""
    issues: dict[str, Issue] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _last: int = 0

    @property
    def workflow(self) -> Workflow:
        """The statuses of this kind of Jira."""
        return CLOUD if self.is_cloud else DATA_CENTER

    def next_id(self) -> int:
        """A number never handed out before."""
        self._last += 1
        return self._last

    def issue(self, ref: str) -> Issue:
        """By key, whatever its case, or by id; raises `ApiError`."""
        for issue in self.issues.values():
            if ref.upper() == issue.key or ref == issue.id:
                return issue
        raise no_issue()

    def file(self, kind: str, summary: str, **fields: Any) -> Issue:
        """Make an issue."""
        issue = Issue(
            number=len(self.issues) + 1,
            project=self.project,
            kind=kind,
            summary=summary,
            status=self.workflow.first,
            created=datetime.now(UTC),
            seen_from=time.monotonic() + self.index_seconds,
            **fields,
        )
        self.issues[issue.key] = issue
        return issue

    def subtasks(self, issue: Issue) -> list[Issue]:
        """The issues below one, oldest first."""
        return [each for each in self.issues.values() if each.parent == issue.key]

    def move(self, issue: Issue, transition_id: str, fields: dict[str, Any]) -> None:
        """Take a transition; raises `ApiError`."""
        offered = {each.id: each for each in self.workflow.of(issue.status)}
        taken = offered.get(transition_id)
        if taken is None:
            raise ApiError(
                400,
                f"It seems that you have tried to perform a workflow operation ({transition_id}) "
                f"that is not valid for the current state of this issue ({issue.key}).",
            )
        resolution = (fields.get("resolution") or {}).get("name", "")
        if resolution and not taken.has_screen:
            sentence = "It is not on the appropriate screen, or unknown."
            raise ApiError(400, resolution=f"Field 'resolution' cannot be set. {sentence}")
        if taken.has_screen and not resolution:
            raise ApiError(400, resolution="Resolution is required.")
        issue.status = taken.to
        done = self.workflow.categories[taken.to] == "done"
        issue.resolution = (resolution or "Done") if done else ""

    def take_fault(self, call: str) -> Fault | None:
        """The fault that hits this call, used up by one."""
        for fault in self.faults:
            if call.endswith(fault.ends):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def reset(self) -> None:
        """Forget everything that was filed and called."""
        self.issues.clear()
        self.faults.clear()
        self.calls.clear()
