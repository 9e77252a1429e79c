"""Writing down what was done on one side of an incident, and the card that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatbot.domain.change import Change
from chatbot.domain.errors import StaleChange
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.incident import Incident
from chatbot.ports import Store
from chatbot.services.ledger import Ledger

_TRIES = 20
"""How often a card is marked anew because its change moved on meanwhile."""


@dataclass(frozen=True)
class IncidentRows:
    """Saves rows. Each write counts as progress: failures before it are over."""

    store: Store
    ledger: Ledger
    shown: Callable[[int], None]
    """Told the number of a change whose card is to be drawn anew."""

    def save(self, incident: Incident, **fields: Any) -> Incident:
        """With these fields replaced, and due at once for what comes next."""
        return self.store.save_incident(self._going_on(incident, fields))

    def note(self, incident: Incident, kind: str, data: dict[str, Any], **fields: Any) -> Incident:
        """The same for what belongs into the audit log and onto the card."""
        entry = AuditEntry(
            kind=kind,
            actor=SYSTEM,
            change=incident.change,
            at=self.ledger.clock.now(),
            data=data,
        )
        saved = self.store.save_incident(self._going_on(incident, fields), [entry])
        self._redraw(incident.change)
        return saved

    def pass_over(self, incident: Incident, change: Change) -> Incident | None:
        """The one step of a side that is kept nowhere: what happens is told to nobody there."""
        newest = self.store.events(change.number)[-1].sequence
        return self.save(incident, told=newest) if newest > incident.told else None

    def _going_on(self, incident: Incident, fields: dict[str, Any]) -> Incident:
        now = self.ledger.clock.now()
        return incident.model_copy(update={"due_at": now, "attempts": 0, "failure": "", **fields})

    def _redraw(self, number: int) -> None:
        for _ in range(_TRIES):
            try:
                self.ledger.redraw(self.store.change(number), at_once=False)
            except StaleChange:
                continue
            self.shown(number)
            return
