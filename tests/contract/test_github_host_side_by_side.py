"""Many threads at one Git host: each gets its own answer, and what is read together is read side by
side, until the host asks for a pause."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Condition, Thread

import pytest
from github.Requester import HTTPRequestsConnectionClass
from pydantic import SecretStr

from chatbot.adapters.github import GitHubHost
from chatbot.adapters.github.host import WORKERS
from chatbot.domain.errors import RetryLater
from chatbot.settings import GitHubSettings

SECONDS = 10.0


class Blobs(ThreadingHTTPServer):
    """Gives every blob its SHA as content. It counts who asks at once, and answers nobody before
    `together` do."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.news = Condition()
        self.asked: list[str] = []
        self.at_once = self.most = 0
        self.together = 1
        self.refuses = ""

    def met(self, sha: str) -> None:
        with self.news:
            self.asked.append(sha)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.news.notify_all()
            self.news.wait_for(lambda: self.most >= self.together, SECONDS)

    def left(self) -> None:
        with self.news:
            self.at_once -= 1


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Blobs

    def do_GET(self) -> None:
        sha = self.path.rpartition("/")[2]
        self.server.met(sha)
        self.server.left()
        refused = sha == self.server.refuses
        told = {"sha": sha, "encoding": "base64", "content": b64encode(sha.encode()).decode()}
        body = json.dumps({"message": "rate limit"} if refused else told).encode()
        self.send_response(429 if refused else 200)
        if refused:
            self.send_header("Retry-After", "30")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests print what they have to say."""


@pytest.fixture
def blobs() -> Iterator[Blobs]:
    with Blobs() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def host(blobs: Blobs) -> GitHubHost:
    url = f"http://127.0.0.1:{blobs.server_address[1]}"
    settings = GitHubSettings(api_url=url, token=SecretStr("t"), app=None)
    return GitHubHost(settings, "acme/cluster-config")


@pytest.fixture
def in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads at a time: both have said what they want before either sends it."""
    both = Barrier(2, timeout=SECONDS)
    send = HTTPRequestsConnectionClass.getresponse

    def sent(connection: HTTPRequestsConnectionClass) -> object:
        both.wait()
        return send(connection)

    monkeypatch.setattr(HTTPRequestsConnectionClass, "getresponse", sent)


def shas(count: int) -> list[str]:
    return [f"{number:040x}" for number in range(count)]


@pytest.mark.usefixtures("in_step")
def test_no_thread_gets_the_answer_to_what_another_asked(host: GitHubHost) -> None:
    wanted = shas(20)
    with ThreadPoolExecutor(2) as threads:
        read = list(threads.map(host.read, wanted))
    assert [blob.decode() for blob in read] == wanted


def test_blobs_are_read_side_by_side_by_so_many_and_no_more(host: GitHubHost, blobs: Blobs) -> None:
    blobs.together = WORKERS
    wanted = shas(40)
    assert host.blobs(wanted) == {sha: sha.encode() for sha in wanted}
    assert blobs.most == WORKERS
    assert host.blobs(wanted[:5]) == {sha: sha.encode() for sha in wanted[:5]}
    assert sorted(blobs.asked) == wanted, "each is asked for once, and then remembered"


def test_after_a_rate_limit_no_other_blob_is_asked_for(host: GitHubHost, blobs: Blobs) -> None:
    wanted = shas(200)
    blobs.refuses = wanted[0]
    started = time.monotonic()
    with pytest.raises(RetryLater) as refused:
        host.blobs(wanted)
    assert refused.value.after is not None
    asked = len(blobs.asked)
    assert asked < len(wanted)
    with pytest.raises(RetryLater):
        host.blobs(wanted)
    assert len(blobs.asked) <= asked + WORKERS, "only what was under way already"
    assert time.monotonic() - started < SECONDS
