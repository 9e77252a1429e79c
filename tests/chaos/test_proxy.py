"""The proxy that the crash matrix, and later the fault matrix, stand on."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.chaos.faults import LIMIT, impatient
from tests.support.call_names import cluster, forge, is_effect, jira, slack
from tests.support.proxy import Arrival, Call, Fault, Proxy

SECONDS = 10


class Upstream(ThreadingHTTPServer):
    """Answers everything with 200, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Upstream)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(f"{self.path} {body.decode()} for {self.headers['Host']}")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Quiet."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as running:
        yield running


@pytest.fixture
def address(proxy: Proxy, upstream: Upstream) -> str:
    return proxy.listen(upstream.url, lambda method, path, query, body: f"{method} {path}")


def post(address: str, timeout: float = SECONDS) -> requests.Response:
    return requests.post(f"{address}/thing?a=1", data=b"hello", timeout=timeout)


CALL = Call("POST /thing", 2)


def test_calls_pass_and_are_counted_by_name(proxy: Proxy, upstream: Upstream, address: str) -> None:
    assert [post(address).text for _ in range(2)] == ["ok", "ok"]
    host = address.removeprefix("http://")
    assert upstream.seen == [f"/thing?a=1 hello for {host}"] * 2
    assert proxy.calls() == [Call("POST /thing", 1), CALL]
    proxy.rewind()
    assert proxy.calls() == []


def test_a_call_is_known_by_who_made_it(proxy: Proxy, address: str) -> None:
    for token in ("one", "other"):
        requests.post(address, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS)
    assert [arrival.caller for arrival in proxy.arrivals()] == ["Bearer one", "Bearer other"]


def test_patience_is_owed_by_the_caller_that_was_asked_for_it() -> None:
    fault = LIMIT.fault("cluster GET applications")
    refused = Arrival(Call("cluster GET applications", 1), 0.0, fault, caller="every day")
    soon = Arrival(Call("cluster PATCH deployments", 1), 0.5, caller="every day")
    emergency = Arrival(Call("cluster PATCH deployments", 2), 0.5, caller="emergency")
    late = Arrival(Call("cluster PATCH deployments", 3), 1.5, caller="every day")
    assert len(impatient([refused, soon, emergency, late])) == 1


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("reached", [False, True])
def test_one_call_is_answered_in_the_upstreams_place(
    proxy: Proxy, upstream: Upstream, address: str, status: int, reached: bool
) -> None:
    fault = Fault(status=status, headers={"Retry-After": "7"}, body=b"no", reached=reached)
    proxy.at(CALL, fault)
    answers = [post(address) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, status, 200]
    assert (answers[1].headers["Retry-After"], answers[1].text) == ("7", "no")
    assert len(upstream.seen) == 2 + reached


@pytest.mark.parametrize("reached", [False, True])
def test_one_call_is_never_answered(
    proxy: Proxy, upstream: Upstream, address: str, reached: bool
) -> None:
    post(address)
    proxy.at(CALL, Fault(hang=True, reached=reached))
    with pytest.raises(requests.ReadTimeout):
        post(address, timeout=0.3)
    assert len(upstream.seen) == 1 + reached
    assert post(address).text == "ok"


@pytest.mark.parametrize("reached", [False, True])
def test_one_connection_is_reset(
    proxy: Proxy, upstream: Upstream, address: str, reached: bool
) -> None:
    post(address)
    proxy.at(CALL, Fault(reached=reached))
    with pytest.raises(requests.ConnectionError):
        post(address)
    assert len(upstream.seen) == 1 + reached


def test_the_log_tells_when_a_call_came_and_when_its_fault_was_told(
    proxy: Proxy, upstream: Upstream, address: str
) -> None:
    proxy.at(CALL, Fault(status=429))
    for _ in range(3):
        post(address)
    before, faulted, after = proxy.arrivals()
    assert (faulted.call, faulted.fault) == (CALL, Fault(status=429))
    assert (before.fault, after.fault) == (None, None)
    assert before.at <= faulted.at <= faulted.told <= after.at


@pytest.mark.parametrize(("when", "reached"), [("before", 1), ("after", 2)])
def test_a_test_acts_right_before_or_after_a_call_whose_answer_is_lost(
    proxy: Proxy, upstream: Upstream, address: str, when: str, reached: int
) -> None:
    post(address)
    seen_then: list[int] = []

    def act() -> None:
        seen_then.append(len(upstream.seen))

    proxy.at(CALL, Fault(before=act) if when == "before" else Fault(after=act))
    assert proxy.pending() == [CALL]
    with pytest.raises(requests.ConnectionError):
        post(address)
    assert seen_then == [reached]
    assert proxy.pending() == []
    assert len(upstream.seen) == reached


def said(change: str, key: str) -> bytes:
    """The body of a message with its metadata."""
    return json.dumps({"metadata": {"event_payload": {"change": change, "key": key}}}).encode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (forge("GET", "/repos/a/b/git/ref/heads/mcp-ocs%2Fchange-chg-12", {}, b""),
         "forge GET git/ref/heads/{branch}"),
        (forge("PUT", "/repos/a/b/pulls/7/merge", {}, b""), "forge PUT pulls/{n}/merge"),
        (forge("GET", "/repos/a/b/git/blobs/" + "0f" * 20, {}, b""), "forge GET git/blobs/{sha}"),
        (forge("GET", "/repos/a/b/pulls", {"state": "open"}, b""), "forge GET pulls open"),
        (cluster("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", {}, b""),
         "cluster PATCH deployments/scale"),
        (cluster("PATCH", "/api/v1/namespaces/shop/services/web",
                 {"force": "false", "dryRun": "All"}, b""),
         "cluster APPLY services (dry run)"),
        (cluster("GET", "/api/v1/namespaces/shop", {}, b""), "cluster GET namespaces"),
        (cluster("GET", "/apis", {}, b""), "cluster GET discovery"),
        (slack("POST", "/_hooks/response/1", {}, b""), "slack response_url"),
        (slack("POST", "/api/chat.update", {}, b"{}"), "slack chat.update"),
        (slack("POST", "/api/chat.postMessage", {}, b'{"thread_ts": "1.2"}'),
         "slack chat.postMessage thread"),
        (slack("POST", "/api/chat.update", {}, said("CHG-1", "incident")),
         "slack chat.update incident"),
        (slack("POST", "/api/chat.postMessage", {}, said("CHG-1", "event:7")),
         "slack chat.postMessage incident"),
        (slack("POST", "/api/chat.postMessage", {}, said("", "emergency:CHG-1:applied")),
         "slack chat.postMessage news"),
        (cluster("PATCH", "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/prod", {},
                 b'{"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}'),
         "cluster PATCH applications (look)"),
        (forge("POST", "/repos/a/b/git/ref/heads/mcp-ocs%2Fpostmortem-chg-12", {}, b""),
         "forge POST git/ref/heads/{postmortem}"),
        (jira("POST", "/rest/api/2/issue/INC-7/comment", {}, b""), "jira POST issue/{key}/comment"),
        (jira("GET", "/rest/api/2/search", {}, b""), "jira GET search"),
    ],
)  # fmt: skip
def test_a_call_is_named_by_what_it_does(name: str, expected: str) -> None:
    assert name == expected


def test_reads_and_dry_runs_are_no_effects() -> None:
    names = (
        "forge GET pulls open", "cluster APPLY services (dry run)", "slack users.info",
        "slack bookmarks.list", "jira GET search",
        "forge POST pulls", "cluster APPLY services", "slack chat.update",
        "slack ack view_submission", "slack pins.add", "jira POST issue",
    )  # fmt: skip
    assert list(filter(is_effect, names)) == list(names[5:])
