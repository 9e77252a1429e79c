"""The sandbox's Argo CD behaves as Argo CD documents it, on the real API server."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatbot.domain.argocd import Application, Health, Phase, SyncStatus
from sandbox.argocd import SYNC_ANNOTATION, Controller
from sandbox.children import Child
from sandbox.control_plane import ControlPlane
from tests.contract.cluster.world import eventually
from tests.integration.argocd_fixtures import *  # noqa: F403 - its fixtures
from tests.support.argocd import AUTOMATED, ArgoWorld
from tests.support.forge import running_forge
from tests.support.kube import config_map, deployment

BY_HAND = {"initiatedBy": {"username": "engineer"}, "sync": {}}


def phase(argo: ArgoWorld) -> Phase | None:
    state = argo.read().state
    return state.phase if state is not None else None


def until(argo: ArgoWorld, *, phase: Phase, operation: str = "") -> Application:
    """Wait for the end of an operation, by its first `info` value if one is named."""

    def there() -> Application | None:
        found = argo.read()
        state = found.state
        named = state is not None and operation in (state.operation.change, "")
        done = state is not None and state.phase is phase and named and found.operation is None
        return found if done else None

    return eventually(there, seconds=20)


def healthy(argo: ArgoWorld, revision: str) -> Application:
    def there() -> Application | None:
        found = argo.read()
        in_sync = found.sync is SyncStatus.SYNCED and found.revisions == (revision,)
        return found if in_sync and found.health is Health.HEALTHY else None

    return eventually(there, seconds=20)


def test_a_manual_application_is_out_of_sync_until_it_is_told(
    argo: ArgoWorld, controller: Controller
) -> None:
    revision = argo.push()
    argo.create()
    eventually(lambda: argo.read().sync is SyncStatus.OUT_OF_SYNC)
    assert argo.read().health is Health.MISSING
    assert argo.image() == ""
    argo.operation(BY_HAND)
    found = healthy(argo, revision)
    assert found.operation is None
    assert found.state is not None
    assert found.state.operation.initiated_by == "engineer"
    assert found.state.message == "successfully synced (all tasks run)"
    assert [entry.revisions for entry in found.history] == [(revision,)]
    assert all(result.message.endswith("serverside-applied") for result in found.state.results)
    assert argo.image() == "registry.example/web:1"


def test_an_operation_syncs_its_own_revision_and_not_the_newest(
    argo: ArgoWorld, controller: Controller
) -> None:
    first, second = argo.push(mode="first"), argo.push(mode="second")
    argo.create()
    argo.operation({"sync": {"revision": first}})
    found = until(argo, phase=Phase.SUCCEEDED)
    assert found.state is not None
    assert found.state.revisions == (first,)
    assert argo.setting("mode") == "first"
    eventually(lambda: argo.read().revisions == (second,))
    assert argo.read().sync is SyncStatus.OUT_OF_SYNC


def test_a_second_operation_while_one_runs_is_lost(argo: ArgoWorld, controller: Controller) -> None:
    revision = argo.push()
    argo.admin.create(_stalled(argo))
    argo.operation({"info": [{"name": "who", "value": "first"}], "sync": {}})
    eventually(lambda: phase(argo) is Phase.RUNNING)
    argo.operation({"info": [{"name": "who", "value": "second"}], "sync": {"revision": "0" * 40}})
    argo.patch({"metadata": {"annotations": {SYNC_ANNOTATION: None}}})
    healthy(argo, revision)
    live = argo.live()
    assert "operation" not in live
    assert live["status"]["operationState"]["operation"]["info"][0]["value"] == "first"
    assert len(argo.read().history) == 1


def test_a_terminated_operation_ends_as_failed(argo: ArgoWorld, controller: Controller) -> None:
    argo.push()
    argo.admin.create(_stalled(argo))
    argo.operation({"sync": {}})
    eventually(lambda: phase(argo) is Phase.RUNNING)
    argo.patch({"status": {"operationState": {"phase": "Terminating"}}})
    found = until(argo, phase=Phase.FAILED)
    assert found.state is not None
    assert found.state.message == "Operation terminated"


def test_a_kind_that_the_cluster_lacks_fails_the_operation(
    argo: ArgoWorld, controller: Controller
) -> None:
    argo.push()
    argo.repo.commit({"shop/odd.yaml": yaml.safe_dump(_odd())})
    argo.create()
    argo.operation({"sync": {}})
    found = until(argo, phase=Phase.FAILED)
    assert found.state is not None
    assert 'Make sure the "Frobnicator" CRD is installed' in found.state.message
    [failed] = [result for result in found.state.results if result.failed]
    assert failed.name.startswith("frobnicator/odd")
    assert found.history == ()


def test_what_cannot_be_rendered_is_a_comparison_error(
    argo: ArgoWorld, controller: Controller
) -> None:
    argo.push()
    argo.repo.commit({"shop/kustomization.yaml": "resources: [missing.yaml]\n"})
    argo.create()
    eventually(lambda: argo.read().sync is SyncStatus.UNKNOWN and argo.read().conditions)
    assert argo.read().conditions[0].startswith("ComparisonError: Failed to load target state")
    argo.operation({"sync": {}})
    found = until(argo, phase=Phase.ERROR)
    assert found.state is not None
    assert "missing.yaml" in found.state.message
    argo.repo.commit({"shop/kustomization.yaml": "resources: [web.yaml, settings.yaml]\n"})
    eventually(lambda: not argo.read().conditions)


def test_a_rollout_that_fails_is_degraded(argo: ArgoWorld, controller: Controller) -> None:
    argo.push(image="registry.example/web:broken")
    argo.create()
    argo.operation({"sync": {}})
    eventually(lambda: argo.read().health is Health.DEGRADED, seconds=20)
    assert argo.read().sync is SyncStatus.SYNCED


def test_what_git_drops_is_pruned_only_when_asked(argo: ArgoWorld, controller: Controller) -> None:
    argo.push(mode="plain")
    argo.create()
    argo.operation({"sync": {}})
    until(argo, phase=Phase.SUCCEEDED)
    revision = argo.repo.commit({"shop/settings.yaml": None})
    eventually(lambda: argo.read().revisions == (revision,))
    assert argo.read().sync is SyncStatus.OUT_OF_SYNC
    argo.operation({"info": [{"name": "redlight.dev/change", "value": "A"}], "sync": {}})
    until(argo, phase=Phase.SUCCEEDED, operation="A")
    assert argo.setting("mode") == "plain"
    prune = {"info": [{"name": "redlight.dev/change", "value": "B"}], "sync": {"prune": True}}
    argo.operation(prune)
    until(argo, phase=Phase.SUCCEEDED, operation="B")
    assert argo.setting("mode") is None
    healthy(argo, revision)


def test_auto_sync_follows_git_by_itself(argo: ArgoWorld, controller: Controller) -> None:
    argo.push(mode="first")
    argo.create(automated=AUTOMATED)
    eventually(lambda: argo.setting("mode") == "first")
    revision = argo.push(mode="second")
    eventually(lambda: argo.setting("mode") == "second")
    found = healthy(argo, revision)
    assert found.state is not None
    assert str(found.state.operation) == "of auto-sync"


def test_auto_sync_tries_a_revision_that_fails_once(
    argo: ArgoWorld, controller: Controller
) -> None:
    argo.push()
    argo.repo.commit({"shop/odd.yaml": yaml.safe_dump(_odd())})
    argo.create(automated=AUTOMATED)
    found = until(argo, phase=Phase.FAILED)
    assert found.state is not None
    started = found.state.started_at
    eventually(lambda: any("Failed last sync attempt to" in c for c in argo.read().conditions))
    again = argo.read().state
    assert again is not None
    assert again.started_at == started


def test_self_heal_takes_a_direct_change_back(argo: ArgoWorld, controller: Controller) -> None:
    revision = argo.push(mode="plain")
    argo.create(automated=AUTOMATED)
    healthy(argo, revision)
    argo.admin.patch_as("engineer", config_map(argo.namespace), {"data": {"mode": "loud"}})
    eventually(lambda: argo.setting("mode") == "plain")


def test_without_self_heal_a_direct_change_stays_and_shows(
    argo: ArgoWorld, controller: Controller
) -> None:
    revision = argo.push(mode="plain")
    argo.create(automated={})
    healthy(argo, revision)
    argo.admin.patch_as("engineer", config_map(argo.namespace), {"data": {"mode": "loud"}})
    eventually(lambda: argo.read().sync is SyncStatus.OUT_OF_SYNC)
    [different] = [each for each in argo.read().resources if each.sync is SyncStatus.OUT_OF_SYNC]
    assert different.name == f"configmap/settings in {argo.namespace}"
    assert argo.setting("mode") == "loud"


@pytest.mark.parametrize("policy", [{}, {"automated": {"enabled": False, "selfHeal": True}}])
def test_what_is_not_automated_is_left_alone(
    argo: ArgoWorld, controller: Controller, policy: Any
) -> None:
    argo.push()
    argo.create(**policy)
    eventually(lambda: argo.read().sync is SyncStatus.OUT_OF_SYNC)
    argo.annotate(argocd_argoproj_io__refresh="normal")
    eventually(lambda: "annotations" not in argo.live()["metadata"])
    assert argo.read().state is None


def test_it_runs_as_a_program_on_a_repository_behind_http(
    argo: ArgoWorld, control_plane: ControlPlane, tmp_path: Path
) -> None:
    seed = tmp_path / "seed" / "shop"
    seed.mkdir(parents=True)
    (seed / "web.yaml").write_text(yaml.safe_dump(deployment(argo.namespace)))
    with running_forge(tmp_path / "forge", arguments=["--seed", str(seed.parent)]) as forge:
        manifest = argo.manifest(automated={})
        manifest["spec"]["source"]["repoURL"] = f"{forge.url}/{forge.repo}.git"
        argo.admin.create(manifest)
        config, url = str(control_plane.admin_kubeconfig), forge.clone_url()
        arguments = ["sandbox.argocd", "--kubeconfig", config, "--repo-url", url]
        loop = Child.start("argocd", arguments, folder=tmp_path)
        try:
            loop.wait_for("argocd ready")
            eventually(lambda: argo.image() == "registry.example/web:1")
        finally:
            assert loop.stop() == 0, loop.tail()


def test_it_says_how_it_is_used() -> None:
    command = [sys.executable, "-m", "sandbox.argocd", "--help"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert "--repo-url" in said


def _stalled(argo: ArgoWorld) -> dict[str, Any]:
    manifest = argo.manifest()
    manifest["metadata"]["annotations"] = {SYNC_ANNOTATION: "stall"}
    return manifest


def _odd() -> dict[str, Any]:
    metadata = {"name": "odd"}
    return {"apiVersion": "example.com/v1", "kind": "Frobnicator", "metadata": metadata}
