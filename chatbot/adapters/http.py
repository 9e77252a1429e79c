"""`/metrics` and `/healthz` over HTTP, for those who watch over Redlight itself."""

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CollectorRegistry, make_wsgi_app

from chatbot.adapters.wsgi import WsgiThread


class StatusServer:
    """Serves until it is stopped. `healthy` says why not, or an empty string."""

    def __init__(
        self, host: str, port: int, registry: CollectorRegistry, healthy: Callable[[], str]
    ) -> None:
        self._metrics = make_wsgi_app(registry)
        self._healthy = healthy
        self._server = WsgiThread("status", self._answer, host=host, port=port, threads=2)

    @property
    def port(self) -> int:
        """The port that was taken, also when 0 was asked for."""
        return self._server.port

    def start(self) -> None:
        """Answer requests on a thread of its own."""
        self._server.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.stop()

    def _answer(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                return list(self._metrics(environ, respond))
            case "/healthz":
                trouble = self._healthy()
                status = "503 Service Unavailable" if trouble else "200 OK"
                body = trouble or "ok"
            case _:
                status, body = "404 Not Found", "There are /metrics and /healthz."
        respond(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{body}\n".encode()]
