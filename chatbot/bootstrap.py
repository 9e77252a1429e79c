"""The only place where parts are wired."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

from slack_sdk import WebClient

from chatbot import debt
from chatbot.adapters import rego_files
from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.clock import SystemClock
from chatbot.adapters.github import GitHubHost
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.prometheus import Metrics
from chatbot.adapters.rego import RegoPolicies
from chatbot.adapters.slack import SlackChat
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain import policyset
from chatbot.domain.change import Path
from chatbot.domain.environment import Environment
from chatbot.domain.lifecycle import State
from chatbot.ports import Chat, Clock, Clusters, Deployers, GitHost, Kustomize
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
from chatbot.services.electorates import Electorates
from chatbot.services.freeze_watch import FreezeWatch
from chatbot.services.freezes import Freezes
from chatbot.services.gates import Gates
from chatbot.services.gitops import GitOps
from chatbot.services.herald import Herald
from chatbot.services.intake import Intake
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.plan import Planner
from chatbot.services.policy import PolicyRules
from chatbot.services.polling import PullRequestPoll
from chatbot.services.preapprovals import Preapprovals
from chatbot.services.presence import Presence
from chatbot.services.promotions import Promotions
from chatbot.services.proposals import Proposals
from chatbot.services.reconcile import DueWork, Reconciler, Step
from chatbot.services.related_cards import RelatedCards
from chatbot.services.repository import ClusterRepository
from chatbot.services.requests import Requests
from chatbot.services.reverts import Reverts
from chatbot.services.review import Reviewer
from chatbot.services.rollback_requests import RollbackRequests
from chatbot.services.rollbacks import Rollbacks
from chatbot.services.rollout import Rollout
from chatbot.services.rush import Rush
from chatbot.services.sources import Sources
from chatbot.services.symptoms import Symptoms
from chatbot.services.verdicts import Verdicts
from chatbot.services.voices import Voices
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
    debt: debt.Debt
    stopping: Event
    """Set as soon as we are to end: no worker begins another step."""

    def close(self) -> None:
        """Let every running step finish and be recorded; what waits is still due in its row."""
        self.stopping.set()
        self.reconcilers.stop()
        self.debt.publishers.stop()
        self.couriers.stop()
        self.store.close()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    chat: Chat | None = None,
    clusters: KubernetesClusters | None = None,
    git: GitHost | None = None,
    kustomize: Kustomize | None = None,
) -> Services:
    """Wire the product. Each part from outside can be replaced. Nothing is called yet."""
    parts = _parts(
        _Outside(
            clock=clock or SystemClock(),
            chat=chat or SlackChat(slack_client(settings)),
            clusters=clusters
            or KubernetesClusters(settings.kubeconfig, timeout=settings.timeouts.cluster_seconds),
            git=git or GitHubHost(settings.github, settings.git.repo),
            kustomize=kustomize or KubectlKustomize(),
            store=SqliteStore(settings.database),
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
    shared = settings, parts.ledger, parts.people, parts.chat, parts.git
    owing = debt.wire(*shared, wake=reconcilers.wake, shown=couriers.wake)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        chat=parts.chat,
        desk=_desk(parts, rush, reconcilers, couriers, owing),
        metrics=metrics,
        reconcilers=reconcilers,
        couriers=couriers,
        due_work=DueWork(store, clock, reconcilers.wake, couriers.wake),
        pull_request_poll=PullRequestPoll(store, parts.git, parts.ledger, reconcilers.wake),
        clusters=parts.clusters,
        auto_sync=parts.auto_sync,
        freeze_watch=FreezeWatch(parts.freezes),
        herald=Herald(store, clock, parts.chat),
        debt=owing,
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


@dataclass(frozen=True)
class _Outside:
    """What is not ours, and where we keep our own."""

    clock: Clock
    chat: Chat
    clusters: KubernetesClusters
    git: GitHost
    kustomize: Kustomize
    store: SqliteStore


@dataclass(frozen=True)
class _Parts:
    """What the steps of every path and the desk share."""

    settings: Settings
    clock: Clock
    chat: Chat
    store: SqliteStore
    ledger: Ledger
    clusters: KubernetesClusters
    deployers: Deployers
    git: GitHost
    repository: ClusterRepository
    proposals: Proposals
    auto_sync: AutoSync
    people: People
    electorates: Electorates
    voices: Voices
    freezes: Freezes

    @property
    def environments(self) -> Mapping[str, Environment]:
        return self.settings.environments

    @property
    def rollbacks(self) -> Rollbacks:
        return Rollbacks(
            self.environments, self.store, self.clusters, self.git, self.proposals, self.ledger
        )


def _parts(outside: _Outside, settings: Settings) -> _Parts:
    environments, store = settings.environments, outside.store
    ledger = Ledger(store, outside.clock)
    people = People(
        outside.chat,
        outside.clock,
        requesters=settings.people.requesters,
        seniors=settings.people.seniors,
        managers=settings.people.managers,
        github_logins=settings.github_logins,
    )
    electorates = Electorates(store, people, environments)
    repository = ClusterRepository(outside.git, outside.kustomize)
    deployers = ArgoCDs(outside.clusters)
    return _Parts(
        settings=settings,
        clock=outside.clock,
        chat=outside.chat,
        store=store,
        ledger=ledger,
        clusters=outside.clusters,
        deployers=deployers,
        git=outside.git,
        repository=repository,
        proposals=Proposals(
            environments=environments,
            git=outside.git,
            repository=repository,
            base=settings.git.branch,
            ledger=ledger,
            login_of=lambda user: settings.github_logins.get(user, ""),
        ),
        auto_sync=AutoSync(environments, deployers, store, ledger),
        people=people,
        electorates=electorates,
        voices=Voices(ledger, people, electorates),
        freezes=Freezes(store, ledger, people, environments, settings.freezes),
    )


def _courier(parts: _Parts) -> Courier:
    environments, store = parts.environments, parts.store
    related = RelatedCards(store, parts.chat)
    knowing = parts.electorates, parts.freezes, related, parts.clock, store.obligations
    return Courier(
        store=store,
        clock=parts.clock,
        chat=parts.chat,
        draw=CardDrawing(environments, *knowing).draw,
        channel=lambda change: environments[change.request.environment].channel,
    )


def _desk(
    parts: _Parts, rush: Rush, reconcilers: WorkerPool, couriers: WorkerPool, owing: debt.Debt
) -> Desk:
    environments, store = parts.environments, parts.store
    ledger, people, debtors = parts.ledger, parts.people, owing.debtors
    decisions = Decisions(store, ledger, reconcilers.wake, couriers.wake, parts.freezes.blocking)
    sources = Sources(parts.git, parts.settings.git.branch)
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
        debtors=debtors,
        obligations=owing.obligations,
        postmortems=owing.postmortems,
    )


def _direct_steps(parts: _Parts) -> dict[tuple[Path, State], Step]:
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


def _reviewer(parts: _Parts) -> Reviewer:
    return Reviewer(
        environments=parts.environments,
        git=parts.git,
        repository=parts.repository,
        clusters=parts.clusters,
        deployers=parts.deployers,
        policies=PolicyRules(RegoPolicies(), policyset.read(rego_files.shipped())),
        promotions=Promotions(parts.environments, parts.store),
        preapprovals=Preapprovals(parts.environments, parts.store, parts.electorates, parts.clock),
        base_head=parts.proposals.base_head,
        clock=parts.clock,
    )


def _gitops_steps(parts: _Parts) -> dict[tuple[Path, State], Step]:
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
