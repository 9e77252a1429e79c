"""The direct path's services, wired as the product wires them, to be taken one step at a time.

Real adapters over an API server, a real store, and a controller that is played by hand.
"""

from typing import Any

import yaml

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Target
from chatbot.domain.environment import Environment
from chatbot.services.autosync import AutoSync
from chatbot.services.backfill import Backfill
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.plan import Planner
from chatbot.services.proposals import Proposals
from chatbot.services.repository import ClusterRepository
from chatbot.services.rollbacks import Rollbacks
from chatbot.services.rollout import Rollout
from tests.support import builders, kube
from tests.support.forge import SENIOR, ForgeProcess
from tests.support.forge_work import commit_files
from tests.support.github_host import github_host, host_at
from tests.unit.services.parts import Hand, Slack, environment

NOWHERE = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


class DirectPath:
    """The direct path's steps, wired as the product wires them, for one namespace."""

    def __init__(
        self,
        store: SqliteStore,
        clusters: KubernetesClusters,
        admin: kube.Admin,
        shop: str,
        forge: ForgeProcess | None,
    ) -> None:
        self.store, self.admin, self.shop = store, admin, shop
        self.clock = Hand()
        self.ledger = Ledger(store, self.clock)
        self.environments: dict[str, Environment] = {}
        self.set(confirm=False)
        self.git = github_host(forge) if forge else host_at(NOWHERE)
        auto_sync = AutoSync(self.environments, ArgoCDs(clusters), store, self.ledger)
        repository = ClusterRepository(self.git, KubectlKustomize())
        proposals = Proposals(
            environments=self.environments,
            git=self.git,
            repository=repository,
            base="main",
            ledger=self.ledger,
            login_of=lambda user: "octo-requester" if user == builders.REQUESTER else "",
        )
        rollbacks = Rollbacks(self.environments, store, clusters, self.git, proposals, self.ledger)
        self.planner = Planner(self.environments, clusters, self.ledger, rollbacks)
        people = People(Slack(), self.clock, seniors=[builders.SENIOR])
        self.freezes = Freezes(store, self.ledger, people, self.environments, ())
        self.rollout = Rollout(
            self.environments,
            clusters,
            self.git,
            store,
            self.ledger,
            self.planner,
            auto_sync,
            self.freezes,
        )
        self.backfill = Backfill(
            environments=self.environments,
            clusters=clusters,
            git=self.git,
            store=store,
            repository=repository,
            proposals=proposals,
            ledger=self.ledger,
            auto_sync=auto_sync,
            rollbacks=rollbacks,
            freezes=self.freezes,
        )
        self.repo: Any = forge.github(SENIOR).get_repo(forge.repo) if forge else None

    def set(self, *, confirm: bool = False, **fields: Any) -> None:
        made = environment("dev", namespaces=(self.shop,), path=f"environments/{self.shop}")
        rules = made.rules.model_copy(update={"confirm": confirm})
        self.environments["dev"] = made.model_copy(update={"rules": rules, **fields})

    @property
    def web(self) -> Target:
        return builders.target(namespace=self.shop)

    def running(self, **spec: Any) -> dict[str, Any]:
        """`deployment/web` runs, applied in our name and written in Git."""
        manifest = kube.deployment(self.shop, **{"replicas": 2, **spec})
        self.admin.apply_as("redlight", manifest)
        if self.repo:
            self.in_git({"web.yaml": yaml.safe_dump(manifest)})
        self.healthy()
        return manifest

    def in_git(self, files: dict[str, str]) -> None:
        folder = f"environments/{self.shop}"
        commit_files(self.repo, "main", {f"{folder}/{name}": text for name, text in files.items()})

    def live(self) -> dict[str, Any]:
        return self.admin.get(kube.deployment(self.shop))

    def healthy(self) -> None:
        """The controller has rolled out what is wanted."""
        live = self.live()
        wanted = live["spec"]["replicas"]
        counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        self.admin.set_status(
            live,
            {
                "observedGeneration": live["metadata"]["generation"],
                **dict.fromkeys(counts, wanted),
            },
        )

    def scaled(self, replicas: int = 5) -> Change:
        return self.requested(targets=(self.web,), replicas=replicas)

    def requested(self, **request: Any) -> Change:
        asked = builders.change_request(namespace=self.shop, **request)
        return self.store.create_change(builders.new_change(asked), builders.entry())

    def applied(self) -> Change:
        """Planned, snapshot taken, written."""
        change = self.planner.plan(self.scaled())
        return self.rollout.apply(self.rollout.apply(change))

    def in_debt(self) -> Change:
        """Rolled out, Git not yet asked."""
        change = self.applied()
        self.healthy()
        return self.rollout.validate(change)

    def asked(self) -> Change:
        """The pull request is open."""
        return self.backfill.reconcile(self.backfill.reconcile(self.in_debt()))

    def kinds(self, change: Change) -> list[str]:
        return [event.entry.kind for event in self.store.events(change.number)]
