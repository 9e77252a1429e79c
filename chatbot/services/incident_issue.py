"""The Jira issue of an incident: filed or adopted, linked, told what happens, and resolved.

Each method is one step: it looks whether its one thing lacks, does it and writes it down.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from chatbot.domain import incident_issue as words
from chatbot.domain import incident_text as text
from chatbot.domain.change import Change
from chatbot.domain.errors import NotFound, RedlightError, RetryLater
from chatbot.domain.incident import Incident, Side, Ticket, is_over, label, named_issue
from chatbot.ports import Issue, NewIssue, Tracker
from chatbot.services.incident_rows import IncidentRows
from chatbot.services.incidents import IncidentStep
from chatbot.services.people import People

log = structlog.get_logger()

INDEX_LAG = timedelta(seconds=15)
"""How long Jira's search may not know an issue that was filed. One whose filing got no answer is
looked for until then, before another is filed."""


@dataclass(frozen=True)
class IncidentIssue:
    """The steps of the side that is in Jira."""

    rows: IncidentRows
    tracker: Tracker
    people: People
    action_items: Callable[[Change], Sequence[str]]
    """What an accepted postmortem asks to be done, a line each; empty before that."""

    @property
    def steps(self) -> tuple[IncidentStep, ...]:
        """In the order in which people need them."""
        return (self.open, self.introduce, self.link, self.tell, self.add_subtasks, self.resolve)

    def open(self, incident: Incident, change: Change) -> Incident | None:
        """The issue that was named, or our own."""
        if incident.ticket is not None:
            return None
        named = self._named(change)
        issue = named or self.tracker.find(label(change))
        if issue is None:
            incident, issue = self._filed(incident, change)
        return self.rows.note(
            incident,
            "incident.issue_opened",
            {"key": issue.key, "url": issue.url, "named": named is not None},
            ticket=Ticket(key=issue.key, url=issue.url, ours=named is None),
        )

    def _named(self, change: Change) -> Issue | None:
        """None as well when Jira has none: the id may be from somewhere else."""
        key = named_issue(change)
        try:
            return self.tracker.issue(key) if key else None
        except NotFound as error:
            log.warning("incident.issue_unknown", named=key, because=str(error))
            return None

    def _filed(self, incident: Incident, change: Change) -> tuple[Incident, Issue]:
        """A new one; the row says before that it is about to be filed."""
        now = self.rows.ledger.clock.now()
        if incident.attempted_at is not None:
            left = incident.attempted_at + INDEX_LAG - now
            if left > timedelta():
                raise RetryLater("Jira may have filed it and not know it yet", after=left)
        incident = self.rows.save(incident, attempted_at=now)
        description = words.description(change, self._names(), self._links(change))
        new = NewIssue(label(change), words.summary(change), description)
        return incident, self.tracker.create(new)

    def introduce(self, incident: Incident, change: Change) -> Incident | None:
        """An issue that somebody else filed is told what this is about."""
        ticket = _ticket(incident)
        if ticket.ours or ticket.introduced:
            return None
        description = words.description(change, self._names(), self._links(change))
        self.tracker.comment(ticket.key, words.mark(change, "summary"), description)
        return self._written(incident, introduced=True)

    def link(self, incident: Incident, change: Change) -> Incident | None:
        """The channel, the card and the pull requests are a click away."""
        ticket = _ticket(incident)
        for title, url in (self._links(change) | text.pull_requests(change)).items():
            if url not in ticket.links:
                self.tracker.link(ticket.key, url, title)
                return self._written(incident, links=(*ticket.links, url))
        return None

    def _links(self, change: Change) -> dict[str, str]:
        """What the other side found out: Slack is not asked from here."""
        channel = self.rows.store.incident(change.number, Side.CHANNEL)
        room = channel.room if channel else None
        if room is None:
            return {}
        known = {f"#{room.name}": room.link, f"Card of {change.id}": room.card_link}
        return {title: url for title, url in known.items() if url}

    def tell(self, incident: Incident, change: Change) -> Incident | None:
        """The oldest event that was not told is."""
        ticket = _ticket(incident)
        events = [
            event
            for event in self.rows.store.events(change.number)
            if event.sequence > incident.told
        ]
        for event in events:
            if entry := text.told_of(event, Side.ISSUE):
                mark = words.mark(change, f"event {event.sequence}")
                self.tracker.comment(ticket.key, mark, words.comment(entry, self._names()))
                return self.rows.save(incident, told=event.sequence)
        return self.rows.save(incident, told=events[-1].sequence) if events else None

    def add_subtasks(self, incident: Incident, change: Change) -> Incident | None:
        """What the postmortem asks for is on somebody's board."""
        ticket = _ticket(incident)
        wanted = tuple(dict.fromkeys(self.action_items(change)))
        if not set(wanted) - set(ticket.subtasks):
            return None
        self.tracker.add_subtasks(ticket.key, wanted)
        return self._written(incident, subtasks=wanted)

    def resolve(self, incident: Incident, change: Change) -> Incident | None:
        """Our own issue is done when the change is."""
        ticket = _ticket(incident)
        if incident.closed_at or not (is_over(change) and ticket.ours):
            return None
        self.tracker.resolve(ticket.key)
        return self.rows.note(
            incident,
            "incident.issue_resolved",
            {"key": ticket.key},
            closed_at=self.rows.ledger.clock.now(),
            due_at=None,
        )

    def _written(self, incident: Incident, **fields: object) -> Incident:
        return self.rows.save(incident, ticket=_ticket(incident).model_copy(update=fields))

    def _names(self) -> words.NameOf:
        """Names as far as Slack tells them; once it does not answer it is not asked again for
        this one text."""
        known: dict[str, str] = {}
        silent = False

        def name_of(user: str) -> str:
            nonlocal silent
            if user not in known and not silent:
                try:
                    known[user] = self.people.person(user).name
                except RedlightError as error:
                    silent = isinstance(error, RetryLater)
                    log.info("incident.name_unknown", user=user, because=str(error))
            return known.get(user, user)

        return name_of


def _ticket(incident: Incident) -> Ticket:
    if incident.ticket is None:
        raise RuntimeError("the step before this one opens the issue")
    return incident.ticket
