"""Breaking the glass over a real store: everybody who may or may not, and a cluster and policies
that are only told."""

from typing import Any, cast

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Path, Plan
from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.services.break_glass import BreakGlass
from chatbot.services.emergencies import Emergencies
from chatbot.services.paging import Paging
from chatbot.services.related_cards import RelatedCards
from chatbot.services.sign_offs import SignOffs
from tests.support import builders
from tests.support.builders import REQUESTER
from tests.support.cards import DIGEST, plan
from tests.support.emergencies import BYPASSED, request
from tests.unit.services.approving import Council
from tests.unit.services.parts import Hand, Slack

TARGET = "prod/shop/deployment/web"
MANAGER = "U1"


class Told:
    """Stands for the list of what is bypassed."""

    def of(self, _: Change) -> tuple[str, ...]:
        return BYPASSED


class Glass(Council):
    """The use cases and steps between `/breakglass` and the sign-off."""

    def __init__(self, store: SqliteStore, clock: Hand, slack: Slack, **rules: Any) -> None:
        emergency = EmergencyRules(**{"on_call": "#on-call", **rules})
        people = {"managers": [MANAGER]}
        super().__init__(store, clock, slack, people=people, emergency=emergency)
        decisions = self.approvals.decisions
        self.plan: Plan = plan()
        self.break_glass = BreakGlass(
            self.ledger, self.people, cast("Any", None), self.environments, decisions
        )
        self.sign_offs = SignOffs(
            self.ledger,
            self.people,
            self.electorates,
            decisions,
            lambda _: ("#incidents", "#status"),
        )
        self.emergencies = Emergencies(
            self.environments,
            self.ledger,
            lambda _: self.plan,
            cast("Any", Told()),
            lambda _: "#incidents",
        )
        related = RelatedCards(store, slack)
        self.paging = Paging(self.ledger, self.people, self.electorates, related.link)

    def asked(self, **fields: Any) -> Change:
        """Somebody filled in the form."""
        new = builders.new_change(request(**fields), path=Path.EMERGENCY)
        return self.store.create_change(new, builders.entry(at=self.clock.now()))

    def planned(self, **fields: Any) -> Change:
        """Its plan is on the card."""
        return self.emergencies.plan(self.asked(**fields))

    def light(
        self, change: Change, number: int, user: str = REQUESTER, digest: str = DIGEST
    ) -> Any:
        return self.break_glass.pass_light(user, change.number, number, digest)

    def type(
        self, change: Change, typed: str = TARGET, user: str = REQUESTER, digest: str = DIGEST
    ) -> Change:
        return self.break_glass.type_target(user, change.number, digest, typed)

    def lit(self, **fields: Any) -> Change:
        """All its lights are passed."""
        change = self.planned(**fields)
        self.light(change, 1)
        self.light(change, 2)
        return self.type(change)

    def sign(self, change: Change, user: str, digest: str = DIGEST) -> Change:
        return self.sign_offs.sign_off(user, change.number, digest)

    def now(self, change: Change) -> Change:
        return self.store.change(change.number)

    def tend(self, change: Change) -> Change:
        return self.paging.tend(self.now(change))

    def paged(self, change: Change) -> list[tuple[str, list[str], str]]:
        """Page, people and channel, by the audit log."""
        return [
            (entry.data["page"], entry.data["users"], entry.data["channel"])
            for event in self.store.events(change.number)
            if (entry := event.entry).kind == "sign_off.paged"
        ]
