"""The emergency path's services from the sign-off on, wired as the product wires them, to be taken
one step at a time: under an everyday identity that only looks, and one for emergencies."""

from datetime import timedelta
from typing import Any

import yaml

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Path, Target
from chatbot.domain.emergency import Criterion
from chatbot.domain.environment import ArgoApplications, Environment
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.obligation import Kind
from chatbot.domain.pull_request import PullRequestState
from chatbot.services.autosync import AutoSync
from chatbot.services.backfill import Backfill
from chatbot.services.comparison import Comparison
from chatbot.services.emergency_backfill import EmergencyBackfill
from chatbot.services.emergency_rollout import EmergencyRollout
from chatbot.services.forecasts import Forecasts
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.proposals import Proposals
from chatbot.services.reconcile import Step
from chatbot.services.repository import ClusterRepository
from chatbot.services.rollbacks import Rollbacks
from tests.support import builders, kube
from tests.support.forge import SENIOR, ForgeProcess
from tests.support.forge_work import commit_files
from tests.support.github_host import github_host, host_at
from tests.unit.services.parts import Hand, Slack, environment

NOWHERE = "http://127.0.0.1:9"
TOLD_IN = ("#incidents", "#status")
"""The channels that hear of emergencies."""
"""The discard port: nothing listens there."""

GITOPS = "gitops"
"""The field manager that wrote to prod before any emergency."""


class EmergencyPath:
    """Emergencies in `prod`, which is one namespace."""

    def __init__(
        self,
        store: SqliteStore,
        clusters: KubernetesClusters,
        admin: kube.Admin,
        shop: str,
        *,
        contexts: tuple[str, str] = ("", ""),
        forge: ForgeProcess | None = None,
        argocd: ArgoApplications | None = None,
    ) -> None:
        self.store, self.admin, self.shop, self.clusters = store, admin, shop, clusters
        self.clock = Hand()
        self.ledger = Ledger(store, self.clock)
        self.environments: dict[str, Environment] = {
            "prod": environment(
                "prod",
                "prod",
                namespaces=(shop,),
                path=f"environments/{shop}",
                context=contexts[0],
                emergency_context=contexts[1],
                argocd=argocd,
            )
        }
        self.git = github_host(forge) if forge else host_at(NOWHERE)
        self.repo: Any = forge.github(SENIOR).get_repo(forge.repo) if forge else None
        self._wire()

    def _wire(self) -> None:
        environments, store, ledger = self.environments, self.store, self.ledger
        repository = ClusterRepository(self.git, KubectlKustomize())
        proposals = Proposals(environments, self.git, repository, "main", ledger, lambda _: "")
        auto_sync = AutoSync(environments, ArgoCDs(self.clusters), store, ledger)
        rollbacks = Rollbacks(environments, store, self.clusters, self.git, proposals, ledger)
        comparison = Comparison(environments, self.clusters, repository, proposals)
        people = People(Slack(), self.clock, seniors=[builders.SENIOR])
        self.auto_sync = auto_sync
        self.forecasts = Forecasts(environments, self.clusters)
        self.rollout = EmergencyRollout(
            environments=environments,
            clusters=self.clusters,
            store=store,
            ledger=ledger,
            forecasts=self.forecasts,
            auto_sync=auto_sync,
            hours=dict.fromkeys(Kind, timedelta(hours=24)),
            told_in=lambda _: TOLD_IN,
        )
        self.backfill = EmergencyBackfill(
            git=self.git,
            store=store,
            ledger=ledger,
            proposals=proposals,
            comparison=comparison,
            auto_sync=auto_sync,
            told_in=lambda _: TOLD_IN,
            backfill=Backfill(
                environments=environments,
                git=self.git,
                store=store,
                proposals=proposals,
                comparison=comparison,
                ledger=ledger,
                auto_sync=auto_sync,
                rollbacks=rollbacks,
                freezes=Freezes(store, ledger, people, environments, ()),
            ),
            rollbacks=rollbacks,
        )
        self.steps: dict[State, Step] = {
            State.APPLYING: self.rollout.apply,
            State.VALIDATING: self.rollout.validate,
            State.ROLLING_BACK: self.rollout.roll_back,
            State.RECONCILING: self.backfill.reconcile,
            State.PR_OPEN: self.backfill.watch,
        }

    @property
    def web(self) -> Target:
        return builders.target(namespace=self.shop)

    def running(self, **spec: Any) -> dict[str, Any]:
        """`deployment/web` runs as Git says, brought by Argo CD."""
        manifest = kube.deployment(self.shop, **{"replicas": 2, **spec})
        self.admin.apply_as(GITOPS, manifest, force=True)
        if self.repo:
            path = f"environments/{self.shop}/web.yaml"
            commit_files(self.repo, "main", {path: yaml.safe_dump(manifest)})
        self.healthy()
        return manifest

    def live(self) -> dict[str, Any]:
        return self.admin.get(kube.deployment(self.shop))

    @property
    def replicas(self) -> int:
        count: int = self.live()["spec"]["replicas"]
        return count

    def scale_by_hand(self, replicas: int) -> None:
        """Somebody changes the object past everybody."""
        self.admin.patch_as("hand", self.live(), {"spec": {"replicas": replicas}})

    def argo_cd_puts_back(self, replicas: int = 2) -> None:
        """A sync brings what Git had before the emergency."""
        manifest = kube.deployment(self.shop, replicas=replicas)
        self.admin.apply_as(GITOPS, manifest, force=True)

    def healthy(self) -> None:
        """The controller has rolled out what is wanted."""
        live = self.live()
        wanted = live["spec"]["replicas"]
        counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        generation = live["metadata"]["generation"]
        status = {"observedGeneration": generation, **dict.fromkeys(counts, wanted)}
        self.admin.set_status(live, status)

    def requested(self, **request: Any) -> Change:
        """Somebody broke the glass."""
        defaults = {
            "environment": "prod",
            "namespace": self.shop,
            "targets": (self.web,),
            "replicas": 5,
            "criterion": Criterion.SERVICE_DOWN,
            "blast_radius": "the shop",
        }
        asked = builders.change_request(**{**defaults, **request})
        new = builders.new_change(asked, path=Path.EMERGENCY)
        change = self.store.create_change(new, builders.entry())
        self.clock.move(seconds=1)
        return change

    def signed_off(self, change: Change | None = None, **request: Any) -> Change:
        """Planned, through the lights, and a senior has said yes."""
        change = change or self.requested(**request)
        plan = self.forecasts.preview(change)
        change = self.ledger.advance(change, Event.PLANNED, "change.planned", plan=plan)
        change = self.ledger.advance(change, Event.APPROVED, "red_light.typed")
        return self.ledger.advance(
            change,
            Event.CONFIRMED,
            "change.signed_off",
            actor=builders.SENIOR,
            confirmed_digest=plan.digest,
            confirmed_by=builders.SENIOR,
        )

    def step(self, change: Change) -> Change:
        """The next step, on the row as it is; time goes on."""
        self.clock.move(seconds=1)
        return self.steps[change.state](self.store.change(change.number))

    def until(self, change: Change, state: State, steps: int = 12) -> Change:
        """Step until it is in a state."""
        for _ in range(steps):
            if change.state is state:
                return change
            change = self.step(change)
        raise AssertionError(
            f"{change.state}: {change.progress.failure or change.progress.waiting}"
        )

    def applied(self, **request: Any) -> Change:
        return self.until(self.signed_off(**request), State.VALIDATING)

    def rolled_out(self, **request: Any) -> Change:
        """Rolled out; Git was not asked yet."""
        change = self.applied(**request)
        self.healthy()
        return self.until(change, State.RECONCILING)

    def undone(self, change: Change) -> Change:
        change = self.ledger.advance(change, Event.ROLLBACK_STARTED, "rollback.started")
        return self.until(change, State.RECONCILING)

    def merged(self, change: Change) -> Change:
        """A person merges the pull request; the change has seen that."""
        change = self.until(change, State.PR_OPEN)
        assert change.progress.pull_request is not None
        self.repo.get_pull(change.progress.pull_request.number).merge()
        change = self.until(change, State.RECONCILING)
        assert change.progress.pull_request is not None
        assert change.progress.pull_request.state is PullRequestState.MERGED
        return change

    def postmortem(self, change: Change) -> None:
        """It is accepted."""
        owed = self.store.obligation(change.number, Kind.POSTMORTEM)
        assert owed is not None
        met = owed.model_copy(update={"met_at": self.clock.now()})
        self.store.save_obligation(met, [builders.entry("postmortem.met", change=change.number)])

    def owes(self, change: Change) -> set[Kind]:
        return {each.kind for each in self.store.obligations(change.number) if each.is_open}

    def kinds(self, change: Change) -> list[str]:
        return [event.entry.kind for event in self.store.events(change.number)]

    def told(self, change: Change) -> str:
        return "\n".join(each.notice.text for each in self.store.pending_notices(change.number))
