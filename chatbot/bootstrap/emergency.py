"""Wires the steps of the emergency path."""

from datetime import timedelta

from chatbot.bootstrap.repayment import backfill_of, comparison_of
from chatbot.bootstrap.shared import Parts
from chatbot.domain.change import Path
from chatbot.domain.lifecycle import State
from chatbot.domain.obligation import Kind
from chatbot.services.bypasses import Bypasses
from chatbot.services.emergencies import Emergencies
from chatbot.services.emergency_backfill import EmergencyBackfill
from chatbot.services.emergency_rollout import EmergencyRollout
from chatbot.services.forecasts import Forecasts
from chatbot.services.paging import Paging
from chatbot.services.reconcile import Step
from chatbot.services.related_cards import RelatedCards


def steps_of(parts: Parts) -> dict[tuple[Path, State], Step]:
    """The step of each state."""
    steps = _to_the_sign_off(parts) | _from_the_sign_off(parts)
    return {(Path.EMERGENCY, state): step for state, step in steps.items()}


def _to_the_sign_off(parts: Parts) -> dict[State, Step]:
    environments, ledger = parts.environments, parts.ledger
    bypasses = Bypasses(
        environments=environments,
        store=parts.store,
        clock=parts.clock,
        freezes=parts.freezes,
        deployers=parts.deployers,
        clusters=parts.clusters,
        git=parts.git,
        policies=parts.policies,
        base_head=parts.proposals.base_head,
    )
    preview = Forecasts(environments, parts.clusters).preview
    emergencies = Emergencies(environments, ledger, preview, bypasses, parts.channel)
    related = RelatedCards(parts.store, parts.chat)
    paging = Paging(ledger, parts.people, parts.electorates, related.link)
    return {
        State.REQUESTED: emergencies.plan,
        State.AWAITING_CONFIRMATION: emergencies.expire,
        State.AWAITING_APPROVAL: paging.tend,
    }


def _from_the_sign_off(parts: Parts) -> dict[State, Step]:
    owed = parts.settings.obligations
    rollout = EmergencyRollout(
        environments=parts.environments,
        clusters=parts.clusters,
        store=parts.store,
        ledger=parts.ledger,
        forecasts=Forecasts(parts.environments, parts.clusters),
        auto_sync=parts.auto_sync,
        hours={
            Kind.POSTMORTEM: timedelta(hours=owed.postmortem_hours),
            Kind.RECONCILIATION: timedelta(hours=owed.reconciliation_hours),
        },
        told_in=parts.told_in,
    )
    backfill = EmergencyBackfill(
        git=parts.git,
        store=parts.store,
        ledger=parts.ledger,
        proposals=parts.proposals,
        comparison=comparison_of(parts),
        auto_sync=parts.auto_sync,
        backfill=backfill_of(parts),
        rollbacks=parts.rollbacks,
        told_in=parts.told_in,
    )
    return {
        State.APPLYING: rollout.apply,
        State.VALIDATING: rollout.validate,
        State.ROLLING_BACK: rollout.roll_back,
        State.RECONCILING: backfill.reconcile,
        State.PR_OPEN: backfill.watch,
    }
