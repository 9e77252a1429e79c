"""Where the cards of the changes stand that a card speaks of."""

from dataclasses import dataclass

import structlog

from chatbot.domain.change import Change
from chatbot.domain.errors import RedlightError
from chatbot.ports import Chat, Store

log = structlog.get_logger()


@dataclass(frozen=True)
class RelatedCards:
    """Finds cards."""

    store: Store
    chat: Chat

    def links(self, change: Change) -> dict[int, str]:
        """Permalinks by the number of the change. A card without one is better than no card."""
        original, taken = change.request.rolls_back, change.progress.rolled_back
        related = [] if original is None else [original]
        related += [taken.by] if taken else []
        found = {number: self.link(number) for number in related}
        return {number: address for number, address in found.items() if address}

    def link(self, number: int) -> str:
        """The permalink of one card; empty while it has none, or Slack does not say."""
        message = self.store.card(number).message
        try:
            return "" if message is None else self.chat.link(message)
        except RedlightError as error:
            log.info("card.unlinked", change=number, because=str(error))
            return ""
