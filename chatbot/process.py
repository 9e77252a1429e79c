"""A running Redlight: what starts in which order, and how it stops without losing a step."""

import os
import threading
import time
from contextlib import ExitStack

import structlog
from slack_sdk.errors import SlackApiError

from chatbot import logs
from chatbot.adapters.http import StatusServer
from chatbot.adapters.slack import translated
from chatbot.bootstrap import Services, build, slack_client
from chatbot.domain.backoff import retry_delay
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.ports import Clock
from chatbot.settings import SECRETS, LogFormat, Settings
from chatbot.signals import StopSignal
from chatbot.slack.connection import Connection, connect
from scheduler.jobs import scheduler

log = structlog.get_logger()


def run(settings: Settings, *, bot: bool, jobs: bool, clock: Clock | None = None) -> None:
    """Run until SIGTERM or SIGINT, on the machine's clock or another. Raises `ConfigError` and
    `Permanent` when it cannot start."""
    for name in SECRETS:
        os.environ.pop(name, None)  # read already; what we start does not inherit them
    logs.configure(json_lines=settings.log is LogFormat.JSON, secrets=settings.secrets())
    for warning in settings.warnings:
        log.warning("settings.doubtful", because=warning)
    with StopSignal() as stop, ExitStack() as parts:
        services = build(settings, clock=clock)
        parts.callback(services.close)
        connection = None
        if bot:
            connection = connect(settings.slack, slack_client(settings), services.desk)
        _status(services, connection, parts)
        if jobs:
            services.auto_sync.tend()
            services.debt.chase.look_at_all()
            background = scheduler(services)
            background.start()
            parts.callback(background.shutdown)
        services.due_work.wake()
        _warm(services)
        if connection is not None and _opened(settings, connection, stop):
            parts.callback(connection.close)
        log.info("redlight.ready", bot=bot, scheduler=jobs)
        stop.wait()
        log.info("redlight.stopping")
        services.stopping.set()
    log.info("redlight.stopped")


def _status(services: Services, connection: Connection | None, parts: ExitStack) -> None:
    address = services.settings.http
    if address is None:
        return

    def trouble() -> str:
        return "" if connection is None or connection.is_open() else "not connected to Slack"

    try:
        server = StatusServer(address.host, address.port, services.metrics.registry, trouble)
    except OSError as error:
        raise Permanent(
            f"Nothing can listen on {address.host}:{address.port}: {error.strerror or error}",
            remedy="Set REDLIGHT_HTTP to another host:port, or to nothing for no status page.",
        ) from error
    server.start()
    parts.callback(server.stop)
    log.info("status.listening", host=address.host, port=server.port)


def _opened(settings: Settings, connection: Connection, stop: StopSignal) -> bool:
    """Connect, however long Slack takes to be there; say as whom."""
    client = slack_client(settings)
    attempts = 0
    while not stop.wait(0):
        try:
            identity = client.auth_test()
            connection.open(identity)
        except SlackApiError as error:
            reason = translated(error)
            if not isinstance(reason, RetryLater):
                raise reason from error
        except Exception as error:  # noqa: BLE001 - the socket client raises what its transport raises
            reason = RetryLater(f"Slack does not answer ({type(error).__name__})")
        else:
            log.info("slack.connected", team=identity["team"], user=identity["user"])
            return True
        delay = retry_delay(attempts, 0.0, after=reason.after).total_seconds()
        log.warning("slack.unreachable", because=str(reason), seconds=delay)
        attempts += 1
        stop.wait(delay)
    return False


def _warm(services: Services) -> None:
    """Ask every cluster for its kinds, so that the first form does not wait for discovery."""

    def ask(context: str) -> None:
        started = time.monotonic()
        try:
            services.clusters(context).kind("Deployment")
        except Exception as error:  # noqa: BLE001 - only a head start; the form asks again and tells
            log.warning("cluster.unreachable", context=context, because=str(error))
        else:
            log.info("cluster.ready", context=context, seconds=round(time.monotonic() - started, 2))

    contexts = {environment.context for environment in services.settings.environments.values()}
    for context in contexts:
        threading.Thread(target=ask, args=(context,), name="warm", daemon=True).start()
