"""Paying Git back, one step at a time, over an API server and a Git host."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest
import yaml

from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.environment import Backfill as BackfillRules
from chatbot.domain.errors import Permanent
from chatbot.domain.lifecycle import Event, State
from chatbot.domain.pull_request import PullRequestState
from chatbot.services.autosync import AutoSync
from chatbot.services.repository import ClusterRepository
from tests.support import kube
from tests.support.builders import SENIOR
from tests.support.direct_path import DirectPath
from tests.support.forge import ForgeProcess, running_forge
from tests.support.forge_work import commit_files


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path / "forge") as started:
        yield started


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


def test_putting_back_closes_the_pull_request(git_path: DirectPath) -> None:
    asked = git_path.asked()
    assert asked.progress.pull_request is not None
    undone = git_path.rollout.roll_back(git_path.ledger.advance(asked, Event.ROLLBACK_STARTED, "x"))
    assert undone.state is State.ROLLED_BACK
    assert git_path.repo.get_pull(asked.progress.pull_request.number).state == "closed"


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
    assert "octo-requester" in pull.body


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


class _Blind:
    """Argo CD's auto-sync, paused, until it has seen the merge."""

    def __init__(self) -> None:
        self.stale = ["shop"]
        self.restored = False

    def unseen(self, _change: Change, _since: datetime) -> list[str]:
        return self.stale

    def restore(self, _change: Change) -> None:
        self.restored = True


def test_auto_sync_comes_back_only_when_argo_cd_has_seen_the_merge(git_path: DirectPath) -> None:
    asked, blind = git_path.asked(), _Blind()
    assert asked.progress.pull_request is not None
    git_path.repo.get_pull(asked.progress.pull_request.number).merge()
    backfill = replace(git_path.backfill, auto_sync=cast("AutoSync", blind))
    waits = backfill.reconcile(backfill.watch(asked))
    assert (waits.state, blind.restored) == (State.RECONCILING, False)
    assert waits.progress.waiting is not None
    assert waits.progress.waiting.reason.startswith("for Argo CD to look at shop")
    blind.stale = []
    assert (backfill.reconcile(waits).state, blind.restored) == (State.COMPLETED, True)


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
    proposals = replace(git_path.backfill.proposals, base="trunk")
    comparison = replace(git_path.comparison, proposals=proposals)
    lost = replace(git_path.backfill, proposals=proposals, comparison=comparison)
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


def test_a_merge_that_is_ours_waits_for_the_end_of_a_freeze(git_path: DirectPath) -> None:
    git_path.set(backfill=BackfillRules(auto_merge=True))
    asked = git_path.asked()
    git_path.freezes.freeze(SENIOR, "dev", "4h", "year end")
    waits = git_path.backfill.watch(asked)
    assert waits.state is State.PR_OPEN
    assert waits.progress.waiting is not None
    assert waits.progress.waiting.reason == "dev is frozen"
    assert waits.due_at is not None
    assert asked.progress.pull_request is not None
    pull = git_path.repo.get_pull(asked.progress.pull_request.number)
    assert pull.state == "open"
    git_path.clock.move(hours=4)
    assert git_path.backfill.watch(waits).state is State.RECONCILING
    assert git_path.repo.get_pull(pull.number).merged


def test_a_person_merges_in_a_freeze_all_the_same(git_path: DirectPath) -> None:
    asked = git_path.asked()
    git_path.freezes.freeze(SENIOR, "dev", "4h", "year end")
    rests = git_path.backfill.watch(asked)
    assert (rests.due_at, rests.progress.waiting) == (None, None)
