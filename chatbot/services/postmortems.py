"""Writing a postmortem, and saying yes or no to it. Every refusal is recorded; nothing here waits
for Git: what goes there is `services.postmortem_publisher`'s, from the row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.domain import story_postmortem as story
from chatbot.domain.announcement import Announcement
from chatbot.domain.change import Change, format_change_id
from chatbot.domain.errors import InvalidInput, Refused, StaleChange
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.mrkdwn import mention, moment
from chatbot.domain.notice import Notice
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.obligations import paid
from chatbot.domain.permission import Actor
from chatbot.domain.postmortem import (
    LONGEST_FIELD,
    Draft,
    Postmortem,
    PostmortemState,
    PostmortemText,
)
from chatbot.domain.postmortem_rules import why_not_judge, why_not_write
from chatbot.domain.timeline import TimelineEntry, as_text
from chatbot.ports import Store
from chatbot.services.ledger import Ledger
from chatbot.services.people import People

_TRIES = 20
"""How often a decision is taken anew because the row moved on meanwhile."""


@dataclass(frozen=True)
class Opened:
    """What somebody starts writing from."""

    change: Change
    text: PostmortemText
    seen: str
    """Digest of what was submitted last; empty when nothing was."""
    note: str
    """What is to be known before one writes, as mrkdwn; may be empty."""


@dataclass(frozen=True)
class Postmortems:
    """The use cases behind `/postmortem` and the buttons of what was submitted."""

    ledger: Ledger
    people: People
    timeline: Callable[[int], Sequence[TimelineEntry]]
    """What happened to a change, by its number: what a postmortem begins with."""
    channel: Callable[[Change], str]
    """Where a change's incident is told of."""
    publish: Callable[[int], None]
    """Wakes whoever brings it into Git."""
    shown: Callable[[int], None]
    """Told the number of a change that has something to deliver."""

    @property
    def store(self) -> Store:
        """The tables."""
        return self.ledger.store

    def open(self, user: str, number: int) -> Opened:
        """What this user goes on from: their draft, what was submitted, anybody's draft, or what
        the timeline says. Raises `Refused`."""
        with self.ledger.recorded(number, user, "write_postmortem"):
            change, written, _ = self._writable(user, number)
        text = written.draft_of(user)
        if text is None:
            text = PostmortemText(timeline=self._timeline(change))
        seen = written.text.digest if written.text else ""
        return Opened(change, text, seen, self._note(user, written))

    def save_draft(self, user: str, number: int, text: PostmortemText) -> None:
        """Keep what this user has written so far; nobody else's words are touched. Raises
        `Refused`."""

        def drafted(_: Change, written: Postmortem, __: Obligation) -> None:
            self.store.save_postmortem(self._with_draft(written, user, text), [])

        self._write(user, number, "save_postmortem", drafted)

    def submit(self, user: str, number: int, text: PostmortemText, seen: str) -> None:
        """Hand it in. `seen` is the digest of what was submitted when this user began: if somebody
        else has handed in another since, this is kept as a draft and refused. The same text by the
        same person again, while it is read, is nothing new. Raises `InvalidInput` for what is
        missing, and `Refused`."""
        text.refuse_gaps()

        def submitted(change: Change, written: Postmortem, _: Obligation) -> None:
            if written.is_read and (written.author, written.text) == (user, text):
                return
            if written.text is not None and written.text.digest not in (seen, text.digest):
                self.store.save_postmortem(self._with_draft(written, user, text), [])
                raise Refused(
                    f"{mention(written.author)} submitted another text meanwhile. Yours is kept as "
                    "a draft: open the form again, and what you submit then replaces theirs."
                )
            self._hand_in(user, change, written, text)

        self._write(user, number, "submit_postmortem", submitted)
        self.publish(number)
        self.shown(number)

    def accept(self, user: str, number: int, seen: str) -> None:
        """A senior who did not write it is content; with that it is paid. `seen` begins the digest
        of the text above the button. Raises `Refused`."""

        def accepted(change: Change, written: Postmortem) -> None:
            now, owed = self.ledger.clock.now(), self._owed(number)
            after = written.model_copy(
                update={
                    "state": PostmortemState.ACCEPTED,
                    "judged_by": user,
                    "judged_at": now,
                    "due_at": now,
                    "attempts": 0,
                }
            )
            payment, entries = (None, []) if owed is None else paid(owed, now)
            owner = owed.owner if owed else written.author
            data = {"author": written.author, "digest": self._digest(written)}
            self._save(
                after,
                [*entries, self._entry("postmortem.accepted", user, number, **data)],
                story.accepted(change, after, owner),
                [story.announced(change, after, self.channel(change), now)],
                payment,
            )

        self._judge(user, number, seen, "accept_postmortem", accepted)
        self.publish(number)

    def may_return(self, user: str, number: int, seen: str) -> Change:
        """The change, if this user may return its postmortem; asked before the reason is. Raises
        `Refused`."""
        with self.ledger.recorded(number, user, "return_postmortem"):
            self._judged(user, number, seen)
        return self.store.change(number)

    def give_back(self, user: str, number: int, seen: str, reason: str) -> None:
        """A senior who did not write it wants more, and says what. Raises `InvalidInput` without a
        reason, and `Refused`."""
        because = reason.strip()
        if not because:
            raise InvalidInput({"reason": "Say what is missing, so that it can be written."})

        def returned(change: Change, written: Postmortem) -> None:
            owed = self._owed(number)
            after = written.model_copy(
                update={
                    "state": PostmortemState.RETURNED,
                    "judged_by": user,
                    "judged_at": self.ledger.clock.now(),
                    "reason": because,
                }
            )
            data = {"author": written.author, "reason": because}
            notices = story.returned(change, after, owed.owner if owed else written.author)
            entry = self._entry("postmortem.returned", user, number, **data)
            self._save(after, [entry], notices)

        self._judge(user, number, seen, "return_postmortem", returned)

    def action_items(self, change: Change) -> tuple[str, ...]:
        """What an accepted postmortem asks to be done; nothing before that."""
        written = self.store.postmortem(change.number)
        if written is None or written.text is None:
            return ()
        return written.text.items if written.state is PostmortemState.ACCEPTED else ()

    # --- writing --------------------------------------------------------------------------------

    def _hand_in(
        self, user: str, change: Change, written: Postmortem, text: PostmortemText
    ) -> None:
        now = self.ledger.clock.now()
        authors = tuple(dict.fromkeys((*written.authors, user)))
        after = written.model_copy(
            update={
                "state": PostmortemState.SUBMITTED,
                "text": text,
                "author": user,
                "authors": authors,
                "submitted_at": now,
                "drafts": {who: each for who, each in written.drafts.items() if who != user},
                "judged_by": "",
                "judged_at": None,
                "reason": "",
                # What the next commit is made on is decided anew: one may be on its way.
                "publication": written.publication.model_copy(update={"base_sha": ""}),
                "due_at": now,
                "attempts": 0,
            }
        )
        judges = self.people.seniors() - set(authors)
        data = {"digest": text.digest, "action_items": list(text.items)}
        self._save(
            after,
            [self._entry("postmortem.submitted", user, change.number, **data)],
            story.submitted(change, after, judges),
            [story.announced(change, after, self.channel(change), now)],
        )

    def _with_draft(self, written: Postmortem, user: str, text: PostmortemText) -> Postmortem:
        draft = Draft(text=text, at=self.ledger.clock.now())
        return written.model_copy(update={"drafts": {**written.drafts, user: draft}})

    def _write(
        self,
        user: str,
        number: int,
        action: str,
        effect: Callable[[Change, Postmortem, Obligation], None],
    ) -> None:
        with self.ledger.recorded(number, user, action):
            for _ in range(_TRIES):
                try:
                    effect(*self._writable(user, number))
                except StaleChange:
                    continue
                return
            raise _outrun(number)

    def _writable(self, user: str, number: int) -> tuple[Change, Postmortem, Obligation]:
        change, owed = self.store.change(number), self._owed(number)
        written = self.store.postmortem(number) or Postmortem(change=number)
        sentence = why_not_write(self._actor(user), change, owed, written)
        if sentence or owed is None:
            raise Refused(f"You can't write the postmortem of {change.id}. {sentence}")
        return change, written, owed

    def _timeline(self, change: Change) -> str:
        """What happened so far, as lines that somebody goes on with."""
        entries = self.timeline(change.number)
        known = self.people.known({entry.actor for entry in entries} - {SYSTEM})
        names = {user: person.name or user for user, person in known.items()}
        return as_text(entries, LONGEST_FIELD, names)

    def _note(self, user: str, written: Postmortem) -> str:
        if written.state is PostmortemState.RETURNED:
            return f"{mention(written.judged_by)} returned it: see the thread for what is missing."
        if written.state is PostmortemState.SUBMITTED:
            own = " This is your draft; it replaces theirs." if user in written.drafts else ""
            when = moment(written.submitted_at) if written.submitted_at else ""
            return f"{mention(written.author)} submitted one {when}.{own}"
        others = sorted((draft.at, who) for who, draft in written.drafts.items() if who != user)
        if user not in written.drafts and others:
            at, who = others[-1]
            return f"This goes on from the draft that {mention(who)} saved {moment(at)}."
        return ""

    # --- judging --------------------------------------------------------------------------------

    def _judge(
        self,
        user: str,
        number: int,
        seen: str,
        action: str,
        effect: Callable[[Change, Postmortem], None],
    ) -> None:
        with self.ledger.recorded(number, user, action):
            for _ in range(_TRIES):
                written = self._judged(user, number, seen)
                try:
                    effect(self.store.change(number), written)
                except StaleChange:
                    continue
                self.shown(number)
                return
            raise _outrun(number)

    def _judged(self, user: str, number: int, seen: str) -> Postmortem:
        written = self.store.postmortem(number) or Postmortem(change=number)
        if sentence := why_not_judge(self._actor(user), written, seen):
            name = format_change_id(number)
            raise Refused(f"You can't decide about the postmortem of {name}. {sentence}")
        return written

    # --- both -----------------------------------------------------------------------------------

    def _save(
        self,
        written: Postmortem,
        entries: Sequence[AuditEntry],
        notices: Sequence[Notice],
        announcements: Sequence[Announcement] = (),
        payment: Obligation | None = None,
    ) -> None:
        self.store.save_postmortem(written, entries, notices, announcements, paid=payment)

    def _owed(self, number: int) -> Obligation | None:
        return self.store.obligation(number, Kind.POSTMORTEM)

    def _actor(self, user: str) -> Actor:
        return Actor(person=self.people.person(user), is_senior=self.people.is_senior(user))

    def _digest(self, written: Postmortem) -> str:
        return written.text.digest if written.text else ""

    def _entry(self, kind: str, actor: str, change: int, **data: Any) -> AuditEntry:
        at = self.ledger.clock.now()
        return AuditEntry(kind=kind, actor=actor, change=change, at=at, data=data)


def _outrun(number: int) -> Refused:
    return Refused(f"{format_change_id(number)} is moving too fast right now. Try again.")
