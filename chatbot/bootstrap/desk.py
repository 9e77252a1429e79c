"""Wires the services behind the listeners: what people do."""

from chatbot.bootstrap import debt
from chatbot.bootstrap.shared import Parts
from chatbot.services.approvals import Approvals
from chatbot.services.break_glass import BreakGlass
from chatbot.services.decisions import Decisions
from chatbot.services.delegations import Delegations
from chatbot.services.intake import Intake
from chatbot.services.presence import Presence
from chatbot.services.requests import Requests
from chatbot.services.rollback_requests import RollbackRequests
from chatbot.services.rush import Rush
from chatbot.services.sign_offs import SignOffs
from chatbot.services.sources import Sources
from chatbot.services.timeline import Timeline
from chatbot.services.workers import WorkerPool
from chatbot.slack.desk import Desk


def desk(
    parts: Parts, rush: Rush, reconcilers: WorkerPool, couriers: WorkerPool, owing: debt.Debt
) -> Desk:
    """The desk of this installation."""
    environments, store = parts.environments, parts.store
    ledger, people, debtors = parts.ledger, parts.people, owing.debtors
    decisions = Decisions(store, ledger, reconcilers.wake, couriers.wake, parts.freezes.blocking)
    sources = Sources(parts.git, parts.settings.git.branch, store)
    presence, now = Presence(parts.clock), parts.clock.now
    intake = Intake(environments, parts.clusters, sources, now, presence)
    return Desk(
        requests=Requests(store, ledger, people, intake, environments, decisions, debtors.refuse),
        rollbacks=RollbackRequests(store, people, environments, decisions),
        environments=environments,
        store=store,
        chat=parts.chat,
        clock=parts.clock,
        rush=rush,
        approvals=Approvals(ledger, people, parts.electorates, parts.voices, decisions),
        delegations=Delegations(store, ledger, people, decisions),
        freezes=parts.freezes,
        break_glass=BreakGlass(ledger, people, intake, environments, decisions),
        sign_offs=SignOffs(ledger, people, parts.electorates, decisions, parts.told_in),
        debtors=debtors,
        obligations=owing.obligations,
        postmortems=owing.postmortems,
        timeline=Timeline(store, ledger, people),
    )
