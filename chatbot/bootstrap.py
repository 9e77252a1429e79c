"""The only place where parts are wired."""

from dataclasses import dataclass
from threading import Event

from slack_sdk import WebClient

from chatbot import incident_parts
from chatbot import parts as shared
from chatbot.adapters.clock import SystemClock
from chatbot.adapters.github import GitHubHost
from chatbot.adapters.jira import JiraTracker
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.prometheus import Metrics
from chatbot.adapters.slack_channels import SlackChannels
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Path
from chatbot.domain.lifecycle import State
from chatbot.parts import Parts
from chatbot.ports import Channels, Chat, Clock, Clusters, GitHost, Kustomize, Tracker
from chatbot.services.approvals import Approvals
from chatbot.services.asking import Asking
from chatbot.services.autosync import AutoSync
from chatbot.services.backfill import Backfill
from chatbot.services.branches import Branches
from chatbot.services.card_drawing import CardDrawing
from chatbot.services.courier import Courier
from chatbot.services.decisions import Decisions
from chatbot.services.delegations import Delegations
from chatbot.services.deployment import Deployment
from chatbot.services.freeze_watch import FreezeWatch
from chatbot.services.gates import Gates
from chatbot.services.gitops import GitOps
from chatbot.services.herald import Herald
from chatbot.services.incidents import IncidentWork
from chatbot.services.intake import Intake
from chatbot.services.plan import Planner
from chatbot.services.polling import PullRequestPoll
from chatbot.services.preapprovals import Preapprovals
from chatbot.services.presence import Presence
from chatbot.services.promotions import Promotions
from chatbot.services.reconcile import DueWork, Reconciler, Step
from chatbot.services.related_cards import RelatedCards
from chatbot.services.requests import Requests
from chatbot.services.reverts import Reverts
from chatbot.services.review import Reviewer
from chatbot.services.rollback_requests import RollbackRequests
from chatbot.services.rollout import Rollout
from chatbot.services.rush import Rush
from chatbot.services.sources import Sources
from chatbot.services.symptoms import Symptoms
from chatbot.services.timeline import Timeline
from chatbot.services.verdicts import Verdicts
from chatbot.services.workers import WorkerPool
from chatbot.settings import Settings
from chatbot.slack.desk import Desk

RECONCILE_WORKERS = 8
DELIVERY_WORKERS = 4


@dataclass(frozen=True)
class Services:
    """Everything that runs, wired."""

    settings: Settings
    clock: Clock
    store: SqliteStore
    chat: Chat
    desk: Desk
    metrics: Metrics
    reconcilers: WorkerPool
    couriers: WorkerPool
    due_work: DueWork
    pull_request_poll: PullRequestPoll
    clusters: Clusters
    auto_sync: AutoSync
    freeze_watch: FreezeWatch
    herald: Herald
    incidents: IncidentWork
    stopping: Event
    """Set as soon as we are to end: no worker begins another step."""

    def close(self) -> None:
        """Let every running step finish and be recorded; what waits is still due in its row."""
        self.stopping.set()
        self.reconcilers.stop()
        self.couriers.stop()
        self.incidents.stop()
        self.store.close()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    chat: Chat | None = None,
    clusters: KubernetesClusters | None = None,
    git: GitHost | None = None,
    kustomize: Kustomize | None = None,
    channels: Channels | None = None,
    tracker: Tracker | None = None,
) -> Services:
    """Wire the product. Each part from outside can be replaced. Nothing is called yet."""
    slack = SlackChannels(slack_client(settings))
    parts = shared.make(
        shared.Outside(
            clock=clock or SystemClock(),
            chat=chat or slack,
            clusters=clusters
            or KubernetesClusters(settings.kubeconfig, timeout=settings.timeouts.cluster_seconds),
            git=git or GitHubHost(settings.github, settings.git.repo),
            kustomize=kustomize or KubectlKustomize(),
            store=SqliteStore(settings.database),
            channels=channels or slack,
            tracker=tracker or (JiraTracker(settings.jira) if settings.jira else None),
        ),
        settings,
    )
    store, clock = parts.store, parts.clock
    rush, stopping = Rush(), Event()
    metrics = Metrics(store)
    couriers = WorkerPool("courier", _courier(parts).deliver, DELIVERY_WORKERS, rush.make_way)
    reconciler = Reconciler(
        store=store,
        clock=clock,
        ledger=parts.ledger,
        steps=_direct_steps(parts) | _gitops_steps(parts),
        shown=couriers.wake,
        observe=metrics.step,
        stopping=stopping.is_set,
    )
    reconcilers = WorkerPool("reconciler", reconciler.reconcile, RECONCILE_WORKERS, rush.make_way)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        chat=parts.chat,
        desk=_desk(parts, rush, reconcilers, couriers),
        metrics=metrics,
        reconcilers=reconcilers,
        couriers=couriers,
        due_work=DueWork(store, clock, reconcilers.wake, couriers.wake),
        pull_request_poll=PullRequestPoll(store, parts.git, parts.ledger, reconcilers.wake),
        clusters=parts.clusters,
        auto_sync=parts.auto_sync,
        freeze_watch=FreezeWatch(parts.freezes),
        herald=Herald(store, clock, parts.chat),
        incidents=incident_parts.work(parts, couriers, rush, stopping.is_set),
        stopping=stopping,
    )


def slack_client(settings: Settings) -> WebClient:
    """A Web API client with a timeout and without retries of its own: the rows retry."""
    return WebClient(
        token=settings.slack.bot_token.get_secret_value(),
        base_url=settings.slack.api_url,
        timeout=settings.timeouts.slack_seconds,
        retry_handlers=[],
    )


def _courier(parts: Parts) -> Courier:
    environments, store = parts.environments, parts.store
    related = RelatedCards(store, parts.chat)
    return Courier(
        store=store,
        clock=parts.clock,
        chat=parts.chat,
        draw=CardDrawing(
            environments, parts.electorates, parts.freezes, related, parts.clock, store
        ).draw,
        channel=lambda change: environments[change.request.environment].channel,
    )


def _desk(parts: Parts, rush: Rush, reconcilers: WorkerPool, couriers: WorkerPool) -> Desk:
    environments, store, ledger, people = (
        parts.environments,
        parts.store,
        parts.ledger,
        parts.people,
    )
    decisions = Decisions(store, ledger, reconcilers.wake, couriers.wake, parts.freezes.blocking)
    intake = Intake(
        environments,
        parts.clusters,
        Sources(parts.git, parts.settings.git.branch),
        parts.clock.now,
        Presence(parts.clock),
    )
    return Desk(
        requests=Requests(
            store=store,
            ledger=ledger,
            people=people,
            intake=intake,
            environments=environments,
            decisions=decisions,
        ),
        rollbacks=RollbackRequests(store, people, environments, decisions),
        environments=environments,
        store=store,
        chat=parts.chat,
        clock=parts.clock,
        rush=rush,
        approvals=Approvals(ledger, people, parts.electorates, parts.voices, decisions),
        delegations=Delegations(store, ledger, people, decisions),
        freezes=parts.freezes,
        timeline=Timeline(store, ledger, people),
    )


def _direct_steps(parts: Parts) -> dict[tuple[Path, State], Step]:
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
    backfill = Backfill(
        environments=environments,
        clusters=parts.clusters,
        git=parts.git,
        store=parts.store,
        repository=parts.repository,
        proposals=parts.proposals,
        ledger=ledger,
        auto_sync=parts.auto_sync,
        rollbacks=parts.rollbacks,
        freezes=parts.freezes,
    )
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


def _gitops_steps(parts: Parts) -> dict[tuple[Path, State], Step]:
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
