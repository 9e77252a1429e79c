"""Argo CD's part of a test's world: a Git repository, an Application, and people who act on them.

The Application's kind is Argo CD's own where `ARGOCD_CRD` names it; every test has a namespace for
Applications and one that they deploy to.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chatbot.domain.argocd import Application, Phase, read_application
from sandbox.argocd import SYNC_ANNOTATION
from sandbox.cluster import OWN_CRD, PROJECT_CRD
from tests.support.kube import Admin, Manifest, config_map, deployment

AUTOMATED = {"prune": True, "selfHeal": True}


def definition() -> Manifest:
    """The kind Application."""
    return yaml.safe_load(Path(os.environ.get("ARGOCD_CRD") or OWN_CRD).read_text())


def project_definition() -> Manifest:
    """The kind AppProject."""
    return yaml.safe_load(PROJECT_CRD.read_text())


class GitRepo:
    """A bare repository `acme/cluster-config.git`, written to through a clone beside it."""

    def __init__(self, folder: Path) -> None:
        self.url = str(folder / "acme" / "cluster-config.git")
        self._work = folder / "work"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.url], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", str(self._work)], check=True)

    def commit(self, files: dict[str, str | None]) -> str:
        """Commit files (None deletes one) to `main` and push; the commit's SHA."""
        for name, text in files.items():
            path = self._work / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", "Change")
        self._git("push", "--quiet", self.url, "main")
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Engineer", "-c", "user.email=engineer@example.com"]
        command = ["git", "-C", str(self._work), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True)
class ArgoWorld:
    """An Application `shop` that deploys the folder `shop` to a namespace of the test's own."""

    admin: Admin
    repo: GitRepo
    applications: str
    """Namespace of the Applications."""
    namespace: str

    def manifest(self, name: str = "shop", *, path: str = "shop", **sync_policy: Any) -> Manifest:
        spec: Manifest = {
            "project": "default",
            "source": {"repoURL": self.repo.url, "path": path, "targetRevision": "main"},
            "destination": {
                "server": "https://kubernetes.default.svc",
                "namespace": self.namespace,
            },
        }
        if sync_policy:
            spec["syncPolicy"] = sync_policy
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "namespace": self.applications},
            "spec": spec,
        }

    def create(self, name: str = "shop", **sync_policy: Any) -> Manifest:
        return self.admin.create(self.manifest(name, **sync_policy))

    def live(self, name: str = "shop") -> Manifest:
        return self.admin.get(self.manifest(name))

    def read(self, name: str = "shop") -> Application:
        return read_application(self.live(name))

    def fate(self, said: str | None) -> None:
        """How the loop plays the next sync; None as usual."""
        self.patch({"metadata": {"annotations": {SYNC_ANNOTATION: said}}})

    def runs(self) -> bool:
        """Whether an operation runs that nobody has ended."""
        return (state := self.read().state) is not None and state.phase is Phase.RUNNING

    def patch(self, patch: Manifest, name: str = "shop", manager: str = "somebody") -> Manifest:
        return self.admin.patch_as(manager, self.manifest(name), patch)

    def operation(self, operation: Manifest, name: str = "shop") -> None:
        """What somebody with kubectl does to start a sync."""
        self.patch({"operation": operation}, name)

    def annotate(self, **annotations: str | None) -> None:
        named = {key.replace("__", "/").replace("_", "."): v for key, v in annotations.items()}
        self.patch({"metadata": {"annotations": named}})

    def push(self, image: str = "registry.example/web:1", **settings: str) -> str:
        """Commit the shop: a Deployment `web` and a ConfigMap `settings`."""
        web = deployment(self.namespace, image=image, replicas=1)
        files = {"shop/web.yaml": web, "shop/settings.yaml": config_map(self.namespace, **settings)}
        return self.repo.commit({name: yaml.safe_dump(it) for name, it in files.items()})

    def image(self) -> str:
        """The image that the cluster has; empty while there is no Deployment."""
        if not self.admin.exists(web := deployment(self.namespace)):
            return ""
        return self.admin.get(web)["spec"]["template"]["spec"]["containers"][0]["image"]

    def setting(self, key: str) -> str | None:
        if not self.admin.exists(settings := config_map(self.namespace)):
            return None
        return self.admin.get(settings).get("data", {}).get(key)
