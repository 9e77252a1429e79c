"""Looks at open pull requests with conditional requests, and wakes the changes whose moved."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from chatbot.domain.change import Change
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.ports import GitHost, Store
from chatbot.services.ledger import Ledger
from chatbot.services.reconcile import touch

log = structlog.get_logger()

WITH_PULL_REQUEST = frozenset(
    {
        State.PR_OPEN,
        State.AWAITING_APPROVAL,
        State.SCHEDULED,
        State.BLOCKED,
        State.ROLLING_BACK,
    }
)
"""Where somebody's push, review or merge may be what a change waits for."""


@dataclass(frozen=True)
class PullRequestPoll:
    """One look at every open pull request."""

    store: Store
    git: GitHost
    ledger: Ledger
    wake: Callable[[int], None]

    def run(self) -> None:
        """Ask for each; one that cannot be asked is asked at the next poll."""
        for number in self.store.in_states(WITH_PULL_REQUEST):
            change = self.store.change(number)
            known = _waited_for(change)
            if known is None:
                continue
            try:
                now = self.git.pull_request(known.number, known.etag)
            except RetryLater as error:
                log.warning("poll.postponed", because=str(error))
                return
            except Permanent as error:
                log.warning("poll.failed", change=number, because=str(error))
                continue
            if now is not None and _moved(change, known, now):
                touch(self.store, self.ledger, number)
                self.wake(number)


def _waited_for(change: Change) -> PullRequest | None:
    """The pull request that the change may wait for."""
    if change.state is not State.ROLLING_BACK:
        return change.progress.pull_request
    asked = change.progress.revert
    return None if asked is None or asked.state is PullRequestState.MERGED else asked


def _moved(change: Change, known: PullRequest, now: PullRequest) -> bool:
    """Whether to look at the change. A way back that stands still is not tried again for every
    comment on its pull request: only its merge or its end counts."""
    if change.state is State.ROLLING_BACK:
        return now.state is not known.state
    return now != known
