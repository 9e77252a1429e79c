"""Freezes: people stop changes, lift that again and let single changes through; and what is stopped
now. Every decision and every refusal is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from chatbot.domain import frozen, story
from chatbot.domain.change import Change, Waiting
from chatbot.domain.environment import Environment
from chatbot.domain.errors import InvalidInput, Refused, StaleChange
from chatbot.domain.events import AuditEntry
from chatbot.domain.freeze import (
    ALL,
    LONGEST_REASON,
    Exemption,
    Freeze,
    Phase,
    announcement,
    how_to_lift,
    in_force,
)
from chatbot.domain.lifecycle import TERMINAL
from chatbot.domain.mrkdwn import code, escape, mention, shorten
from chatbot.domain.window import parse_until
from chatbot.ports import Store
from chatbot.services.ledger import Ledger
from chatbot.services.people import People

LOOK_AGAIN = timedelta(minutes=1)
"""How soon a change that waits for the end of a freeze looks whether it was lifted."""

_FORM = "`/change freeze prod until 2026-12-24 18:00 because year end` or `/change freeze prod 4h`"
_TRIES = 20
"""How often an exemption is decided anew because the row moved on meanwhile."""


@dataclass(frozen=True)
class Freezes:
    """What stops changes."""

    store: Store
    ledger: Ledger
    people: People
    environments: Mapping[str, Environment]
    configured: tuple[Freeze, ...]
    """Those of the configuration: no command lifts them."""

    # --- what is stopped ---------------------------------------------------------------------

    def blocking(self, change: Change) -> Freeze | None:
        """The freeze that keeps this change from the cluster and from Git's main branch now: in
        force in its environment, and nobody let the change through. None: it may go on."""
        return frozen.blocking(change, self.known(), self._now())

    def shown_on(self, change: Change) -> Freeze | None:
        """The freeze that the change's card tells of: none where the change finishes anyway."""
        return None if frozen.is_underway(change) else self.blocking(change)

    def in_force(self, environment: str = "") -> list[Freeze]:
        """Every freeze that stops something now, in one environment or anywhere; what lasts
        longest comes first."""
        names = [environment] if environment else list(self.environments)
        known, now = self.known(), self._now()
        found = [freeze for name in names for freeze in in_force(known, name, now)]
        return list({freeze.id: freeze for freeze in found}.values())

    def wait(self, change: Change, freeze: Freeze, **progress: Any) -> Change:
        """Let a change rest in its state until the freeze may be over. `progress` are fields to
        replace besides."""
        now = self._now()
        end = freeze.end - now if freeze.end else LOOK_AGAIN
        reason = f"{change.request.environment} is frozen"
        waited = change.progress.waiting
        delay = min(end, LOOK_AGAIN)
        if waited and waited.reason == reason:
            return self.ledger.rest(change, delay, waiting=waited, **progress)
        return self.ledger.note(
            change,
            "step.frozen",
            data={"state": change.state.value, **_told(freeze)},
            due_in=delay,
            waiting=Waiting(reason=reason, since=now),
            **progress,
        )

    def known(self) -> list[Freeze]:
        """Every freeze that is not over: the configuration's and those that people made."""
        made = [each.freeze for each in self.store.freezes() if each.freeze.by]
        now = self._now()
        return [each for each in (*self.configured, *made) if each.phase(now) is not Phase.OVER]

    # --- what people do ------------------------------------------------------------------------

    def freeze(self, user: str, environment: str, until: str, reason: str) -> Freeze:
        """Stop every change of an environment, or of `all`. Whoever may request changes may stop
        them, and so may seniors and managers: stopping is the safe side.

        `until` is a time in this person's zone (`2026-12-24 18:00`), a length of time (`4h`), or
        empty: until somebody lifts it. Raises `Refused`.
        """
        with self.ledger.recorded(None, user, "freeze"):
            self._refuse_unknown(environment, "freeze")
            if not self._may_lift(user):
                self.people.refuse_unless_requester(user)
            now = self._now()
            end = self._end(user, until, now) if until else None
            if end is None and not self.people.seniors() | self.people.managers():
                raise Refused(
                    "Nobody could lift this freeze: redlight.toml names no senior and no manager "
                    f"who counts. Say until when: {code(f'/change freeze {environment} 4h')}."
                )
        freeze = Freeze(
            id=uuid4().hex,
            environments=() if environment == ALL else (environment,),
            start=now,
            end=end,
            reason=shorten(" ".join(reason.split()), LONGEST_REASON),
            by=user,
        )
        self.store.add_freeze(freeze, self._entry("freeze.begun", user, _told(freeze)))
        return freeze

    def unfreeze(self, user: str, environment: str, reason: str = "") -> list[Freeze]:
        """Lift what was frozen by the same word; only seniors and managers do. Returns what was
        lifted; `in_force` tells what stays. Raises `Refused`, also when nothing can be lifted."""
        with self.ledger.recorded(None, user, "unfreeze"):
            self._refuse_unknown(environment, "unfreeze")
            self.people.refuse_unless_counted(user)
            if not self._may_lift(user):
                raise Refused(self._who_lifts())
            ours = self._made_by_word(environment)
            ids = [freeze.id for freeze in ours]
            data = {"environment": environment, "freezes": ids, "because": reason}
            entry = self._entry("freeze.lifted", user, data)
            lifted = set(self.store.lift_freezes(ids, entry.at, entry)) if ids else set()
            if not lifted:
                raise Refused(self._nothing_to_lift(environment))
        return [freeze for freeze in ours if freeze.id in lifted]

    def exempt(self, user: str, number: int, reason: str) -> Change:
        """Let one change through the freezes of its environment that are in force or announced;
        only a senior who did not request it does. Raises `Refused` and `NotFound`."""
        for _ in range(_TRIES):
            change = self.store.change(number)
            with self.ledger.recorded(number, user, "exempt"):
                freezes = self._passable(user, change)
                try:
                    return self._let_through(user, change, freezes, reason)
                except StaleChange:
                    continue
        raise Refused(f"{change.id} is moving too fast right now. Look at its card and try again.")

    # --- deciding ------------------------------------------------------------------------------

    def _passable(self, user: str, change: Change) -> list[Freeze]:
        """The freezes that this user may let this change through now."""
        cant = f"You can't let {change.id} through."
        self.people.refuse_unless_counted(user)
        others = _named(self.people.seniors() - {change.requester})
        if not self.people.is_senior(user):
            raise Refused(f"{cant} Only a senior can{others}.")
        if user == change.requester:
            raise Refused(f"{cant} You requested it; another senior can{others}.")
        if change.state in TERMINAL:
            raise Refused(f"{cant} It is {change.state.value.replace('_', ' ')} already.")
        passed = {exemption.freeze for exemption in change.progress.exemptions}
        place = change.request.environment
        ours = [freeze for freeze in self.known() if freeze.concerns(place)]
        freezes = [freeze for freeze in ours if freeze.id not in passed]
        if ours and not freezes:
            raise Refused(f"{change.id} was let through already.")
        if not freezes:
            raise Refused(f"{code(place)} is not frozen, so {change.id} needs no exception.")
        return freezes

    def _let_through(self, user: str, change: Change, freezes: list[Freeze], reason: str) -> Change:
        now, because = self._now(), shorten(" ".join(reason.split()), LONGEST_REASON)
        exemptions = [
            Exemption(freeze=freeze.id, by=user, at=now, reason=because) for freeze in freezes
        ]
        due = change.due_at - now if change.due_at else None
        return self.ledger.note(
            change,
            "freeze.exempted",
            actor=user,
            data={"because": because, "freezes": [_told(freeze) for freeze in freezes]},
            notices=story.let_through(change, user, because),
            due_in=timedelta() if change.progress.waiting else due,
            attempts=change.attempts,
            exemptions=(*change.progress.exemptions, *exemptions),
        )

    def _refuse_unknown(self, environment: str, verb: str) -> None:
        if environment != ALL and environment not in self.environments:
            known = ", ".join(code(name) for name in (*self.environments, ALL))
            raise Refused(
                f"{code(environment, 60)} is no environment. There are {known}: "
                f"{code(f'/change {verb} {next(iter(self.environments))}')}."
            )

    def _may_lift(self, user: str) -> bool:
        return self.people.is_senior(user) or self.people.is_manager(user)

    def _who_lifts(self) -> str:
        who = _named(self.people.seniors() | self.people.managers())
        return f"You can't lift a freeze: only a senior or a manager does{who}."

    def _end(self, user: str, until: str, now: datetime) -> datetime:
        try:
            return parse_until(until, self.people.person(user).time_zone, now)
        except InvalidInput as error:
            raise Refused(f"{escape(error.fields['until'])} The form is {_FORM}.") from error

    def _made_by_word(self, environment: str) -> list[Freeze]:
        wanted = () if environment == ALL else (environment,)
        return [freeze for freeze in self.known() if freeze.by and freeze.environments == wanted]

    def _nothing_to_lift(self, environment: str) -> str:
        """Why no command lifts what stands, and what does."""
        for freeze in self.in_force("" if environment == ALL else environment):
            what = announcement(freeze)
            word = code(f"/change unfreeze {environment}")
            return f"{word} does not lift this: {what} {how_to_lift(freeze)}"
        return f"{code(environment)} is not frozen." if environment != ALL else "Nothing is frozen."

    def _now(self) -> datetime:
        return self.ledger.clock.now()

    def _entry(self, kind: str, user: str, data: Mapping[str, Any]) -> AuditEntry:
        return AuditEntry(kind=kind, actor=user, change=None, at=self._now(), data=dict(data))


def _told(freeze: Freeze) -> dict[str, Any]:
    """A freeze for the audit log."""
    return freeze.model_dump(mode="json")


def _named(users: frozenset[str]) -> str:
    """`: @a, @b`, a few of them; empty when there is nobody."""
    names = ", ".join(mention(user) for user in sorted(users)[:5])
    return f": {names}" if names else ""
