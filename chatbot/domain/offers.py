"""What can be done with a change now. The card's buttons and the services' checks both ask here,
so that a button that is shown works, and one from a stale card is refused."""

from enum import Enum

from chatbot.domain import promotion
from chatbot.domain.change import Change, Path
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.domain.pull_request import PullRequestState
from chatbot.domain.red_lights import passed


class Offer(Enum):
    """Something a person may do; the value's first part is the button's `action_id`."""

    CONFIRM = ("confirm_diff", "confirm")
    RED_LIGHT_1 = ("red_light_1", "pass light 1 of")
    RED_LIGHT_2 = ("red_light_2", "pass light 2 of")
    """Shown until the third is passed, too: it opens the form again that asks for the target."""
    RED_LIGHT_TYPED = ("red_light_typed", "pass light 3 of")
    """Type the target; a form, and no button."""
    SIGN_OFF = ("sign_off", "sign off")
    APPROVE = ("approve", "approve")
    REJECT = ("reject", "reject")
    RELEASE = ("release_hold", "release")
    RETRY = ("retry", "retry")
    OPEN_BACKFILL = ("open_backfill", "open the pull request of")
    SHOW_DIFF = ("show_diff", "see the diff of")
    CANCEL = ("cancel", "cancel")
    GO_AHEAD = ("promote_skip", "skip the promotion of")
    """Say why it need not have been in the environment ahead; a command, and no button."""
    UNDO = ("cancel", "undo")
    """The same button after Git or the cluster was changed: taking back means putting back."""

    @property
    def action_id(self) -> str:
        """Slack's name of the button."""
        return self.value[0]

    @property
    def verb(self) -> str:
        """For sentences: you can't ‹verb› CHG-12."""
        return self.value[1]


def touched(change: Change) -> bool:
    """Whether the cluster may have been written to."""
    return change.progress.snapshot is not None


def stands_still(change: Change) -> bool:
    """Whether a step failed and nothing goes on until a person acts."""
    return change.progress.failure is not None and change.due_at is None


def deploys(change: Change) -> bool:
    """Whether Git has it, and Argo CD brings it into the cluster or did not manage to."""
    on_the_way = change.state in (State.SYNCING, State.VALIDATING)
    return change.path is Path.GITOPS and on_the_way and _merged(change)


def needs_person(change: Change) -> bool:
    """Whether somebody has to do something here before the change goes on."""
    return change.state in WAITING_FOR_PEOPLE or (
        change.state not in TERMINAL and stands_still(change)
    )


WAITING_FOR_PEOPLE = frozenset(
    {
        State.AWAITING_CONFIRMATION,
        State.AWAITING_APPROVAL,
        State.BLOCKED,
        State.FAILED,
        State.HELD,
    }
)
"""States that only a person's decision leaves."""


_GITOPS: dict[State, tuple[Offer, ...]] = {
    State.REQUESTED: (Offer.CANCEL,),
    State.PR_OPEN: (Offer.SHOW_DIFF, Offer.CANCEL),
    State.BLOCKED: (Offer.RETRY, Offer.SHOW_DIFF, Offer.CANCEL),
    State.AWAITING_APPROVAL: (Offer.APPROVE, Offer.REJECT, Offer.SHOW_DIFF, Offer.CANCEL),
    State.SCHEDULED: (Offer.SHOW_DIFF, Offer.CANCEL),
    State.SYNCING: (Offer.SHOW_DIFF,),
    State.VALIDATING: (Offer.SHOW_DIFF,),
    State.FAILED: (Offer.RETRY, Offer.SHOW_DIFF, Offer.CANCEL),
    State.ROLLING_BACK: (),
    State.HELD: (Offer.RELEASE, Offer.SHOW_DIFF),
}
"""Where a pull request goes first: what each state may offer."""


def offers(change: Change) -> tuple[Offer, ...]:
    """What can be done now, in the order of the buttons."""
    match change.path:
        case Path.GITOPS:
            return _gitops_offers(change)
        case Path.EMERGENCY:
            return _emergency_offers(change)
        case Path.DIRECT:
            return _direct_offers(change)


def _emergency_offers(change: Change) -> tuple[Offer, ...]:
    diff = (Offer.SHOW_DIFF,) if change.progress.plan else ()
    retry = (Offer.RETRY,) if stands_still(change) else ()
    match change.state:
        case State.AWAITING_CONFIRMATION:
            lights = _LIGHTS[len(passed(change))] if diff else ()
            return (*lights, *diff, *_way_out(change))
        case State.AWAITING_APPROVAL:
            return (Offer.SIGN_OFF, Offer.REJECT, *diff, *_way_out(change))
        case State.BLOCKED | State.FAILED:
            return (Offer.RETRY, *diff, *_way_out(change))
        case State.REQUESTED | State.APPLYING:
            return (*retry, *diff, *_way_out(change))
        case State.VALIDATING | State.PR_OPEN | State.ROLLING_BACK:
            return (*retry, *diff, *_way_out(change))
        case State.RECONCILING:
            return (*(_git_offers(change) if retry else ()), *diff, *_way_out(change))
        case _:
            return ()


_LIGHTS: tuple[tuple[Offer, ...], ...] = (
    (Offer.RED_LIGHT_1,),
    (Offer.RED_LIGHT_2,),
    (Offer.RED_LIGHT_2, Offer.RED_LIGHT_TYPED),
    (),
)
"""What comes after so many lights; the second's button opens the form of the third, again and
again."""


def _way_out(change: Change) -> tuple[Offer, ...]:
    """Cancel what has not begun to write, undo once what has; while it writes, neither."""
    if not touched(change):
        return () if change.progress.started_digest else (Offer.CANCEL,)
    writes = change.state is State.APPLYING and not stands_still(change)
    waits = change.state in (State.REQUESTED, State.AWAITING_APPROVAL)
    return () if writes or waits or was_undone(change) else _undo(change)


def was_undone(change: Change) -> bool:
    """Whether everything was put back, or is being put back, since it was applied last."""
    turns = (State.APPLYING.value, State.ROLLING_BACK.value)
    taken = [step.name for step in change.progress.steps if step.name in turns]
    return change.state is State.ROLLING_BACK or taken[-1:] == [State.ROLLING_BACK.value]


def _gitops_offers(change: Change) -> tuple[Offer, ...]:
    offered = _GITOPS.get(change.state, ())
    stuck = stands_still(change) and change.state not in TERMINAL | {State.HELD}
    if stuck and Offer.RETRY not in offered:
        undo = (Offer.UNDO,) if deploys(change) else ()
        offered = (Offer.RETRY, *offered, *undo)
    if change.state is State.BLOCKED and promotion.is_missing(change.progress.review):
        offered = (*offered, Offer.GO_AHEAD)
    hidden = set() if change.progress.plan else {Offer.SHOW_DIFF}
    if _merged(change):
        hidden.add(Offer.CANCEL)
    return tuple(offer for offer in offered if offer not in hidden)


def _direct_offers(change: Change) -> tuple[Offer, ...]:
    diff = (Offer.SHOW_DIFF,) if change.progress.plan else ()
    match change.state:
        case State.REQUESTED:
            return () if touched(change) else (Offer.CANCEL,)
        case State.AWAITING_CONFIRMATION:
            return (Offer.CONFIRM, *diff, _take_back(change))
        case State.BLOCKED | State.FAILED:
            return (Offer.RETRY, *diff, _take_back(change))
        case State.APPLYING:
            return diff if change.progress.started_digest else (*diff, Offer.CANCEL)
        case State.VALIDATING:
            return diff
        case State.RECONCILING | State.PR_OPEN | State.ROLLING_BACK:
            return _repayment_offers(change, diff)
        case _:
            return ()


def _repayment_offers(change: Change, diff: tuple[Offer, ...]) -> tuple[Offer, ...]:
    failed = stands_still(change)
    if change.state is State.ROLLING_BACK:
        return (Offer.RETRY,) if failed else ()
    if change.state is State.PR_OPEN:
        return (*((Offer.RETRY,) if failed else ()), *diff, *_undo(change))
    return (*_git_offers(change), *diff, *_undo(change)) if failed else diff


def _take_back(change: Change) -> Offer:
    return Offer.UNDO if touched(change) else Offer.CANCEL


def _git_offers(change: Change) -> tuple[Offer, ...]:
    if change.progress.pull_request is None:
        return (Offer.RETRY,)
    return (Offer.OPEN_BACKFILL, Offer.RETRY)


def _undo(change: Change) -> tuple[Offer, ...]:
    """Undoing what Git already has would only make them differ again."""
    in_git = _merged(change) or change.progress.reconciled_at is not None
    return (Offer.UNDO,) if touched(change) and not in_git else ()


def _merged(change: Change) -> bool:
    pull_request = change.progress.pull_request
    return pull_request is not None and pull_request.state is PullRequestState.MERGED
