"""The line of steps on the card: what is done and when, where the change is now, what comes. Steps
of one minute share its time, which stands with the first of them: the line has to fit a phone."""

from datetime import datetime, timedelta

from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path, Step
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.domain.mrkdwn import clock_time, moment
from chatbot.domain.pull_request import PullRequestState

_STEPS: dict[Path, tuple[tuple[State, str], ...]] = {
    Path.DIRECT: (
        (State.AWAITING_CONFIRMATION, "confirm"),
        (State.APPLYING, "apply"),
        (State.VALIDATING, "roll out"),
        (State.PR_OPEN, "pull request"),
        (State.COMPLETED, "in Git"),
    ),
    Path.GITOPS: (
        (State.PR_OPEN, "policy"),
        (State.AWAITING_APPROVAL, "approval"),
        (State.SCHEDULED, "merge"),
        (State.SYNCING, "sync"),
        (State.VALIDATING, "validate"),
    ),
    Path.EMERGENCY: (
        (State.AWAITING_CONFIRMATION, "red lights"),
        (State.AWAITING_APPROVAL, "sign-off"),
        (State.APPLYING, "apply"),
        (State.VALIDATING, "roll out"),
        (State.PR_OPEN, "pull request"),
        (State.COMPLETED, "closed"),
    ),
}
_STRAYED: dict[State, str] = {
    State.BLOCKED: "🔴 blocked",
    State.FAILED: "🔴 failed",
    State.ROLLING_BACK: "▸ roll back",
    State.ROLLED_BACK: "🔴 put back",
    State.CANCELLED: "⚪ cancelled",
    State.REJECTED: "⚪ rejected",
    State.EXPIRED: "⚪ expired",
    State.HELD: "🔴 held",
}
"""Off the way: nothing of what would have come next is shown."""

_SAME_DAY = timedelta(hours=12)


def steps_line(card: Card) -> str:
    """`✔ requested 10:12  ✔ confirm 10:14  ✔ apply  ▸ roll out  · pull request  · in Git`."""
    change = card.change
    round_ = _this_round(change)
    clock = _Clock()
    parts = [f"✔ requested{clock.at(change.created_at)}"]
    labels = _STEPS.get(change.path, ())
    reached = {step.name for step in round_}
    last = max((n for n, (state, _) in enumerate(labels) if state.value in reached), default=-1)
    for place, (state, label) in enumerate(labels):
        done = _done_at(change, state, round_)
        if done:
            parts.append(f"✔ {label}{clock.at(done)}")
        elif change.state in _STRAYED or place < last:
            continue
        elif state is _current(change, card):
            parts.append(f"▸ {label}")
        elif state is not State.AWAITING_CONFIRMATION or _is_confirmed(card):
            parts.append(f"· {label}")
    if change.state in _STRAYED:
        at = clock.at(round_[-1].at) if round_ else ""
        words = "⚪ rolled back" if undone_as_asked(change) else _STRAYED[change.state]
        parts.append(f"{words}{at}")
    return "  ".join(parts)


class _Clock:
    """Shows a minute once, and the day with the first time and again when much time has passed."""

    def __init__(self) -> None:
        self._shown: datetime | None = None

    def at(self, time: datetime) -> str:
        """What to put behind a step's name; empty when the time stands there already."""
        time = time.replace(second=0, microsecond=0)
        if time == self._shown:
            return ""
        near = self._shown is not None and abs(time - self._shown) < _SAME_DAY
        self._shown = time
        return f" {clock_time(time) if near else moment(time)}"


def _this_round(change: Change) -> tuple[Step, ...]:
    """The steps since the change was planned for the last time, or its pull request was looked at
    for the last time: what came before counts no more."""
    steps = change.progress.steps
    starts = [n + 1 for n, step in enumerate(steps) if step.name == State.REQUESTED.value]
    if change.path is Path.GITOPS:
        starts += [n for n, step in enumerate(steps) if step.name == State.PR_OPEN.value]
    return steps[max(starts) :] if starts else steps


def _done_at(change: Change, state: State, steps: tuple[Step, ...]) -> datetime | None:
    """When a step was left behind by going on; None if it was not."""
    places = [n for n, step in enumerate(steps) if step.name == state.value]
    if not places:
        return None
    if state is change.state:
        return steps[places[-1]].at if state in TERMINAL else None
    if state is State.PR_OPEN and change.path is not Path.GITOPS and not merged(change):
        return None
    following = steps[places[-1] + 1 : places[-1] + 2]
    went_on = following and State(following[0].name) not in _STRAYED
    return following[0].at if went_on else None


def undone_as_asked(change: Change) -> bool:
    """Whether it was taken back because somebody wanted that, and not because it failed."""
    return change.state is State.ROLLED_BACK and change.progress.failure is None


def merged(change: Change) -> bool:
    """Whether Git took the change's pull request."""
    pull_request = change.progress.pull_request
    return pull_request is not None and pull_request.state is PullRequestState.MERGED


def _current(change: Change, card: Card) -> State:
    """Which of the line's steps the change is in; comparing with Git belongs to two of them."""
    if change.state is State.RECONCILING:
        return State.COMPLETED if merged(change) else State.PR_OPEN
    if change.state is State.REQUESTED and change.path is Path.GITOPS:
        return State.PR_OPEN
    if change.state is State.REQUESTED:
        return State.AWAITING_CONFIRMATION if _is_confirmed(card) else State.APPLYING
    return change.state


def _is_confirmed(card: Card) -> bool:
    """Whether somebody has to confirm the plan: in an emergency the requester always has to."""
    return card.environment.rules.confirm or card.change.path is Path.EMERGENCY
