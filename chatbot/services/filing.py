"""Filing a request: from what somebody asked for to a row that is worked on."""

from collections.abc import Mapping

from chatbot.domain import story
from chatbot.domain.change import Change, ChangeRequest, Path
from chatbot.domain.environment import Environment
from chatbot.domain.events import AuditEntry
from chatbot.ports import NewChange
from chatbot.services.decisions import Decisions


def file_request(
    decisions: Decisions,
    environments: Mapping[str, Environment],
    user: str,
    submission: str,
    request: ChangeRequest,
    *,
    path: Path | None = None,
) -> Change:
    """The change that a request becomes, on this path or (None) on that of its environment, with
    its audit entry. The same `submission` twice makes one change."""
    new = NewChange(
        path=path or environments[request.environment].request_path,
        requester=user,
        request=request,
        submission=submission,
    )
    entry = AuditEntry(
        kind="change.requested",
        actor=user,
        change=None,
        at=decisions.ledger.clock.now(),
        data=request.model_dump(mode="json"),
    )
    change = decisions.store.create_change(new, entry, story.requested(user))
    decisions.wake(change.number)
    return change
