"""What everything else is wired from: the parts that are not ours, and the services that the steps
of every path and the listeners share."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.adapters import rego_files
from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.rego import RegoPolicies
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain import emergency_news, policyset
from chatbot.domain.change import Change, Path
from chatbot.domain.environment import Environment
from chatbot.domain.incident import Side
from chatbot.ports import Channels, Chat, Clock, Deployers, GitHost, Kustomize, Tracker
from chatbot.services.autosync import AutoSync
from chatbot.services.electorates import Electorates
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.policy import PolicyRules
from chatbot.services.proposals import Proposals
from chatbot.services.repository import ClusterRepository
from chatbot.services.rollbacks import Rollbacks
from chatbot.services.voices import Voices
from chatbot.settings import Settings


@dataclass(frozen=True)
class Outside:
    """What is not ours, and where we keep our own."""

    clock: Clock
    chat: Chat
    clusters: KubernetesClusters
    git: GitHost
    kustomize: Kustomize
    store: SqliteStore
    channels: Channels
    tracker: Tracker | None
    """None: this installation has no Jira."""


@dataclass(frozen=True)
class Parts:
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
    channels: Channels
    tracker: Tracker | None

    @property
    def environments(self) -> Mapping[str, Environment]:
        """By name."""
        return self.settings.environments

    @property
    def rollbacks(self) -> Rollbacks:
        """What takes earlier changes back."""
        return Rollbacks(
            self.environments, self.store, self.clusters, self.git, self.proposals, self.ledger
        )

    @property
    def policies(self) -> PolicyRules:
        """The rules that ship, and the engine that judges by them and by the repository's."""
        return PolicyRules(RegoPolicies(), policyset.read(rego_files.shipped()))

    def channel(self, change: Change) -> str:
        """Where the card of a change stands."""
        incidents = self.settings.channels.incidents
        ordinary = self.environments[change.request.environment].channel
        return incidents or ordinary if change.path is Path.EMERGENCY else ordinary

    def incident_channel(self, change: Change) -> str:
        """Where people talk about an emergency: its incident's channel, or, while there is none,
        where its card stands."""
        incident = self.store.incident(change.number, Side.CHANNEL)
        if incident is None or incident.room is None or incident.closed_at is not None:
            return self.channel(change)
        return incident.room.id

    def told_in(self, change: Change) -> tuple[str, ...]:
        """The channels that hear of an emergency."""
        named = self.settings.channels
        return emergency_news.channels(named.incidents, named.stakeholders, self.channel(change))


def make(outside: Outside, settings: Settings) -> Parts:
    """Wire what is shared. Nothing is called yet."""
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
    return Parts(
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
        channels=outside.channels,
        tracker=outside.tracker,
    )
