"""What people do about what is owed: hand it over, take it over, put a reminder off, look. Every
refusal is recorded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatbot.domain import story_debt as story
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.chase import Ladder, next_rung, skippable
from chatbot.domain.errors import InvalidInput, NotFound, Refused, StaleChange
from chatbot.domain.events import AuditEntry
from chatbot.domain.mrkdwn import code, shorten
from chatbot.domain.obligation import Handover, Kind, Obligation, Snooze
from chatbot.domain.obligations import why_not_answer, why_not_offer, why_not_snooze
from chatbot.domain.permission import Actor
from chatbot.domain.person import Person
from chatbot.ports import Store
from chatbot.services.ledger import Ledger
from chatbot.services.people import People

LONGEST_REASON = 300
_TRIES = 20
"""How often a decision is taken anew because the row moved on meanwhile."""

_Effect = Callable[[Change, Obligation], Obligation]


@dataclass(frozen=True)
class Obligations:
    """The use cases behind `/change handover`, `/change list debt` and the reminders' buttons."""

    store: Store
    ledger: Ledger
    people: People
    ladder: Ladder
    shown: Callable[[int], None]
    """Told the number of a change that has something to deliver."""

    def offer(
        self, user: str, number: int, to: str, kind: Kind | None = None
    ) -> Sequence[Obligation]:
        """Ask somebody to take over what a change owes, or one thing of it: the owner or a senior
        does. Nothing changes hands until it is accepted. Raises `Refused`."""
        with self.ledger.recorded(number, user, "handover"):
            actor = Actor(self.people.person(user), self.people.is_senior(user))
            receiver = self._somebody(to)

            def offered(change: Change, owed: Obligation) -> Obligation:
                offer = Handover(to=to, by=user, at=self._now())
                after = owed.model_copy(update={"offered": offer})
                data = {"kind": owed.kind.value, "owner": owed.owner, "to": to}
                entry = self._entry("obligation.handover_offered", user, number, data)
                return self.store.save_obligation(after, [entry], story.offered(change, after))

            return self._each(
                *(number, kind, "hand over"),
                lambda owed: why_not_offer(actor, owed, receiver),
                offered,
            )

    def accept(self, user: str, number: int, kind: Kind | None = None) -> Sequence[Obligation]:
        """Take over what was offered to this user. Raises `Refused`."""
        return self._answer(user, number, kind, accepted=True)

    def decline(self, user: str, number: int, kind: Kind | None = None) -> Sequence[Obligation]:
        """Say no to what was offered to this user: it stays where it is. Raises `Refused`."""
        return self._answer(user, number, kind, accepted=False)

    def may_snooze(self, user: str, number: int, kind: Kind | None = None) -> list[Obligation]:
        """What of a change this user can have its next reminder skipped of; asked before the reason
        is. Raises `Refused`."""
        with self.ledger.recorded(number, user, "snooze"):
            why_not = self._why_not_snooze(user)
            return self._passable(number, kind, "snooze", why_not)

    def snooze(
        self, user: str, number: int, reason: str, kind: Kind | None = None
    ) -> Sequence[Obligation]:
        """Skip the next reminder, once, and say why. Raises `InvalidInput` without a reason, and
        `Refused`."""
        because = shorten(" ".join(reason.split()), LONGEST_REASON)
        if not because:
            raise InvalidInput({"reason": "Say why, so that others know that it is seen to."})

        def snoozed(_: Change, owed: Obligation) -> Obligation:
            skipped, now = skippable(owed, self.ladder, self._now()), self._now()
            if skipped is None:
                raise StaleChange("the reminder has come meanwhile")
            snooze = Snooze(by=user, at=now, reason=because, until=skipped.at)
            after = owed.model_copy(update={"snoozed": snooze})
            after = after.model_copy(update={"next_at": next_rung(after, self.ladder).at})
            data = {"kind": owed.kind.value, "because": because, "until": skipped.at.isoformat()}
            entry = self._entry("obligation.snoozed", user, number, data)
            return self.store.save_obligation(after, [entry], story.snoozed(after))

        with self.ledger.recorded(number, user, "snooze"):
            return self._each(number, kind, "snooze", self._why_not_snooze(user), snoozed)

    def listed(self, user: str) -> list[Obligation]:
        """Everything that is owed, what is due first: what is overdue comes before the rest.
        Raises `Refused`."""
        with self.ledger.recorded(None, user, "list_debt"):
            self.people.refuse_unless_counted(user)
        return self.store.obligations()

    # --- deciding -------------------------------------------------------------------------------

    def _answer(
        self, user: str, number: int, kind: Kind | None, *, accepted: bool
    ) -> Sequence[Obligation]:
        event = "obligation.handed_over" if accepted else "obligation.handover_declined"

        def answered(change: Change, owed: Obligation) -> Obligation:
            fields = {"offered": None, "owner": user if accepted else owed.owner}
            after = owed.model_copy(update=fields)
            data = {"kind": owed.kind.value, "from": owed.owner, "to": user}
            notices = story.answered(change, owed, user, accepted=accepted)
            entry = self._entry(event, user, number, data)
            return self.store.save_obligation(after, [entry], notices)

        action = "accept_handover" if accepted else "decline_handover"
        with self.ledger.recorded(number, user, action):
            person = self.people.person(user)
            return self._each(
                *(number, kind, "take over" if accepted else "decline"),
                lambda owed: why_not_answer(person, owed),
                answered,
            )

    def _why_not_snooze(self, user: str) -> Callable[[Obligation], str]:
        person = self.people.person(user)
        return lambda owed: why_not_snooze(person, owed, self.ladder, self._now())

    def _each(
        self,
        number: int,
        kind: Kind | None,
        verb: str,
        why_not: Callable[[Obligation], str],
        effect: _Effect,
    ) -> list[Obligation]:
        """The effect on everything of a change that nothing stands in the way of; refused if that
        is nothing."""
        change = self.store.change(number)
        done = [
            after
            for owed in self._passable(number, kind, verb, why_not)
            if (after := self._once(change, owed, verb, why_not, effect)) is not None
        ]
        self.shown(number)
        return done

    def _once(
        self,
        change: Change,
        owed: Obligation,
        verb: str,
        why_not: Callable[[Obligation], str],
        effect: _Effect,
    ) -> Obligation | None:
        for _ in range(_TRIES):
            try:
                return effect(change, owed)
            except StaleChange:
                [owed] = self._passable(change.number, owed.kind, verb, why_not)
        raise Refused(f"{change.id} is moving too fast right now. Try again.")

    def _passable(
        self, number: int, kind: Kind | None, verb: str, why_not: Callable[[Obligation], str]
    ) -> list[Obligation]:
        owed = [each for each in self.store.obligations(number) if kind in (None, each.kind)]
        name = format_change_id(number)
        if not owed:
            raise Refused(f"{name} owes nothing: only emergencies do, from their apply on.")
        refusals = {each.kind: why_not(each) for each in owed}
        passable = [each for each in owed if not refusals[each.kind]]
        if not passable:
            # What is open says more than what was met long ago.
            first = next((each for each in owed if each.is_open), owed[0])
            of = f"the {first.kind.words} of {name}"
            raise Refused(f"You can't {verb} {of}. {refusals[first.kind]}")
        return passable

    def _somebody(self, user: str) -> Person:
        try:
            return self.people.person(user)
        except NotFound as error:
            raise Refused(f"Slack knows nobody called {code(user, 60)}.") from error

    def _now(self) -> datetime:
        return self.ledger.clock.now()

    def _entry(self, kind: str, actor: str, change: int, data: Mapping[str, Any]) -> AuditEntry:
        return AuditEntry(kind=kind, actor=actor, change=change, at=self._now(), data=dict(data))
