"""HTTP to one API server: every request has a timeout, every error is one of ours.

The official client gives the credentials and the TLS. Its way from a call to its connections takes
longer than the connections themselves, so requests go to those directly; and its discovery does not
serve us (one file under /tmp for every process on the machine, not made for threads), so
`discovery.py` has our own.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlencode

import urllib3
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException

from chatbot.adapters.kubernetes.errors import from_answer, from_transport, is_missing_object
from chatbot.adapters.patience import Patience
from chatbot.domain.errors import RetryLater
from chatbot.domain.managed import FIELD_MANAGER

Manifest = dict[str, Any]

CONNECT_SECONDS = 3.0

CREDENTIALS_SECONDS = 1.0
"""How long a token is used before the client is asked for it again. The client renews a token
minutes before it expires, and takes a quarter of a request's time to look."""

WORKERS = 8
"""Requests that one call sends at a time; more would only queue in the server."""

POOL_SIZE = 96
"""Connections kept open, for as many as may ask at a time: 64 forms that are being checked, and the
workers. Whoever finds none pays a TLS handshake, which takes longer than the request."""

APPLY_PATCH = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
Query = Mapping[str, str]


class Api:
    """Speaks JSON with one server; `timeout` is in seconds, for one answer. Safe from many
    threads."""

    def __init__(self, configuration: Configuration, timeout: float) -> None:
        self._patience = Patience()
        self._timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout)
        configuration.retries = False  # the reconciler retries, and the card says so
        configuration.connection_pool_maxsize = POOL_SIZE  # type: ignore[attr-defined] # the stubs lack it
        self._configuration: Any = configuration  # and the rest of what is used here
        client: Any = ApiClient(configuration)
        self._connections: urllib3.PoolManager = client.rest_client.pool_manager
        self._headers: dict[str, str] = client.default_headers
        self._credentials: tuple[float, dict[str, str]] = (0.0, {})
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="kubernetes")

    def request(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        body: Manifest | None = None,
        content_type: str = "",
        query: Query | None = None,
        accept: str = "application/json",
    ) -> Manifest:
        """Send one request and give the JSON of its answer.

        Raises what `errors.py` makes of anything but 2xx.
        """
        with self._patience.honoured():
            try:
                return self._send(
                    method,
                    path,
                    doing=doing,
                    body=body,
                    content_type=content_type,
                    query=query,
                    accept=accept,
                )
            except ApiException as error:
                raise from_answer(error, doing) from error

    def request_object(
        self, method: str, path: str, *, doing: str, body: Manifest | None = None
    ) -> Manifest | None:
        """As `request`, and None when the object (or its whole namespace or kind) is not there."""
        with self._patience.honoured():
            try:
                return self._send(method, path, doing=doing, body=body)
            except ApiException as error:
                if is_missing_object(error):
                    return None
                raise from_answer(error, doing) from error

    def each(
        self, work: Callable[[_Item], _Result], items: Sequence[_Item] | Iterable[_Item]
    ) -> list[_Result]:
        """`work` on every item, a few at a time, results in order.

        All are tried; then the first error in order is raised. `work` must not call `each`.
        """
        futures = [self._pool.submit(work, item) for item in items]
        errors = [error for error in (future.exception() for future in futures) if error]
        if errors:
            raise errors[0]
        return [future.result() for future in futures]

    def _send(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        body: Manifest | None = None,
        content_type: str = "",
        query: Query | None = None,
        accept: str = "application/json",
    ) -> Manifest:
        headers = {**self._headers, **self._authorization(), "Accept": accept}
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()  # JSON is YAML, and much faster to write
            headers["Content-Type"] = content_type or "application/json"
        tail = f"?{urlencode(query)}" if query else ""
        try:
            response: Any = self._connections.urlopen(
                method,
                f"{self._configuration.host}{path}{tail}",
                body=payload,
                headers=headers,
                timeout=self._timeout,
                redirect=False,
            )
            if not 200 <= response.status < 300:
                raise ApiException(http_resp=response)
            answer = json.loads(response.data)
        except urllib3.exceptions.SSLError as error:
            raise ApiException(status=0, reason=str(error)) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise from_transport(error, doing) from error
        except ValueError as error:
            raise RetryLater(f"the cluster answered something that is no JSON ({doing})") from error
        if not isinstance(answer, dict):
            raise RetryLater(f"the cluster answered something that is no object ({doing})")
        return answer

    def _authorization(self) -> dict[str, str]:
        """The header that says who we are; none where a certificate says it."""
        now = time.monotonic()
        until, headers = self._credentials
        if now >= until:
            token = self._configuration.auth_settings().get("BearerToken")
            headers = {token["key"]: token["value"]} if token else {}
            self._credentials = (now + CREDENTIALS_SECONDS, headers)
        return headers


def writing(*, dry_run: bool = False, force: bool | None = None) -> dict[str, str]:
    """The query of a write in our name."""
    query = {"fieldManager": FIELD_MANAGER}
    if dry_run:
        query["dryRun"] = "All"
    if force is not None:
        query["force"] = str(force).lower()
    return query
