"""Yes, no, and letting go: what people decide about a change that waits for them."""

from dataclasses import dataclass

from chatbot.domain import story_approval as story
from chatbot.domain.approval import standing
from chatbot.domain.change import Change, Failure
from chatbot.domain.errors import InvalidInput, Refused
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.offers import Offer
from chatbot.domain.permission import Actor
from chatbot.services.decisions import Decisions
from chatbot.services.electorates import Electorates
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.voices import Voices


@dataclass(frozen=True)
class Approvals:
    """The use cases behind Approve, Reject and Release."""

    ledger: Ledger
    people: People
    electorates: Electorates
    voices: Voices
    decisions: Decisions

    def approve(self, user: str, number: int, seen_digest: str) -> Change:
        """Somebody has seen what is to be merged and wants it. `seen_digest` is of the plan that
        stood above the button. Raises `Refused` unless this yes counts."""

        def approved(change: Change) -> Change:
            plan = change.progress.plan
            if plan is None or plan.digest != seen_digest:
                raise Refused(
                    f"{change.id} changed after this card was drawn. "
                    "Look at what it is now, then approve again."
                )
            return self.voices.given(change, user, plan.digest)

        return self.decisions.take(user, number, Offer.APPROVE, self._voter, approved)

    def missing(self, change: Change) -> int:
        """How many more have to say yes."""
        if change.state is not State.AWAITING_APPROVAL:
            return 0
        return standing(change, self.electorates.of(change)).missing

    def may_reject(self, user: str, number: int) -> Change:
        """The change, if this user may say no to it now; asked before the reason is."""
        return self.decisions.allowed(user, number, Offer.REJECT, self._voter)

    def reject(self, user: str, number: int, reason: str) -> Change:
        """Somebody says no, and why. Raises `InvalidInput` without a reason, and `Refused`."""
        reason = reason.strip()
        if not reason:
            raise InvalidInput({"reason": "Say why, so that it can be mended."})

        def rejected(change: Change) -> Change:
            name, now = self.people.person(user).name, self.ledger.clock.now()
            return self.ledger.advance(
                change,
                Event.REJECTED,
                "change.rejected",
                actor=user,
                data={"reason": reason, "behalf": self.voices.behalf(change, user)},
                notices=story.rejected(change, user, reason),
                failure=Failure(sentence=f"{name} said no: {reason}", at=now),
            )

        return self.decisions.take(user, number, Offer.REJECT, self._voter, rejected)

    def release(self, user: str, number: int) -> Change:
        """A senior lets the environment go on after a change was taken back."""

        def released(change: Change) -> Change:
            return self.ledger.advance(
                change,
                Event.RELEASED,
                "hold.released",
                actor=user,
                notices=story.released(user),
                failure=change.progress.failure,
            )

        return self.decisions.take(user, number, Offer.RELEASE, self._somebody, released)

    def _voter(self, user: str, change: Change) -> Actor:
        actor = self._somebody(user, change)
        return Actor(actor.person, actor.is_senior, self.electorates.of(change))

    def _somebody(self, user: str, _: Change) -> Actor:
        return Actor(person=self.people.person(user), is_senior=self.people.is_senior(user))
