"""Server-side apply through our adapter, against kubectl, on the real API server."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, Scale, interleaved
from chatbot.adapters.kubectl import find_kubectl
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.ports import Cluster
from sandbox.cluster import CONTEXT, LocalCluster, local_cluster

NAMESPACE = "shop-dev"
SECONDS = 120


def rows(folder: Path, scale: Scale) -> list[Row]:
    """Every round changes each object; a first round, which creates them, is not counted.

    kubectl starts anew each time, as it does for people and pipelines; the bot is running
    already. Both may do only what the shipped role allows.
    """
    count = scale.of(100, 6)
    with local_cluster(folder / "cluster") as local:
        cluster = KubernetesClusters(str(local.bot_kubeconfig))(CONTEXT)
        _through_adapter(cluster, _objects("ours", count, 0))
        _through_kubectl(local, folder, _objects("kubectl", count, 0))
        pairs = interleaved(
            scale.of(9, 1),
            lambda number: _through_adapter(cluster, _objects("ours", count, number + 1)),
            lambda number: _through_kubectl(local, folder, _objects("kubectl", count, number + 1)),
        )
    anchor = "kubectl apply --server-side, process start included"
    what = f"server-side apply of {count} objects"
    if not local.is_real:
        what += " (embedded API server: KUBEBUILDER_ASSETS is not set)"
    return [pairs.row(what, "s", "≤ 0.6 ×", anchor, most=0.6)]


def _through_adapter(cluster: Cluster, manifests: list[dict[str, Any]]) -> float:
    started = time.perf_counter()
    live = cluster.apply(manifests, change="CHG-1", force=False)
    took = time.perf_counter() - started
    if len(live) != len(manifests):
        raise RuntimeError("not every object was applied")
    return took


def _through_kubectl(local: LocalCluster, folder: Path, manifests: list[dict[str, Any]]) -> float:
    file = folder / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))
    command = [str(find_kubectl()), "apply", "--server-side", "--filename", str(file)]
    started = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        timeout=SECONDS,
        env={**os.environ, "KUBECONFIG": str(local.bot_kubeconfig)},
    )
    return time.perf_counter() - started


def _objects(prefix: str, count: int, revision: int) -> list[dict[str, Any]]:
    """Half Deployments, half ConfigMaps, as a release brings them."""
    made: list[dict[str, Any]] = []
    for number in range(count):
        name = f"{prefix}-{number}"
        made.append(_config_map(name, revision) if number % 2 else _deployment(name, revision))
    return made


def _config_map(name: str, revision: int) -> dict[str, Any]:
    settings = {f"setting-{index}": f"value {index} of {revision}" for index in range(5)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": settings,
    }


def _deployment(name: str, revision: int) -> dict[str, Any]:
    labels = {"app": name}
    container = {
        "name": "app",
        "image": f"registry.example/app:{revision}",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
