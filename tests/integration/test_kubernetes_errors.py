"""How trouble on the way to an API server, or in it, reaches the services."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import yaml
from kubernetes.client import Configuration

from chatbot.adapters.kubernetes import KubernetesClusters, api
from chatbot.domain.change import Target
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.ports import Cluster
from sandbox.control_plane import ControlPlane, free_port

NAMESPACE = Target(api_version="v1", kind="Namespace", namespace="", name="default")


class _Answer(BaseHTTPRequestHandler):
    """Discovery works; everything else gets what the test says."""

    protocol_version = "HTTP/1.1"
    status = 200
    headers_out: dict[str, str]
    body: bytes
    stall: Event | None

    def do_GET(self) -> None:
        if self.path == "/api/v1":
            kind = {"name": "namespaces", "singularName": "", "namespaced": False}
            self._send(200, {}, json.dumps({"resources": [{**kind, "kind": "Namespace"}]}).encode())
            return
        if self.stall is not None:
            self.stall.wait(10)
        self._send(self.status, self.headers_out, self.body)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        pass


Answers = Callable[..., Cluster]


def _kubeconfig(folder: Path, server: str) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": server}}],
        "users": [{"name": "test", "user": {"token": "none"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    path = folder / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(document))
    return str(path)


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answers]:
    """Start a server that answers every read of an object in one way."""
    stop = Event()
    servers: list[ThreadingHTTPServer] = []

    def start(
        status: int,
        message: str = "",
        headers: dict[str, str] | None = None,
        *,
        stall: bool = False,
    ) -> Cluster:
        body = json.dumps({"kind": "Status", "message": message}) if message else "<html>"
        handler = type(
            "Handler",
            (_Answer,),
            {
                "status": status,
                "headers_out": headers or {},
                "body": body.encode(),
                "stall": stop if stall else None,
            },
        )
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        return KubernetesClusters(_kubeconfig(tmp_path, address), timeout=0.3 if stall else 15)("")

    yield start
    stop.set()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_later(answering: Answers, status: int) -> None:
    with pytest.raises(RetryLater, match="could not get namespace/default now"):
        answering(status).get(NAMESPACE)


def test_retry_after_is_honoured(answering: Answers) -> None:
    with pytest.raises(RetryLater, match="too many requests") as refused:
        answering(429, "too many requests", {"Retry-After": "7"}).get(NAMESPACE)
    assert refused.value.after == timedelta(seconds=7)


def test_an_answer_that_is_no_json_is_asked_again_later(answering: Answers) -> None:
    with pytest.raises(RetryLater, match="no JSON"):
        answering(200).get(NAMESPACE)


@pytest.mark.parametrize("status", [400, 405, 422])
def test_a_refusal_is_permanent_and_in_the_servers_words(answering: Answers, status: int) -> None:
    sentence = 'admission webhook "rules.example" denied the request: no latest tags'
    with pytest.raises(Permanent, match="no latest tags"):
        answering(status, sentence).get(NAMESPACE)


def test_a_webhooks_denial_does_not_ask_for_a_role(answering: Answers) -> None:
    sentence = 'admission webhook "rules.example" denied the request: no latest tags'
    with pytest.raises(Permanent, match="no latest tags") as refused:
        answering(403, sentence).get(NAMESPACE)
    assert "Grant" not in refused.value.remedy


def test_a_server_that_does_not_answer_is_given_up_in_time(answering: Answers) -> None:
    cluster = answering(200, stall=True)
    begun = time.monotonic()
    with pytest.raises(RetryLater, match="did not answer"):
        cluster.get(NAMESPACE)
    assert time.monotonic() - begun < 3


def test_a_server_that_is_down_is_asked_again_later(tmp_path: Path) -> None:
    cluster = KubernetesClusters(_kubeconfig(tmp_path, f"https://127.0.0.1:{free_port()}"))("")
    begun = time.monotonic()
    with pytest.raises(RetryLater, match="did not answer"):
        cluster.get(NAMESPACE)
    assert time.monotonic() - begun < api.CONNECT_SECONDS + 1


def test_an_unknown_authority_is_permanent(control_plane: ControlPlane, tmp_path: Path) -> None:
    cluster = KubernetesClusters(_kubeconfig(tmp_path, control_plane.url))("")
    with pytest.raises(Permanent, match="certificate"):
        cluster.get(NAMESPACE)


def test_a_token_that_is_not_accepted_is_permanent(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    text = control_plane.admin_kubeconfig.read_text()
    path = tmp_path / "expired.yaml"
    path.write_text(text.replace(control_plane.token("admin"), "expired"))
    with pytest.raises(Permanent, match="credentials") as refused:
        KubernetesClusters(str(path))("").get(NAMESPACE)
    assert "Renew the token" in refused.value.remedy


def test_a_token_that_the_client_renews_is_used_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    class Listening(_Answer):
        def do_GET(self) -> None:
            heard.append(self.headers["Authorization"])
            self._send(200, {}, b"{}")

    def renew(configuration: Configuration) -> None:
        renewed.append("renewed")
        configuration.api_key["authorization"] = f"Bearer {len(renewed)}"

    renewed: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    configuration = Configuration(host=f"http://127.0.0.1:{server.server_port}")
    configuration.refresh_api_key_hook = renew  # type: ignore[attr-defined] # the stubs lack it
    configuration.api_key["authorization"] = "Bearer 0"
    asked = api.Api(configuration, 10.0)
    asked.request("GET", "/", doing="look")
    monkeypatch.setattr(api, "CREDENTIALS_SECONDS", 0.0)
    asked._credentials = (0.0, {})  # its second is over
    for _ in range(2):
        asked.request("GET", "/", doing="look")
    server.shutdown()
    server.server_close()
    assert heard == ["Bearer 1", "Bearer 2", "Bearer 3"]


def test_a_context_that_the_kubeconfig_lacks_is_named(control_plane: ControlPlane) -> None:
    clusters = KubernetesClusters(str(control_plane.admin_kubeconfig))
    with pytest.raises(Permanent, match="context prod"):
        clusters("prod")


def test_a_context_has_one_cluster_however_often_it_is_asked_for(
    clusters: KubernetesClusters,
) -> None:
    assert clusters("redlight") is clusters("redlight")
    assert clusters("redlight") is not clusters("redlight-cluster")


def test_no_kubeconfig_at_all_is_said_so(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    with pytest.raises(Permanent, match="kubeconfig gives no access to context prod"):
        KubernetesClusters(missing)("prod")
    with pytest.raises(Permanent, match="kubeconfig gives no access to the current context"):
        KubernetesClusters(missing)("")
