"""Recording that somebody said yes, in Slack or at the Git host; with the last yes that is missing
the change goes on."""

from dataclasses import dataclass

from chatbot.domain import story_approval as story
from chatbot.domain.approval import Electorate, Standing, standing
from chatbot.domain.change import Change
from chatbot.domain.lifecycle import Event
from chatbot.domain.review import Approval, Channel
from chatbot.services.electorates import Electorates
from chatbot.services.ledger import Ledger
from chatbot.services.people import People


@dataclass(frozen=True)
class Voices:
    """Writes down who said yes to what."""

    ledger: Ledger
    people: People
    electorates: Electorates

    def given(
        self, change: Change, user: str, digest: str, channel: Channel = Channel.SLACK
    ) -> Change:
        """Record a yes that was found to count; the change goes on if it was the last one that
        was missing. Raises `StaleChange`."""
        approval, stand = self._with_yes(change, user, digest, channel)
        approvals = (*change.progress.approvals, approval)
        data = {
            "digest": digest,
            "behalf": approval.behalf,
            "channel": channel.value,
            "missing": stand.missing,
        }
        if stand.missing:
            return self.ledger.note(
                change,
                "approval.given",
                actor=user,
                data=data,
                notices=story.given(change, approval, stand.missing),
                approvals=approvals,
            )
        return self.ledger.advance(
            change,
            Event.APPROVED,
            "change.approved",
            actor=user,
            data={**data, "approved_by": [one.user for one in stand.counted]},
            notices=story.approved(change, stand.counted),
            approvals=approvals,
        )

    def _with_yes(
        self, change: Change, user: str, digest: str, channel: Channel
    ) -> tuple[Approval, Standing]:
        """The yes in the voice that this person has now, and how things stand with it."""
        approval = Approval(
            user=user,
            behalf=self.behalf(change, user),
            digest=digest,
            at=self.ledger.clock.now(),
            channel=channel,
        )
        approvals = (*change.progress.approvals, approval)
        progress = change.progress.model_copy(update={"approvals": approvals})
        after = change.model_copy(update={"progress": progress})
        return approval, standing(after, self._electorate(change, user))

    def behalf(self, change: Change, user: str) -> str:
        """Whose voice this person has now, if it is not their own."""
        voice = self._electorate(change, user).voice(user, self.ledger.clock.now())
        return "" if voice == user else voice

    def _electorate(self, change: Change, user: str) -> Electorate:
        return self.electorates.of(change).knowing(self.people.person(user))
