"""How a change moves: its next state by the table, its audit entry and its notices, together.

Every service writes through here; here writes through `Store.save`, the one function that does.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chatbot.domain.announcement import Announcement
from chatbot.domain.change import Change, Progress, Step
from chatbot.domain.errors import Refused
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.lifecycle import Event, transition
from chatbot.domain.notice import Notice
from chatbot.domain.obligation import Obligation
from chatbot.domain.obligations import paid
from chatbot.ports import Clock, Store

AT_ONCE = timedelta()


@dataclass(frozen=True)
class Ledger:
    """Writes changes."""

    store: Store
    clock: Clock

    def advance(
        self,
        change: Change,
        event: Event,
        kind: str,
        *,
        actor: str = SYSTEM,
        data: Mapping[str, Any] | None = None,
        notices: Sequence[Notice] = (),
        obligations: Sequence[Obligation] = (),
        announcements: Sequence[Announcement] = (),
        incident: bool = False,
        due_in: timedelta | None = AT_ONCE,
        **progress: Any,
    ) -> Change:
        """Take `event`: the state after it, with what was done (`kind`, `data`) in the audit log.

        `incident` says that an incident begins with it. `due_in` says when the reconciler goes on:
        at once, later, or (None) when woken. `progress` are fields of `Progress` to replace.
        Failure, waiting and attempts of the step that this ends are wiped. Raises
        `InvalidTransition` and `StaleChange`.
        """
        state = transition(change.state, event)
        now = self.clock.now()
        steps = (*change.progress.steps, Step(name=state.value, at=now))
        fields = {"failure": None, "waiting": None, "steps": steps, **progress}
        return self.store.save(
            self._moved(change, due_in, {"state": state, "attempts": 0}, fields),
            [self._entry(change, kind, actor, {"state": state.value, **(data or {})})],
            notices,
            obligations=obligations,
            announcements=announcements,
            incident=incident,
        )

    def note(
        self,
        change: Change,
        kind: str,
        *,
        actor: str = SYSTEM,
        data: Mapping[str, Any] | None = None,
        notices: Sequence[Notice] = (),
        obligations: Sequence[Obligation] = (),
        announcements: Sequence[Announcement] = (),
        due_in: timedelta | None = AT_ONCE,
        attempts: int = 0,
        **progress: Any,
    ) -> Change:
        """Record something in the same state, with its audit entry. Raises `StaleChange`."""
        return self.store.save(
            self._moved(change, due_in, {"attempts": attempts}, progress),
            [self._entry(change, kind, actor, data or {})],
            notices,
            obligations=obligations,
            announcements=announcements,
        )

    def pay(
        self,
        change: Change,
        owed: Obligation,
        kind: str,
        *,
        data: Mapping[str, Any],
        notices: Sequence[Notice],
        **progress: Any,
    ) -> Change:
        """What the change owes is met: in the save that says that this was found of the change as
        it was read, and of no later one. Raises `StaleChange`."""
        met, breach = paid(owed, self.clock.now())
        told = {"kind": owed.kind.value, "owner": owed.owner, **data}
        return self.store.save(
            self._moved(change, AT_ONCE, {"attempts": 0}, progress),
            [*breach, self._entry(change, kind, SYSTEM, told)],
            notices,
            paid=met,
        )

    def rest(
        self, change: Change, due_in: timedelta | None, *, attempts: int = 0, **progress: Any
    ) -> Change:
        """Nothing was decided or done: only wait, with what is worth showing meanwhile."""
        return self.store.save(
            self._moved(change, due_in, {"attempts": attempts}, progress), [], []
        )

    def redraw(self, change: Change, *, at_once: bool) -> Change:
        """What the card says besides the row has changed: draw it anew. `at_once`: the reconciler
        looks at the change, too. Raises `StaleChange`."""
        due_at = self.clock.now() if at_once else change.due_at
        drawn = {"revision": change.revision + 1, "due_at": due_at}
        return self.store.save(change.model_copy(update=drawn), [], [])

    @contextmanager
    def recorded(self, change: int | None, actor: str, action: str) -> Iterator[None]:
        """Leave a trace of a refusal on its way out."""
        try:
            yield
        except Refused as refusal:
            self.refuse(change, actor, action, str(refusal))
            raise

    def refuse(self, change: int | None, actor: str, action: str, sentence: str) -> None:
        """Record that somebody was told no."""
        self.store.record(
            AuditEntry(
                kind="request.refused",
                actor=actor,
                change=change,
                at=self.clock.now(),
                data={"action": action, "because": sentence},
            )
        )

    def _moved(
        self,
        change: Change,
        due_in: timedelta | None,
        row: Mapping[str, Any],
        progress: Mapping[str, Any],
    ) -> Change:
        now = self.clock.now()
        merged = Progress.model_validate({**dict(change.progress), **progress})
        visible = merged != change.progress or "state" in row
        return change.model_copy(
            update={
                **row,
                "progress": merged,
                "revision": change.revision + visible,
                "updated_at": now,
                "due_at": None if due_in is None else now + due_in,
            }
        )

    def _entry(self, change: Change, kind: str, actor: str, data: Mapping[str, Any]) -> AuditEntry:
        return AuditEntry(
            kind=kind, actor=actor, change=change.number, at=self.clock.now(), data=dict(data)
        )
