"""Who owes something that is overdue asks for nothing new in production meanwhile, unless it is an
emergency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from chatbot.domain.environment import Environment, EnvironmentClass
from chatbot.domain.errors import RedlightError, Refused
from chatbot.domain.obligation import Obligation
from chatbot.domain.story_debt import in_debt
from chatbot.ports import Chat, Clock, Store

log = structlog.get_logger()


@dataclass(frozen=True)
class Debtors:
    """Knows who is in debt."""

    store: Store
    clock: Clock
    chat: Chat
    environments: Mapping[str, Environment]
    refuses: bool
    """As `[obligations] refuse_requests_in_debt` says."""

    def refuse(self, user: str, environment: str) -> None:
        """Raise `Refused`, with the way to what they owe, if this user may not ask for a change
        there now. Rolling a change back is not asked about here: it makes production safer."""
        place = self.environments.get(environment)
        if not self.refuses or place is None or place.class_ is not EnvironmentClass.PROD:
            return
        now = self.clock.now()
        overdue = [
            owed for owed in self.store.obligations() if owed.owner == user and owed.is_overdue(now)
        ]
        if overdue:
            raise Refused(in_debt(overdue, environment, self.links(overdue)))

    def links(self, owed: Sequence[Obligation]) -> dict[int, str]:
        """Permalinks of the cards, by the number of the change, as far as Slack gives them."""
        found: dict[int, str] = {}
        for number in {each.change for each in owed}:
            message = self.store.card(number).message
            try:
                if message is not None:
                    found[number] = self.chat.link(message)
            except RedlightError as error:
                log.info("card.unlinked", change=number, because=str(error))
        return found
