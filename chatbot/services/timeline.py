"""The timeline of a change: what its audit log says, and the messages that people added, which
follow what becomes of them in Slack."""

from dataclasses import dataclass

from chatbot.domain.change import MessageRef, format_change_id
from chatbot.domain.errors import NotFound, Refused
from chatbot.domain.events import AuditEntry
from chatbot.domain.mrkdwn import shorten
from chatbot.domain.slacktext import plain
from chatbot.domain.timeline import TimelineEntry, entries_of, merged
from chatbot.domain.timeline_message import TimelineMessage
from chatbot.domain.timeline_note import TimelineNote
from chatbot.ports import Store
from chatbot.services.ledger import Ledger
from chatbot.services.people import People

LONGEST_NOTE = 1_000
"""Characters of a message that are kept."""


@dataclass(frozen=True)
class Timeline:
    """Tells timelines and adds to them."""

    store: Store
    ledger: Ledger
    people: People

    def of(self, number: int) -> list[TimelineEntry]:
        """What happened to a change, by time. Raises `NotFound`."""
        self.store.change(number)
        added = [
            TimelineEntry(at=note.at, actor=note.author, text=note.text)
            for note in self.store.notes(number)
        ]
        return merged(entries_of(self.store.events(number)), added)

    def welcome(self, user: str, message: TimelineMessage) -> int | None:
        """The change that a message's channel belongs to, if it is an incident's. Raises
        `Refused` when this user may not add it, or nothing is in it to be added."""
        number = self.store.incident_in(message.source.channel)
        with self.ledger.recorded(number, user, "add_to_timeline"):
            self.people.refuse_unless_counted(user)
            if not plain(message.text):
                raise Refused("There is no text in that message that a timeline could keep.")
        return number

    def add(self, user: str, number: int, message: TimelineMessage) -> bool:
        """Put the message into the timeline; False when it is in it already. Raises `Refused`."""
        self.welcome(user, message)
        with self.ledger.recorded(None, user, "add_to_timeline"):
            try:
                self.store.change(number)
            except NotFound:
                raise Refused(f"There is no {format_change_id(number)}.") from None
        note = TimelineNote(
            change=number,
            source=message.source,
            author=message.author or user,
            added_by=user,
            at=message.at,
            text=_kept(message.text),
        )
        data = {**message.source.model_dump(), "author": note.author, "text": note.text}
        entry = AuditEntry(
            kind="timeline.added",
            actor=user,
            change=number,
            at=self.ledger.clock.now(),
            data=data,
        )
        return self.store.add_note(note, entry)

    def reworded(self, source: MessageRef, text: str, actor: str) -> None:
        """Somebody edited a message: what timelines keep of it says the same. One that was emptied
        is gone."""
        self.store.reword_note(source, _kept(text) or None, self.ledger.clock.now(), actor)

    def deleted(self, source: MessageRef, actor: str) -> None:
        """Somebody deleted a message: it is in no timeline any more. The audit log keeps it."""
        self.store.reword_note(source, None, self.ledger.clock.now(), actor)


def _kept(text: str) -> str:
    return shorten(plain(text), LONGEST_NOTE)
