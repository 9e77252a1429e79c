"""Argo CD kept off an emergency: on the real API server, with Argo CD's own kind and its part
played by hand."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.argocd import REFRESH
from chatbot.domain.argocd_pause import Restored
from chatbot.domain.change import Change
from chatbot.domain.environment import ArgoApplications
from chatbot.domain.errors import Permanent
from chatbot.domain.lifecycle import State
from chatbot.domain.obligation import Kind
from tests.contract.cluster.world import eventually
from tests.integration.argocd_fixtures import argo, argo_kind
from tests.support import kube
from tests.support.argocd import AUTOMATED, ArgoWorld
from tests.support.emergency_path import EmergencyPath
from tests.support.envtest import EMERGENCY, EVERYDAY
from tests.support.forge import ForgeProcess, running_forge
from tests.support.forge_work import commit_files

__all__ = ["argo", "argo_kind"]


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path / "forge") as started:
        yield started


@pytest.fixture
def path(
    store: SqliteStore, clusters: KubernetesClusters, argo: ArgoWorld, forge: ForgeProcess
) -> EmergencyPath:
    """Applications `shop`, which has `deployment/web`, and `other`, which has not."""
    for role in ("redlight-emergency", "redlight-change"):
        argo.admin.bind(role, EMERGENCY, argo.namespace)
    argo.admin.bind("redlight-read", EVERYDAY, argo.namespace)
    argo.admin.bind("redlight-argocd", EVERYDAY, argo.applications)
    made = EmergencyPath(
        store,
        clusters,
        argo.admin,
        argo.namespace,
        contexts=(EVERYDAY, EMERGENCY),
        forge=forge,
        argocd=ArgoApplications(names=("shop", "other"), namespace=argo.applications),
    )
    made.running()
    for name in ("shop", "other"):
        argo.create(name, automated=AUTOMATED)
    _seen(argo, made, "shop", "web")
    _seen(argo, made, "other", "api")

    def bound() -> bool:
        try:
            ArgoCDs(clusters)(EVERYDAY).application("shop", argo.applications)
            clusters(EVERYDAY).get(made.web)
            clusters(EMERGENCY).dry_run_scale(made.web, 3, force=True)
        except Permanent:
            return False
        return True

    eventually(bound)
    return made


def _seen(argo: ArgoWorld, path: EmergencyPath, name: str, has: str, sync: str = "Synced") -> None:
    """Argo CD looks at an Application."""
    row = {"group": "apps", "kind": "Deployment", "namespace": path.shop, "name": has}
    argo.patch(
        {
            "status": {
                "resources": [{**row, "version": "v1", "status": sync}],
                "sync": {"status": sync},
                "reconciledAt": path.clock.time.isoformat(),
            }
        },
        name,
    )


def _auto(argo: ArgoWorld, name: str = "shop") -> Any:
    return argo.live(name)["spec"]["syncPolicy"].get("automated")


def _annotations(argo: ArgoWorld, name: str) -> Any:
    return argo.live(name)["metadata"].get("annotations", {})


def test_only_the_application_that_has_the_object_is_paused(
    path: EmergencyPath, argo: ArgoWorld
) -> None:
    applied = path.applied()
    assert (_auto(argo, "shop"), _auto(argo, "other")) == (None, AUTOMATED)
    kinds = path.kinds(applied)
    order = [kinds.index(k) for k in ("snapshot.taken", "auto_sync.paused", "change.applied")]
    assert order == sorted(order), "it is paused after the intent and before the write"


def test_another_changes_pause_is_taken_over_and_its_restore_leaves_it_alone(
    path: EmergencyPath, argo: ArgoWorld, clusters: KubernetesClusters
) -> None:
    deployer = ArgoCDs(clusters)(EVERYDAY)
    until = path.clock.time + timedelta(hours=1)
    deployer.pause("shop", argo.applications, "CHG-99", until)
    applied = path.applied()
    assert deployer.restore("shop", argo.applications, "CHG-99") is Restored.TAKEN_OVER
    assert _auto(argo) is None
    held = argo.read().paused_by
    assert held is not None
    assert (held.change, held.automated) == (applied.id, AUTOMATED)


@pytest.fixture
def loose(path: EmergencyPath, argo: ArgoWorld) -> Change:
    """An emergency that was written while its Application could not be found, and so not be
    paused."""
    argo.admin.delete(argo.live("shop"))
    return path.applied()


def test_what_could_not_be_paused_is_tried_again_while_it_is_watched(
    path: EmergencyPath, argo: ArgoWorld, loose: Change
) -> None:
    assert path.replicas == 5
    [remark] = loose.progress.rollout
    assert "Argo CD may undo this" in remark
    argo.create("shop", automated=AUTOMATED)
    watched = path.step(loose)
    assert (_auto(argo), watched.progress.rollout) == (None, ())
    assert watched.progress.auto_sync_until is not None


def test_what_argo_cd_undid_before_it_was_paused_is_written_again(
    path: EmergencyPath, argo: ArgoWorld, loose: Change
) -> None:
    path.argo_cd_puts_back()
    assert path.replicas == 2
    argo.create("shop", automated=AUTOMATED)
    watched = path.step(loose)
    assert (_auto(argo), path.replicas) == (None, 5)
    assert watched.progress.auto_sync_until is not None
    path.argo_cd_puts_back()
    path.step(watched)
    assert path.replicas == 2, "what comes after the pause is somebody's, and is not written over"


def test_a_sync_that_was_under_way_at_the_pause_has_not_the_last_word(
    path: EmergencyPath, argo: ArgoWorld, loose: Change
) -> None:
    argo.create("shop", automated=AUTOMATED)
    argo.patch({"status": {"operationState": _operation_state(path, "Running")}})
    watched = path.step(loose)
    assert (_auto(argo), path.replicas) == (None, 5)
    assert watched.progress.waiting is not None
    assert watched.progress.waiting.reason == "for a sync of Argo CD to end"
    path.argo_cd_puts_back()
    argo.patch({"status": {"operationState": _operation_state(path, "Succeeded")}})
    watched = path.step(watched)
    assert path.replicas == 5
    assert watched.progress.auto_sync_until is not None


def test_a_sync_that_was_under_way_at_the_sign_off_has_not_the_last_word_either(
    path: EmergencyPath, argo: ArgoWorld
) -> None:
    argo.patch({"status": {"operationState": _operation_state(path, "Running")}})
    applied = path.applied()
    assert (_auto(argo), path.replicas) == (None, 5), "it is not waited for"
    path.argo_cd_puts_back()
    argo.patch({"status": {"operationState": _operation_state(path, "Succeeded")}})
    watched = path.step(applied)
    assert path.replicas == 5
    assert watched.progress.auto_sync_until is not None
    assert path.kinds(watched).count("auto_sync.paused") == 1


def test_an_undo_while_a_sync_is_under_way_leaves_nothing_paused(
    path: EmergencyPath, argo: ArgoWorld
) -> None:
    argo.patch({"status": {"operationState": _operation_state(path, "Running")}})
    applied = path.applied()
    assert (_auto(argo), applied.progress.auto_sync_until) == (None, None), "not recorded yet"
    change = path.step(path.undone(applied))
    assert (_auto(argo), path.replicas) == (AUTOMATED, 2)
    path.clock.move(minutes=1)
    _seen(argo, path, "shop", "web")
    assert _waits(path, change) == "for the postmortem"


def _operation_state(path: EmergencyPath, phase: str) -> dict[str, Any]:
    return {
        "operation": {"sync": {"revision": "a" * 40}},
        "phase": phase,
        "startedAt": path.clock.time.isoformat(),
    }


def test_the_debt_is_paid_when_argo_cd_is_unpaused_and_says_synced_itself(
    path: EmergencyPath, argo: ArgoWorld
) -> None:
    change = path.merged(path.rolled_out())
    assert _waits(path, change).startswith("for Argo CD to look at shop")
    assert _auto(argo) is None, "what Argo CD knows of Git is older than the merge"
    assert argo.live("shop")["metadata"]["annotations"][REFRESH] == "normal", "it is asked to look"
    assert REFRESH not in argo.live("other")["metadata"].get("annotations", {})
    path.clock.move(minutes=1)
    _seen(argo, path, "shop", "web", sync="OutOfSync")
    change = path.step(path.store.change(change.number))
    assert _auto(argo) == AUTOMATED, "live equals Git, so it is unpaused"
    assert "OutOfSync" in _waits(path, change)
    assert path.owes(change) == set(Kind)
    _seen(argo, path, "shop", "web")
    assert _waits(path, change) == "for the postmortem"
    assert path.owes(change) == {Kind.POSTMORTEM}


def test_what_git_says_already_is_not_kept_from_argo_cd_again_and_again(
    path: EmergencyPath, argo: ArgoWorld
) -> None:
    change = path.rolled_out(replicas=5)
    text = yaml.safe_dump(kube.deployment(argo.namespace, replicas=5))
    commit_files(path.repo, "main", {f"environments/{argo.namespace}/web.yaml": text})
    path.clock.move(minutes=1)
    _seen(argo, path, "shop", "web", sync="OutOfSync")
    for _ in range(4):
        change = path.step(change)
    assert change.state is State.RECONCILING, "there is nothing to ask Git for"
    assert _auto(argo) == AUTOMATED
    assert "OutOfSync" in _waits(path, change)
    kinds = path.kinds(change)
    assert (kinds.count("auto_sync.paused"), kinds.count("auto_sync.restored")) == (1, 1)
    _seen(argo, path, "shop", "web")
    assert _waits(path, change) == "for the postmortem"


def test_after_an_undo_argo_cd_is_unpaused_and_has_to_say_so_too(
    path: EmergencyPath, argo: ArgoWorld
) -> None:
    undone = path.undone(path.rolled_out())
    assert _auto(argo) is None
    change = path.step(undone)
    assert (change.state, _auto(argo)) == (State.RECONCILING, AUTOMATED)
    path.clock.move(minutes=1)
    _seen(argo, path, "shop", "web")
    assert _waits(path, change) == "for the postmortem"


def test_a_second_emergency_has_the_pause_until_it_is_reconciled(
    path: EmergencyPath, argo: ArgoWorld
) -> None:
    first = path.rolled_out(replicas=5)
    second = path.applied(replicas=9)
    held = argo.read().paused_by
    assert held is not None
    assert held.change == second.id
    path.healthy()
    merged = path.step(path.merged(path.until(second, State.RECONCILING)))
    path.clock.move(minutes=1)
    _seen(argo, path, "shop", "web")
    path.step(path.store.change(merged.number))
    assert (_auto(argo), path.replicas) == (AUTOMATED, 9)
    assert _waits(path, first) == f"behind {second.id}, which has the same objects in hand"


def _waits(path: EmergencyPath, change: Change) -> str:
    waiting = path.step(change).progress.waiting
    assert waiting is not None
    return waiting.reason


def test_the_everyday_identity_writes_nothing_in_prod_all_the_while(
    path: EmergencyPath, clusters: KubernetesClusters
) -> None:
    with pytest.raises(Permanent, match="cannot patch"):
        clusters(EVERYDAY).apply([kube.deployment(path.shop)], change="CHG-1", force=True)
    change = path.merged(path.rolled_out())
    managers = {
        entry["manager"] for entry in path.live()["metadata"]["managedFields"] if entry["manager"]
    }
    assert "redlight" in managers
    assert change.progress.written
