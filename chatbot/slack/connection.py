"""The connection to Slack: Socket Mode by default, signed HTTP requests as an option."""

from typing import Any, Protocol

from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from chatbot.adapters.wsgi import WsgiThread
from chatbot.settings import SlackMode, SlackSettings
from chatbot.slack.desk import Desk
from chatbot.slack.prompt_app import PromptApp
from chatbot.slack.register import register
from chatbot.slack.socket_mode import Handler

CONCURRENCY = 64
"""Requests handled at a time; each handler only waits for its listener's acknowledgement."""

RECEIVE_BYTES = 64 * 1024
"""What is read from the socket at a time. The client's reader calls itself for each piece until a
piece ends where an envelope does; with its own 1,024 bytes, a megabyte that waits is too deep for
Python, and what was read of it is lost."""

PING_SECONDS = 2
"""The SDK takes a connection for lost after five pings that failed, or four intervals without a
pong: with its own ten seconds, nobody is heard for a minute after a line was cut."""


class Connection(Protocol):
    """Something that brings Slack's requests to the listeners."""

    def open(self, identity: SlackResponse) -> None:
        """Connect as whom `auth.test` says we are; returns when requests can come in. Raises if
        Slack does not let us."""
        ...

    def is_open(self) -> bool:
        """Whether requests can come in now."""
        ...

    def close(self) -> None:
        """Take no more requests; what is being handled is finished."""
        ...


def connect(settings: SlackSettings, client: WebClient, desk: Desk) -> Connection:
    """A Bolt app with every listener, and the connection that the settings ask for."""
    secret = settings.signing_secret.get_secret_value() if settings.signing_secret else None
    app = PromptApp(
        client,
        desk.rush,
        signing_secret=secret,
        request_verification_enabled=settings.mode is SlackMode.HTTP,
        token_verification_enabled=False,
    )
    register(app, desk)
    if settings.mode is SlackMode.HTTP or settings.app_token is None:
        return _Http(app, settings.port)
    app_token = settings.app_token.get_secret_value()
    return _Socket(
        app, WebClient(token=app_token, base_url=client.base_url, timeout=client.timeout)
    )


class _Socket:
    def __init__(self, app: PromptApp, client: WebClient) -> None:
        self._app = app
        self._handler: Any = Handler(
            app,
            str(client.token),
            web_client=client,
            ping_interval=PING_SECONDS,
            concurrency=CONCURRENCY,
            receive_buffer_size=RECEIVE_BYTES,
            proxy=app.client.proxy,
        )

    def open(self, identity: SlackResponse) -> None:
        self._app.known_as(identity)
        self._handler.connect()

    def is_open(self) -> bool:
        return bool(self._handler.client.is_connected())

    def close(self) -> None:
        self._handler.close()


class _Http:
    def __init__(self, app: PromptApp, port: int) -> None:
        self._app = app
        handler: Any = SlackRequestHandler(app, path="/slack/events")
        host = "0.0.0.0"  # noqa: S104 - Slack calls from outside; every request's signature is checked
        self._server = WsgiThread("slack-http", handler, host=host, port=port, threads=CONCURRENCY)

    def open(self, identity: SlackResponse) -> None:
        self._app.known_as(identity)
        self._server.start()

    def is_open(self) -> bool:
        return self._server.is_alive

    def close(self) -> None:
        self._server.stop()
