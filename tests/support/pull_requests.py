"""Pull requests to an environment of a test's own, and the reviewer over real parts."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import yaml

from chatbot.adapters import rego_files
from chatbot.adapters.argocd import ArgoCDs
from chatbot.adapters.kubectl import KubectlKustomize
from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.rego import RegoPolicies
from chatbot.domain import policyset
from chatbot.domain.change import Change, Operation, Path, Plan
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.environment import Environment
from chatbot.domain.review import Review
from chatbot.services.policy import PolicyRules
from chatbot.services.preapprovals import Preapprovals
from chatbot.services.promotions import Promotions
from chatbot.services.repository import ClusterRepository
from chatbot.services.review import Reviewer
from tests.support import builders
from tests.support.forge import SENIOR, ForgeProcess
from tests.support.forge_work import commit_files
from tests.support.github_host import github_host
from tests.support.kube import Manifest, deployment, namespace
from tests.unit.services.parts import Hand, environment

PATH = "environments/live"
Files = Mapping[str, Manifest | str | None]
"""By path: an object, a text, or None for a file that goes."""


class PullRequests:
    """An environment `prod` in `environments/live`, on a base branch of its own: a namespace with a
    NetworkPolicy and the Deployment `web`, all as the shipped policies want them."""

    def __init__(self, forge: ForgeProcess, clusters: KubernetesClusters, shop: str) -> None:
        self.shop = shop
        self.repo: Any = forge.github(SENIOR).get_repo(forge.repo)
        self.git = github_host(forge)
        self.base = f"base-{uuid4().hex[:8]}"
        self.environments: dict[str, Environment] = {
            "dev": environment("dev"),
            "prod": environment("prod", "prod", path=PATH, namespaces=(shop,)),
        }
        self.clock = Hand()
        self.completed: dict[tuple[str, str], int] = {}
        """By environment and content, as the store would know it."""
        self.reviewer = Reviewer(
            environments=self.environments,
            git=self.git,
            repository=ClusterRepository(self.git, KubectlKustomize()),
            clusters=clusters,
            deployers=ArgoCDs(clusters),
            policies=PolicyRules(RegoPolicies(), policyset.read(rego_files.shipped())),
            promotions=Promotions(self.environments, self),  # type: ignore[arg-type] # asks one thing
            preapprovals=Preapprovals(
                self.environments,
                self,  # type: ignore[arg-type] # asks one thing
                None,  # type: ignore[arg-type] # nothing was approved
                self.clock,
            ),
            base_head=lambda: self.head(self.base),
            clock=self.clock,
        )
        self.on_base(
            {
                f"{PATH}/namespace.yaml": labelled(shop),
                f"{PATH}/network.yaml": network_policy(shop),
                f"{PATH}/web.yaml": workload(shop),
            }
        )

    def completed_with(self, environment: str, content: str) -> int | None:
        """Which change did the same there."""
        return self.completed.get((environment, content))

    def change(self, number: int) -> Change:
        """One that was never approved."""
        return self.scaling().model_copy(update={"number": number})

    def set(self, **fields: Any) -> None:
        """Give the environment other rules."""
        self.environments["prod"] = self.environments["prod"].model_copy(update=fields)

    def on_base(self, files: Files) -> None:
        """Commit to the base branch."""
        commit_files(self.repo, self.base, texts(files))

    def pushed(self, files: Files) -> str:
        """Commit to a new branch off the base branch; the commit."""
        return commit_files(self.repo, f"pr-{uuid4().hex[:8]}", texts(files), base=self.base)

    def head(self, branch: str) -> str:
        found = self.git.head(branch)
        assert found is not None
        return found

    def scaling(self, replicas: int = 3, **request: Any) -> Change:
        """`deployment/web` to so many replicas."""
        asked: dict[str, Any] = {
            "environment": "prod",
            "namespace": self.shop,
            "targets": (builders.target(namespace=self.shop),),
            "replicas": replicas,
        }
        request = builders.change_request(**{**asked, **request})
        return builders.change(number=12, path=Path.GITOPS, request=request)

    def applying(self, *manifests: Manifest) -> Change:
        """An apply of these objects."""
        targets = tuple(
            builders.target(
                manifest["metadata"]["name"],
                api_version=manifest["apiVersion"],
                kind=manifest["kind"],
                namespace=manifest["metadata"].get("namespace", ""),
            )
            for manifest in manifests
        )
        return self.scaling(
            operation=Operation.APPLY,
            targets=targets,
            replicas=None,
            manifest=yaml.safe_dump_all(manifests),
        )

    def reviewed(self, files: Files, change: Change | None = None) -> tuple[Plan, Review]:
        """The review of a branch with these files."""
        return self.review_of(self.pushed(files), change)

    def review_of(self, head_sha: str, change: Change | None = None) -> tuple[Plan, Review]:
        """The review of a commit."""
        left = self.git.merge_base(self.base, head_sha)
        return self.reviewer.review(change or self.scaling(), left, head_sha, ())


def texts(files: Files) -> dict[str, str | None]:
    return {
        path: yaml.safe_dump(content) if isinstance(content, dict) else content
        for path, content in files.items()
    }


def denied(review: Review) -> list[tuple[str, str]]:
    """Policy and object of what stops the change."""
    return said(review, Enforcement.DENY)


def said(review: Review, enforcement: Enforcement) -> list[tuple[str, str]]:
    return [
        (finding.policy, finding.object)
        for finding in review.findings
        if finding.enforcement is enforcement
    ]


def workload(shop: str, name: str = "web", tag: str = "1", **spec: Any) -> Manifest:
    """A Deployment that no shipped policy denies."""
    manifest = deployment(
        shop, name, **{"replicas": 2, "image": f"registry.example.com/shop/{name}:{tag}", **spec}
    )
    [container] = manifest["spec"]["template"]["spec"]["containers"]
    container["resources"] = {
        "requests": {"cpu": "500m", "memory": "256Mi"},
        "limits": {"memory": "256Mi"},
    }
    return manifest


def labelled(shop: str) -> Manifest:
    manifest = namespace(shop)
    manifest["metadata"]["labels"] = {"environment": "prod"}
    return manifest


def network_policy(shop: str) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": shop},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }
