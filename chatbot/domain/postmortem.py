"""The postmortem of an emergency: what was written, by whom, and how far it got. Anybody's draft is
kept beside what was submitted, so that nobody writes over anybody."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.change import Failure, format_change_id
from chatbot.domain.errors import InvalidInput
from chatbot.domain.events import canonical_json
from chatbot.domain.pull_request import PullRequest

LONGEST_FIELD = 3_000
"""Characters: what Slack takes in one field."""

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_WANTED = {
    "summary": "Say in a few sentences what happened.",
    "impact": "Say who felt what, and for how long.",
    "root_cause": "Say why it happened, as far as that is known.",
    "timeline": "Say what happened when; a few lines will do.",
}
"""What has to be there before it is submitted. That nothing is left to do is possible."""


class PostmortemText(BaseModel):
    """What people write, field by field, as typed."""

    model_config = _FROZEN

    summary: str = ""
    impact: str = ""
    root_cause: str = ""
    timeline: str = ""
    action_items: str = ""
    """One a line."""

    @property
    def digest(self) -> str:
        """SHA-256 of the text: what was read is what is accepted and published."""
        body = canonical_json(self.model_dump())
        return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def items(self) -> tuple[str, ...]:
        """What is to be done, one by one, without the marks that people put before a line."""
        lines = (line.strip().lstrip("-*•").strip() for line in self.action_items.splitlines())
        return tuple(line for line in lines if line)

    def refuse_gaps(self) -> None:
        """Raise `InvalidInput` with a sentence for each field that has to be filled in first."""
        missing = {name: why for name, why in _WANTED.items() if not getattr(self, name).strip()}
        if missing:
            raise InvalidInput(missing)


class PostmortemState(StrEnum):
    """How far it is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"


class Draft(BaseModel):
    """What one person saved and did not submit."""

    model_config = _FROZEN

    text: PostmortemText
    at: AwareDatetime


class Publication(BaseModel):
    """How far it got into Git; every handle that makes a repeated step find its own traces."""

    model_config = _FROZEN

    base_sha: str = ""
    """The commit that the next commit is made on, decided before it is made."""
    continues: bool = False
    """Whether that is the branch's own head, so that the branch moves forward."""
    digest: str = ""
    """Of the text that stands in the pull request."""
    commit_sha: str = ""
    pull_request: PullRequest | None = None
    failure: Failure | None = None
    """What keeps it out of Git until a person acts."""
    woken: bool = False
    """Whether the change was told that it is accepted."""
    closed: bool = False
    """Whether everything that follows in Git from the acceptance was done."""


class Postmortem(BaseModel):
    """The postmortem of one change, as its row says."""

    model_config = _FROZEN

    change: int
    state: PostmortemState = PostmortemState.DRAFT
    text: PostmortemText | None = None
    """As it was submitted last; None until it was."""
    author: str = ""
    """Slack user id of who submitted that."""
    authors: tuple[str, ...] = ()
    """Everybody who ever submitted it: none of them accepts it."""
    submitted_at: AwareDatetime | None = None
    drafts: Mapping[str, Draft] = {}
    """By Slack user id."""
    judged_by: str = ""
    judged_at: AwareDatetime | None = None
    reason: str = ""
    """Why it was returned."""
    publication: Publication = Publication()
    due_at: AwareDatetime | None = None
    """When Git is tried next; None: nothing is left to do there."""
    attempts: int = 0
    """Failed tries in a row."""
    version: int = 0
    """Counts writes; a writer that read an older version is refused."""

    @property
    def change_id(self) -> str:
        """`CHG-12`."""
        return format_change_id(self.change)

    @property
    def branch(self) -> str:
        """Where it is written in the cluster repository."""
        return f"mcp-ocs/postmortem-{self.change_id.lower()}"

    @property
    def path(self) -> str:
        """The file that it becomes."""
        return f"mcp-ocs/postmortems/{self.change_id}.md"

    @property
    def is_read(self) -> bool:
        """Whether it waits for a senior to accept or return it."""
        return self.state is PostmortemState.SUBMITTED

    def draft_of(self, user: str) -> PostmortemText | None:
        """What somebody goes on from: their own draft, what was submitted, or the newest draft of
        anybody; None: nobody has written anything."""
        if own := self.drafts.get(user):
            return own.text
        if self.text is not None:
            return self.text
        newest = sorted(self.drafts.values(), key=lambda draft: draft.at)
        return newest[-1].text if newest else None
