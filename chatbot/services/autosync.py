"""Argo CD's auto-sync, out of the way while the cluster is ahead of Git.

An Application that syncs by itself would put back what a change just applied. It is paused before
the apply and restored, exactly as it was, once Git holds the change or the cluster is put back. The
pause is a lease: who has it, and until when, stands on the Application and in the audit log, a
living change prolongs it, and what nobody living holds is restored by a job.

An emergency waits for nobody and nothing: it pauses the Applications that have its objects, takes
over the pauses of other changes, and goes on where that does not work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from chatbot.domain.argocd import Application
from chatbot.domain.argocd_pause import Paused, Restored, concerns, is_stale, why_not_synced
from chatbot.domain.change import Change, Path, parse_change_id
from chatbot.domain.environment import Environment
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.lifecycle import HOLDING
from chatbot.ports import Deployer, Deployers, Store
from chatbot.services.ledger import Ledger
from chatbot.services.queue import wait

LEASE = timedelta(hours=24)
"""For how long a pause is asked for; it is prolonged while the change still needs it."""

PROLONG_BEFORE = timedelta(hours=1)

log = structlog.get_logger()


@dataclass(frozen=True)
class Grip:
    """What came of pausing for an emergency."""

    paused: tuple[str, ...]
    """The Applications that are paused for it."""
    loose: Mapping[str, str]
    """By name those that could not be paused, and why."""
    until: datetime | None = None
    syncing: bool = False
    """Whether Argo CD is at work on one of them: what it began before a pause, it ends."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What people have to know, a sentence each."""
        return tuple(
            f"Argo CD may undo this: auto-sync of {name} could not be paused ({because})"
            for name, because in self.loose.items()
        )


@dataclass(frozen=True)
class AutoSync:
    """Pauses and restores."""

    environments: Mapping[str, Environment]
    deployers: Deployers
    store: Store
    ledger: Ledger

    def pause(self, change: Change) -> Change | None:
        """Pause for a change, before it writes; None when there is nothing (more) to do. Another
        change's pause is waited for: what it restores would undo this one."""
        argocd = self.environments[change.request.environment].argocd
        if argocd is None or change.progress.auto_sync_until is not None:
            return None
        until = self.ledger.clock.now().replace(microsecond=0) + LEASE
        deployer = self._deployer(change)
        for name in argocd.names:
            held = deployer.application(name, argocd.namespace).paused_by
            if held is not None and held.change != change.id:
                reason = f"behind {held.change}, for which auto-sync of {name} is paused"
                return wait(self.ledger, change, reason)
        paused = [
            name
            for name in argocd.names
            if deployer.pause(name, argocd.namespace, change.id, until) is not Paused.NOT_NEEDED
        ]
        if not paused:
            return None
        return self.ledger.note(
            change,
            "auto_sync.paused",
            data={"applications": paused, "until": until.isoformat()},
            auto_sync_until=until,
            waiting=None,
        )

    def grip(self, change: Change) -> Grip:
        """Pause what has an emergency's objects, and say what could not be paused. Safe to repeat,
        as long as it is needed; whoever calls records what came of it. Raises nothing: the apply
        does not wait for Argo CD."""
        argocd = self.environments[change.request.environment].argocd
        until = self.ledger.clock.now().replace(microsecond=0) + LEASE
        paused: list[Application] = []
        loose: dict[str, str] = {}
        for name in argocd.names if argocd else ():
            try:
                held = self._grip(change, name, argocd.namespace if argocd else "", until)
            except (RetryLater, Permanent) as error:
                log.warning("auto_sync.not_paused", application=name, because=str(error))
                loose[name] = str(error)
            else:
                paused += [held] if held else []
        names = tuple(application.name for application in paused)
        syncing = any(application.in_flight for application in paused)
        return Grip(names, loose, until, syncing)

    def gripped(self, change: Change, grip: Grip) -> Change | None:
        """Record what an emergency has paused; None when nothing is, or it is recorded."""
        if not grip.paused or grip.until is None or change.progress.auto_sync_until is not None:
            return None
        return self.ledger.note(
            change,
            "auto_sync.paused",
            data={
                "applications": list(grip.paused),
                "not_paused": dict(grip.loose),
                "until": grip.until.isoformat(),
            },
            auto_sync_until=grip.until,
            rollout=grip.remarks,
        )

    def _grip(
        self, change: Change, name: str, namespace: str, until: datetime
    ) -> Application | None:
        """An Application, as it is while it is paused for the change; None when it is not."""
        deployer = self._deployer(change)
        application = deployer.application(name, namespace)
        held = application.paused_by
        if held is not None and held.change == change.id and not application.auto_sync:
            return application
        if not concerns(application, change.request.targets):
            return None
        outcome = deployer.pause(name, namespace, change.id, until, takeover=True)
        return None if outcome is Paused.NOT_NEEDED else deployer.application(name, namespace)

    def unseen(self, change: Change, since: datetime) -> list[str]:
        """The Applications, paused for the change, that Argo CD has not compared with Git since;
        each is asked for a look. Auto-sync that came back before would put back what Git had
        before."""
        argocd = self.environments[change.request.environment].argocd
        if argocd is None or not self._has_pause(change):
            return []
        deployer = self._deployer(change)
        stale = [
            application.name
            for application in self._applications(change)
            if application.paused_by is not None and is_stale(application, since)
        ]
        for name in stale:
            deployer.refresh(name, argocd.namespace)
        return stale

    def out_of_sync(self, change: Change, since: datetime) -> list[str]:
        """Why an emergency's Applications are not as Git says, as Argo CD sees it: each has to be
        unpaused, and found Synced by a look after `since`. Argo CD is asked for that look: by
        itself it takes minutes, and may have looked just before we noticed."""
        argocd = self.environments[change.request.environment].argocd
        if argocd is None:
            return []
        deployer = self._deployer(change)
        found = self._applications(change)
        ours = [each for each in found if concerns(each, change.request.targets)]
        for application in ours:
            if is_stale(application, since):
                deployer.refresh(application.name, argocd.namespace)
        reasons = [why_not_synced(application, since) for application in ours]
        return [reason for reason in reasons if reason]

    def restore(self, change: Change) -> Change | None:
        """Put auto-sync back, once the change needs no pause any more; None when that is done."""
        argocd = self.environments[change.request.environment].argocd
        if argocd is None or not self._has_pause(change):
            return None
        deployer = self._deployer(change)
        outcomes = {
            name: deployer.restore(name, argocd.namespace, change.id).value for name in argocd.names
        }
        return self.ledger.note(
            change,
            "auto_sync.restored",
            data={"applications": outcomes},
            auto_sync_until=None,
            failure=change.progress.failure,
        )

    def tend(self) -> None:
        """The job: prolong what living changes hold, restore what nobody does."""
        for context, namespace in {
            (environment.context, environment.argocd.namespace)
            for environment in self.environments.values()
            if environment.argocd
        }:
            deployer = self.deployers(context)
            try:
                for application in deployer.paused(namespace):
                    self._tend(deployer, application, namespace)
            except (RetryLater, Permanent) as error:
                log.warning("auto_sync.untended", context=context, because=str(error))

    def _tend(self, deployer: Deployer, application: Application, namespace: str) -> None:
        held = application.paused_by
        if held is None:
            return
        change = self._holder(held.change)
        if change is None:
            outcome = deployer.restore(application.name, namespace, held.change)
            self._record(held.change, application, outcome)
            return
        now = self.ledger.clock.now()
        if held.until is None or held.until - now < PROLONG_BEFORE:
            until = now.replace(microsecond=0) + LEASE
            deployer.pause(application.name, namespace, held.change, until)

    def _holder(self, change_id: str) -> Change | None:
        """The change that still needs the pause, if it lives."""
        number = parse_change_id(change_id)
        if number is None:
            return None
        try:
            change = self.store.change(number)
        except NotFound:
            return None
        return change if change.state in HOLDING or change.progress.auto_sync_until else None

    def _record(self, held_by: str, application: Application, outcome: Restored) -> None:
        """What was left behind may name a change that this database does not know."""
        log.warning("auto_sync.restored", application=application.name, held_by=held_by)
        self.store.record(
            AuditEntry(
                kind="auto_sync.restored",
                actor=SYSTEM,
                change=None,
                at=self.ledger.clock.now(),
                data={
                    "application": application.name,
                    "outcome": outcome.value,
                    "held_by": held_by,
                },
            )
        )

    def _has_pause(self, change: Change) -> bool:
        """Whether something may be paused for the change. The row of an emergency need not say so:
        it goes on where a pause is not answered, and records none while a sync is under way."""
        if change.progress.auto_sync_until is not None:
            return True
        if change.path is not Path.EMERGENCY:
            return False
        holders = (application.paused_by for application in self._applications(change))
        return any(held is not None and held.change == change.id for held in holders)

    def _applications(self, change: Change) -> list[Application]:
        """Those of the change's environment, as they stand now."""
        argocd = self.environments[change.request.environment].argocd
        if argocd is None:
            return []
        deployer = self._deployer(change)
        return [deployer.application(name, argocd.namespace) for name in argocd.names]

    def _deployer(self, change: Change) -> Deployer:
        return self.deployers(self.environments[change.request.environment].context)
