"""How anybody's decision about a change is taken: permission, effect, record, and anew if the row
moved on meanwhile. Every refusal is recorded."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from chatbot.domain.change import Change, format_change_id
from chatbot.domain.errors import Refused, StaleChange
from chatbot.domain.freeze import Freeze
from chatbot.domain.offers import Offer
from chatbot.domain.permission import Actor, permit
from chatbot.ports import Store
from chatbot.services.ledger import Ledger

_TRIES = 20
"""How often an event is decided anew because the row moved on meanwhile."""

Identify = Callable[[str, Change], Actor]
"""Who a Slack user is, with regard to a change."""


@dataclass(frozen=True)
class Decisions:
    """Takes decisions, and wakes whoever works on what was decided."""

    store: Store
    ledger: Ledger
    wake: Callable[[int], None]
    shown: Callable[[int], None]
    blocking: Callable[[Change], Freeze | None]
    """The freeze that a change has not been let through."""

    def take(
        self,
        user: str,
        number: int,
        offer: Offer,
        identify: Identify,
        effect: Callable[[Change], Change],
    ) -> Change:
        """Permission, then the effect; decided anew if the row moved on. Of two clicks at the
        same instant one finds the state that the other left, and is told so."""
        for _ in range(_TRIES):
            change = self.store.change(number)
            with self.recorded(number, user, offer.name.lower()):
                self._permit(user, offer, identify, change)
                try:
                    after = effect(change)
                except StaleChange:
                    continue
            self.wake(number)
            self.shown(number)
            return after
        raise Refused(
            f"{format_change_id(number)} is moving too fast right now. "
            "Look at its card and try again."
        )

    def allowed(self, user: str, number: int, offer: Offer, identify: Identify) -> Change:
        """The change, if this user may do this with it now; raises `Refused`."""
        change = self.store.change(number)
        with self.recorded(number, user, offer.name.lower()):
            self._permit(user, offer, identify, change)
        return change

    def recorded(self, number: int | None, user: str, action: str) -> AbstractContextManager[None]:
        """Leave a trace of a refusal on its way out."""
        return self.ledger.recorded(number, user, action)

    def _permit(self, user: str, offer: Offer, identify: Identify, change: Change) -> None:
        now, freeze = self.ledger.clock.now(), self.blocking(change)
        permit(offer, identify(user, change), change, now, freeze)
