"""Many requests at once, on a real Bolt app whose listeners are slow after their `ack()`."""

import base64
import hashlib
import json
import logging
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from slack_bolt import Ack, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from chatbot.services.rush import Rush
from chatbot.slack import connection
from chatbot.slack.prompt_app import PromptApp

AT_ONCE = 50
SECONDS = 30
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What RFC 6455 adds to a client's key."""


@pytest.fixture
def app() -> PromptApp:
    return PromptApp(
        WebClient(token="xoxb-test"),
        Rush(),
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T0", bot_token="xoxb-test"),
        request_verification_enabled=False,
    )


def command(text: str = "") -> dict[str, Any]:
    who = {"user_id": "U0", "team_id": "T0", "channel_id": "C0"}
    return {"command": "/change", "text": text, **who}


def submission(justification: str) -> dict[str, Any]:
    values = {"justification": {"justification": {"value": justification}}}
    view = {"id": "V0", "type": "modal", "callback_id": "request", "state": {"values": values}}
    return {"type": "view_submission", "team": {"id": "T0"}, "user": {"id": "U0"}, "view": view}


def sent(app: PromptApp, body: dict[str, Any]) -> BoltResponse:
    return app.dispatch(BoltRequest(body=body, mode="socket_mode"))


def test_everybody_is_acknowledged_while_all_listeners_are_still_at_work(app: PromptApp) -> None:
    finish = threading.Event()
    at_work = threading.Semaphore(0)

    @app.command("/change")
    def change(ack: Ack) -> None:
        ack()
        at_work.release()
        finish.wait(SECONDS)

    try:
        with ThreadPoolExecutor(AT_ONCE) as people:
            answers = list(people.map(lambda _: sent(app, command()), range(AT_ONCE)))
        assert [answer.status for answer in answers] == [200] * AT_ONCE
        assert all(at_work.acquire(timeout=SECONDS) for _ in range(AT_ONCE))
    finally:
        finish.set()


def test_a_form_is_acknowledged_with_what_its_listener_found(app: PromptApp) -> None:
    @app.view("request")
    def submitted(ack: Ack, view: dict[str, Any]) -> None:
        if view["state"]["values"]["justification"]["justification"]["value"]:
            ack()
        else:
            ack(response_action="errors", errors={"justification": "Say why."})

    assert (sent(app, submission("Visitors.")).status, sent(app, submission("")).status) == (
        200,
    ) * 2
    assert sent(app, submission("Visitors.")).body == ""
    errors = json.loads(sent(app, submission("")).body)
    assert errors == {"response_action": "errors", "errors": {"justification": "Say why."}}


@pytest.mark.parametrize("body", [command(), submission("Visitors.")], ids=["command", "form"])
def test_a_listener_that_breaks_before_it_acknowledges_is_no_success(
    app: PromptApp, body: dict[str, Any]
) -> None:
    def breaks() -> None:
        raise RuntimeError("broken")

    app.command("/change")(breaks)
    app.view("request")(breaks)
    assert sent(app, body).status == 500


# --- the socket ----------------------------------------------------------------------------


class _Slack(BaseHTTPRequestHandler):
    """Opens a socket and sends everything that it has in one piece."""

    protocol_version = "HTTP/1.1"
    envelopes: bytes
    done: threading.Event

    def do_POST(self) -> None:
        body = json.dumps({"ok": True, "url": f"ws://{self.headers['Host']}/socket"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        key = self.headers["Sec-WebSocket-Key"].strip() + WEBSOCKET
        accepted = base64.b64encode(
            hashlib.sha1(key.encode(), usedforsecurity=False).digest()
        ).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accepted)
        self.end_headers()
        self.wfile.write(self.envelopes)
        self.done.wait(SECONDS)

    def log_message(self, *_: Any) -> None:
        pass


def _frame(number: int) -> bytes:
    envelope = {
        "type": "slash_commands",
        "envelope_id": str(number),
        "payload": command(f"{number} {'x' * 12_000}"),
    }
    text = json.dumps(envelope).encode()
    return b"\x81\x7e" + struct.pack("!H", len(text)) + text


@pytest.fixture
def slack_with_a_hundred_envelopes() -> Iterator[str]:
    done = threading.Event()
    envelopes = b"".join(map(_frame, range(100)))
    handler = type("Handler", (_Slack,), {"envelopes": envelopes, "done": done})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/api/"
    done.set()
    server.shutdown()
    serving.join(SECONDS)
    server.server_close()


def test_more_than_a_megabyte_that_arrives_at_once_reaches_its_listeners(
    app: PromptApp, slack_with_a_hundred_envelopes: str
) -> None:
    seen: list[str] = []
    all_seen = threading.Event()

    @app.command("/change")
    def change(ack: Ack, command: dict[str, Any]) -> None:
        ack()
        seen.append(command["text"].partition(" ")[0])
        if len(seen) == 100:
            all_seen.set()

    client = WebClient(token="xapp-test", base_url=slack_with_a_hundred_envelopes)
    socket = connection._Socket(app, client)
    socket._handler.connect()
    try:
        assert all_seen.wait(SECONDS), f"{len(seen)} of 100 arrived"
    finally:
        socket.close()
    assert sorted(seen, key=int) == [str(number) for number in range(100)]


class _SlowBeginning(logging.Filter):
    """Holds a session back between its decision to begin and its first look at the socket, until
    `close()` has closed that."""

    def __init__(self) -> None:
        super().__init__()
        self.begins, self.closed = threading.Event(), threading.Event()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.getMessage().startswith("Starting to receive"):
            self.begins.set()
            self.closed.wait(SECONDS)
        if record.getMessage().startswith("The connection has been closed"):
            self.closed.set()
        return True


def test_a_socket_that_is_closed_while_it_begins_ends(
    app: PromptApp, slack_with_a_hundred_envelopes: str
) -> None:
    slow = _SlowBeginning()
    app.logger.setLevel(logging.INFO)
    app.logger.addFilter(slow)
    client = WebClient(token="xapp-test", base_url=slack_with_a_hundred_envelopes)
    socket = connection._Socket(app, client)
    socket._handler.connect()
    assert slow.begins.wait(SECONDS)
    closing = threading.Thread(target=socket.close, daemon=True)
    closing.start()
    closing.join(SECONDS)
    assert not closing.is_alive()


def test_a_socket_that_is_opened_anew_while_it_is_closed_ends(
    app: PromptApp, slack_with_a_hundred_envelopes: str
) -> None:
    client = WebClient(token="xapp-test", base_url=slack_with_a_hundred_envelopes)
    socket = connection._Socket(app, client)
    socket.close()
    socket._handler.client.connect_to_new_endpoint()
    assert not socket.is_open()
    monitor = socket._handler.client.current_app_monitor
    monitor.thread.join(SECONDS)
    assert not monitor.is_alive(), "and nothing connects again"
