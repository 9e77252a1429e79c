"""Wires the steps of the gitops path."""

from chatbot.bootstrap.shared import Parts
from chatbot.domain.change import Path
from chatbot.domain.lifecycle import State
from chatbot.services.asking import Asking
from chatbot.services.branches import Branches
from chatbot.services.deployment import Deployment
from chatbot.services.gates import Gates
from chatbot.services.gitops import GitOps
from chatbot.services.preapprovals import Preapprovals
from chatbot.services.promotions import Promotions
from chatbot.services.reconcile import Step
from chatbot.services.reverts import Reverts
from chatbot.services.review import Reviewer
from chatbot.services.symptoms import Symptoms
from chatbot.services.verdicts import Verdicts


def _reviewer(parts: Parts) -> Reviewer:
    return Reviewer(
        environments=parts.environments,
        git=parts.git,
        repository=parts.repository,
        clusters=parts.clusters,
        deployers=parts.deployers,
        policies=parts.policies,
        promotions=Promotions(parts.environments, parts.store),
        preapprovals=Preapprovals(parts.environments, parts.store, parts.electorates, parts.clock),
        base_head=parts.proposals.base_head,
        clock=parts.clock,
    )


def steps_of(parts: Parts) -> dict[tuple[Path, State], Step]:
    """The step of each state."""
    environments, ledger = parts.environments, parts.ledger
    branches = Branches(environments, parts.git, parts.repository, parts.proposals, ledger)
    gitops = GitOps(
        environments=environments,
        git=parts.git,
        store=parts.store,
        ledger=ledger,
        proposals=parts.proposals,
        branches=branches,
        reviewer=_reviewer(parts),
        verdicts=Verdicts(parts.git),
        rollbacks=parts.rollbacks,
    )
    asking = Asking(
        git=parts.git,
        ledger=ledger,
        gitops=gitops,
        people=parts.people,
        electorates=parts.electorates,
        voices=parts.voices,
    )
    gates = Gates(environments, parts.store, ledger, gitops, parts.electorates, parts.freezes)
    deployment = Deployment(
        environments=environments,
        git=parts.git,
        store=parts.store,
        deployers=parts.deployers,
        repo=parts.settings.git.repo,
        ledger=ledger,
        gitops=gitops,
        rollbacks=parts.rollbacks,
        symptoms=Symptoms(environments, parts.clusters),
    )
    reverts = Reverts(
        environments, parts.git, parts.repository, parts.proposals, deployment, ledger
    )
    steps: dict[State, Step] = {
        State.REQUESTED: gitops.propose,
        State.PR_OPEN: gitops.review,
        State.BLOCKED: gitops.mended,
        State.AWAITING_APPROVAL: asking.tend,
        State.SCHEDULED: gates.start,
        State.SYNCING: deployment.sync,
        State.VALIDATING: deployment.validate,
        State.ROLLING_BACK: reverts.roll_back,
        State.COMPLETED: gitops.tidy,
        State.REJECTED: gitops.tidy,
        State.CANCELLED: gitops.tidy,
        State.EXPIRED: gitops.tidy,
        State.ROLLED_BACK: gitops.tidy,
    }
    return {(Path.GITOPS, state): step for state, step in steps.items()}
