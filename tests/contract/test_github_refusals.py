"""GitHub when it is limited, unwell or away: every answer is one of the two families of errors."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chatbot.adapters.github import GitHubHost
from chatbot.domain.errors import Conflict, Permanent, RetryLater
from chatbot.domain.review import Author, StatusState
from tests.support.github_host import host_at

HTML = "<html><body>Unicorn!</body></html>"
Call = Callable[[GitHubHost], Any]

CALLS: Mapping[str, Call] = {
    "head": lambda host: host.head("main"),
    "merge_base": lambda host: host.merge_base("main", "b"),
    "parent": lambda host: host.parent("a" * 40),
    "commits": lambda host: host.commits("a" * 40, "b" * 40),
    "files": lambda host: host.files("a" * 40, "environments"),
    "detours": lambda host: host.detours("a" * 40),
    "read": lambda host: host.read("a" * 40),
    "commit": lambda host: host.commit("b", "a" * 40, "m", {"f": "t"}),
    "commit over": lambda host: host.commit("b", "a" * 40, "m", {"f": "t"}, over="c" * 40),
    "merge_base_into": lambda host: host.merge_base_into("b", "main", "m"),
    "open_pull_request": lambda host: host.open_pull_request("b", "main", "t", "b", ["l"]),
    "pull_request": lambda host: host.pull_request(7, '"etag"'),
    "pull_request_of": lambda host: host.pull_request_of("b"),
    "set_status": lambda host: host.set_status("a" * 40, "c", StatusState.SUCCESS, "d"),
    "comment": lambda host: host.comment(7, "policy", "b"),
    "reviews": lambda host: host.reviews(7),
    "merge": lambda host: host.merge(7, "a" * 40, "merge"),
    "close": lambda host: host.close(7),
    "delete_branch": lambda host: host.delete_branch("b"),
}
every_call = pytest.mark.parametrize("call", list(CALLS.values()), ids=list(CALLS))


class Weather:
    """A server that always answers the same."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = "{}"
        self.reset = False
        self.silent = False
        self.asked = 0
        self.over = threading.Event()
        weather = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                weather.answer(self)

            do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the library's names

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        if self.silent:
            self.over.wait(30)
            return
        if self.reset:
            linger = struct.pack("ii", 1, 0)  # close with a reset instead of a goodbye
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            request.connection.close()
            return
        body = self.body.encode()
        request.send_response(self.status)
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def says(self, status: int, message: str, **headers: str) -> None:
        self.status, self.body = status, json.dumps({"message": message})
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.headers = {"Content-Type": "application/json", **named}

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def weather() -> Iterator[Weather]:
    made = Weather()
    yield made
    made.close()


@pytest.fixture
def host(weather: Weather) -> GitHubHost:
    return host_at(weather.url)


@every_call
def test_a_secondary_limit_waits_as_long_as_it_says(
    weather: Weather, host: GitHubHost, call: Call
) -> None:
    weather.says(403, "You have exceeded a secondary rate limit.", Retry_After="42")
    with pytest.raises(RetryLater, match="limits") as limited:
        call(host)
    assert limited.value.after == timedelta(seconds=42)
    assert weather.asked == 1


@every_call
def test_after_a_429_nothing_is_asked_for_as_long_as_it_says(
    weather: Weather, host: GitHubHost, call: Call
) -> None:
    weather.says(429, "Too many requests", Retry_After="7")
    with pytest.raises(RetryLater) as limited:
        call(host)
    assert limited.value.after == timedelta(seconds=7)
    for other in CALLS.values():
        with pytest.raises(RetryLater):
            other(host)
    assert weather.asked == 1


def test_a_spent_primary_limit_waits_for_its_reset(weather: Weather, host: GitHubHost) -> None:
    reset = datetime.now(UTC) + timedelta(minutes=10)
    weather.says(
        403,
        "API rate limit exceeded",
        X_RateLimit_Remaining="0",
        X_RateLimit_Reset=str(int(reset.timestamp())),
    )
    with pytest.raises(RetryLater) as limited:
        host.head("main")
    assert limited.value.after is not None
    assert timedelta(minutes=9) < limited.value.after <= timedelta(minutes=10)


def test_a_limit_whose_reset_is_over_still_waits_a_moment(
    weather: Weather, host: GitHubHost
) -> None:
    weather.says(
        403, "API rate limit exceeded", X_RateLimit_Remaining="0", X_RateLimit_Reset="1000000000"
    )
    with pytest.raises(RetryLater) as limited:
        host.head("main")
    assert limited.value.after == timedelta(seconds=1)


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}])
def test_a_limit_without_a_number_waits_the_documented_minute(
    weather: Weather, host: GitHubHost, headers: dict[str, str]
) -> None:
    weather.says(403, "You have exceeded a secondary rate limit.", **headers)
    with pytest.raises(RetryLater) as limited:
        host.head("main")
    assert limited.value.after == timedelta(minutes=1)


@every_call
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_is_unwell_is_tried_later(
    weather: Weather, host: GitHubHost, status: int, call: Call
) -> None:
    weather.status, weather.body = status, HTML
    weather.headers = {"Content-Type": "text/html"}
    with pytest.raises(RetryLater, match=f"status {status}") as unwell:
        call(host)
    assert "Unicorn" not in str(unwell.value)


@every_call
def test_a_connection_that_is_reset_is_tried_later(
    weather: Weather, host: GitHubHost, call: Call
) -> None:
    weather.reset = True
    with pytest.raises(RetryLater, match="does not answer"):
        call(host)


def test_a_server_that_keeps_silent_is_given_up_after_the_timeout(weather: Weather) -> None:
    weather.silent = True
    with pytest.raises(RetryLater, match="does not answer"):
        host_at(weather.url, timeout=1).head("main")


def test_nobody_there_is_tried_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(RetryLater, match="does not answer"):
            host_at(f"http://127.0.0.1:{port}").head("main")


@every_call
def test_credentials_that_are_refused_need_a_person(
    weather: Weather, host: GitHubHost, call: Call
) -> None:
    weather.says(401, "Bad credentials")
    with pytest.raises(Permanent, match="credentials") as refused:
        call(host)
    assert refused.value.remedy


@every_call
def test_a_403_that_is_no_limit_says_what_the_token_needs(
    weather: Weather, host: GitHubHost, call: Call
) -> None:
    weather.says(403, "Resource not accessible by personal access token")
    with pytest.raises(Permanent, match="Resource not accessible") as refused:
        call(host)
    assert "contents, pull requests" in refused.value.remedy


def test_a_validation_error_is_told_with_its_details(weather: Weather, host: GitHubHost) -> None:
    weather.status = 422
    weather.headers = {"Content-Type": "application/json"}
    weather.body = json.dumps(
        {"message": "Validation Failed", "errors": [{"message": "No commits between a and b"}]}
    )
    with pytest.raises(Permanent, match="Validation Failed: No commits between a and b"):
        host.pull_request(7)


def test_a_409_is_a_conflict(weather: Weather, host: GitHubHost) -> None:
    weather.says(409, "Git Repository is empty.")
    with pytest.raises(Conflict, match="empty"):
        host.head("main")


def test_commits_that_github_does_not_list_to_the_end_need_a_person(
    weather: Weather, host: GitHubHost
) -> None:
    weather.headers = {"Content-Type": "application/json"}
    weather.body = json.dumps({"total_commits": 10_001, "commits": []})
    with pytest.raises(Permanent, match="more commits") as refused:
        host.commits("a" * 40, "b" * 40)
    assert refused.value.remedy


def test_an_author_whom_github_tells_as_an_empty_object_is_known_by_address(
    weather: Weather, host: GitHubHost
) -> None:
    signed = {"name": "A requester", "email": "requester@example.com"}
    commit = {"author": signed, "committer": signed, "message": "Scale web"}
    commits = [{"sha": "b" * 40, "author": {}, "committer": None, "commit": commit}]
    weather.headers = {"Content-Type": "application/json"}
    weather.body = json.dumps({"total_commits": 1, "commits": commits})
    [found] = host.commits("a" * 40, "b" * 40)
    assert found.authors == (Author(email="requester@example.com"),)


@pytest.mark.parametrize("head_repo", [{"id": 2}, None])
def test_a_pull_request_from_a_fork_is_known_as_one_also_when_the_fork_is_gone(
    weather: Weather, host: GitHubHost, head_repo: dict[str, int] | None
) -> None:
    weather.headers = {"Content-Type": "application/json"}
    weather.body = json.dumps(
        {
            "number": 7,
            "html_url": "https://git.example/7",
            "state": "open",
            "head": {"ref": "main", "sha": "b" * 40, "repo": head_repo},
            "base": {"ref": "main", "sha": "a" * 40, "repo": {"id": 1}},
        }
    )
    pull = host.pull_request(7)
    assert pull is not None
    assert pull.from_fork


def test_no_error_holds_the_token(weather: Weather) -> None:
    host = host_at(weather.url, "ghp_very_secret")
    weather.says(401, "Bad credentials")
    with pytest.raises(Permanent) as refused:
        host.head("main")
    assert "ghp_very_secret" not in f"{refused.value}{refused.value.remedy}"
