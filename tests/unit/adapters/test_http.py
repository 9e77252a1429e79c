import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from prometheus_client import CollectorRegistry, Counter

from chatbot.adapters.http import StatusServer
from chatbot.adapters.wsgi import WsgiThread


@pytest.fixture
def trouble() -> list[str]:
    """What is wrong; nothing at first."""
    return [""]


@pytest.fixture
def server(trouble: list[str]) -> Iterator[StatusServer]:
    registry = CollectorRegistry()
    Counter("things", "Things.", registry=registry).inc()
    made = StatusServer("127.0.0.1", 0, registry, lambda: trouble[0])
    made.start()
    yield made
    made.stop()


def test_health_is_ok_or_503_with_the_reason(server: StatusServer, trouble: list[str]) -> None:
    url = f"http://127.0.0.1:{server.port}/healthz"
    assert (requests.get(url, timeout=5).status_code, requests.get(url, timeout=5).text) == (
        200,
        "ok\n",
    )
    trouble[0] = "not connected to Slack"
    answer = requests.get(url, timeout=5)
    assert (answer.status_code, answer.text) == (503, "not connected to Slack\n")


def test_metrics_are_prometheus_text_and_the_rest_is_404(server: StatusServer) -> None:
    url = f"http://127.0.0.1:{server.port}"
    assert "things_total 1.0" in requests.get(f"{url}/metrics", timeout=5).text
    answer = requests.get(f"{url}/other", timeout=5)
    assert (answer.status_code, answer.text) == (404, "There are /metrics and /healthz.\n")


def test_stopping_does_not_wait_for_a_client_that_keeps_its_connection_open(
    server: StatusServer,
) -> None:
    with requests.Session() as scraper:
        url = f"http://127.0.0.1:{server.port}/metrics"
        assert scraper.get(url, timeout=5).status_code == 200
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 3
        server.stop()
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=5)


def test_an_answer_that_is_under_way_is_finished_before_the_server_ends() -> None:
    began, go_on = threading.Event(), threading.Event()

    def app(_: Any, respond: Any) -> list[bytes]:
        began.set()
        assert go_on.wait(10)
        respond("200 OK", [("Content-Type", "text/plain")])
        return [b"done"]

    server = WsgiThread("test", app, host="127.0.0.1", port=0, threads=1)
    server.start()
    with ThreadPoolExecutor(2) as people:
        asked = people.submit(requests.get, f"http://127.0.0.1:{server.port}/", timeout=10)
        assert began.wait(10)
        stopped = people.submit(server.stop)
        go_on.set()
        assert asked.result(10).text == "done"
        stopped.result(10)
    assert not server.is_alive
