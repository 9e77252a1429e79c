"""Wires the steps of the direct path."""

from chatbot.bootstrap.repayment import backfill_of
from chatbot.bootstrap.shared import Parts
from chatbot.domain.change import Path
from chatbot.domain.lifecycle import State
from chatbot.services.plan import Planner
from chatbot.services.reconcile import Step
from chatbot.services.rollout import Rollout


def steps_of(parts: Parts) -> dict[tuple[Path, State], Step]:
    """The step of each state."""
    environments, ledger = parts.environments, parts.ledger
    planner = Planner(environments, parts.clusters, ledger, parts.rollbacks)
    rollout = Rollout(
        environments,
        parts.clusters,
        parts.git,
        parts.store,
        ledger,
        planner,
        parts.auto_sync,
        parts.freezes,
    )
    backfill = backfill_of(parts)
    steps: dict[State, Step] = {
        State.REQUESTED: planner.plan,
        State.AWAITING_CONFIRMATION: planner.expire,
        State.APPLYING: rollout.apply,
        State.VALIDATING: rollout.validate,
        State.ROLLING_BACK: rollout.roll_back,
        State.RECONCILING: backfill.reconcile,
        State.PR_OPEN: backfill.watch,
    }
    return {(Path.DIRECT, state): step for state, step in steps.items()}
