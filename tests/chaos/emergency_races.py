"""Seniors who answer for the same emergency at the same instant: it is signed off once or refused
once, and each of them is told which."""

from collections.abc import Mapping, Sequence

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.emergency import EMERGENCY as SCENARIOS
from tests.chaos.person import Person
from tests.chaos.races import SKEWS, Race, Track, asked, meet
from tests.chaos.scenario import live, not_asked, other_replicas
from tests.support import glass_world as glass
from tests.support.world import OTHER_SENIOR, SENIOR, everything


def sign_sign(track: Track, skew: float) -> None:
    """Two seniors; one sign-off is needed. One counts, the other is told so."""
    change = _waiting(track)
    first, second = (track.press(change, "sign_off", user) for user in (SENIOR, OTHER_SENIOR))
    meet(first, second, skew)
    change = track.reach(change, State.PR_OPEN)
    [approval] = change.progress.approvals
    late = OTHER_SENIOR if approval.user == SENIOR else SENIOR
    track.told(change, approval.user, "counts: it is being applied")
    track.told(change, late, "can't sign off")
    assert track.refused(change) == [(late, "sign_off")]
    _applied_once(track, change)


def sign_refuse(track: Track, skew: float) -> None:
    """One senior signs off, the other, with the form filled in, refuses."""
    change = _waiting(track)
    was = _replicas(track)
    page = track.pages[OTHER_SENIOR]
    track.press(change, "reject", OTHER_SENIOR)()
    page.view(OTHER_SENIOR, "reject_reason")
    _, said = meet(
        track.press(change, "sign_off", SENIOR),
        lambda: page.submit(OTHER_SENIOR, {"reason": "That makes it worse."}),
        skew,
    )
    change = track.reach(change, State.PR_OPEN, State.REJECTED)
    if change.state is State.PR_OPEN:
        assert "can't" in everything(said.view), "whoever is too late sees why above the form"
        track.told(change, SENIOR, "counts: it is being applied")
        assert track.refused(change) == [(OTHER_SENIOR, "reject")]
        assert "change.rejected" not in track.world.events(change)
        _applied_once(track, change)
        return
    assert said.view is None, "the form of who was in time is closed"
    track.told(change, SENIOR, "can't sign off")
    assert track.refused(change) == [(SENIOR, "sign_off")]
    track.once(change, "change.rejected")
    assert change.progress.approvals == ()
    track.rest(change)
    assert _replicas(track) == was
    assert track.world.store.obligations(change.number) == []
    not_asked(track.world, change)


EMERGENCY: Mapping[Race, Sequence[float]] = dict.fromkeys((sign_sign, sign_refuse), SKEWS)


def _waiting(track: Track) -> Change:
    """An emergency that seniors are asked to sign off, in an otherwise empty Slack."""
    world = track.world
    world.slack.reset()
    command = f"scale prod deploy/web {other_replicas(world, 'prod')}"
    change = glass.lit(world, glass.ask(world, command))
    return track.reach(change, State.AWAITING_APPROVAL)


def _applied_once(track: Track, change: Change) -> None:
    """And seen through: what an emergency owes would be in the way of the next."""
    for kind in ("change.signed_off", "change.applied", "pull_request.opened"):
        track.once(change, kind)
    assert _replicas(track) == asked(change)
    scenario = SCENARIOS[0]
    way = scenario.asked(track.world, change.number)
    Person(track.stage, change.id, way, scenario.deeds, scenario.ends).see_it_through()


def _replicas(track: Track) -> int:
    count: int = live(track.world, "prod", "deploy", "web")["spec"]["replicas"]
    return count
