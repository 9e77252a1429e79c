"""Taking a merged change back, one step at a time, over a Git host, and over Argo CD's loop."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.argocd import Health
from chatbot.domain.argocd_sync import SyncOrder
from chatbot.domain.change import Change
from chatbot.domain.change import Path as Way
from chatbot.domain.environment import ArgoApplications
from chatbot.domain.errors import Conflict, Permanent, RetryLater
from chatbot.domain.lifecycle import State
from chatbot.domain.line import behind
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.ports import Deployer
from chatbot.services.deployment import Deployment
from chatbot.services.ledger import Ledger
from chatbot.services.proposals import Proposals
from chatbot.services.queue import seize
from chatbot.services.repository import ClusterRepository
from chatbot.services.reverts import Reverts
from chatbot.services.symptoms import Symptoms
from sandbox.argocd import Controller
from sandbox.control_plane import ControlPlane
from sandbox.kubelet import Kubelet
from sandbox.kubelet import Settings as KubeletSettings
from tests.contract.cluster.world import eventually
from tests.integration.argocd_fixtures import *  # noqa: F403 - its fixtures
from tests.integration.argocd_fixtures import QUICK
from tests.support import builders
from tests.support.approvals import review
from tests.support.argocd import ArgoWorld
from tests.support.forge import ADMIN, SENIOR, ForgeProcess, running_forge
from tests.support.forge_work import approve, commit_files, open_pull, protect
from tests.support.github_host import github_host
from tests.support.kube import deployment
from tests.support.store import move
from tests.unit.services.parts import Hand, environment

WHY = "Argo CD calls Application prod Degraded"
PROD, LIVE = "environments/prod", "environments/live"


class WayBack:
    """Changes to `prod` that were merged and do not work, and the step that takes them back."""

    def __init__(
        self,
        store: SqliteStore,
        forge: ForgeProcess,
        clusters: KubernetesClusters,
        path: str = PROD,
        argocd: str = "argocd",
    ) -> None:
        self.store, self.forge = store, forge
        self.web = f"{path}/shop-prod/web.yaml"
        self.repo: Any = forge.github(SENIOR).get_repo(forge.repo)
        self.git = github_host(forge)
        self.clock = Hand()
        self.ledger = Ledger(store, self.clock)
        applications = ArgoApplications(
            names=("shop",), namespace=argocd, settle=timedelta(seconds=1)
        )
        environments = {"prod": environment("prod", "prod", path=path, argocd=applications)}
        repository = ClusterRepository(self.git, KubectlKustomize())
        proposals = Proposals(environments, self.git, repository, "main", self.ledger, lambda _: "")
        deploying = Deployment(
            environments=environments,
            git=self.git,
            store=store,
            deployers=ArgoCDs(clusters),
            repo=forge.repo,
            ledger=self.ledger,
            gitops=None,  # type: ignore[arg-type] # not on the way back
            rollbacks=None,  # type: ignore[arg-type] # not on the way back
            symptoms=Symptoms(environments, clusters),
        )
        self.reverts = Reverts(
            environments, self.git, repository, proposals, deploying, self.ledger
        )

    @property
    def head(self) -> str:
        return str(self.repo.get_branch("main").commit.sha)

    def text(self, path: str = "") -> str:
        content: bytes = self.repo.get_contents(path or self.web, ref="main").decoded_content
        return content.decode()

    def push(self, files: dict[str, str | None]) -> str:
        """Somebody pushes to the main branch."""
        return commit_files(self.repo, "main", files)

    def edit(self, old: str, new: str) -> str:
        text = self.text()
        assert old in text
        return self.push({self.web: text.replace(old, new)})

    def merged(self, old: str, new: str) -> Change:
        """A change whose pull request was merged and which does not work."""
        base, text = self.head, self.text()
        assert old in text
        pull = open_pull(self.repo, "bad", {self.web: text.replace(old, new)})
        sha = pull.merge().sha
        request = builders.change_request(environment="prod", namespace="shop-prod")
        change = self.store.create_change(
            builders.new_change(request, path=Way.GITOPS), builders.entry()
        )
        progress = change.progress.model_copy(
            update={
                "pull_request": PullRequest(
                    number=pull.number,
                    url=pull.html_url,
                    branch="bad",
                    head_sha=pull.head.sha,
                    state=PullRequestState.MERGED,
                    merge_sha=sha,
                ),
                "review": review(base_sha=base, head_sha=pull.head.sha),
                "revert_because": WHY,
            }
        )
        return move(self.store, change, State.ROLLING_BACK, progress=progress)

    def scaled(self) -> Change:
        return self.merged("replicas: 4", "replicas: 9")

    def step(self, change: Change) -> Change:
        return self.reverts.roll_back(self.store.change(change.number))

    def until(self, change: Change, done: Callable[[Change], object]) -> Change:
        for _ in range(8):
            change = self.step(change)
            if done(change):
                return change
        raise AssertionError(f"not done: {change.progress}")

    def asked(self, change: Change) -> Change:
        """The pull request that takes it back is open."""
        return self.until(change, lambda now: now.progress.revert)

    def reverted(self, change: Change) -> Change:
        """Git is without it."""
        return self.until(change, lambda now: now.progress.reverted_sha)

    def pull(self, change: Change) -> Any:
        asked = self.store.change(change.number).progress.revert
        assert asked is not None
        return self.repo.get_pull(asked.number)


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path / "forge") as started:
        yield started


@pytest.fixture
def way(store: SqliteStore, forge: ForgeProcess, embedded_clusters: KubernetesClusters) -> WayBack:
    return WayBack(store, forge, embedded_clusters)


# --- Git -------------------------------------------------------------------------------------


def test_nothing_is_taken_back_while_an_emergency_has_the_objects(way: WayBack) -> None:
    change = way.scaled()
    new = builders.new_change(builders.change_request(environment="prod"), path=Way.EMERGENCY)
    emergency = move(way.store, way.store.create_change(new, builders.entry()), State.RECONCILING)
    seize(way.store, way.ledger, emergency)
    assert behind(way.step(change)) == (emergency.number,)
    assert not way.store.change(change.number).progress.revert_base_sha
    way.store.let_go(emergency.number)
    assert not behind(way.step(change))


def test_it_is_taken_back_on_top_of_what_came_later(way: WayBack) -> None:
    before = way.text()
    change = way.scaled()
    way.edit("containerPort: 8080", "containerPort: 8081")
    change = way.reverted(change)

    assert way.text() == before.replace("containerPort: 8080", "containerPort: 8081")
    pull = way.pull(change)
    assert (pull.merged, pull.commits) == (True, 1)
    assert change.progress.reverted_sha == pull.merge_commit_sha == way.head
    assert change.progress.sync_attempt == 2
    record = yaml.safe_load(way.text(f"mcp-ocs/changes/{change.id}.yaml"))
    assert record["result"] == f"Taken back. {WHY}"
    assert (WHY in pull.body, WHY in pull.get_commits()[0].commit.message) == (True, True)


def test_a_step_that_was_not_recorded_finds_its_own_traces(way: WayBack) -> None:
    based = way.step(way.scaled())
    first = way.step(based)
    unrecorded = {"version": first.version, "revision": first.revision + 1}
    way.store.save(based.model_copy(update=unrecorded), [])
    way.push({"README.md": "The base moves on meanwhile."})
    again = way.step(based)
    assert again.progress.revert == first.progress.revert
    assert again.progress.revert_commit_sha == first.progress.revert_commit_sha
    pull = way.pull(way.reverted(again))
    assert pull.merged
    assert "replicas: 4" in way.text()


def test_a_base_that_moves_on_is_followed_and_nothing_is_forced(way: WayBack) -> None:
    change = way.asked(way.scaled())
    first = change.progress.revert_commit_sha
    moved = way.edit("containerPort: 8080", "containerPort: 8081")
    change = way.reverted(change)
    pull = way.pull(change)
    assert first in [commit.sha for commit in pull.get_commits()]
    assert change.progress.revert_base_sha == moved
    assert "containerPort: 8081" in way.text()
    assert "replicas: 4" in way.text()


def test_what_was_changed_again_is_left_to_a_person_whose_way_back_counts(way: WayBack) -> None:
    change = way.scaled()
    way.edit("replicas: 9", "replicas: 7")
    change = way.step(change)
    with pytest.raises(Conflict, match=r"shop-prod/web\.yaml line \d+\."):
        way.step(change)
    by_hand = way.edit("replicas: 7", "replicas: 4")
    change = way.reverted(change)
    assert (change.progress.reverted_sha, change.progress.revert) == (by_hand, None)


def test_a_way_back_that_somebody_else_took_first_closes_ours(way: WayBack) -> None:
    change = way.asked(way.scaled())
    by_hand = way.edit("replicas: 9", "replicas: 4")
    change = way.reverted(change)
    assert change.progress.reverted_sha == by_hand
    pull = way.pull(change)
    assert (pull.state, pull.merged) == ("closed", False)


def test_one_that_was_closed_stands_still_and_opens_again_on_retry(way: WayBack) -> None:
    change = way.asked(way.scaled())
    way.pull(change).edit(state="closed")
    change = way.step(change)
    assert (change.state, change.due_at) == (State.ROLLING_BACK, None)
    assert change.progress.failure is not None
    assert "was closed" in change.progress.failure.sentence
    assert way.pull(way.reverted(change)).merged


def test_a_commit_by_somebody_else_is_not_merged(way: WayBack) -> None:
    change = way.asked(way.scaled())
    commit_files(way.repo, change.revert_branch, {"extra": "commit"})
    with pytest.raises(Permanent):
        way.step(change)
    assert not way.pull(change).merged
    way.pull(change).merge()
    assert way.step(change).progress.reverted_sha == way.head


def test_branch_protection_has_its_say_and_a_person_may_merge(way: WayBack) -> None:
    change = way.scaled()
    protect(way.forge.github(ADMIN).get_repo(way.forge.repo), approvals=1)
    change = way.asked(change)
    with pytest.raises(Permanent, match="review"):
        way.step(change)
    approve(way.repo, way.pull(change).number)
    assert way.reverted(change).progress.reverted_sha == way.head


def test_the_status_says_that_it_was_not_judged_anew(way: WayBack) -> None:
    change = way.scaled()
    repo = way.forge.github(ADMIN).get_repo(way.forge.repo)
    protect(repo, contexts=["redlight/policy"], approvals=0)
    change = way.reverted(change)
    commit = way.repo.get_commit(change.progress.revert_commit_sha)
    [status] = commit.get_statuses()
    assert (status.context, status.state) == ("redlight/policy", "success")


# --- the cluster -----------------------------------------------------------------------------


@pytest.fixture
def live(
    store: SqliteStore,
    forge: ForgeProcess,
    argo: ArgoWorld,
    clusters: KubernetesClusters,
    control_plane: ControlPlane,
    deployer: Deployer,
) -> Iterator[WayBack]:
    """`prod` is one Deployment, which Argo CD's loop deploys when it is told to."""
    way = WayBack(store, forge, clusters, LIVE, argo.applications)
    way.push({way.web: web(argo, "web:1")})
    config, url = str(control_plane.admin_kubeconfig), forge.clone_url()
    made = argo.manifest()
    made["spec"]["source"] = {
        "repoURL": url,
        "path": LIVE,
        "targetRevision": "main",
        "directory": {"recurse": True},
    }
    argo.admin.create(made)
    pods = KubeletSettings(ready_after=0.05, fails_after=0.3)
    with Kubelet(config, settings=pods), Controller(config, url, settings=QUICK):
        yield way


def web(argo: ArgoWorld, tag: str) -> str:
    made = deployment(argo.namespace, image=f"registry.example/{tag}", replicas=1)
    return str(yaml.safe_dump(made))


def through(way: WayBack, change: Change, done: Callable[[Change], object]) -> Change:
    """Step after step, a second each, until it is done."""

    def stepped() -> Change | None:
        way.clock.move(seconds=1)
        try:
            now = way.step(change)
        except RetryLater:
            return None
        return now if done(now) else None

    found: Change = eventually(stepped, seconds=60)
    return found


def is_held(change: Change) -> bool:
    return change.state is State.HELD


def test_the_cluster_follows_git_back_and_the_environment_is_held(
    live: WayBack, argo: ArgoWorld
) -> None:
    change = live.reverted(live.merged("web:1", "web:broken"))
    held = through(live, change, is_held)
    assert argo.image() == "registry.example/web:1"
    assert argo.read().history[-1].revisions == (held.progress.reverted_sha,)
    assert held.progress.failure is not None
    assert held.progress.failure.sentence == WHY
    assert held.due_at is None
    assert live.git.head(held.revert_branch) is None
    assert live.store.events(held.number)[-1].entry.kind == "change.taken_back"


def test_a_sync_of_the_commit_that_failed_is_ended_if_it_never_ends(
    live: WayBack, argo: ArgoWorld, deployer: Deployer
) -> None:
    change = live.merged("web:1", "web:broken")
    merged = change.progress.pull_request
    assert merged is not None
    argo.fate("stall")
    first = SyncOrder(change=change.id, revision=merged.merge_sha, repo=live.forge.repo)
    deployer.sync("shop", argo.applications, first)
    eventually(argo.runs)
    live.reverted(change)
    through(live, change, lambda _: not argo.runs())
    argo.fate(None)
    held = through(live, change, is_held)
    assert [each.revisions for each in argo.read().history] == [(held.progress.reverted_sha,)]


def test_what_the_cluster_refuses_stands_still_and_is_told_anew_on_retry(
    live: WayBack, argo: ArgoWorld
) -> None:
    change = live.reverted(live.merged("web:1", "web:2"))
    argo.fate("fail")
    stuck = through(live, change, lambda now: now.progress.failure)
    assert (stuck.state, stuck.due_at) == (State.ROLLING_BACK, None)
    assert stuck.progress.failure is not None
    assert "the cluster did not follow" in stuck.progress.failure.sentence
    assert "told to fail" in stuck.progress.failure.sentence
    argo.fate(None)
    held = through(live, stuck, is_held)
    assert argo.read().history[-1].revisions == (held.progress.reverted_sha,)


def test_what_is_not_healthy_in_time_is_held_all_the_same_and_says_so(
    live: WayBack, argo: ArgoWorld
) -> None:
    live.edit("web:1", "web:broken")
    change = live.reverted(live.merged("replicas: 1", "replicas: 2"))
    through(live, change, lambda _: argo.read().health is Health.DEGRADED)
    assert live.store.change(change.number).state is State.ROLLING_BACK
    live.clock.move(minutes=20)
    held = through(live, change, is_held)
    assert held.progress.failure is not None
    assert held.progress.failure.sentence.startswith(f"{WHY}\nTaken back, but not healthy in time:")
    assert "Degraded" in held.progress.failure.sentence.partition("in time:")[2]
