"""The tables."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chatbot.domain.announcement import Announcement, Pending
from chatbot.domain.change import (
    Change,
    ChangeRequest,
    MessageRef,
    Path,
)
from chatbot.domain.delegation import Delegation
from chatbot.domain.events import AuditCheck, AuditEntry, AuditEvent
from chatbot.domain.freeze import Freeze, KnownFreeze, Phase
from chatbot.domain.incident import Incident, Side
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Delivery, Notice
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.postmortem import Postmortem
from chatbot.domain.timeline_note import TimelineNote


@dataclass(frozen=True)
class NewChange:
    """A change that has no number yet."""

    path: Path
    requester: str
    request: ChangeRequest
    submission: str
    """Slack's id of the submitted view: submitting it twice makes one change."""


@dataclass(frozen=True)
class CardRow:
    """Where a change's card stands and which revision of the change it shows."""

    change: int
    message: MessageRef | None
    shown_revision: int
    attempted: bool
    """A first post may have reached Slack without being recorded."""


class Store(Protocol):
    """The tables. Safe from many threads and from two processes; no method leaves a
    transaction open."""

    def create_change(
        self, new: NewChange, entry: AuditEntry, notices: Sequence[Notice] = ()
    ) -> Change:
        """Give the next number (no gaps, no repeats) and store the change as `requested`, due at
        once, with its audit entry, whose `change` is filled in and whose `at` is the time of
        creation. A `submission` seen before returns the change it made."""
        ...

    def submitted(self, submission: str) -> Change | None:
        """The change that a submission made, if it was seen before."""
        ...

    def save(
        self,
        change: Change,
        entries: Sequence[AuditEntry],
        notices: Sequence[Notice] = (),
        *,
        obligations: Sequence[Obligation] = (),
        announcements: Sequence[Announcement] = (),
        incident: bool = False,
        paid: Obligation | None = None,
    ) -> Change:
        """The one function that writes state: the change, its audit entries, its notices, and
        what it owes and announces from here on, in one transaction; with `incident`, both sides of
        its incident begin with these entries; and the obligation that is `paid` by it. Returns it
        with the next `version`. Raises `StaleChange` if the row has moved on since
        `change.version` was read, or what is paid has since its own. An obligation, announcement
        or incident that is there already stays as it is."""
        ...

    def change(self, number: int) -> Change:
        """Raises `NotFound`."""
        ...

    def record(self, entry: AuditEntry) -> None:
        """Append an event that explains no change of state, such as a refusal."""
        ...

    def due(self, now: datetime, limit: int = 100) -> list[int]:
        """Numbers of changes whose `due_at` has come, oldest first."""
        ...

    def deliveries_due(self, now: datetime, limit: int = 100) -> list[int]:
        """Numbers of changes whose card shows an older revision, or that have notices to send,
        and that no `delay_delivery` keeps back."""
        ...

    def hold(
        self, change: Change, *, also: Sequence[str] = (), seize: AuditEntry | None = None
    ) -> list[int]:
        """Take the change's objects in its environment, and what `also` names there, all or none.
        Returns the numbers of the changes that hold some of them, lowest first; empty: they are
        ours. Repeating is fine. `save` lets go of them when the state is not in `HOLDING`.
        Raises `StaleChange` when the row has moved on: a change that was cancelled meanwhile would
        never let go of what it took.

        With `seize` they are taken from whoever has them, whose numbers are returned; the entry is
        recorded with it, with the `objects` and the changes that had them (`from`) filled in, if
        anybody lost anything."""
        ...

    def let_go(self, change: int) -> None:
        """The change needs its objects no longer, in whatever state it is. Repeating is fine."""
        ...

    def changes(
        self,
        *,
        requester: str = "",
        environment: str = "",
        text: str = "",
        open_only: bool = False,
        limit: int = 10,
    ) -> list[Change]:
        """Changes for a list: newest first; of open ones, those that wait for a person before the
        others. `text` matches id, target, namespace, justification
        and incident id."""
        ...

    def waiting_in_line(self, environment: str, limit: int = 10) -> list[Change]:
        """Open changes that wait behind others there, who has waited longest first."""
        ...

    def live_counts(self) -> dict[State, int]:
        """How many changes that are not closed are in which state."""
        ...

    def in_states(self, states: Collection[State], environment: str = "") -> list[int]:
        """Numbers of the changes that are in one of these states, none of them terminal, lowest
        first; everywhere, or in one environment."""
        ...

    def rollbacks_of(self, number: int) -> list[Change]:
        """The changes that somebody asked for to take this one back, in whatever state, lowest
        first."""
        ...

    def writers_since(self, change: Change, since: datetime | None = None) -> list[Change]:
        """The changes that wrote to any of the change's objects in its environment after it did,
        or after `since`, in that order."""
        ...

    def completed_with(self, environment: str, content: str) -> int | None:
        """The newest change that has completed there and whose review has this content, unless it
        was rolled back since."""
        ...

    def events(self, change: int | None = None) -> list[AuditEvent]:
        """The audit log in order, whole or of one change."""
        ...

    def check_audit(self) -> AuditCheck:
        """Walk the hash chain to the first event that does not follow from the one before it. A
        missing tail shows against the stored head."""
        ...

    def card(self, change: int) -> CardRow:
        """The change's card, posted or not."""
        ...

    def card_attempted(self, change: int) -> None:
        """Intent: the card is about to be posted for the first time."""
        ...

    def card_shown(self, change: int, message: MessageRef, revision: int) -> None:
        """The card at `message` shows the change as of `revision`."""
        ...

    def pending_notices(self, change: int) -> list[Delivery]:
        """Notices not yet sent, in the order they were written."""
        ...

    def notice_attempted(self, change: int, key: str) -> None:
        """Intent: the notice is about to be sent."""
        ...

    def notice_sent(self, change: int, key: str, message: MessageRef | None) -> None:
        """The notice stands at `message`, or nobody can be reached (None); it is not sent
        again."""
        ...

    def delay_delivery(self, change: int, until: datetime) -> None:
        """Slack is not there: card and notices of this change are due again at `until`."""
        ...

    def delegate(self, delegation: Delegation, entry: AuditEntry) -> Delegation | None:
        """Store it in place of the senior's earlier one, with its audit entry. If the delegate
        speaks for somebody else at `since`, nothing is stored and that delegation is returned."""
        ...

    def undelegate(self, delegation: Delegation, entry: AuditEntry) -> bool:
        """Take it back, with an audit entry. False, and nothing is written, when it is not there
        as given."""
        ...

    def delegations(self) -> list[Delegation]:
        """All that were made and not taken back or replaced, by senior; some may be over."""
        ...

    def add_freeze(self, freeze: Freeze, entry: AuditEntry) -> None:
        """Store a freeze with its audit entry. One whose id is known stays as it is, and nothing
        is recorded."""
        ...

    def lift_freezes(self, ids: Sequence[str], at: datetime, entry: AuditEntry) -> list[str]:
        """The entry's actor ends these freezes at `at`, and the entry is recorded. Returns the ids
        of those that were not over by then; none: nothing is recorded."""
        ...

    def freezes(self) -> list[KnownFreeze]:
        """Every freeze whose end was not shown to people yet, in the order in which they start."""
        ...

    def freeze_shown(
        self,
        freeze: str,
        phase: Phase,
        entries: Sequence[AuditEntry] = (),
        announcements: Sequence[Announcement] = (),
    ) -> None:
        """Cards show this phase. The first time, the entries are recorded and the announcements
        are due."""
        ...

    def obligation(self, change: int, kind: Kind) -> Obligation | None:
        """What a change owes of this kind, met or not; None when it never owed it."""
        ...

    def obligations(self, change: int | None = None) -> list[Obligation]:
        """Everything that a change owes or owed; without one, everything that is still open, what
        is due first."""
        ...

    def obligations_due(self, now: datetime, limit: int = 100) -> list[Obligation]:
        """Open obligations whose `next_at` has come, or that were never looked at, oldest
        first."""
        ...

    def rungs(self, change: int, kind: Kind) -> list[str]:
        """The rungs of an obligation's ladder that were climbed, in that order."""
        ...

    def save_obligation(
        self,
        obligation: Obligation,
        entries: Sequence[AuditEntry],
        notices: Sequence[Notice] = (),
        announcements: Sequence[Announcement] = (),
        *,
        rung: str = "",
    ) -> Obligation:
        """What became of an obligation, with its audit entries, notices under its change,
        announcements, and the `rung` of its ladder that is climbed, in one transaction. With an
        entry the change's card is drawn anew, and a writer of the change that read it before is
        refused. Raises `StaleChange` if the row has moved on since `obligation.version` was read,
        or if the rung was climbed before."""
        ...

    def postmortem(self, change: int) -> Postmortem | None:
        """What was written about a change; None: nothing yet."""
        ...

    def postmortems_due(self, now: datetime, limit: int = 100) -> list[int]:
        """Numbers of the changes whose postmortem has something to do outside, oldest first."""
        ...

    def save_postmortem(
        self,
        postmortem: Postmortem,
        entries: Sequence[AuditEntry],
        notices: Sequence[Notice] = (),
        announcements: Sequence[Announcement] = (),
        *,
        paid: Obligation | None = None,
    ) -> Postmortem:
        """What became of a postmortem, with all that `save_obligation` writes along, and the
        obligation that is `paid` with it. Raises `StaleChange` if either has moved on; a new one
        has version 0."""
        ...

    def incident(self, change: int, side: Side) -> Incident | None:
        """One side of a change's incident; None when it has none."""
        ...

    def incidents_due(self, now: datetime, limit: int = 100) -> list[tuple[int, Side]]:
        """The sides of incidents whose time has come, oldest first."""
        ...

    def save_incident(
        self,
        incident: Incident,
        entries: Sequence[AuditEntry] = (),
        notices: Sequence[Notice] = (),
    ) -> Incident:
        """How far a side is, with what is recorded and told of that, in one transaction. One that
        rests (`due_at` is None) is due at once when an event follows the one that it told last.
        Raises `StaleChange` if the row has moved on since `incident.version` was read."""
        ...

    def incident_in(self, channel: str) -> int | None:
        """The change whose incident has this channel (Slack's id), an open one before those that
        are closed, a newer one before an older."""
        ...

    def add_note(self, note: TimelineNote, entry: AuditEntry) -> bool:
        """Put a message into a change's timeline, with its audit entry. False, and nothing is
        written, when that message is in it already."""
        ...

    def notes(self, change: int) -> list[TimelineNote]:
        """What people added to a change's timeline and did not delete, by time."""
        ...

    def reword_note(self, source: MessageRef, text: str | None, at: datetime, actor: str) -> bool:
        """The message says something else now, or is gone (None), in every timeline that it is in,
        each with an audit entry. False when it is in none, or says this already."""
        ...

    def announcements_due(self, now: datetime, limit: int = 100) -> list[Pending]:
        """Announcements that were not made yet and that no `delay_announcement` keeps back."""
        ...

    def announcement_attempted(self, announcement: Announcement) -> None:
        """Intent: it is about to be made."""
        ...

    def announcement_done(self, announcement: Announcement) -> None:
        """It stands in its channel, or it is too late for it: it is not made again."""
        ...

    def delay_announcement(self, announcement: Announcement, until: datetime) -> None:
        """Slack does not take it: it is due again at `until`."""
        ...

    def claim(self, change: int, task: str) -> AbstractContextManager[bool]:
        """Keep a task (`reconcile`, `deliver`) of a change (0: of none) to one worker, across
        threads and processes; yields False when another worker that is alive has it. A dead
        process's claims are free at once."""
        ...
