"""Wires what pays Git back, on the direct and on the emergency path."""

from chatbot.bootstrap.shared import Parts
from chatbot.services.backfill import Backfill
from chatbot.services.comparison import Comparison


def comparison_of(parts: Parts) -> Comparison:
    """Compares live with Git."""
    return Comparison(parts.environments, parts.clusters, parts.repository, parts.proposals)


def backfill_of(parts: Parts) -> Backfill:
    """Brings into Git what was applied."""
    return Backfill(
        environments=parts.environments,
        git=parts.git,
        store=parts.store,
        proposals=parts.proposals,
        comparison=comparison_of(parts),
        ledger=parts.ledger,
        auto_sync=parts.auto_sync,
        rollbacks=parts.rollbacks,
        freezes=parts.freezes,
    )
