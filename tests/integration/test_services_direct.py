"""The steps of the direct path one by one: real adapters over an API server and a Git host, a real
store, and a controller played by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Operation, PullRequestState, Target, Waiting
from chatbot.domain.environment import Backfill as BackfillRules
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.domain.lifecycle import Event, State
from chatbot.services.backfill import Backfill
from chatbot.services.ledger import Ledger
from chatbot.services.plan import Planner
from chatbot.services.repository import ClusterRepository
from chatbot.services.rollout import Rollout
from tests.support import builders, kube
from tests.support.forge import SENIOR, ForgeProcess, running_forge
from tests.support.forge_work import commit_files
from tests.support.github_host import github_host, host_at
from tests.unit.services.parts import Hand, environment

NOWHERE = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path / "forge") as started:
        yield started


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
        self.planner = Planner(self.environments, clusters, self.ledger)
        self.rollout = Rollout(
            self.environments, clusters, self.git, store, self.ledger, self.planner
        )
        self.backfill = Backfill(
            environments=self.environments,
            clusters=clusters,
            git=self.git,
            repository=ClusterRepository(self.git, KubectlKustomize()),
            base="main",
            ledger=self.ledger,
        )
        self.repo = forge.github(SENIOR).get_repo(forge.repo) if forge else None

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


@pytest.fixture
def path(
    store: SqliteStore,
    embedded_clusters: KubernetesClusters,
    embedded_admin: kube.Admin,
    shop: str,
) -> DirectPath:
    """With a Git host that does not answer."""
    made = DirectPath(store, embedded_clusters, embedded_admin, shop, None)
    made.running()
    return made


@pytest.fixture
def git_path(
    store: SqliteStore,
    embedded_clusters: KubernetesClusters,
    embedded_admin: kube.Admin,
    shop: str,
    forge: ForgeProcess,
) -> DirectPath:
    made = DirectPath(store, embedded_clusters, embedded_admin, shop, forge)
    made.running()
    return made


# --- plan ------------------------------------------------------------------------------------


def test_a_plan_without_surprises_needs_nobody_where_the_rules_say_so(path: DirectPath) -> None:
    change = path.planner.plan(path.scaled())
    assert change.state is State.APPLYING
    assert change.progress.plan is not None
    assert change.progress.confirmed_digest == change.progress.plan.digest
    assert "+  replicas: 5" in change.progress.plan.objects[0].diff
    assert path.live()["spec"]["replicas"] == 2


def test_a_plan_waits_for_a_person_where_the_rules_say_so(path: DirectPath) -> None:
    path.set(confirm=True)
    change = path.planner.plan(path.scaled())
    assert (change.state, change.due_at) == (State.AWAITING_CONFIRMATION, None)
    assert change.progress.confirmed_digest == ""


def test_a_field_of_another_manager_is_shown_and_asks_for_a_person(path: DirectPath) -> None:
    path.admin.apply_as("autopilot", kube.deployment(path.shop, replicas=3), force=True)
    change = path.planner.plan(path.scaled())
    assert change.state is State.AWAITING_CONFIRMATION
    assert change.progress.plan is not None
    [conflict] = change.progress.plan.conflicts
    assert (conflict.field, conflict.manager) == (".spec.replicas", "autopilot")


def test_an_autoscaler_that_would_undo_it_asks_for_a_person(path: DirectPath) -> None:
    path.admin.create(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": path.shop},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "maxReplicas": 9,
            },
        }
    )
    change = path.planner.plan(path.scaled())
    assert change.state is State.AWAITING_CONFIRMATION
    assert change.progress.plan is not None
    assert "HorizontalPodAutoscaler web" in change.progress.plan.warnings[0]


def test_a_restarts_time_is_decided_and_stored_before_anything_else(path: DirectPath) -> None:
    change = path.requested(operation=Operation.RESTART, targets=(path.web,), replicas=None)
    noted = path.planner.plan(change)
    assert (noted.state, noted.progress.restarted_at) == (State.REQUESTED, "2026-03-02T09:30:00Z")
    path.clock.move(minutes=1)
    planned = path.planner.plan(noted)
    assert planned.state is State.APPLYING
    assert planned.progress.restarted_at == "2026-03-02T09:30:00Z"


# --- apply, watch, put back --------------------------------------------------------------------


def test_the_snapshot_is_stored_before_the_first_write(path: DirectPath) -> None:
    planned = path.planner.plan(path.scaled())
    noted = path.rollout.apply(planned)
    assert noted.state is State.APPLYING
    assert noted.progress.snapshot is not None
    assert path.live()["spec"]["replicas"] == 2
    applied = path.rollout.apply(noted)
    assert (applied.state, path.live()["spec"]["replicas"]) == (State.VALIDATING, 5)
    assert path.kinds(applied)[-2:] == ["snapshot.taken", "change.applied"]


def test_what_was_confirmed_is_planned_anew_when_the_cluster_moved(path: DirectPath) -> None:
    planned = path.planner.plan(path.scaled())
    path.admin.patch_as("redlight", path.live(), {"spec": {"minReadySeconds": 9}})
    outdated = path.rollout.apply(planned)
    assert outdated.state is State.REQUESTED
    assert outdated.progress.confirmed_digest == ""
    assert path.live()["spec"]["replicas"] == 2


def test_of_two_changes_of_one_object_the_second_waits_and_says_behind_which(
    path: DirectPath,
) -> None:
    first = path.rollout.apply(path.planner.plan(path.scaled(5)))
    second = path.rollout.apply(path.planner.plan(path.scaled(7)))
    assert second.progress.waiting is not None
    assert first.id in second.progress.waiting.reason
    since = second.progress.waiting.since
    path.clock.move(minutes=1)
    second = path.rollout.apply(second)
    assert second.progress.waiting is not None
    assert second.progress.waiting.since == since
    path.ledger.advance(first, Event.ROLLBACK_STARTED, "x")
    path.rollout.roll_back(path.store.change(first.number))
    assert path.rollout.apply(second).progress.waiting is None


def test_a_rollout_is_watched_until_the_controller_is_done(path: DirectPath) -> None:
    applied = path.applied()
    watched = path.rollout.validate(applied)
    assert watched.state is State.VALIDATING
    assert watched.due_at == path.clock.time + timedelta(seconds=1)
    assert watched.progress.rollout
    path.healthy()
    assert path.rollout.validate(watched).state is State.RECONCILING


def test_what_was_waited_for_is_forgotten_once_the_watch_goes_on(path: DirectPath) -> None:
    applied = path.applied()
    waiting = Waiting(reason="the API server does not answer", since=path.clock.time)
    waited = path.ledger.rest(applied, timedelta(), attempts=1, waiting=waiting)
    assert path.rollout.validate(waited).progress.waiting is None


def test_a_rollout_that_takes_too_long_is_put_back_with_the_reason(path: DirectPath) -> None:
    applied = path.applied()
    path.clock.move(minutes=11)
    back = path.rollout.validate(applied)
    assert back.state is State.ROLLING_BACK
    assert back.progress.failure is not None
    assert "did not finish in time" in back.progress.failure.sentence
    done = path.rollout.roll_back(back)
    assert (done.state, path.live()["spec"]["replicas"]) == (State.ROLLED_BACK, 2)


def test_where_the_rules_say_so_what_failed_stays_as_it_is(path: DirectPath) -> None:
    path.set(rollback_on_failure=False)
    applied = path.applied()
    path.clock.move(minutes=11)
    assert path.rollout.validate(applied).state is State.FAILED
    assert path.live()["spec"]["replicas"] == 5


def test_an_object_that_somebody_deleted_is_no_success(path: DirectPath) -> None:
    applied = path.applied()
    path.admin.delete(path.live())
    back = path.rollout.validate(applied)
    assert back.state is State.ROLLING_BACK
    assert back.progress.failure is not None
    assert "is gone: somebody deleted it" in back.progress.failure.sentence


def test_putting_back_closes_the_pull_request(git_path: DirectPath) -> None:
    asked = git_path.asked()
    assert asked.progress.pull_request is not None
    undone = git_path.rollout.roll_back(git_path.ledger.advance(asked, Event.ROLLBACK_STARTED, "x"))
    assert undone.state is State.ROLLED_BACK
    assert git_path.repo.get_pull(asked.progress.pull_request.number).state == "closed"


# --- Git ---------------------------------------------------------------------------------------


def test_git_is_asked_with_the_edit_and_the_record_in_one_commit(git_path: DirectPath) -> None:
    asked = git_path.asked()
    assert asked.state is State.PR_OPEN
    assert asked.progress.pull_request is not None
    pull = git_path.repo.get_pull(asked.progress.pull_request.number)
    assert pull.commits == 1
    assert {file.filename for file in pull.get_files()} == {
        f"environments/{git_path.shop}/web.yaml",
        f"mcp-ocs/changes/{asked.id}.yaml",
    }
    assert [label.name for label in pull.labels] == ["redlight"]
    assert f"Change-Id: {asked.id}" in pull.body


def test_asking_again_after_a_crash_finds_branch_and_pull_request(git_path: DirectPath) -> None:
    based = git_path.backfill.reconcile(git_path.in_debt())
    first = git_path.backfill.reconcile(based)
    unrecorded = git_path.store.save(
        based.model_copy(update={"version": first.version, "revision": first.revision + 1}), []
    )
    again = git_path.backfill.reconcile(unrecorded)
    assert again.progress.pull_request is not None
    assert first.progress.pull_request is not None
    assert again.progress.pull_request.number == first.progress.pull_request.number
    assert again.progress.commit_sha == first.progress.commit_sha


def test_what_git_says_already_needs_no_pull_request(git_path: DirectPath) -> None:
    change = git_path.in_debt()
    git_path.in_git({"web.yaml": yaml.safe_dump(kube.deployment(git_path.shop, replicas=5))})
    done = git_path.backfill.reconcile(git_path.backfill.reconcile(change))
    assert (done.state, done.progress.pull_request) == (State.COMPLETED, None)


def test_a_merge_and_an_equal_cluster_complete_it_and_the_branch_is_gone(
    git_path: DirectPath,
) -> None:
    asked = git_path.asked()
    assert asked.progress.pull_request is not None
    assert git_path.backfill.watch(asked).state is State.PR_OPEN
    git_path.repo.get_pull(asked.progress.pull_request.number).merge()
    merged = git_path.backfill.watch(git_path.store.change(asked.number))
    assert merged.state is State.RECONCILING
    assert git_path.git.head(asked.branch) is None
    assert git_path.backfill.reconcile(merged).state is State.COMPLETED


def test_what_we_wrote_merges_by_itself_where_the_rules_say_so(git_path: DirectPath) -> None:
    git_path.set(backfill=BackfillRules(auto_merge=True))
    merged = git_path.backfill.watch(git_path.asked())
    assert merged.state is State.RECONCILING
    assert merged.progress.pull_request is not None
    assert merged.progress.pull_request.state is PullRequestState.MERGED


def test_a_commit_by_somebody_else_waits_for_a_person_however_often_it_is_seen(
    git_path: DirectPath,
) -> None:
    git_path.set(backfill=BackfillRules(auto_merge=True))
    asked = git_path.asked()
    commit_files(git_path.repo, asked.branch, {"extra": "commit"})
    for _ in range(2):
        asked = git_path.backfill.watch(asked)
        assert (asked.state, asked.due_at) == (State.PR_OPEN, None)


def test_a_pull_request_that_is_closed_leaves_a_difference_and_a_way_on(
    git_path: DirectPath,
) -> None:
    asked = git_path.asked()
    assert asked.progress.pull_request is not None
    git_path.repo.get_pull(asked.progress.pull_request.number).edit(state="closed")
    closed = git_path.backfill.watch(asked)
    assert (closed.state, closed.due_at) == (State.RECONCILING, None)
    assert closed.progress.failure is not None
    assert "closed without a merge" in closed.progress.failure.sentence
    assert "replicas" in closed.progress.divergence


def test_a_cluster_that_moved_on_is_not_called_done(git_path: DirectPath) -> None:
    asked = git_path.asked()
    assert asked.progress.pull_request is not None
    git_path.repo.get_pull(asked.progress.pull_request.number).merge()
    git_path.admin.patch_as("somebody", git_path.live(), {"spec": {"replicas": 9}})
    differs = git_path.backfill.reconcile(git_path.backfill.watch(asked))
    assert (differs.state, differs.due_at) == (State.RECONCILING, None)
    assert differs.progress.failure is not None
    assert "replicas" in differs.progress.divergence


def test_a_base_branch_that_is_not_there_says_what_to_set(git_path: DirectPath) -> None:
    lost = replace(git_path.backfill, base="trunk")
    with pytest.raises(Permanent, match="no branch trunk") as refused:
        lost.reconcile(git_path.in_debt())
    assert "[git] branch" in refused.value.remedy


def test_the_bases_outside_the_folder_are_followed(git_path: DirectPath) -> None:
    folder = f"environments/{git_path.shop}"
    base = yaml.safe_dump(kube.config_map(git_path.shop, "shared", a="1"))
    commit_files(
        git_path.repo,
        "main",
        {
            f"{folder}/web.yaml": None,
            f"{folder}/kustomization.yaml": "resources: [../../bases/one, ../../bases/two]\n",
            "bases/one/kustomization.yaml": "resources: [../deeper]\n",
            "bases/deeper/kustomization.yaml": "resources: [map.yaml]\n",
            "bases/deeper/map.yaml": base,
            "bases/two/kustomization.yaml": "resources: [service.yaml]\n",
            "bases/two/service.yaml": yaml.safe_dump(kube.service(git_path.shop)),
        },
    )
    head = git_path.git.head("main")
    assert head is not None
    repository = ClusterRepository(git_path.git, KubectlKustomize())
    assert set(repository.desired(head, folder)) == {
        f"/ConfigMap/{git_path.shop}/shared",
        f"/Service/{git_path.shop}/web",
    }


def test_git_that_does_not_answer_is_asked_again_later(path: DirectPath) -> None:
    change = path.in_debt()
    with pytest.raises(RetryLater):
        path.backfill.reconcile(change)
    assert path.store.change(change.number) == change
