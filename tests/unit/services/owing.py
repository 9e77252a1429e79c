"""An emergency that was applied and owes both, with everything that chases it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Path
from chatbot.domain.chase import Ladder
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.obligation import Kind, Obligation
from chatbot.services.chase import Chase
from chatbot.services.ledger import Ledger
from chatbot.services.obligations import Obligations
from chatbot.services.people import People
from tests.support import builders
from tests.support.builders import REQUESTER
from tests.unit.services.parts import Hand, Slack

SENIOR, OTHER_SENIOR, MANAGER, COLLEAGUE, GUEST = "U2", "U3", "UMANAGER", "U1", "UGUEST"
LADDER = Ladder.of_hours((12, 4, 1))
INCIDENTS = "#incidents"


def emergency(store: SqliteStore, clock: Hand, *kinds: Kind, hours: float = 24) -> Change:
    """Applied just now, and owed since by the requester; both kinds unless some are named."""
    request = builders.change_request(environment="prod")
    new = builders.new_change(request, path=Path.EMERGENCY)
    change = store.create_change(new, builders.entry(at=clock.now()))
    now = clock.now()
    resting = change.model_copy(update={"state": State.RECONCILING, "due_at": None})
    owed = [
        Obligation(
            change=change.number,
            kind=kind,
            owner=REQUESTER,
            since=now,
            due_at=now + timedelta(hours=hours),
        )
        for kind in kinds or tuple(Kind)
    ]
    return store.save(resting, [], obligations=owed)


@dataclass
class Office:
    """The people of a workspace, and the services over a store."""

    store: SqliteStore
    clock: Hand
    slack: Slack
    shown: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        person = self.slack.persons["U1"]
        for user, flags in ((MANAGER, {}), (GUEST, {"is_guest": True})):
            self.slack.persons[user] = person.model_copy(update={"id": user, **flags})
        self.ledger = Ledger(self.store, self.clock)
        self.people = People(
            self.slack, self.clock, seniors=["@platform-seniors"], managers=[MANAGER]
        )
        self.obligations = Obligations(
            self.store, self.ledger, self.people, LADDER, self.shown.append
        )
        self.chase = self.chasing(LADDER)

    def chasing(self, ladder: Ladder) -> Chase:
        """A chase of its own, as another scheduler has it."""
        return Chase(
            store=self.store,
            clock=self.clock,
            people=self.people,
            ladder=ladder,
            refuses_requests=True,
            channel=lambda _: INCIDENTS,
            shown=self.shown.append,
        )

    def tick(self, **by: float) -> None:
        """Some time goes by; then the job looks."""
        self.clock.move(**by)
        self.chase.run()

    def owed(self, change: Change, kind: Kind = Kind.POSTMORTEM) -> Obligation:
        found = self.store.obligation(change.number, kind)
        assert found is not None
        return found

    def pay(self, change: Change, kind: Kind) -> Obligation:
        """What it owes of this kind is met, found of the change as it was read."""
        event = f"{kind.value}.met"
        self.ledger.pay(change, self.owed(change, kind), event, data={}, notices=())
        return self.owed(change, kind)

    def notices(self, change: Change, words: str = "") -> list[Notice]:
        """What waits to be sent and has these words."""
        pending = self.store.pending_notices(change.number)
        return [each.notice for each in pending if words in each.notice.text]

    def receivers(self, change: Change, words: str) -> list[str]:
        """Who is told these words by direct message."""
        told = self.notices(change, words)
        return sorted(each.user for each in told if each.audience is Audience.DIRECT)

    def events(self, change: Change, beginning: str = "obligation.") -> list[dict[str, Any]]:
        return [
            {"event": event.entry.kind, "actor": event.entry.actor, **event.entry.data}
            for event in self.store.events(change.number)
            if event.entry.kind.startswith(beginning)
        ]
