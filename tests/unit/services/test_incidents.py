"""Incidents: everything once, on both sides, whatever breaks in between."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.incident import Side
from chatbot.domain.lifecycle import State
from chatbot.services.incident_issue import INDEX_LAG
from chatbot.services.incidents import MISCONFIGURED_DELAY
from tests.support.builders import REQUESTER, SENIOR
from tests.unit.services.incident_parts import PULL_REQUEST, World
from tests.unit.services.parts import Hand, Slack
from tests.unit.services.rooms import Kept

GONE = RetryLater("the answer was lost")


@pytest.fixture
def make(store: SqliteStore, clock: Hand, slack: Slack) -> Callable[..., World]:
    return lambda **rules: World(store, clock, slack, **rules)


@pytest.fixture
def world(make: Callable[..., World]) -> World:
    return make()


def texts(kept: Kept) -> list[str]:
    """What was said in a channel below the summary."""
    return [one.text for one in kept.messages[1:]]


def test_a_sign_off_opens_a_furnished_channel(world: World) -> None:
    change = world.signed_off()
    world.card(change)
    world.settle()
    kept = world.rooms.called("inc-chg-1-web")
    assert kept.topic.startswith("CHG-1 · being applied · Scale deployment/web to 3 · dev")
    assert kept.members == {REQUESTER, "U1", "U2", "U3"}
    [summary, *_] = kept.messages
    assert kept.pins == [summary.ref.ts]
    assert "half of checkout" in summary.text
    assert "Card of CHG-1" in summary.text
    assert "Jira INC-1" in summary.text
    assert kept.bookmarks == [("Jira INC-1", "https://jira.example/browse/INC-1")]


def test_a_sign_off_files_an_issue_with_the_ways_to_the_timeline(world: World) -> None:
    change = world.signed_off()
    world.card(change)
    world.settle()
    [filed] = world.board.filed
    assert filed.label == "redlight-chg-1"
    assert filed.summary == "CHG-1 · dev: Scale deployment/web to 3"
    assert "*Criterion:* service down" in filed.description
    assert sorted(filed.links.values()) == ["#inc-chg-1-web", "Card of CHG-1"]


def test_what_happens_is_told_on_both_sides_once_and_in_order(world: World) -> None:
    change = world.signed_off()
    world.settle()
    world.goes(change, State.VALIDATING, "change.applied")
    world.goes(change, State.RECONCILING, "rollout.finished")
    world.settle()
    world.settle()
    [filed] = world.board.filed
    told = texts(world.rooms.called("inc-chg-1-web"))
    assert [text for text in told if "Jira" not in text] == [
        f"<@{SENIOR}> confirmed it",
        f"<@{SENIOR}> it was applied to the cluster",
        f"<@{SENIOR}> it ran as asked",
    ]
    assert sum("it ran as asked" in text for text in filed.comments.values()) == 1
    assert list(filed.comments) == sorted(filed.comments, key=lambda mark: int(mark.split()[-1]))


def test_topic_summary_and_bookmarks_follow_the_change(world: World) -> None:
    change = world.signed_off()
    world.settle()
    number = {"number": PULL_REQUEST.number}
    world.goes(change, State.PR_OPEN, "pull_request.opened", data=number, pull_request=PULL_REQUEST)
    world.settle()
    kept = world.rooms.called("inc-chg-1-web")
    assert "to be paid back" in kept.topic
    assert "Pull request #7" in kept.messages[0].text
    assert ("Pull request #7", PULL_REQUEST.url) in kept.bookmarks
    assert PULL_REQUEST.url in world.board.filed[0].links


def test_the_end_resolves_the_issue_and_leaves_the_channel(world: World) -> None:
    change = world.signed_off()
    world.settle()
    world.goes(change, State.COMPLETED, "change.completed")
    world.settle()
    kept = world.rooms.called("inc-chg-1-web")
    assert world.board.filed[0].resolved
    assert not kept.archived
    assert "closed" in kept.topic
    assert "it was completed" in texts(kept)[-1] or "it was completed" in texts(kept)[-2]
    assert all(world.side(change, side).closed_at for side in Side)


def test_the_channel_is_archived_at_the_end_where_the_rules_say_so(
    make: Callable[..., World],
) -> None:
    world = make(archive=True, prefix="sev", private=True, invite_managers=False)
    change = world.signed_off()
    world.settle()
    world.goes(change, State.COMPLETED, "change.completed")
    world.settle()
    kept = world.rooms.called("sev-chg-1-web")
    assert kept.archived
    assert kept.private
    assert "U1" not in kept.members
    kinds = [event.entry.kind for event in world.store.events(change.number)]
    assert kinds.count("incident.channel_archived") == 1
    assert kinds.count("incident.issue_resolved") == 1


def test_an_accepted_postmortems_actions_become_sub_tasks(world: World) -> None:
    change = world.signed_off()
    world.settle()
    world.items = ("Add an alert", "Raise the quota", "Add an alert")
    world.goes(change, State.RECONCILING, "postmortem.accepted")
    world.settle()
    assert world.board.filed[0].subtasks == ["Add an alert", "Raise the quota"]


@pytest.mark.parametrize("named", ["#inc-payments", "C0000"])
def test_a_named_channel_is_used_and_keeps_its_topic(world: World, named: str) -> None:
    there = world.rooms.add("inc-payments", topic="Payments are down")
    change = world.signed_off(incident_id=named)
    world.settle()
    world.goes(change, State.COMPLETED, "change.completed")
    world.settle()
    assert list(world.rooms.kept.values()) == [there]
    assert there.topic == "Payments are down"
    assert not there.archived
    assert there.pins


def test_a_named_channel_that_nobody_finds_keeps_no_emergency_waiting(world: World) -> None:
    world.signed_off(incident_id="#inc-nowhere")
    world.settle()
    assert "inc-nowhere" in world.rooms.called("inc-chg-1-web").messages[0].text


def test_a_named_issue_is_told_everything_and_left_to_its_owner(world: World) -> None:
    from chatbot.ports import NewIssue

    theirs = world.board.create(NewIssue("theirs", "Payments are down", ""))
    change = world.signed_off(incident_id=theirs.key.lower())
    world.settle()
    world.goes(change, State.COMPLETED, "change.completed")
    world.settle()
    [filed] = world.board.filed
    assert "half of checkout" in filed.comments["CHG-1, summary"]
    assert not filed.resolved
    assert world.side(change, Side.ISSUE).closed_at


def test_an_id_from_somewhere_else_files_our_own_issue(world: World) -> None:
    world.signed_off(incident_id="PD-4711")
    world.settle()
    assert [each.label for each in world.board.filed] == ["redlight-chg-1"]


@pytest.mark.parametrize(
    ("broken", "well"), [(Side.ISSUE, Side.CHANNEL), (Side.CHANNEL, Side.ISSUE)]
)
def test_one_side_being_down_never_stops_the_other(world: World, broken: Side, well: Side) -> None:
    outside = world.board if broken is Side.ISSUE else world.rooms
    outside.down = RetryLater("it does not answer")
    change = world.signed_off()
    for _ in range(6):
        world.look()
        world.clock.move(minutes=6)
    assert not world.side(change, broken).place
    assert world.side(change, well).place
    assert world.side(change, broken).attempts >= 5
    outside.down = None
    world.clock.move(minutes=6)
    world.settle()
    assert world.side(change, broken).place
    assert world.side(change, broken).attempts == 0


def test_what_slack_or_jira_asked_for_is_waited_out(world: World) -> None:
    world.board.fail("find", RetryLater("too many", after=timedelta(seconds=90)))
    change = world.signed_off()
    world.settle()
    world.clock.move(seconds=89)
    world.settle()
    assert not world.board.filed
    world.clock.move(seconds=1)
    world.settle()
    assert world.side(change, Side.ISSUE).place


def test_what_a_person_must_mend_is_said_once_and_tried_again(world: World) -> None:
    world.rooms.down = Permanent("Slack said missing_scope", remedy="Add the scope.")
    change = world.signed_off()
    for _ in range(3):
        world.settle()
        world.clock.time += MISCONFIGURED_DELAY
    told = [
        each.notice.text
        for each in world.store.pending_notices(change.number)
        if each.notice.key.startswith("incident:channel:")
    ]
    assert len(told) == 1
    assert "Add the scope." in told[0]
    world.rooms.down = None
    world.settle()
    assert world.rooms.called("inc-chg-1-web").pins


def test_a_channel_that_somebody_archived_is_told_nothing_more(world: World) -> None:
    change = world.signed_off()
    world.settle()
    kept = world.rooms.called("inc-chg-1-web")
    kept.archived = True
    before = texts(kept)
    world.goes(change, State.VALIDATING, "change.applied")
    world.settle()
    world.goes(change, State.COMPLETED, "change.completed")
    world.settle()
    assert texts(kept) == before
    assert list(world.rooms.kept.values()) == [kept]
    assert world.side(change, Side.CHANNEL).closed_at
    assert world.board.filed[0].resolved


def test_a_summary_that_somebody_deleted_is_posted_and_pinned_anew(world: World) -> None:
    change = world.signed_off()
    world.settle()
    kept = world.rooms.called("inc-chg-1-web")
    del kept.messages[0]
    world.goes(change, State.VALIDATING, "change.applied")
    world.settle()
    [summary] = [one for one in kept.messages if one.key == "incident"]
    assert kept.pins[-1] == summary.ref.ts


def test_an_issue_whose_filing_got_no_answer_is_looked_for_until_the_search_must_know_it(
    world: World,
) -> None:
    world.board.fail("create", GONE, after=True)
    real = world.board.find
    world.board.find = lambda label: None  # type: ignore[method-assign]
    change = world.signed_off()
    world.look(Side.ISSUE)
    world.clock.move(seconds=2)
    world.look(Side.ISSUE)
    assert len(world.board.filed) == 1
    world.board.find = real  # type: ignore[method-assign]
    world.clock.time += INDEX_LAG
    world.settle()
    assert len(world.board.filed) == 1
    assert world.side(change, Side.ISSUE).place == "INC-1"


def test_the_card_is_drawn_anew_when_there_is_something_to_see(world: World) -> None:
    before = world.signed_off()
    world.settle()
    assert world.store.change(before.number).revision > before.revision
    assert before.number in world.shown


def play(world: World) -> None:
    """The whole life of an incident."""
    change = world.signed_off()
    world.card(change)
    for state, kind in (
        (State.VALIDATING, "change.applied"),
        (State.RECONCILING, "rollout.finished"),
        (State.COMPLETED, "change.completed"),
    ):
        for _ in range(8):
            world.look()
            world.clock.move(seconds=30)
        world.goes(change, state, kind)
        world.items = ("Add an alert",)
    for _ in range(30):
        world.look()
        world.clock.move(minutes=6)


def outcome(world: World) -> Any:
    """What people find at the end; when it was told is another matter."""
    rooms = [
        (
            kept.room.name,
            kept.topic,
            sorted(kept.members),
            len(kept.pins),
            sorted(kept.bookmarks),
            sorted((one.key, one.text) for one in kept.messages if one.key == "incident"),
            sorted(one.text for one in kept.messages if "Jira" not in one.text),
        )
        for kept in world.rooms.kept.values()
    ]
    issues = [
        (each.label, sorted(each.links), each.subtasks, each.resolved, len(each.comments))
        for each in world.board.filed
    ]
    return rooms, issues


CALLS = 60
"""More than there are."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("outside", ["rooms", "board"])
def test_stopped_at_any_call_and_begun_anew_it_ends_the_same(
    make: Callable[..., World], tmp_path: Any, outside: str, *, after: bool
) -> None:
    from tests.support.store import make_store

    undisturbed = make()
    play(undisturbed)
    count = len(getattr(undisturbed, outside).calls)
    assert 5 < count < CALLS
    for place in range(count):
        folder = tmp_path / f"{place}"
        folder.mkdir()
        store = make_store(folder)
        disturbed = World(store, Hand(), Slack())
        weather = getattr(disturbed, outside)
        through, seen = weather.through, [0]

        def stops(
            method: str, work: Any, through: Any = through, seen: Any = seen, place: int = place
        ) -> Any:
            seen[0] += 1
            if seen[0] != place + 1:
                return through(method, work)
            if after:
                through(method, work)
            raise GONE

        weather.through = stops
        play(disturbed)
        store.close()
        assert outcome(disturbed) == outcome(undisturbed), f"call {place + 1} of {count}"


def test_nothing_is_made_of_a_change_without_an_incident(world: World) -> None:
    with pytest.raises(NotFound):
        world.sides[Side.CHANNEL].store.change(1)
    world.sides[Side.CHANNEL].tend(1)
    assert world.rooms.calls == []
