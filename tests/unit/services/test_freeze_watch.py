"""Freezes begin and end without anybody pressing anything: cards, waiting changes and the log."""

from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.freeze import Freeze, Phase
from chatbot.domain.lifecycle import State
from chatbot.services.freeze_watch import FreezeWatch
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from tests.support import builders
from tests.support.builders import NOW
from tests.support.freezes import freeze
from tests.support.store import add_change, move
from tests.unit.services.parts import Hand, Slack, environment

SENIOR = "U2"
AHEAD = freeze("config:1", "dev", by="", start=NOW + timedelta(hours=1))
AHEAD = AHEAD.model_copy(update={"end": NOW + timedelta(hours=2)})


class Tower:
    """The watch over a real store, for `dev` and `prod`."""

    def __init__(self, store: SqliteStore, clock: Hand, slack: Slack) -> None:
        self.store, self.clock = store, clock
        self.ledger = Ledger(store, clock)
        self.people = People(slack, clock, seniors=[SENIOR])
        self.configured()

    def configured(self, *freezes: Freeze) -> None:
        """Start anew with these in the configuration."""
        places = {name: environment(name) for name in ("dev", "prod")}
        self.freezes = Freezes(self.store, self.ledger, self.people, places, freezes)
        self.watch = FreezeWatch(self.freezes)

    def drawn(self, number: int) -> bool:
        """Whether the card is behind; it is brought up to date."""
        change = self.store.change(number)
        behind = self.store.card(number).shown_revision < change.revision
        self.store.card_shown(number, builders.message(), change.revision)
        return behind

    def kinds(self) -> list[str]:
        return [
            event.entry.kind
            for event in self.store.events()
            if event.entry.kind.startswith("freeze.")
        ]


@pytest.fixture
def tower(store: SqliteStore, clock: Hand, slack: Slack) -> Tower:
    return Tower(store, clock, slack)


def test_cards_are_drawn_when_a_freeze_begins_is_lifted_or_ends(tower: Tower) -> None:
    here, there = add_change(tower.store), add_change(tower.store, environment="prod")
    done = move(tower.store, add_change(tower.store), State.COMPLETED)
    numbers = [here.number, there.number, done.number]

    def drawn() -> list[bool]:
        tower.watch.run()
        return [tower.drawn(number) for number in numbers]

    assert drawn() == [True] * 3, "for the first time"
    assert drawn() == [False] * 3
    tower.freezes.freeze(SENIOR, "dev", "4h", "")
    assert drawn() == [True, False, False]
    assert drawn() == [False] * 3
    tower.freezes.freeze(SENIOR, "all", "1h", "")
    assert drawn() == [True, True, False]
    tower.freezes.unfreeze(SENIOR, "dev")
    assert drawn() == [True, False, False]
    tower.clock.move(hours=1)
    assert drawn() == [True, True, False]
    assert tower.store.freezes() == []
    assert tower.kinds() == ["freeze.begun", "freeze.begun", "freeze.lifted", "freeze.over"]


def test_what_waits_goes_on_at_once_and_what_does_not_keeps_its_time(tower: Tower) -> None:
    waiting, expiring = add_change(tower.store), add_change(tower.store)
    made = tower.freezes.freeze(SENIOR, "dev", "4h", "")
    tower.watch.run()
    waits = tower.freezes.wait(tower.store.change(waiting.number), made)
    kept = tower.ledger.rest(tower.store.change(expiring.number), timedelta(hours=8))
    tower.freezes.unfreeze(SENIOR, "dev")
    assert tower.store.due(NOW) == []
    tower.watch.run()
    assert tower.store.due(NOW) == [waits.number]
    assert tower.store.change(kept.number).due_at == kept.due_at


def test_a_freeze_of_the_configuration_begins_and_ends_by_itself_and_on_record(
    tower: Tower,
) -> None:
    number = add_change(tower.store).number
    tower.drawn(number)
    tower.configured(AHEAD)
    seen = []
    for _ in range(4):
        tower.watch.run()
        tower.watch.run()
        blocked = tower.freezes.blocking(tower.store.change(number)) is not None
        seen.append((blocked, tower.drawn(number), tower.kinds()))
        tower.clock.move(minutes=30)
        tower.clock.move(minutes=30)
    assert seen == [
        (False, False, []),
        (True, True, ["freeze.begun"]),
        (False, True, ["freeze.begun", "freeze.over"]),
        (False, False, ["freeze.begun", "freeze.over"]),
    ]


def test_a_freeze_of_the_configuration_stops_changes_before_anybody_looked(tower: Tower) -> None:
    tower.configured(AHEAD)
    tower.clock.move(hours=1)
    assert tower.freezes.blocking(add_change(tower.store)) == AHEAD


def test_a_freeze_that_is_taken_out_of_the_configuration_is_over(tower: Tower) -> None:
    number = add_change(tower.store).number
    tower.configured(AHEAD)
    tower.clock.move(hours=1)
    tower.watch.run()
    tower.drawn(number)
    tower.configured()
    assert tower.freezes.blocking(tower.store.change(number)) is None
    tower.watch.run()
    assert tower.drawn(number)
    assert tower.kinds() == ["freeze.begun", "freeze.over"]
    tower.configured(AHEAD)
    tower.watch.run()
    assert tower.drawn(number), "back again"


def test_a_freeze_that_came_and_went_while_nobody_looked_is_no_news(tower: Tower) -> None:
    tower.configured(AHEAD)
    tower.clock.move(hours=3)
    tower.watch.run()
    assert tower.store.freezes() == []
    assert tower.kinds() == []


def power_cut(*_: object) -> None:
    raise OSError("no power")


def test_a_look_that_was_cut_off_is_repeated(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = add_change(tower.store).number, add_change(tower.store).number
    tower.watch.run()
    for number in (first, second):
        tower.drawn(number)
    tower.freezes.freeze(SENIOR, "dev", "4h", "")
    with monkeypatch.context() as cut:
        cut.setattr(tower.store, "freeze_shown", power_cut)
        with pytest.raises(OSError, match="no power"):
            tower.watch.run()
    [known] = tower.store.freezes()
    assert known.shown is Phase.AHEAD
    tower.watch.run()
    assert [tower.drawn(number) for number in (first, second)] == [True, True]
    [known] = tower.store.freezes()
    assert known.shown is Phase.BEGUN


def test_a_card_is_marked_although_its_change_moved_on_meanwhile(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = add_change(tower.store)
    moved = move(tower.store, stale, State.AWAITING_CONFIRMATION)
    tower.freezes.freeze(SENIOR, "dev", "4h", "")
    fresh, seen = tower.store.change, [stale]
    monkeypatch.setattr(tower.store, "change", lambda n: seen.pop() if seen else fresh(n))
    tower.watch.run()
    assert tower.store.change(stale.number).revision == moved.revision + 1


def test_each_channel_hears_once_that_it_begins_and_that_it_ends(tower: Tower) -> None:
    def heard() -> list[tuple[str, str]]:
        tower.watch.run()
        due = [each.announcement for each in tower.store.announcements_due(tower.clock.now())]
        for each in due:
            tower.store.announcement_done(each)
        return [(each.channel, each.text) for each in due]

    tower.freezes.freeze(SENIOR, "all", "", "stop the line")
    said = (
        "❄ every environment is frozen until somebody lifts it, because stop the line (says "
        "<@U2>). What is being applied finishes; nothing else starts."
    )
    assert heard() == [("#dev-changes", said), ("#prod-changes", said)]
    assert heard() == []
    tower.freezes.freeze(SENIOR, "dev", "1h", "")
    [(channel, text)] = heard()
    assert channel == "#dev-changes"
    assert text.startswith("❄ dev is frozen until <!date^")
    tower.clock.move(hours=1)
    [(channel, text)] = heard()
    assert channel == "#dev-changes"
    assert text.startswith("The freeze of dev is over. Still, every environment is frozen until")
    tower.freezes.unfreeze(SENIOR, "all")
    said = "The freeze of every environment was lifted by <@U2>. What waited for it goes on."
    assert heard() == [("#dev-changes", said), ("#prod-changes", said)]


def test_what_nobody_heard_begin_is_not_told_to_end(tower: Tower) -> None:
    tower.freezes.freeze(SENIOR, "dev", "1h", "")
    tower.freezes.unfreeze(SENIOR, "dev")
    tower.watch.run()
    assert tower.store.announcements_due(tower.clock.now()) == []
