"""People who act at the same instant, each in a Slack of their own, on one bot; and what must come
out: one outcome, once, and everybody is told theirs."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from github import GithubException, InputGitTreeElement

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.scenario import WHY, live, other_replicas, paid_back, pulls, web_file
from tests.chaos.stage import Stage
from tests.support.forge import REQUESTER as REQUESTER_TOKEN
from tests.support.forge_work import prepare_push
from tests.support.slack import SlackWorkspace
from tests.support.slack_forms import pressed
from tests.support.world import OTHER_SENIOR, REQUESTER, SENIOR, channel_of, everything

SECONDS = 60.0
SKEWS = (0.0, 0.01, -0.01, 0.03, -0.03)
"""By how many seconds the second is later than the first: at the same instant for a person, and in
another order for the bot."""

PUSH_SKEWS = (0.0, 0.2, -0.3, 0.5, 0.8)
"""The same for a commit. Between the yes and the merge the bot looks at everything once more, and
that the commit is there it notices by itself."""

PROD_WEB = web_file("prod")
FORM = {**WHY, "rollback_plan": "Scale back.", "affected_services": "shop"}
PEOPLE = (REQUESTER, SENIOR, OTHER_SENIOR)

Act = Callable[[], Any]


@dataclass
class Track:
    """Where races are run: a world with a bot, and a page of Slack for everybody."""

    stage: Stage
    pages: dict[str, SlackWorkspace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = self.stage.world
        self.stage.prepare({})
        self.pages = {user: SlackWorkspace(self.world.slack.url) for user in PEOPLE}

    def close(self) -> None:
        """Nobody looks at Slack any more."""
        for page in self.pages.values():
            page.leave()

    def ask(self, command: str, state: State, **fields: str) -> Change:
        """A new change that waits for people, in an otherwise empty Slack."""
        self.world.slack.reset()
        return self.reach(self.world.request(command, **fields), state)

    def reach(self, change: Change, *states: State) -> Change:
        """Wait until row and card show one of the states and nothing is left to tell."""

        def there() -> Change | None:
            now = self.world.change(change)
            shown = self.world.card(change)["text"].endswith(f" {now.state.value}")
            quiet = not self.world.store.pending_notices(change.number)
            return now if now.state in states and shown and quiet else None

        found: Change = self.stage.until(there, f"{change.id} in {states}", SECONDS)
        return found

    def press(self, change: Change, action_id: str, user: str) -> Act:
        """A click on the card as it stands now."""
        card = self.world.card(change)
        action = pressed(card["blocks"], action_id, None)
        channel = channel_of(change)
        return lambda: self.pages[user].send_click(user, channel, card["ts"], action)

    def answers(self, change: Change, user: str) -> list[str]:
        """What this person alone was told."""
        heard = self.world.slack.ephemerals(channel_of(change), user)
        return [everything(each) for each in heard]

    def told(self, change: Change, user: str, *words: str) -> None:
        """Wait until this person was told one thing, and that it is one of these."""
        said = self.stage.until(lambda: self.answers(change, user), f"an answer to {user}", 20)
        assert len(said) == 1, said
        assert any(each in said[0] for each in words), said

    def rest(self, change: Change) -> Change:
        """Wait until the bot has nothing more to do for it."""
        self.stage.until(self.stage.settled, f"the end of {change.id}", SECONDS)
        return self.world.change(change)

    def after(self) -> None:
        """What holds after every race."""
        assert self.stage.alive(), self.stage.said()
        assert self.world.store.check_audit().reason == ""
        assert self.world.slack.violations() == []

    def once(self, change: Change, kind: str) -> None:
        assert self.world.events(change).count(kind) == 1, self.world.events(change)

    def refused(self, change: Change) -> list[tuple[str, str]]:
        """Who was refused what, oldest first."""
        return [
            (event.entry.actor, event.entry.data["action"])
            for event in self.world.store.events(change.number)
            if event.entry.kind == "request.refused"
        ]


def meet(first: Act, second: Act, skew: float) -> list[Any]:
    """Act at the same instant; what both gave. What one raised is raised."""
    start = threading.Barrier(2)
    outcomes: list[Any] = [None, None]

    def one(place: int, act: Act, late: float) -> None:
        start.wait()
        if late:
            time.sleep(late)
        try:
            outcomes[place] = act()
        except Exception as error:  # noqa: BLE001 - told to the one who waits
            outcomes[place] = error

    threads = [
        threading.Thread(target=one, args=(place, act, late))
        for place, (act, late) in enumerate(((first, max(0.0, -skew)), (second, max(0.0, skew))))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return outcomes


# Staging and prod


def approve_approve(track: Track, skew: float) -> None:
    """Two seniors; one yes is needed. One counts, the other is told so."""
    change = _prod(track)
    meet(track.press(change, "approve", SENIOR), track.press(change, "approve", OTHER_SENIOR), skew)
    change = track.reach(change, State.COMPLETED)
    [approval] = change.progress.approvals
    late = OTHER_SENIOR if approval.user == SENIOR else SENIOR
    track.told(change, approval.user, "counts, and it is approved")
    track.told(change, late, "can't approve")
    assert track.refused(change) == [(late, "approve")]
    _merged_once(track, change, asked(change))


def approve_reject(track: Track, skew: float) -> None:
    """One senior says yes, the other, with the form filled in, says no."""
    change = _prod(track)
    page = track.pages[OTHER_SENIOR]
    track.press(change, "reject", OTHER_SENIOR)()
    page.view(OTHER_SENIOR, "reject_reason")
    _, said = meet(
        track.press(change, "approve", SENIOR),
        lambda: page.submit(OTHER_SENIOR, {"reason": "Not on a Friday."}),
        skew,
    )
    change = track.reach(change, State.COMPLETED, State.REJECTED)
    if change.state is State.COMPLETED:
        assert "can't" in everything(said.view), "whoever is too late sees why above the form"
        track.told(change, SENIOR, "counts, and it is approved")
        assert track.refused(change) == [(OTHER_SENIOR, "reject")]
        assert "change.rejected" not in track.world.events(change)
        _merged_once(track, change, asked(change))
        return
    assert said.view is None, "the form of who was in time is closed"
    track.told(change, SENIOR, "can't approve")
    assert track.refused(change) == [(SENIOR, "approve")]
    track.once(change, "change.rejected")
    assert change.progress.approvals == ()
    track.rest(change)
    [pull] = pulls(track.world, change)
    assert (pull.state, pull.merged) == ("closed", False)


def approve_push(track: Track, skew: float) -> None:
    """A senior says yes while the requester's next commit arrives. What is merged is what somebody
    said yes to: the old head alone, or the new one after another yes."""
    change = _prod(track)
    world = track.world
    more = asked(change) + 10
    text = world.file(PROD_WEB, change.branch)
    text = text.replace(f"replicas: {asked(change)}", f"replicas: {more}")
    file = InputGitTreeElement(PROD_WEB, "100644", "blob", content=text)
    push = prepare_push(world.at_github(REQUESTER_TOKEN), change.branch, [file])
    meet(track.press(change, "approve", SENIOR), lambda: _unless_gone(push.move), skew)

    def decided() -> bool:
        now = world.change(change)
        review = now.progress.review
        again = now.state is State.AWAITING_APPROVAL and review and review.head_sha == push.sha
        return bool(again) or now.state is State.COMPLETED

    track.stage.until(decided, f"what became of {change.id}", SECONDS)
    change = track.reach(change, State.COMPLETED, State.AWAITING_APPROVAL)
    _senior_knows(track, change)
    if change.state is State.COMPLETED:
        _merged_once(track, change, asked(change))
        return
    [pull] = pulls(world, change)
    assert not pull.merged, "nobody said yes to the new commit yet"
    track.press(change, "approve", OTHER_SENIOR)()
    change = track.reach(change, State.COMPLETED)
    assert change.progress.approvals[-1].user == OTHER_SENIOR
    _merged_once(track, change, more, commits=2)


def _senior_knows(track: Track, change: Change) -> None:
    """Whether the yes counted; and if it does not any more, that it does not."""
    track.stage.until(lambda: track.answers(change, SENIOR), "an answer to the yes", 20)
    if track.refused(change):
        assert track.refused(change) == [(SENIOR, "approve")]
        assert change.progress.approvals == ()
        track.told(change, SENIOR, "can't approve", "changed after this card was drawn")
        return
    track.told(change, SENIOR, "counts, and it is approved")
    track.once(change, "change.approved")
    story = "\n".join(track.world.story(change))
    void = "Approvals given before are void" in story or "has to be approved again" in story
    assert void is (change.state is State.AWAITING_APPROVAL), story


# Dev and test


def confirm_confirm(track: Track, skew: float) -> None:
    """A double click."""
    change = _test(track)
    first, second = (track.press(change, "confirm_diff", REQUESTER) for _ in range(2))
    meet(first, second, skew)
    change = track.reach(change, State.PR_OPEN)
    track.once(change, "change.confirmed")
    track.once(change, "change.applied")
    track.told(change, REQUESTER, "can't")
    assert track.refused(change) == [(REQUESTER, "confirm")]
    track.press(change, "cancel", REQUESTER)()
    _as_before(track, track.reach(change, State.ROLLED_BACK))


def cancel_cancel(track: Track, skew: float) -> None:
    """A double click on Cancel."""
    change = _test(track)
    first, second = (track.press(change, "cancel", REQUESTER) for _ in range(2))
    meet(first, second, skew)
    change = track.reach(change, State.CANCELLED)
    track.once(change, "change.cancelled")
    track.told(change, REQUESTER, "can't")
    assert track.refused(change) == [(REQUESTER, "cancel")]
    _as_before(track, change)


def confirm_cancel(track: Track, skew: float) -> None:
    """On two devices: cancelled before anything happened (confirmed or not), or undone after it
    did."""
    change = _test(track)
    confirm = track.press(change, "confirm_diff", REQUESTER)
    cancel = track.press(change, "cancel", REQUESTER)
    meet(confirm, cancel, skew)
    change = track.reach(change, State.CANCELLED, State.ROLLED_BACK, State.PR_OPEN)
    events = track.world.events(change)
    if change.state is State.CANCELLED:
        assert "change.applied" not in events
        if "change.confirmed" in events:
            assert track.refused(change) == []
        else:
            track.told(change, REQUESTER, "can't")
            assert track.refused(change) == [(REQUESTER, "confirm")]
    elif change.state is State.PR_OPEN:
        track.told(change, REQUESTER, "can't")
        assert track.refused(change) == [(REQUESTER, "cancel")]
        track.press(change, "cancel", REQUESTER)()
        change = track.reach(change, State.ROLLED_BACK)
    _as_before(track, change)


Race = Callable[[Track, float], None]
GITOPS: Mapping[Race, Sequence[float]] = {
    approve_approve: SKEWS,
    approve_reject: SKEWS,
    approve_push: PUSH_SKEWS,
}
DIRECT: Mapping[Race, Sequence[float]] = dict.fromkeys(
    (confirm_cancel, confirm_confirm, cancel_cancel), SKEWS
)


def asked(change: Change) -> int:
    """How many replicas."""
    assert change.request.replicas is not None
    return change.request.replicas


def _prod(track: Track) -> Change:
    command = f"scale prod deploy/web {other_replicas(track.world, 'prod')}"
    return track.ask(command, State.AWAITING_APPROVAL, **FORM)


def _test(track: Track) -> Change:
    return track.ask("scale test deploy/web 5", State.AWAITING_CONFIRMATION)


def _merged_once(track: Track, change: Change, replicas: int, *, commits: int = 1) -> None:
    change, world = track.rest(change), track.world
    for kind in ("pull_request.merged", "argocd.synced", "change.completed"):
        track.once(change, kind)
    [pull] = pulls(world, change)
    assert (pull.merged, pull.commits) == (True, commits)
    assert f"replicas: {replicas}" in world.file(PROD_WEB)
    assert live(world, "prod", "deploy", "web")["spec"]["replicas"] == replicas
    if commits == 1:
        paid_back(world, change)


def _as_before(track: Track, change: Change) -> None:
    track.rest(change)
    assert live(track.world, "test", "deploy", "web")["spec"]["replicas"] == 2
    assert all(not pull.merged for pull in pulls(track.world, change))


def _unless_gone(move: Act) -> None:
    """The branch may be merged and gone already."""
    try:
        move()
    except GithubException as error:
        if error.status != 422:
            raise
