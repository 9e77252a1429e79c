"""Whether a change has been in the environment ahead of its own before it comes there."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import promotion
from chatbot.domain.change import Change, Operation
from chatbot.domain.environment import Environment
from chatbot.domain.review import Finding
from chatbot.ports import Store


@dataclass(frozen=True)
class Promotions:
    """Keeps the order of environments."""

    environments: Mapping[str, Environment]
    store: Store

    def came_by(self, change: Change, content: str) -> int | None:
        """The change that did the same in the environment ahead; None also where there is none."""
        source = self._source(change)
        return self.store.completed_with(source, content) if source and content else None

    def findings(self, change: Change, content: str, came_by: int | None) -> list[Finding]:
        """What is to be said of a change that does `content`, and that `came_by` did before. A
        rollback restores what its environment had, and need not be anywhere else before."""
        source = self._source(change)
        rolls_back = change.request.operation is Operation.ROLLBACK
        if not source or not content or came_by is not None or rolls_back:
            return []
        skip = change.progress.promotion_skip
        if skip is not None and skip.content == content:
            return [promotion.ahead(source, skip)]
        return [promotion.unpromoted(source, change.id)]

    def _source(self, change: Change) -> str:
        return self.environments[change.request.environment].promoted_from
