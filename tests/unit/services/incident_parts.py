"""An emergency that was signed off, and both sides of its incident over what is in memory."""

from collections.abc import Sequence
from typing import Any

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, MessageRef, Path
from chatbot.domain.emergency import Criterion
from chatbot.domain.incident import Incident, Side
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.services.incident_channel import IncidentChannel
from chatbot.services.incident_issue import IncidentIssue
from chatbot.services.incident_rows import IncidentRows
from chatbot.services.incidents import Incidents
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.settings import IncidentRules
from tests.support import builders
from tests.unit.services.parts import Hand, Slack
from tests.unit.services.rooms import Board, Rooms

PULL_REQUEST = PullRequest(
    number=7,
    url="https://github.example/acme/cluster-config/pull/7",
    branch="mcp-ocs/change-chg-1",
    head_sha="a" * 40,
    state=PullRequestState.OPEN,
)


class World:
    """Both sides, what they stand on, and what happens to the change."""

    def __init__(self, store: SqliteStore, clock: Hand, slack: Slack, **rules: Any) -> None:
        self.store, self.clock, self.slack = store, clock, slack
        self.rooms, self.board = Rooms(), Board()
        self.items: tuple[str, ...] = ()
        self.shown: list[int] = []
        self.ledger = Ledger(store, clock)
        people = People(slack, clock, seniors=["@platform-seniors"], managers=["U1"])
        rows = IncidentRows(store, self.ledger, self.shown.append)
        channel = IncidentChannel(rows, self.rooms, slack, people, IncidentRules(**rules))
        issue = IncidentIssue(rows, self.board, people, self._items)
        self.sides = {
            side: Incidents(store, clock, side, steps, self.shown.append)
            for side, steps in ((Side.CHANNEL, channel.steps), (Side.ISSUE, issue.steps))
        }

    def _items(self, _: Change) -> Sequence[str]:
        return self.items

    def signed_off(self, **request: Any) -> Change:
        """An emergency whose last senior said yes."""
        fields = {"criterion": Criterion.SERVICE_DOWN, "blast_radius": "half of checkout"}
        new = builders.new_change(
            builders.change_request(**{**fields, **request}), path=Path.EMERGENCY
        )
        change = self.store.create_change(new, builders.entry())
        return self.goes(change, State.APPLYING, "change.confirmed", incident=True)

    def goes(self, change: Change, state: State, kind: str, **fields: Any) -> Change:
        """Save the change in another state, with an event about it."""
        incident = fields.pop("incident", False)
        actor = fields.pop("actor", builders.SENIOR)
        data = fields.pop("data", {})
        now = self.store.change(change.number)
        progress = now.progress.model_copy(update=fields)
        moved = now.model_copy(
            update={"state": state, "progress": progress, "updated_at": self.clock.now()}
        )
        entry = builders.entry(
            kind, change=change.number, actor=actor, data=data, at=self.clock.now()
        )
        return self.store.save(moved, [entry], incident=incident)

    def look(self, *sides: Side) -> None:
        """Let the sides that are due work."""
        for number, side in self.store.incidents_due(self.clock.now()):
            if side in (sides or tuple(Side)):
                self.sides[side].tend(number)

    def settle(self) -> None:
        """Until nothing is due: one side has news for the other."""
        for _ in range(20):
            if not self.store.incidents_due(self.clock.now()):
                return
            self.look()
        raise AssertionError("it never rests")

    def side(self, change: Change, side: Side) -> Incident:
        found = self.store.incident(change.number, side)
        assert found is not None
        return found

    def card(self, change: Change) -> None:
        """The card stands in its channel."""
        self.store.card_shown(change.number, MessageRef(channel="C0DEV", ts="1.000001"), 0)
