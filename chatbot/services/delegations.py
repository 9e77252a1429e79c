"""A senior lends their say to somebody for a while, and takes it back."""

from dataclasses import dataclass
from datetime import timedelta

from chatbot.domain.delegation import Delegation, taken, why_not_delegate
from chatbot.domain.errors import NotFound, Refused
from chatbot.domain.events import AuditEntry
from chatbot.domain.mrkdwn import code, mention
from chatbot.domain.person import Person
from chatbot.ports import Store
from chatbot.services.decisions import Decisions
from chatbot.services.ledger import Ledger
from chatbot.services.people import People


@dataclass(frozen=True)
class Delegations:
    """The use cases behind `/change delegate` and `/change undelegate`."""

    store: Store
    ledger: Ledger
    people: People
    decisions: Decisions

    def delegate(self, user: str, to: str, period: timedelta) -> Delegation:
        """From now on `to` speaks for `user`, in place of whoever did. Raises `Refused`."""
        with self.decisions.recorded(None, user, "delegate"):
            refusal = why_not_delegate(
                is_senior=self.people.is_senior(user),
                to=self._somebody(to),
                to_is_senior=self.people.is_senior(to),
            )
            if refusal:
                raise Refused(refusal)
            now = self.ledger.clock.now()
            lent = Delegation(senior=user, delegate=to, since=now, until=now + period)
            data = {"delegate": to, "until": lent.until.isoformat()}
            if held := self.store.delegate(lent, self._entry("delegation.given", user, data)):
                raise Refused(taken(held))
            return lent

    def undelegate(self, user: str, to: str) -> Delegation:
        """`to` speaks for nobody any more. Any senior may say so. Raises `Refused`."""
        with self.decisions.recorded(None, user, "undelegate"):
            if not self.people.is_senior(user):
                raise Refused("Only a senior takes a delegation back.")
            now = self.ledger.clock.now()
            for lent in self.store.delegations():
                if lent.delegate == to and now < lent.until:
                    data = {"senior": lent.senior, "delegate": to}
                    entry = self._entry("delegation.taken_back", user, data)
                    if self.store.undelegate(lent, entry):
                        return lent
            raise Refused(f"{mention(self._somebody(to).id)} speaks for nobody now.")

    def _somebody(self, user: str) -> Person:
        try:
            return self.people.person(user)
        except NotFound as error:
            raise Refused(f"Slack knows nobody called {code(user, 60)}.") from error

    def _entry(self, kind: str, actor: str, data: dict[str, str]) -> AuditEntry:
        at = self.ledger.clock.now()
        return AuditEntry(kind=kind, actor=actor, change=None, at=at, data=data)
