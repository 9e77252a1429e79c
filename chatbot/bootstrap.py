"""The only place where parts are wired."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.clock import SystemClock
from chatbot.adapters.github import GitHubHost
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.prometheus import Metrics
from chatbot.adapters.slack import SlackChat
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path
from chatbot.domain.lifecycle import State
from chatbot.ports import Chat, Clock, Clusters, GitHost, Kustomize
from chatbot.services.autosync import AutoSync
from chatbot.services.backfill import Backfill
from chatbot.services.courier import Courier
from chatbot.services.intake import Intake
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.plan import Planner
from chatbot.services.polling import PullRequestPoll
from chatbot.services.proposals import Proposals
from chatbot.services.reconcile import DueWork, Reconciler, Steps
from chatbot.services.repository import ClusterRepository
from chatbot.services.requests import Requests
from chatbot.services.rollout import Rollout
from chatbot.services.rush import Rush
from chatbot.services.sources import Sources
from chatbot.services.workers import WorkerPool
from chatbot.settings import Settings
from chatbot.slack.desk import Desk

RECONCILE_WORKERS = 8
DELIVERY_WORKERS = 4
SLACK_TIMEOUT = 10
"""Seconds for one call to Slack."""


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

    def close(self) -> None:
        """Let every running step finish and be recorded; what waits is still due in its row."""
        self.reconcilers.stop()
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
    clock = clock or SystemClock()
    chat = chat or SlackChat(slack_client(settings))
    clusters = clusters or KubernetesClusters(settings.kubeconfig)
    git = git or GitHubHost(settings.github, settings.git.repo)
    environments = settings.environments
    store = SqliteStore(settings.database)
    metrics = Metrics(store)
    rush = Rush()
    ledger = Ledger(store, clock)
    people = People(
        chat,
        clock,
        requesters=settings.people.requesters,
        seniors=settings.people.seniors,
        managers=settings.people.managers,
    )

    courier = Courier(
        store=store,
        clock=clock,
        chat=chat,
        draw=lambda change: Card(
            change=change, environment=environments[change.request.environment]
        ),
        channel=lambda change: environments[change.request.environment].channel,
    )
    couriers = WorkerPool("courier", courier.deliver, DELIVERY_WORKERS, rush.make_way)
    repository = ClusterRepository(git, kustomize or KubectlKustomize())
    auto_sync = AutoSync(environments, ArgoCDs(clusters), store, ledger)
    steps = _steps(settings, store, ledger, clusters, git, repository, auto_sync)
    reconciler = Reconciler(
        store=store,
        clock=clock,
        ledger=ledger,
        steps=steps,
        shown=couriers.wake,
        observe=metrics.step,
    )
    reconcilers = WorkerPool("reconciler", reconciler.reconcile, RECONCILE_WORKERS, rush.make_way)
    requests = Requests(
        store=store,
        ledger=ledger,
        people=people,
        intake=Intake(environments, clusters, Sources(git, settings.git.branch), clock.now),
        environments=environments,
        wake=reconcilers.wake,
        shown=couriers.wake,
    )
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        chat=chat,
        desk=Desk(requests, environments, store, chat, clock, rush),
        metrics=metrics,
        reconcilers=reconcilers,
        couriers=couriers,
        due_work=DueWork(store, clock, reconcilers.wake, couriers.wake),
        pull_request_poll=PullRequestPoll(store, git, ledger, reconcilers.wake),
        clusters=clusters,
        auto_sync=auto_sync,
    )


def slack_client(settings: Settings) -> WebClient:
    """A Web API client with a timeout and without retries of its own: the rows retry."""
    return WebClient(
        token=settings.slack.bot_token.get_secret_value(),
        base_url=settings.slack.api_url,
        timeout=SLACK_TIMEOUT,
        retry_handlers=[],
    )


def _steps(
    settings: Settings,
    store: SqliteStore,
    ledger: Ledger,
    clusters: Clusters,
    git: GitHost,
    repository: ClusterRepository,
    auto_sync: AutoSync,
) -> Steps:
    environments = settings.environments
    planner = Planner(environments, clusters, ledger)
    rollout = Rollout(environments, clusters, git, store, ledger, planner, auto_sync)
    proposals = Proposals(
        environments=environments,
        git=git,
        repository=repository,
        base=settings.git.branch,
        ledger=ledger,
        login_of=lambda user: settings.github_logins.get(user, ""),
    )
    backfill = Backfill(
        environments=environments,
        clusters=clusters,
        git=git,
        repository=repository,
        proposals=proposals,
        ledger=ledger,
        auto_sync=auto_sync,
    )
    direct: dict[State, Callable[[Change], Change]] = {
        State.REQUESTED: planner.plan,
        State.AWAITING_CONFIRMATION: planner.expire,
        State.APPLYING: rollout.apply,
        State.VALIDATING: rollout.validate,
        State.ROLLING_BACK: rollout.roll_back,
        State.RECONCILING: backfill.reconcile,
        State.PR_OPEN: backfill.watch,
    }
    return {(Path.DIRECT, state): step for state, step in direct.items()}
