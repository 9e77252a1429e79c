"""HTTP to one API server: every request has a timeout, every error is one of ours.

The official client gives the credentials, the TLS and the request; its discovery does not serve
us (one file under /tmp for every process on the machine, not made for threads), so
`discovery.py` has our own.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import urllib3.exceptions
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient

from chatbot.adapters.kubernetes.errors import from_answer, from_transport, is_missing_object
from chatbot.domain.errors import RetryLater
from chatbot.domain.undo import FIELD_MANAGER

Manifest = dict[str, Any]

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0

WORKERS = 8
"""Requests that one call sends at a time; more would only queue in the server."""

POOL_SIZE = 32
"""Connections kept open: several changes are worked on at once, each with `WORKERS`."""

APPLY_PATCH = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
Query = Mapping[str, str]


class Api:
    """Speaks JSON with one server. Safe from many threads."""

    def __init__(self, configuration: Configuration) -> None:
        configuration.retries = False  # the reconciler retries, and the card says so
        configuration.connection_pool_maxsize = POOL_SIZE  # type: ignore[attr-defined] # the stubs lack it
        self._client = DynamicClient(  # type: ignore[no-untyped-call] # the stubs leave it out
            ApiClient(configuration), discoverer=_no_discovery
        )
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
        payload: Any = body
        if content_type == APPLY_PATCH:
            payload = json.dumps(body).encode()  # JSON is YAML, and much faster to write
        try:
            response = self._client.request(
                method,
                path,
                body=payload,
                content_type=content_type or None,
                query_params=list((query or {}).items()),
                header_params={"Accept": accept},
                serialize=False,
                _request_timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
            answer = json.loads(response.data)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise from_transport(error, doing) from error
        except ValueError as error:
            raise RetryLater(f"the cluster answered something that is no JSON ({doing})") from error
        if not isinstance(answer, dict):
            raise RetryLater(f"the cluster answered something that is no object ({doing})")
        return answer


def writing(*, dry_run: bool = False, force: bool | None = None) -> dict[str, str]:
    """The query of a write in our name."""
    query = {"fieldManager": FIELD_MANAGER}
    if dry_run:
        query["dryRun"] = "All"
    if force is not None:
        query["force"] = str(force).lower()
    return query


def _no_discovery(client: DynamicClient, cache_file: str | None) -> None:
    """Takes the place of the client's own discovery, which would ask the server at once."""
