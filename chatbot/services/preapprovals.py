"""Whether a rollback was approved with the change that it takes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain import preapproval
from chatbot.domain.change import Change, Operation, PlannedObject
from chatbot.domain.environment import Environment
from chatbot.domain.review import ApprovedWith, Author
from chatbot.domain.review_rules import Objects
from chatbot.ports import Clock, Store
from chatbot.services.electorates import Electorates


@dataclass(frozen=True)
class Preapprovals:
    """Finds the approval that covers a rollback."""

    environments: Mapping[str, Environment]
    store: Store
    electorates: Electorates
    clock: Clock

    def of(
        self,
        change: Change,
        objects: Sequence[PlannedObject],
        after: Objects,
        authors: Sequence[Author],
    ) -> ApprovedWith | None:
        """The approval that covers what this change does now; None: it needs its own. Raises what
        the electorate raises while Slack does not answer."""
        number = change.request.rolls_back
        if change.request.operation is not Operation.ROLLBACK or number is None:
            return None
        original = self.store.change(number)
        environment = self.environments[change.request.environment]
        until = preapproval.covered_until(original, environment)
        if until is None or until <= self.clock.now():
            return None
        if not preapproval.is_exact(original, objects, after, authors):
            return None
        electorate = self.electorates.of(original)
        return preapproval.approved_with(change, original, electorate, until)
