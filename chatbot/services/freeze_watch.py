"""Sees freezes begin and end: brings the cards of stopped changes up to date, lets them go on, and
records what no person did. Each look derives everything from the rows and the configuration."""

from dataclasses import dataclass

from chatbot.domain.announcement import Announcement
from chatbot.domain.errors import StaleChange
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.freeze import Freeze, KnownFreeze, Phase, begun, over
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.services.freezes import Freezes

_OPEN = frozenset(State) - TERMINAL
_TRIES = 20
"""How often a card is marked anew because its change moved on meanwhile."""


@dataclass(frozen=True)
class FreezeWatch:
    """One look at every freeze that people were not shown whole."""

    freezes: Freezes

    def run(self) -> None:
        """Safe to repeat: a phase counts as shown once everything that shows it was written."""
        store, now = self.freezes.store, self.freezes.ledger.clock.now()
        known = {each.freeze.id: each for each in store.freezes()}
        configured = {freeze.id for freeze in self.freezes.configured}
        for freeze in self.freezes.configured:
            if freeze.id not in known and freeze.phase(now) is Phase.BEGUN:
                store.add_freeze(freeze, self._entry("freeze.begun", freeze))
                known[freeze.id] = KnownFreeze(freeze=freeze, shown=Phase.AHEAD, lifted_by="")
        for each in known.values():
            freeze = each.freeze
            taken_out = not freeze.by and freeze.id not in configured
            phase = Phase.OVER if taken_out else freeze.phase(now)
            if phase is not each.shown:
                self._show(each, phase)

    def _show(self, known: KnownFreeze, phase: Phase) -> None:
        freeze = known.freeze
        for name in freeze.environments or self.freezes.environments:
            for number in self.freezes.store.in_states(_OPEN, name):
                self._redraw(number)
        ended = phase is Phase.OVER and not known.lifted_by
        entries = [self._entry("freeze.over", freeze)] if ended else []
        news = self._news(known, phase)
        self.freezes.store.freeze_shown(freeze.id, phase, entries, news)

    def _news(self, known: KnownFreeze, phase: Phase) -> list[Announcement]:
        """For each channel of its environments, once; none of what nobody heard begin."""
        if phase is Phase.OVER and known.shown is Phase.AHEAD:
            return []
        freeze, now = known.freeze, self.freezes.ledger.clock.now()
        key = f"freeze:{freeze.id}:{phase}"
        channels: dict[str, str] = {}
        for name, environment in self.freezes.environments.items():
            if not freeze.concerns(name):
                continue
            still = next((each for each in self.freezes.in_force(name) if each != freeze), None)
            text = begun(freeze)
            if phase is Phase.OVER:
                text = over(freeze, known.lifted_by, still)
            channels.setdefault(environment.channel, text)
        return [
            Announcement(key=key, channel=channel, text=text, at=now)
            for channel, text in channels.items()
        ]

    def _redraw(self, number: int) -> None:
        """What waits looks at once whether it may go on."""
        for _ in range(_TRIES):
            change = self.freezes.store.change(number)
            try:
                self.freezes.ledger.redraw(change, at_once=change.progress.waiting is not None)
            except StaleChange:
                continue
            return

    def _entry(self, kind: str, freeze: Freeze) -> AuditEntry:
        return AuditEntry(
            kind=kind,
            actor=SYSTEM,
            change=None,
            at=self.freezes.ledger.clock.now(),
            data=freeze.model_dump(mode="json"),
        )
