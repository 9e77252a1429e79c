"""The sandbox's cluster: the real API server where there is one, the embedded one otherwise.

Either way it runs what the cluster repository says, and the bot gets users of its own; on the real
server they hold exactly the shipped roles: one for every day, which may only look at prod, and one
for emergencies there.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from chatbot.adapters.kubectl import KubectlKustomize, find_kubectl
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.manifest import Manifest
from chatbot.services.gitstate import desired
from sandbox.children import Child
from sandbox.control_plane import ControlPlane, assets

BOT = "redlight"
CONTEXT = "sandbox"
EMERGENCY_BOT = "redlight-emergency"
EMERGENCY_CONTEXT = "prod-emergency"
PROD = "shop-prod"
NAMESPACES = ("shop-dev", "shop-test", "shop-staging", PROD)
OTHER_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
"""What the server makes for itself."""
SEED = Path(__file__).with_name("cluster-config")
ROLES = Path(__file__).parents[1] / "docs" / "rbac" / "role.yaml"
CHANGED_KINDS = "deployments,statefulsets,daemonsets,services,configmaps,horizontalpodautoscalers"
SECONDS = 60
POLL_SECONDS = 0.1

ARGOCD_NAMESPACE = "argocd"
OWN_CRD = Path(__file__).with_name("argocd") / "crd.yaml"
"""Stands in for Argo CD's own definition where `ARGOCD_CRD` names none."""

PROJECT_CRD = OWN_CRD.with_name("appproject-crd.yaml")
"""Of AppProjects we only read the sync windows, so ours is enough."""

_DEFAULT_PROJECT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "default", "namespace": ARGOCD_NAMESPACE},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}

ENVIRONMENTS = ("dev", "test", "staging", "prod")

AUTO_SYNCED = ("dev", "test")
"""Environments that Argo CD syncs by itself, as ADR-002 has it; the others wait to be told."""


@dataclass(frozen=True)
class LocalCluster:
    """A running cluster: kubeconfigs for its administrator and for the bot."""

    admin_kubeconfig: Path
    bot_kubeconfig: Path
    is_real: bool
    """Whether it is a real kube-apiserver."""

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator; raises `CalledProcessError` with what it said."""
        answer = subprocess.run(
            [str(find_kubectl()), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
            env={**os.environ, "KUBECONFIG": str(self.admin_kubeconfig)},
        )
        return answer.stdout

    def seed(self) -> None:
        """Make it run what the cluster repository says, applied in the bot's name: a first change
        then meets no conflicts."""
        cluster = KubernetesClusters(str(self.admin_kubeconfig))("")
        cluster.apply(_seeded(), change="seed", force=True)

    def install_argocd(self) -> None:
        """The kinds Application and AppProject, their namespace, and the project that Argo CD makes
        when it is installed."""
        definition = Path(os.environ.get("ARGOCD_CRD") or OWN_CRD)
        files = ("--filename", str(definition), "--filename", str(PROJECT_CRD))
        self.kubectl("apply", "--server-side", "--validate=false", *files)
        for plural in ("applications", "appprojects"):
            self._wait_until_served(f"/apis/argoproj.io/v1alpha1/{plural}")
        documents = [_namespaces((ARGOCD_NAMESPACE,)), yaml.safe_dump(_DEFAULT_PROJECT)]
        if self.is_real:
            documents.append(_argocd_binding())
        text = "---\n".join(documents)
        self.kubectl("apply", "--validate=false", "--filename", "-", stdin=text)

    def _wait_until_served(self, path: str) -> None:
        """`kubectl wait` gives up on a definition that has no conditions yet."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                self.kubectl("get", "--raw", path)
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)
            else:
                return

    def deploy(self, repo_url: str, environments: Sequence[str] = ENVIRONMENTS) -> None:
        """One Application for each of these environments of the cluster repository. Each starts
        with a sync, so that Argo CD takes over what runs already; `sandbox.argocd` has to run for
        that."""
        applications = yaml.safe_dump_all(application(name, repo_url) for name in environments)
        self.kubectl("apply", "--validate=false", "--filename", "-", stdin=applications)

    def undeploy(self) -> None:
        """Remove the Applications; what they made stays."""
        self.kubectl("delete", "applications", "--all", f"--namespace={ARGOCD_NAMESPACE}")

    def clear(self) -> None:
        """Remove what stands in its namespaces, in one call."""
        others = ",".join(f"metadata.namespace!={name}" for name in OTHER_NAMESPACES)
        self.kubectl(
            *("delete", CHANGED_KINDS, "--all-namespaces", f"--field-selector={others}"),
            "--wait=false",
        )


@cache
def _seeded() -> list[Manifest]:
    """Every object of every environment of the cluster repository, rendered once."""
    files = {path.relative_to(SEED).as_posix(): path.read_text() for path in SEED.rglob("*.yaml")}
    return [
        manifest
        for environment in sorted((SEED / "environments").iterdir())
        for manifest in desired(files, environment.relative_to(SEED).as_posix(), KubectlKustomize())
    ]


@contextmanager
def local_cluster(folder: Path) -> Iterator[LocalCluster]:
    """Run a cluster with the sandbox's namespaces and workloads until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with _real() if assets() else _embedded(folder) as cluster:
        cluster.seed()
        yield cluster


@contextmanager
def _real() -> Iterator[LocalCluster]:
    with ControlPlane({BOT: (), EMERGENCY_BOT: ()}) as plane:
        contexts = {CONTEXT: BOT, EMERGENCY_CONTEXT: EMERGENCY_BOT}
        cluster = LocalCluster(plane.admin_kubeconfig, plane.kubeconfig(contexts), is_real=True)
        manifests = "\n---\n".join((ROLES.read_text(), _namespaces(NAMESPACES), _bindings()))
        cluster.kubectl(
            *("apply", "--server-side", "--validate=false", "--filename=-"), stdin=manifests
        )
        yield cluster


@contextmanager
def _embedded(folder: Path) -> Iterator[LocalCluster]:
    kubeconfig = folder / "kubeconfig.yaml"
    server = Child.start(
        "apiserver",
        [
            *("sandbox.apiserver", "--port", "0", "--kubeconfig", str(kubeconfig)),
            *("--context", CONTEXT, "--context", EMERGENCY_CONTEXT),
        ],
        folder=folder,
    )
    try:
        server.wait_for(r"api server ready on (\S+)")
        cluster = LocalCluster(kubeconfig, kubeconfig, is_real=False)
        # Not `create namespace`: that speaks protobuf, which the embedded server does not.
        cluster.kubectl(
            "create", "--validate=false", "--filename", "-", stdin=_namespaces(NAMESPACES)
        )
        yield cluster
    finally:
        server.stop()


def application(environment: str, repo_url: str) -> dict[str, Any]:
    """The Application of an environment, as its platform owner would write it."""
    path = f"environments/{environment}"
    source: dict[str, Any] = {"repoURL": repo_url, "path": path, "targetRevision": "main"}
    if not (SEED / path / "kustomization.yaml").exists():
        source["directory"] = {"recurse": True}
    spec: dict[str, Any] = {
        "project": "default",
        "source": source,
        "destination": {"server": "https://kubernetes.default.svc"},
    }
    if environment in AUTO_SYNCED:
        spec["syncPolicy"] = {"automated": {"prune": True, "selfHeal": True}}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": environment, "namespace": ARGOCD_NAMESPACE},
        "spec": spec,
        "operation": {"initiatedBy": {"username": "admin"}, "sync": {}},
    }


def _namespaces(names: Sequence[str]) -> str:
    return yaml.safe_dump_all(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names
    )


def _argocd_binding() -> str:
    return yaml.safe_dump(_binding("RoleBinding", "redlight-argocd", ARGOCD_NAMESPACE))


def _bindings() -> str:
    """Bind the bot as `docs/rbac/binding.yaml` shows it, in every namespace of the sandbox but
    prod's, which is bound as in `docs/rbac/emergency.yaml`."""
    documents = [_binding("ClusterRoleBinding", "redlight-base")]
    for namespace in NAMESPACES:
        changer = EMERGENCY_BOT if namespace == PROD else BOT
        documents += [
            _binding("RoleBinding", "redlight-read", namespace),
            _binding("RoleBinding", "redlight-change", namespace, changer),
        ]
    documents.append(_binding("RoleBinding", "redlight-emergency", PROD, EMERGENCY_BOT))
    return yaml.safe_dump_all(documents)


def _binding(kind: str, role: str, namespace: str = "", user: str = BOT) -> dict[str, object]:
    metadata: dict[str, str] = {"name": role}
    if namespace:
        metadata["namespace"] = namespace
    group = "rbac.authorization.k8s.io"
    subjects: Sequence[dict[str, str]] = [{"kind": "User", "apiGroup": group, "name": user}]
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": list(subjects),
    }
