"""The Deployer port over the real API server, with Argo CD's own kind, under the shipped role."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.argocd import PAUSED_BY, REFRESH, Health
from chatbot.domain.argocd_pause import Paused, Restored
from chatbot.domain.argocd_sync import Settling, SyncOrder, SyncOutcome, Told, Verdict, sync_outcome
from chatbot.domain.argocd_windows import blocking
from chatbot.domain.errors import Conflict, RetryLater
from chatbot.ports import Deployer
from sandbox.argocd import SYNC_ANNOTATION, Controller
from tests.contract.cluster.world import eventually
from tests.integration.argocd_fixtures import *  # noqa: F403 - its fixtures
from tests.support.argocd import AUTOMATED, ArgoWorld, project_definition
from tests.support.envtest import CLUSTER_BOT
from tests.support.kube import Admin, config_map

UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTLE = timedelta(milliseconds=200)


def order(revision: str, change: str = "CHG-12", **fields: Any) -> SyncOrder:
    return SyncOrder(change=change, revision=revision, repo="acme/cluster-config", **fields)


class Waiting:
    """Looks again and again, as the reconciler does."""

    def __init__(self, argo: ArgoWorld, deployer: Deployer, wanted: SyncOrder) -> None:
        self._argo, self._deployer, self._wanted = argo, deployer, wanted
        self._settling: Settling | None = None

    def look(self) -> SyncOutcome:
        outcome = sync_outcome(
            self._deployer.application("shop", self._argo.applications),
            revision=self._wanted.revision,
            change=self._wanted.change,
            settling=self._settling,
            settle=SETTLE,
            now=datetime.now(UTC),
        )
        self._settling = outcome.settling
        return outcome

    def until_over(self) -> SyncOutcome:
        def over() -> SyncOutcome | None:
            outcome = self.look()
            return None if outcome.verdict is Verdict.WAITING else outcome

        return eventually(over, seconds=30)


def test_argo_cd_looks_when_it_is_asked_to(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    argo.create()
    before = eventually(lambda: argo.read().reconciled_at)

    def looked() -> bool:
        deployer.refresh("shop", argo.applications)
        now = argo.read().reconciled_at
        return now is not None and now > before

    assert eventually(looked)
    assert eventually(lambda: REFRESH not in argo.live()["metadata"].get("annotations", {}))


# --- sync ------------------------------------------------------------------------------------


def test_a_revision_is_synced_once_and_becomes_healthy(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    wanted = order(argo.push(mode="mine"))
    argo.create()
    assert deployer.sync("shop", argo.applications, wanted) is Told.STARTED
    assert deployer.sync("shop", argo.applications, wanted) is Told.ALREADY
    outcome = Waiting(argo, deployer, wanted).until_over()
    assert outcome.verdict is Verdict.SYNCED_AND_HEALTHY
    assert argo.setting("mode") == "mine"
    assert deployer.sync("shop", argo.applications, wanted) is Told.ALREADY
    assert len(argo.read().history) == 1


def test_the_operation_says_whose_it_is_and_what_the_application_wants(
    argo: ArgoWorld, deployer: Deployer
) -> None:
    argo.create(syncOptions=["CreateNamespace=true"], retry={"limit": 2})
    wanted = order("a" * 40, prune=True, options=("ServerSideApply=true",))
    deployer.sync("shop", argo.applications, wanted)
    assert argo.live()["operation"] == {
        "info": [{"name": "redlight.dev/change", "value": "CHG-12"}],
        "initiatedBy": {"username": "redlight"},
        "retry": {"limit": 2},
        "sync": {
            "prune": True,
            "revision": "a" * 40,
            "syncOptions": ["CreateNamespace=true", "ServerSideApply=true"],
        },
    }


def test_of_several_sources_only_ours_gets_the_revision(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    first = argo.push(mode="first")
    argo.push(mode="second")
    manifest = argo.manifest()
    ours = manifest["spec"].pop("source")
    charts = {"repoURL": "https://charts.example.com", "chart": "x", "targetRevision": "1"}
    manifest["spec"]["sources"] = [ours]
    argo.admin.create(manifest)
    wanted = order(first)
    assert deployer.sync("shop", argo.applications, wanted) is Told.STARTED
    outcome = Waiting(argo, deployer, wanted).until_over()
    assert outcome.verdict is Verdict.SYNCED_AND_HEALTHY
    assert argo.setting("mode") == "first"
    other = argo.manifest("other")
    other["spec"].pop("source")
    other["spec"]["sources"] = [charts, {**ours, "targetRevision": "stable"}]
    argo.admin.create(other)
    deployer.sync("other", argo.applications, wanted)
    state = argo.live("other")
    operation = state.get("operation") or state["status"]["operationState"]["operation"]
    assert operation["sync"]["revisions"] == ["", first]


def test_while_an_operation_runs_a_second_waits_and_is_told_whose_it_is(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    wanted = order(argo.push())
    argo.create()
    argo.annotate(sandbox_redlight_dev__sync="stall")
    assert SYNC_ANNOTATION in argo.live()["metadata"]["annotations"]
    deployer.sync("shop", argo.applications, wanted)
    with pytest.raises(RetryLater, match="busy with an operation for CHG-12"):
        deployer.sync("shop", argo.applications, order(wanted.revision, "CHG-13"))
    theirs = Waiting(argo, deployer, order(wanted.revision, "CHG-13"))
    eventually(lambda: "busy with an operation for CHG-12" in theirs.look().reasons[0])
    argo.annotate(sandbox_redlight_dev__sync=None)
    assert Waiting(argo, deployer, wanted).until_over().verdict is Verdict.SYNCED_AND_HEALTHY
    assert deployer.sync("shop", argo.applications, order(wanted.revision, "CHG-13"))


def test_a_failed_operation_is_told_in_argo_cds_words_and_can_be_tried_anew(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    wanted = order(argo.push())
    argo.create()
    argo.annotate(sandbox_redlight_dev__sync="fail")
    deployer.sync("shop", argo.applications, wanted)
    outcome = Waiting(argo, deployer, wanted).until_over()
    assert outcome.verdict is Verdict.FAILED
    assert outcome.reasons[0].startswith("one or more synchronization tasks completed")
    argo.annotate(sandbox_redlight_dev__sync=None)
    assert deployer.sync("shop", argo.applications, wanted) is Told.ALREADY
    again = order(wanted.revision, attempt=2)
    assert deployer.sync("shop", argo.applications, again) is Told.STARTED
    assert Waiting(argo, deployer, again).until_over().verdict is Verdict.SYNCED_AND_HEALTHY
    assert deployer.sync("shop", argo.applications, again) is Told.ALREADY


def test_a_rollout_that_fails_fails_the_sync(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    wanted = order(argo.push(image="registry.example/web:broken"))
    argo.create()
    deployer.sync("shop", argo.applications, wanted)
    outcome = Waiting(argo, deployer, wanted).until_over()
    assert outcome.verdict is Verdict.FAILED
    assert outcome.reasons == ("Argo CD calls Application shop Degraded",)


def test_a_later_sync_of_another_revision_supersedes_ours(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    wanted = order(argo.push(mode="mine"))
    argo.create()
    deployer.sync("shop", argo.applications, wanted)
    assert Waiting(argo, deployer, wanted).until_over().verdict is Verdict.SYNCED_AND_HEALTHY
    later = argo.push(mode="theirs")
    argo.operation({"initiatedBy": {"username": "engineer"}, "sync": {"revision": later}})
    outcome = Waiting(argo, deployer, wanted)
    eventually(lambda: later in (argo.read().history[-1].revisions))
    eventually(lambda: outcome.look().verdict is Verdict.SUPERSEDED)
    assert deployer.sync("shop", argo.applications, wanted) is Told.SUPERSEDED
    assert argo.setting("mode") == "theirs"


def test_an_auto_synced_application_is_waited_for_and_not_told(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    argo.push(mode="before")
    argo.create(automated=AUTOMATED)
    eventually(lambda: argo.setting("mode") == "before")
    wanted = order(argo.push(mode="mine"))
    assert eventually(lambda: _told(deployer, argo, wanted)) is Told.AUTO_SYNCED
    assert Waiting(argo, deployer, wanted).until_over().verdict is Verdict.SYNCED_AND_HEALTHY
    assert argo.setting("mode") == "mine"


def _told(deployer: Deployer, argo: ArgoWorld, wanted: SyncOrder) -> Told | None:
    try:
        return deployer.sync("shop", argo.applications, wanted)
    except RetryLater:
        return None  # auto-sync is at work this moment


# --- terminate ---------------------------------------------------------------------------------


def test_a_sync_of_ours_that_never_ends_is_ended_and_the_next_one_starts(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    stalled = argo.manifest()
    stalled["metadata"]["annotations"] = {SYNC_ANNOTATION: "stall"}
    first, second = order(argo.push(mode="bad")), order(argo.push(mode="good"))
    argo.admin.create(stalled)
    deployer.sync("shop", argo.applications, first)
    eventually(lambda: argo.read().state is not None)
    with pytest.raises(RetryLater, match="busy with an operation for CHG-12"):
        deployer.sync("shop", argo.applications, second)
    assert not deployer.terminate("shop", argo.applications, "CHG-13", first.revision)

    assert deployer.terminate("shop", argo.applications, "CHG-12", first.revision)
    argo.patch({"metadata": {"annotations": {SYNC_ANNOTATION: None}}})
    eventually(lambda: not deployer.terminate("shop", argo.applications, "CHG-12", first.revision))
    assert deployer.sync("shop", argo.applications, second) is Told.STARTED
    assert Waiting(argo, deployer, second).until_over().verdict is Verdict.SYNCED_AND_HEALTHY
    assert argo.setting("mode") == "good"


# --- pause and restore -----------------------------------------------------------------------

AUTOMATED_VALUES: list[Any] = [
    {},
    {"prune": True},
    {"prune": False, "selfHeal": True},
    {"enabled": True, "allowEmpty": True},
]


@pytest.mark.parametrize("automated", AUTOMATED_VALUES)
def test_auto_sync_comes_back_exactly_as_it_was(
    argo: ArgoWorld, deployer: Deployer, automated: Any
) -> None:
    before = argo.create(automated=automated, syncOptions=["Validate=false"])
    where = ("shop", argo.applications, "CHG-12")
    for expected in (Paused.PAUSED, Paused.ALREADY):
        assert deployer.pause(*where, UNTIL) is expected
        assert argo.live()["spec"]["syncPolicy"] == {"syncOptions": ["Validate=false"]}
    mark = deployer.application("shop", argo.applications).paused_by
    assert mark is not None
    assert (mark.change, mark.until, mark.automated) == ("CHG-12", UNTIL, automated)
    for outcome in (Restored.RESTORED, Restored.ALREADY):
        assert deployer.restore(*where) is outcome
        assert argo.live()["spec"] == before["spec"]
    assert not argo.live()["metadata"].get("annotations")


@pytest.mark.parametrize("policy", [{}, {"retry": {"limit": 1}}, {"automated": {"enabled": False}}])
def test_what_is_not_auto_synced_needs_no_pause(
    argo: ArgoWorld, deployer: Deployer, policy: Any
) -> None:
    before = argo.create(**policy)
    assert deployer.pause("shop", argo.applications, "CHG-12", UNTIL) is Paused.NOT_NEEDED
    assert deployer.restore("shop", argo.applications, "CHG-12") is Restored.ALREADY
    assert argo.live() == before


def test_another_change_may_neither_pause_nor_restore(argo: ArgoWorld, deployer: Deployer) -> None:
    argo.create(automated=AUTOMATED)
    deployer.pause("shop", argo.applications, "CHG-12", UNTIL)
    with pytest.raises(Conflict, match="paused by CHG-12, not by CHG-13"):
        deployer.pause("shop", argo.applications, "CHG-13", UNTIL)
    assert deployer.restore("shop", argo.applications, "CHG-13") is Restored.TAKEN_OVER
    assert not argo.read().auto_sync


def test_a_pause_can_be_prolonged_by_its_change(argo: ArgoWorld, deployer: Deployer) -> None:
    argo.create(automated=AUTOMATED)
    deployer.pause("shop", argo.applications, "CHG-12", UNTIL)
    later = UNTIL + timedelta(hours=1)
    assert deployer.pause("shop", argo.applications, "CHG-12", later) is Paused.PAUSED
    mark = argo.read().paused_by
    assert mark is not None
    assert (mark.until, mark.automated) == (later, AUTOMATED)


def test_somebody_elses_auto_sync_is_not_overwritten(argo: ArgoWorld, deployer: Deployer) -> None:
    argo.create(automated=AUTOMATED)
    deployer.pause("shop", argo.applications, "CHG-12", UNTIL)
    argo.patch({"spec": {"syncPolicy": {"automated": {"prune": False}}}})
    with pytest.raises(Conflict, match="turned on again while CHG-12 had it paused"):
        deployer.pause("shop", argo.applications, "CHG-12", UNTIL)
    assert deployer.restore("shop", argo.applications, "CHG-12") is Restored.KEPT_EDIT
    live = argo.live()
    assert live["spec"]["syncPolicy"] == {"automated": {"prune": False}}
    assert PAUSED_BY not in live["metadata"].get("annotations", {})


def test_what_a_dead_bot_left_paused_is_found_and_restored(
    argo: ArgoWorld, deployer: Deployer, clusters: KubernetesClusters
) -> None:
    for name in ("shop", "other"):
        argo.create(name, automated=AUTOMATED)
    deployer.pause("shop", argo.applications, "CHG-12", UNTIL)
    [found] = ArgoCDs(clusters)("").paused(argo.applications)
    assert found.paused_by is not None
    assert (found.name, found.paused_by.change) == ("shop", "CHG-12")
    deployer.restore(found.name, found.namespace, found.paused_by.change)
    assert deployer.paused(argo.applications) == []
    assert argo.read().self_heal


def test_paused_auto_sync_leaves_a_direct_change_and_restored_takes_it_back(
    argo: ArgoWorld, deployer: Deployer, controller: Controller
) -> None:
    revision = argo.push(mode="plain")
    argo.create(automated=AUTOMATED)
    eventually(lambda: argo.read().health is Health.HEALTHY and argo.read().operation is None)
    deployer.pause("shop", argo.applications, "CHG-12", UNTIL)
    argo.admin.patch_as("redlight", config_map(argo.namespace), {"data": {"mode": "loud"}})
    eventually(lambda: argo.read().sync.value == "OutOfSync")
    argo.annotate(argocd_argoproj_io__refresh="normal")
    eventually(lambda: "refresh" not in str(argo.live()["metadata"]["annotations"]))
    assert argo.setting("mode") == "loud"
    deployer.restore("shop", argo.applications, "CHG-12")
    eventually(lambda: argo.setting("mode") == "plain")
    eventually(lambda: argo.read().revisions == (revision,))


# --- sync windows ----------------------------------------------------------------------------


@pytest.fixture
def projects(argo_kind: Admin) -> Admin:
    """The administrator, once the cluster knows AppProjects."""
    argo_kind.ensure(project_definition())
    return argo_kind


def test_the_windows_of_the_project_are_read(
    argo: ArgoWorld, deployer: Deployer, projects: Admin
) -> None:
    argo.create()
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "default", "namespace": argo.applications},
        "spec": {"syncWindows": [window]},
    }
    eventually(lambda: projects.ensure_served(project))
    found = deployer.application("shop", argo.applications)
    windows = deployer.windows(found)
    assert windows is not None
    assert "is open until" in blocking(windows, found, datetime.now(UTC))[0]


def test_without_the_right_to_read_projects_windows_are_not_known(
    argo: ArgoWorld, deployer: Deployer, clusters: KubernetesClusters, projects: Admin
) -> None:
    argo.create()
    found = deployer.application("shop", argo.applications)
    assert ArgoCDs(clusters)(CLUSTER_BOT).windows(found) is None
