"""Asking for approval: a review on GitHub may be one, silence is reminded of, and ends.

Clicks are `services.approvals`; here is what happens while nobody clicks.
"""

from dataclasses import dataclass

from chatbot.domain import story_approval as story
from chatbot.domain.approval import Electorate, able, expires_at, standing, why_not
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.lifecycle import Event
from chatbot.domain.nudges import Rung, due_rung, next_moment
from chatbot.domain.review import Channel
from chatbot.ports import GitHost
from chatbot.services.electorates import Electorates
from chatbot.services.gitops import GitOps
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.voices import Voices


@dataclass(frozen=True)
class Asking:
    """Waits for enough people to say yes."""

    git: GitHost
    ledger: Ledger
    gitops: GitOps
    people: People
    electorates: Electorates
    voices: Voices

    def tend(self, change: Change) -> Change:
        """Step `awaiting_approval`."""
        seen = self.gitops.look(change)
        if (moved := self.gitops.moved(change, seen)) is not None:
            return moved
        if (covered := self._covered(change)) is not None:
            return covered
        electorate = self.electorates.of(change)
        if (counted := self._count_review(change, electorate)) is not None:
            return counted
        now = self.ledger.clock.now()
        expiry = expires_at(change, electorate.environment)
        if expiry is not None and expiry <= now:
            return self.ledger.advance(
                change, Event.EXPIRED, "approval.expired", notices=story.expired(change)
            )
        if (rung := due_rung(change, electorate.environment, now)) is not None:
            return self._remind(change, electorate, rung)
        following = next_moment(change, electorate.environment)
        return self.ledger.rest(change, following - now if following else None, pull_request=seen)

    def _covered(self, change: Change) -> Change | None:
        """A rollback that was approved with the change that it takes back goes on by itself."""
        review, plan = change.progress.review, change.progress.plan
        if plan is None or review is None or (covering := review.approved_with) is None:
            return None
        return self.ledger.advance(
            change,
            Event.APPROVED,
            "change.approved",
            data={
                "digest": plan.digest,
                "approved_with": format_change_id(covering.change),
                "approved_by": list(covering.by),
            },
            notices=story.approved_before(change, covering),
        )

    def _count_review(self, change: Change, electorate: Electorate) -> Change | None:
        """The first approving review at GitHub that counts and was not counted yet."""
        review, plan = change.progress.review, change.progress.plan
        seen = change.progress.pull_request
        if not electorate.environment.github_reviews or not (review and plan and seen):
            return None
        now = self.ledger.clock.now()
        users = {login: user for user, logins in electorate.logins.items() for login in logins}
        for each in self.git.reviews(seen.number):
            user = users.get(each.login.lower(), "")
            if not user or not each.approves or each.commit_sha != review.head_sha:
                continue
            if not why_not(self.people.person(user), change, electorate, now):
                return self.voices.given(change, user, plan.digest, Channel.GITHUB)
        return None

    def _remind(self, change: Change, electorate: Electorate, rung: Rung) -> Change:
        """Those whose yes would count, by direct message; at the second rung the managers too."""
        now = self.ledger.clock.now()
        users = set(able(change, electorate, now))
        if rung is Rung.MANAGERS:
            users |= self.people.managers()
        expiry = expires_at(change, electorate.environment) or now
        missing = standing(change, electorate).missing
        return self.ledger.note(
            change,
            "approval.nudged",
            data={"rung": rung.name.lower(), "users": sorted(users)},
            notices=story.nudges(change, rung, missing, expiry, users),
            nudged_at=now,
        )
