"""The channel of an incident: made or adopted, furnished, told what happens, and closed.

Each method is one step: it looks whether its one thing lacks, does it and writes it down. A post
is announced in the row before it is made; on doubt it is looked for.
"""

from dataclasses import dataclass

import structlog

from chatbot.domain import incident_text as text
from chatbot.domain.change import Change, MessageRef
from chatbot.domain.errors import Closed, NotFound, Permanent
from chatbot.domain.incident import (
    Incident,
    IncidentRoom,
    Side,
    channel_name,
    is_over,
    named_channel,
)
from chatbot.ports import Channels, Chat, Room
from chatbot.services.incident_rows import IncidentRows
from chatbot.services.incidents import IncidentStep
from chatbot.services.people import People
from chatbot.settings import IncidentRules

log = structlog.get_logger()

SUMMARY = "incident"
"""The key of the pinned message."""


@dataclass(frozen=True)
class IncidentChannel:
    """The steps of the side that is in Slack."""

    rows: IncidentRows
    channels: Channels
    chat: Chat
    people: People
    rules: IncidentRules

    @property
    def steps(self) -> tuple[IncidentStep, ...]:
        """In the order in which people need them."""
        inside = (
            self.summarize,
            self.pin,
            self.link,
            self.set_topic,
            self.invite,
            self.bookmark,
            self.tell,
            self.archive,
        )
        return (self.open, *(self._while_open(step) for step in inside))

    def _while_open(self, step: IncidentStep) -> IncidentStep:
        """A step in a channel that somebody may archive at any time: that is the end of this side,
        and nothing to be mended."""

        def guarded(incident: Incident, change: Change) -> Incident | None:
            try:
                return step(incident, change)
            except Closed:
                # The step may have saved what it was about to do.
                return self._closed(self.rows.store.incident(change.number, Side.CHANNEL))

        return guarded

    def _closed(self, incident: Incident | None) -> Incident | None:
        if incident is None:
            return None
        room = _room(incident)
        return self.rows.note(
            incident,
            "incident.channel_archived",
            {"channel": room.id, "name": room.name},
            closed_at=self.rows.ledger.clock.now(),
            due_at=None,
        )

    def open(self, incident: Incident, change: Change) -> Incident | None:
        """The channel that was named, or the one that is called after the change."""
        if incident.room is not None:
            return None
        found = self._named(change)
        room = found or self.channels.open_channel(
            channel_name(change, self.rules.prefix), private=self.rules.private
        )
        return self.rows.note(
            incident,
            "incident.channel_opened",
            {"channel": room.id, "name": room.name, "named": found is not None},
            room=IncidentRoom(id=room.id, name=room.name, ours=found is None),
        )

    def _named(self, change: Change) -> Room | None:
        """None as well when nobody finds it: an emergency does not wait for a name to be right."""
        ref = named_channel(change)
        try:
            return self.channels.named_channel(ref) if ref else None
        except Permanent as error:
            log.warning("incident.channel_unknown", named=ref, because=str(error))
            return None

    def summarize(self, incident: Incident, change: Change) -> Incident | None:
        """The summary stands there, and says how things are now."""
        room = _room(incident)
        wanted = self._summary(incident, change)
        if room.summary is None:
            incident, message = self._posted(incident, change, SUMMARY, wanted)
            return self._furnished(incident, summary=message, shown=wanted)
        if room.shown == wanted:
            return None
        try:
            self.channels.say_anew(room.summary, wanted, change.id, SUMMARY)
        except NotFound:
            log.warning("incident.summary_gone", ts=room.summary.ts)
            return self._furnished(incident, summary=None, pinned=False, link="")
        return self._furnished(incident, shown=wanted)

    def _summary(self, incident: Incident, change: Change) -> str:
        store = self.rows.store
        issue = store.incident(change.number, Side.ISSUE)
        owed = store.obligations(change.number)
        return text.summary(change, owed, _room(incident).card_link, issue)

    def pin(self, incident: Incident, _: Change) -> Incident | None:
        """The summary is pinned."""
        room = _room(incident)
        if room.pinned or room.summary is None:
            return None
        self.channels.pin(room.summary)
        return self._furnished(incident, pinned=True)

    def link(self, incident: Incident, change: Change) -> Incident | None:
        """The ways here and to the card are known, for Jira and for the summary."""
        room = _room(incident)
        card = self.rows.store.card(change.number).message
        card_lacks = card is not None and not room.card_link
        if room.summary is None or (room.link and not card_lacks):
            return None
        first = not room.link
        room = room.model_copy(
            update={
                "link": room.link or self.chat.link(room.summary),
                "card_link": self.chat.link(card) if card else "",
            }
        )
        if first:
            return self.rows.note(
                incident, "incident.channel_linked", {"link": room.link}, room=room
            )
        return self.rows.save(incident, room=room)

    def set_topic(self, incident: Incident, change: Change) -> Incident | None:
        """The head of our own channel says what it is about and how far that is."""
        room, wanted = _room(incident), text.topic(change)
        if not room.ours or room.topic == wanted:
            return None
        self.channels.set_topic(room.id, wanted)
        return self._furnished(incident, topic=wanted)

    def invite(self, incident: Incident, change: Change) -> Incident | None:
        """Who asked for it, the seniors and the managers are in. Nobody is brought back who left,
        and nobody is invited when it is over."""
        room = _room(incident)
        lacking = self._wanted(change) - set(room.invited)
        if not lacking or is_over(change):
            return None
        if refused := self.channels.invite(room.id, lacking):
            log.warning("incident.not_invited", users=sorted(refused))
        return self._furnished(incident, invited=(*room.invited, *sorted(lacking)))

    def _wanted(self, change: Change) -> frozenset[str]:
        wanted = frozenset({change.requester})
        if self.rules.invite_seniors:
            wanted |= self.people.seniors()
        if self.rules.invite_managers:
            wanted |= self.people.managers()
        return wanted

    def bookmark(self, incident: Incident, change: Change) -> Incident | None:
        """The pull request and the issue are a click away."""
        room = _room(incident)
        issue = self.rows.store.incident(change.number, Side.ISSUE)
        for title, url in text.ways_from(change, "", issue).items():
            if url not in room.bookmarks:
                self.channels.bookmark(room.id, title, url)
                return self._furnished(incident, bookmarks=(*room.bookmarks, url))
        return None

    def tell(self, incident: Incident, change: Change) -> Incident | None:
        """The oldest event that was not told is."""
        events = [
            event
            for event in self.rows.store.events(change.number)
            if event.sequence > incident.told
        ]
        for event in events:
            if entry := text.told_of(event, Side.CHANNEL):
                key = f"event:{event.sequence}"
                incident, _ = self._posted(incident, change, key, text.line(entry))
                return self.rows.save(incident, told=event.sequence)
        return self.rows.save(incident, told=events[-1].sequence) if events else None

    def archive(self, incident: Incident, change: Change) -> Incident | None:
        """Our own channel is put away when all is told, if the rules say so."""
        room = _room(incident)
        if incident.closed_at or not (is_over(change) and room.ours and self.rules.archive):
            return None
        self.channels.archive(room.id)
        return self._closed(incident)

    def _posted(
        self, incident: Incident, change: Change, key: str, words: str
    ) -> tuple[Incident, MessageRef]:
        """Post it, unless it may have been posted and is there. The row says before that it is
        about to be; what is returned, and not saved yet, says so no more."""
        room, message = _room(incident), None
        if key in incident.attempting:
            message = self.channels.said(room.id, change.id, key)
        else:
            incident = self.rows.save(incident, attempting=(*incident.attempting, key))
        message = message or self.channels.say(room.id, words, change.id, key)
        left = tuple(each for each in incident.attempting if each != key)
        return incident.model_copy(update={"attempting": left}), message

    def _furnished(self, incident: Incident, **fields: object) -> Incident:
        """Write down what is in the channel now."""
        room = _room(incident).model_copy(update=fields)
        return self.rows.save(incident, room=room)


def _room(incident: Incident) -> IncidentRoom:
    if incident.room is None:
        raise RuntimeError("the step before this one opens the channel")
    return incident.room
