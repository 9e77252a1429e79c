"""The two API servers as tests see them: an address, a token, and a fresh namespace."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import requests
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.dynamic import DynamicClient

from tests.support.kube import Manifest, deployment, namespace

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TIMEOUT = (3, 15)


@dataclass(frozen=True)
class Answer:
    """Status and JSON of a response; text when it is no JSON."""

    status: int
    body: Any


@dataclass(frozen=True)
class Server:
    """An API server and a namespace that only this test uses."""

    url: str
    token: str
    kubeconfig: Path
    namespace: str
    certificate: Path | None = None

    @property
    def deployments(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments"

    @property
    def config_maps(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps"

    @property
    def events(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/events"

    def call(
        self, method: str, path: str, body: Any = None, kind: str = "", **query: str
    ) -> Answer:
        """One request, as any client could send it."""
        with self._session() as session:
            response = session.request(
                method,
                self.url + path,
                data=None if body is None else json.dumps(body),
                headers={"Content-Type": kind or "application/json"},
                params=query,
                timeout=TIMEOUT,
            )
        is_json = response.headers["Content-Type"].startswith("application/json")
        return Answer(response.status_code, response.json() if is_json else response.text)

    def get(self, path: str, **query: str) -> Manifest:
        answer = self.call("GET", path, **query)
        assert answer.status == 200, answer.body
        return answer.body

    def apply(self, path: str, body: Manifest, manager: str = "redlight", **query: str) -> Answer:
        return self.call("PATCH", path, body, APPLY, fieldManager=manager, **query)

    @contextmanager
    def watch(self, path: str, **query: str) -> Iterator[Iterator[Manifest]]:
        """The events of a watch, as they come."""
        with (
            self._session() as session,
            session.get(
                self.url + path,
                params={"watch": "true", "timeoutSeconds": "10", **query},
                stream=True,
                timeout=TIMEOUT,
            ) as response,
        ):
            yield (json.loads(line) for line in response.iter_lines(chunk_size=1))

    def dynamic(self, folder: Path) -> DynamicClient:
        """The official dynamic client."""
        settings = Configuration()
        config.load_kube_config(
            str(self.kubeconfig), client_configuration=settings, persist_config=False
        )
        return DynamicClient(ApiClient(settings), cache_file=str(folder / "discovery.json"))

    def with_namespace(self) -> "Server":
        """The same server with a namespace of its own."""
        name = f"shop-{uuid4().hex[:8]}"
        made = self.call("POST", "/api/v1/namespaces", namespace(name))
        assert made.status == 201, made.body
        return Server(self.url, self.token, self.kubeconfig, name, self.certificate)

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.certificate) if self.certificate else True
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session


def web(namespace: str, **spec: Any) -> Manifest:
    """A Deployment `web` with two replicas, a port and a variable."""
    manifest = deployment(namespace, **{"replicas": 2, **spec})
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = [{"containerPort": 80, "protocol": "TCP"}]
    container["env"] = [{"name": "MODE", "value": "plain"}]
    return manifest


def eventually(condition: Any, seconds: float = 60.0) -> Any:
    """The first true answer of `condition`; fails when there is none in time."""
    deadline = monotonic() + seconds
    while not (result := condition()):
        assert monotonic() < deadline, "the condition did not come true in time"
        sleep(0.02)
    return result
