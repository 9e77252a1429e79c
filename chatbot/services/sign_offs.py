"""The sign-off: a senior who did not ask for it says that an emergency may be, and it is applied.

Nothing is asked of GitHub, Jira or a cluster here, and of Slack only who somebody is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.domain import emergency_news as news
from chatbot.domain import story_break_glass as story
from chatbot.domain.approval import Electorate, standing
from chatbot.domain.change import Change, Plan
from chatbot.domain.errors import Refused
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.offers import Offer
from chatbot.domain.permission import Actor
from chatbot.domain.review import Approval
from chatbot.services.decisions import Decisions
from chatbot.services.electorates import Electorates
from chatbot.services.ledger import Ledger
from chatbot.services.people import People


@dataclass(frozen=True)
class SignOffs:
    """The use case behind the button; who refuses goes through `Approvals.reject`."""

    ledger: Ledger
    people: People
    electorates: Electorates
    decisions: Decisions
    told_in: Callable[[Change], Sequence[str]]
    """The channels that hear of an emergency."""

    def sign_off(self, user: str, number: int, seen_digest: str) -> Change:
        """`seen_digest` is of the plan that stood above the button. Raises `Refused` unless this
        sign-off counts; with the last one that is missing the change goes on to be applied."""

        def signed(change: Change) -> Change:
            plan = change.progress.plan
            if plan is None or plan.digest != seen_digest:
                raise Refused(
                    f"{change.id} changed after this card was drawn. "
                    "Look at what it is now, then sign it off."
                )
            return self._given(change, user, plan)

        return self.decisions.take(user, number, Offer.SIGN_OFF, self._voter, signed)

    def missing(self, change: Change) -> int:
        """How many more have to sign off."""
        if change.state is not State.AWAITING_APPROVAL:
            return 0
        return standing(change, self.electorates.of(change)).missing

    def _given(self, change: Change, user: str, plan: Plan) -> Change:
        electorate = self._electorate(change, user)
        now = self.ledger.clock.now()
        voice = electorate.voice(user, now)
        behalf = "" if voice == user else voice
        approval = Approval(user=user, behalf=behalf, digest=plan.digest, at=now)
        approvals = (*change.progress.approvals, approval)
        progress = change.progress.model_copy(update={"approvals": approvals})
        stand = standing(change.model_copy(update={"progress": progress}), electorate)
        told: dict[str, Any] = {
            "actor": user,
            "data": {"digest": plan.digest, "behalf": behalf, "missing": stand.missing},
            "notices": story.signed_off(change, stand.counted, stand.missing),
            "approvals": approvals,
        }
        if stand.missing:
            return self.ledger.note(change, "sign_off.given", **told)
        told["data"]["signed_off_by"] = [one.user for one in stand.counted]
        return self.ledger.advance(
            change,
            Event.CONFIRMED,
            "change.signed_off",
            confirmed_digest=plan.digest,
            confirmed_by=user,
            force=bool(plan.conflicts),
            announcements=news.signed_off(change, user, self.told_in(change), now),
            incident=True,
            **told,
        )

    def _voter(self, user: str, change: Change) -> Actor:
        person, is_senior = self.people.person(user), self.people.is_senior(user)
        return Actor(person, is_senior, self.electorates.of(change))

    def _electorate(self, change: Change, user: str) -> Electorate:
        return self.electorates.of(change).knowing(self.people.person(user))
