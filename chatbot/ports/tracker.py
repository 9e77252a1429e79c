"""Jira, or whatever keeps incidents beside Slack."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class NewIssue:
    """An issue that is not filed yet. Texts are Jira's wiki text, already escaped."""

    label: str
    """Tells our issue from every other: one label is one issue."""
    summary: str
    """Plain text, one line."""
    description: str


@dataclass(frozen=True)
class Issue:
    """An issue as a link to it needs it."""

    key: str
    """`INC-7`."""
    url: str


class Tracker(Protocol):
    """Keeps issues. What was filed a moment ago may not be found by its label yet."""

    def find(self, label: str) -> Issue | None:
        """The oldest issue of ours that has this label."""
        ...

    def issue(self, key: str) -> Issue:
        """An issue that somebody named. Raises `NotFound`."""
        ...

    def create(self, new: NewIssue) -> Issue:
        """File it; type, priority and further fields are the tracker's own business. Look with
        `find` first: this files another one each time."""
        ...

    def comment(self, key: str, mark: str, text: str) -> None:
        """Our one comment under `mark` (plain text, one line), which stands in it; made, or left
        alone when it is there. `text` is wiki text."""
        ...

    def link(self, key: str, url: str, title: str) -> None:
        """Link out of the issue. One that is there already is success."""
        ...

    def add_subtasks(self, key: str, summaries: tuple[str, ...]) -> None:
        """A sub-task for each of these, unless the issue has one that is called so."""
        ...

    def resolve(self, key: str) -> None:
        """Take the issue to where it counts as done; done already is success. Raises `Permanent`
        when no known way leads there."""
        ...
