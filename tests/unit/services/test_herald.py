"""Announcements: each channel hears each once, whatever breaks in between."""

from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.announcement import Announcement
from chatbot.domain.errors import RetryLater
from chatbot.domain.freeze import Phase
from chatbot.services.herald import MISCONFIGURED_DELAY, STALE, UNREACHABLE_DELAY, Herald
from tests.support import builders
from tests.support.builders import NOW
from tests.support.freezes import freeze
from tests.support.instant import at_once
from tests.support.store import make_store
from tests.unit.services.parts import Hand, Slack

NEWS = Announcement(key="a", channel="#dev-changes", text="Frozen.", at=NOW)
ELSEWHERE = Announcement(key="a", channel="#test-changes", text="Frozen too.", at=NOW)


@pytest.fixture
def herald(store: SqliteStore, clock: Hand, slack: Slack) -> Herald:
    store.add_freeze(freeze(), builders.entry())
    store.freeze_shown("one", Phase.BEGUN, announcements=[NEWS, ELSEWHERE])
    return Herald(store, clock, slack)


def test_each_channel_is_told_once(herald: Herald, slack: Slack) -> None:
    herald.run()
    herald.run()
    assert slack.texts() == ["Frozen.", "Frozen too."]
    assert [one.ref.channel for one in slack.messages] == ["C0DEV", "C0TEST"]


def test_two_schedulers_at_once_tell_each_channel_once(
    herald: Herald, slack: Slack, clock: Hand
) -> None:
    beside = make_store(herald.store._connections.path.parent)  # type: ignore[attr-defined]
    try:
        at_once(herald.run, Herald(beside, clock, slack).run)
    finally:
        beside.close()
    herald.run()
    assert slack.texts() == ["Frozen.", "Frozen too."]


def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(
    herald: Herald, slack: Slack, clock: Hand
) -> None:
    slack.fail("announce", RetryLater("the answer was lost"), after=True)
    herald.run()
    assert slack.texts() == ["Frozen.", "Frozen too."]
    clock.time += UNREACHABLE_DELAY
    herald.run()
    assert slack.texts() == ["Frozen.", "Frozen too."]
    assert herald.store.announcements_due(clock.now()) == []


def test_a_post_that_did_not_arrive_is_made_again_when_slack_says_so(
    herald: Herald, slack: Slack, clock: Hand
) -> None:
    slack.fail("announce", RetryLater("too many", after=timedelta(seconds=30)))
    herald.run()
    assert slack.texts() == ["Frozen too."]
    clock.move(seconds=29)
    herald.run()
    assert slack.texts() == ["Frozen too."]
    clock.move(seconds=1)
    herald.run()
    assert slack.texts() == ["Frozen too.", "Frozen."]


def test_a_channel_without_the_bot_hinders_no_other_and_hears_it_when_mended(
    herald: Herald, slack: Slack, clock: Hand
) -> None:
    there = slack.channels.pop("#dev-changes")
    herald.run()
    assert slack.texts() == ["Frozen too."]
    slack.channels["#dev-changes"] = there
    clock.time += MISCONFIGURED_DELAY
    herald.run()
    assert slack.texts() == ["Frozen too.", "Frozen."]


def test_news_that_are_kept_are_told_however_late(
    store: SqliteStore, slack: Slack, clock: Hand
) -> None:
    emergency = NEWS.model_copy(update={"keep": True})
    store.add_freeze(freeze(), builders.entry())
    store.freeze_shown("one", Phase.BEGUN, announcements=[emergency])
    clock.time += STALE * 48
    Herald(store, clock, slack).run()
    assert slack.texts() == ["Frozen."]


def test_old_news_are_dropped(herald: Herald, slack: Slack, clock: Hand) -> None:
    slack.down = True
    herald.run()
    slack.down = False
    clock.time += STALE + timedelta(seconds=1)
    herald.run()
    assert slack.texts() == []
    assert herald.store.announcements_due(clock.now()) == []
