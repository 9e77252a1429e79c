"""Asking for a rollback: a change of its own that takes an earlier one back."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain import rollback
from chatbot.domain.change import Change
from chatbot.domain.environment import Environment
from chatbot.domain.errors import InvalidInput, Refused
from chatbot.domain.form import closed
from chatbot.ports import Store
from chatbot.services.decisions import Decisions
from chatbot.services.filing import file_request
from chatbot.services.people import People

_ACTION = "roll_back"


@dataclass(frozen=True)
class RollbackRequests:
    """The use case behind `/change rollback` and its form."""

    store: Store
    people: People
    environments: Mapping[str, Environment]
    decisions: Decisions

    def asked(self, user: str, number: int) -> Change:
        """The change that this user may roll back now. Raises `Refused` with why not."""
        original = self.store.change(number)
        with self.decisions.recorded(number, user, _ACTION):
            self.people.refuse_unless_requester(user)
            if because := self._why_not(original):
                raise Refused(f"You can't roll back {original.id}. {because}")
        return original

    def submit(self, user: str, submission: str, number: int, justification: str) -> Change:
        """A submitted form becomes a change that takes `number` back. Raises `Refused` or
        `InvalidInput`; then nothing is stored. The same `submission` twice makes one change."""
        if not justification:
            raise InvalidInput({"justification": "Say in a sentence why; it goes into Git."})
        if (made := self.store.submitted(submission)) is not None:
            return made
        original = self.asked(user, number)
        request = rollback.request_of(original, justification)
        return file_request(self.decisions, self.environments, user, submission, request)

    def _why_not(self, original: Change) -> str:
        name = original.request.environment
        environment = self.environments.get(name)
        if environment is None:
            return f"There is no environment {name} any more."
        others = self.store.rollbacks_of(original.number)
        return closed(environment) or rollback.why_not(original, others, environment)
