"""The only place where parts are wired."""

from dataclasses import dataclass
from threading import Event

from slack_sdk import WebClient

from chatbot.adapters.clock import SystemClock
from chatbot.adapters.github import GitHubHost
from chatbot.adapters.jira import JiraTracker
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.prometheus import Metrics
from chatbot.adapters.slack_channels import SlackChannels
from chatbot.adapters.sqlite import SqliteStore
from chatbot.bootstrap import debt, desk, direct, emergency, gitops, incidents, shared
from chatbot.bootstrap.shared import Parts
from chatbot.ports import Channels, Chat, Clock, Clusters, GitHost, Kustomize, Tracker
from chatbot.services.autosync import AutoSync
from chatbot.services.card_drawing import CardDrawing
from chatbot.services.courier import Courier
from chatbot.services.freeze_watch import FreezeWatch
from chatbot.services.herald import Herald
from chatbot.services.incidents import IncidentWork
from chatbot.services.polling import PullRequestPoll
from chatbot.services.reconcile import DueWork, Reconciler
from chatbot.services.related_cards import RelatedCards
from chatbot.services.rush import Rush
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
    incidents: IncidentWork
    stopping: Event
    """Set as soon as we are to end: no worker begins another step."""

    def close(self) -> None:
        """Let every running step finish and be recorded; what waits is still due in its row."""
        self.stopping.set()
        self.reconcilers.stop()
        self.debt.publishers.stop()
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
    outside = shared.Outside(
        clock=clock or SystemClock(),
        chat=chat or slack,
        clusters=clusters
        or KubernetesClusters(settings.kubeconfig, timeout=settings.timeouts.cluster_seconds),
        git=git or GitHubHost(settings.github, settings.git.repo),
        kustomize=kustomize or KubectlKustomize(),
        store=SqliteStore(settings.database),
        channels=channels or slack,
        tracker=tracker or (JiraTracker(settings.jira) if settings.jira else None),
    )
    return _running(shared.make(outside, settings))


def _running(parts: Parts) -> Services:
    """The workers over the shared parts, and what wakes them."""
    store, clock = parts.store, parts.clock
    rush, stopping = Rush(), Event()
    metrics = Metrics(store)
    couriers = WorkerPool("courier", _courier(parts).deliver, DELIVERY_WORKERS, rush.make_way)
    reconciler = Reconciler(
        store=store,
        clock=clock,
        ledger=parts.ledger,
        steps=direct.steps_of(parts) | gitops.steps_of(parts) | emergency.steps_of(parts),
        shown=couriers.wake,
        observe=metrics.step,
        stopping=stopping.is_set,
    )
    reconcilers = WorkerPool("reconciler", reconciler.reconcile, RECONCILE_WORKERS, rush.make_way)
    owing = debt.wire(parts, wake=reconcilers.wake, shown=couriers.wake)
    action_items = owing.postmortems.action_items
    return Services(
        settings=parts.settings,
        clock=clock,
        store=store,
        chat=parts.chat,
        desk=desk.desk(parts, rush, reconcilers, couriers, owing),
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
        incidents=incidents.work(parts, couriers, rush, stopping.is_set, action_items),
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
        channel=parts.channel,
    )
