"""Argo CD's auto-sync, out of the way while the cluster is ahead of Git on the direct path.

An Application that syncs by itself would put back what a change just applied. It is paused before
the apply and restored, exactly as it was, once Git holds the change or the cluster is put back. The
pause is a lease: who has it, and until when, stands on the Application and in the audit log, a
living change prolongs it, and what nobody living holds is restored by a job.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from chatbot.domain.argocd import Application
from chatbot.domain.argocd_pause import Paused, Restored
from chatbot.domain.change import Change, parse_change_id
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

    def restore(self, change: Change) -> Change | None:
        """Put auto-sync back, once the change needs no pause any more; None when that is done."""
        argocd = self.environments[change.request.environment].argocd
        if argocd is None or change.progress.auto_sync_until is None:
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

    def _deployer(self, change: Change) -> Deployer:
        return self.deployers(self.environments[change.request.environment].context)
