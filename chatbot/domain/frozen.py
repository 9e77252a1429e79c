"""What a freeze stops: which changes, and which things that people do with them."""

from collections.abc import Iterable
from datetime import datetime

from chatbot.domain.change import Change, Path
from chatbot.domain.freeze import Freeze, in_force
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.domain.offers import Offer, stands_still
from chatbot.domain.pull_request import PullRequestState


def stops(offer: Offer, change: Change) -> bool:
    """Whether doing this reaches for the cluster or for Git's main branch. Looking, approving,
    cancelling what was not applied and opening a pull request do not, nor does having a pull
    request looked at again. An emergency is stopped by nothing."""
    if change.path is Path.EMERGENCY:
        return False
    if change.path is Path.GITOPS and offer is Offer.RETRY:
        pull_request = change.progress.pull_request
        return pull_request is not None and pull_request.state is PullRequestState.MERGED
    return offer in (Offer.CONFIRM, Offer.RETRY, Offer.UNDO)


def blocking(change: Change, freezes: Iterable[Freeze], now: datetime) -> Freeze | None:
    """The freeze of the change's environment that it was not let through, if there is one now;
    none for an emergency, which goes past every freeze and says so."""
    if change.path is Path.EMERGENCY:
        return None
    let_through = {exemption.freeze for exemption in change.progress.exemptions}
    ours = in_force(freezes, change.request.environment, now)
    return next((freeze for freeze in ours if freeze.id not in let_through), None)


def is_underway(change: Change) -> bool:
    """Whether it goes on in a freeze: what is being applied, rolled out or put back finishes, since
    half of a change is worse than either end of it; and what is over is over."""
    if change.state in TERMINAL:
        return True
    if stands_still(change):
        return False
    started = change.state is State.APPLYING and bool(change.progress.started_digest)
    return started or change.state in _FINISHING


_FINISHING = frozenset({State.VALIDATING, State.SYNCING, State.ROLLING_BACK})
