"""What only the moment of showing knows about a change: gathered here for its card."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain.approval_line import explanation
from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path
from chatbot.domain.environment import Environment
from chatbot.domain.incident import Side
from chatbot.domain.incident_text import mentioned
from chatbot.domain.lifecycle import State
from chatbot.ports import Clock, Store
from chatbot.services.electorates import Electorates
from chatbot.services.freezes import Freezes
from chatbot.services.related_cards import RelatedCards


@dataclass(frozen=True)
class CardDrawing:
    """Makes cards."""

    environments: Mapping[str, Environment]
    electorates: Electorates
    freezes: Freezes
    related: RelatedCards
    clock: Clock
    store: Store

    def draw(self, change: Change) -> Card:
        """The card of a change as of now. Raises `RetryLater` or `Permanent` when Slack is asked
        who may approve, and does not answer."""
        asked, emergency = change.state is State.AWAITING_APPROVAL, change.path is Path.EMERGENCY
        return Card(
            change=change,
            environment=self.environments[change.request.environment],
            freeze=self.freezes.shown_on(change),
            approval=self._approval(change) if asked else "",
            links=self.related.links(change),
            owed=tuple(self.store.obligations(change.number)) if emergency else (),
            incident=self._incident(change) if emergency else "",
        )

    def _incident(self, change: Change) -> str:
        sides = (self.store.incident(change.number, side) for side in (Side.CHANNEL, Side.ISSUE))
        return mentioned(*sides)

    def _approval(self, change: Change) -> str:
        return explanation(change, self.electorates.of(change), self.clock.now())
