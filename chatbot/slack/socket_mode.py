"""Socket Mode whose end is final.

The SDK's client takes back its own `close()` when a session begins at that instant: the session
sets the mark that ends it to false, and `close()` waits for it forever. So does a reconnect that is
under way, whose monitor then reconnects for good. A bot that is stopped right after its start would
not stop.
"""

import time
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.base_handler import BaseSocketModeHandler
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import ConnectionState
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest


class Handler(BaseSocketModeHandler):
    """Brings what comes in on a client's socket to an app; `options` are the client's."""

    def __init__(self, app: App, app_token: str, **options: Any) -> None:
        self.app = app
        self.client = _Client(app_token, logger=app.logger, **options)
        self.client.socket_mode_request_listeners.append(self.handle)

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        """Acknowledge with what the app answers."""
        started = time.time()
        send_response(client, req, run_bolt_app(self.app, req), started)


class _Client(SocketModeClient):
    def connect(self) -> None:
        """As the SDK does it; nothing comes of it when `close()` came first."""
        super().connect()
        if self.closed:
            self.auto_reconnect_enabled = False
            self._end()
            self.disconnect()

    def close(self) -> None:
        """As the SDK does it, for good."""
        self.closed = True
        self.current_app_monitor.event.set()  # if it starts after this, it ends at once
        self._end()
        super().close()

    def _end(self) -> None:
        """A session reads the state right after it has set it to false: it reads the new one, or
        it did both before the old one is set to true."""
        running, self.current_session_state = self.current_session_state, _Over()
        running.terminated = True


class _Over(ConnectionState):
    """Cannot be taken back."""

    def __init__(self) -> None:
        self.terminated = True

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, True)
