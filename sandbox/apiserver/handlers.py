"""HTTP to reads and writes: one aiohttp handler that speaks the Kubernetes API."""

import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from aiohttp import web

from sandbox.apiserver import discovery, patches, routes
from sandbox.apiserver.kinds import NAMESPACES, Catalog, Resource
from sandbox.apiserver.places import Options, Place
from sandbox.apiserver.problems import (
    Cause,
    Problem,
    bad_request,
    invalid_options,
    method_not_allowed,
    no_such_resource,
    unauthorized,
    unknown_body_format,
    unsupported_media_type,
)
from sandbox.apiserver.scale import scale_of, with_replicas
from sandbox.apiserver.selectors import field_matcher, label_matcher
from sandbox.apiserver.storage import Storage
from sandbox.apiserver.watching import Scope, watch
from sandbox.apiserver.writes import Writer

Manifest = dict[str, Any]

_LARGEST_BODY: Final = 3 * 1024 * 1024
_WATCH_SECONDS: Final = 1800.0
_RETURNED_WHOLE: Final = frozenset({"Pod", "Namespace", "Service"})
"""Kinds whose deletion answers with the object and not with a `Status`."""


class Api:
    """The server's state and its routes. `token` empty: everybody may do everything."""

    def __init__(self, token: str = "") -> None:
        self.storage = Storage()
        self.catalog = Catalog()
        self.writer = Writer(self.storage, self.catalog)
        self._token = token
        for name in ("default", "kube-system"):
            self.storage.put(
                NAMESPACES.storage_key,
                self.writer.first_namespace(name),
            )

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authenticate(request)
            document = self._document(request.path.rstrip("/"))
            if document is not None:
                return _json(document)
            return await self._resource(request)
        except Problem as problem:
            return _json(problem.to_status(), problem.code)

    def _authenticate(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            raise unauthorized()

    def _document(self, path: str) -> Any:
        """A document about the server itself, or None when the path is not of one."""
        if path in {"/healthz", "/readyz", "/livez"}:
            return "ok"
        simple: Mapping[str, Callable[[], Any]] = {
            "/version": lambda: discovery.VERSION,
            "/api": discovery.core_versions,
            "/apis": partial(discovery.group_list, self.catalog),
            "/openapi/v3": partial(discovery.openapi_index, self.catalog),
        }
        if path in simple:
            return simple[path]()
        if path.startswith("/openapi/v3/"):
            found = routes.route(path.removeprefix("/openapi/v3"))
            return discovery.openapi(self.catalog, found.group, found.version) if found else None
        found = routes.route(path)
        if found is None or found.plural:
            return None
        if not found.version:
            return discovery.group(self.catalog, found.group)
        return discovery.resource_list(self.catalog, found.group, found.version)

    async def _resource(self, request: web.Request) -> web.StreamResponse:
        found = routes.route(request.path)
        if found is None or not self.catalog.of(found.group, found.version):
            return web.Response(status=404, text="404 page not found\n")
        resource = self.catalog.find(found.group, found.version, found.plural)
        if resource is None or not _has_subresource(resource, found.subresource):
            raise no_such_resource()
        place = Place(resource, found.namespace, found.name, found.subresource)
        if found.name:
            if resource.namespaced and not found.namespace:
                raise no_such_resource()
            return await self._object(request, place)
        return await self._collection(request, place)

    # --- collections --------------------------------------------------------------------------

    async def _collection(self, request: web.Request, place: Place) -> web.StreamResponse:
        if request.method == "GET":
            scope = _scope(place, request.query)
            if request.query.get("watch", "") in {"true", "1"}:
                return await self._watch(request, scope)
            return _json(_list(scope, self.storage))
        sent = await _body(request)
        options = _options(request)
        if request.method == "POST":
            if place.resource.namespaced and not place.namespace:
                raise method_not_allowed()
            return _json(self.writer.create(place, sent, options), 201)
        if request.method == "DELETE":
            doomed = _scope(place, request.query).listed(self.storage)
            for manifest in doomed:
                metadata = manifest["metadata"]
                target = Place(place.resource, metadata.get("namespace", ""), metadata["name"])
                self.writer.delete(target, options, sent or {})
            return _json({**_list(_scope(place, {}), self.storage), "items": doomed})
        raise method_not_allowed()

    async def _watch(self, request: web.Request, scope: Scope) -> web.StreamResponse:
        query = request.query
        if "resourceVersionMatch" in query or "sendInitialEvents" in query:
            # Clients that prefer streaming lists read this and fall back to list and watch.
            message = "Forbidden: resourceVersionMatch is forbidden for watch"
            cause = Cause("FieldValueForbidden", message, "resourceVersionMatch")
            raise invalid_options("ListOptions", cause)
        since = query.get("resourceVersion", "")
        if since and not since.isdigit():
            raise bad_request(f'Invalid value: "{since}": invalid resourceVersion')
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        events = watch(
            self.storage,
            scope,
            since,
            seconds=float(query.get("timeoutSeconds", _WATCH_SECONDS)),
            bookmarks=query.get("allowWatchBookmarks") == "true",
        )
        with suppress(ConnectionResetError):  # the client has seen enough
            async for event in events:
                await response.write(json.dumps(event).encode() + b"\n")
        return response

    # --- single objects -----------------------------------------------------------------------

    async def _object(self, request: web.Request, place: Place) -> web.Response:
        if request.method == "GET":
            live = self._live(place)
            return _json(scale_of(live, place.resource) if place.subresource == "scale" else live)
        sent = await _body(request)
        if request.method == "PUT":
            return _json(self._put(request, place, sent))
        if request.method == "PATCH":
            return self._patch(request, place, sent)
        if request.method == "DELETE" and not place.subresource:
            return self._delete(request, place, sent or {})
        raise method_not_allowed()

    def _live(self, place: Place) -> Manifest:
        live = self.writer.live(place)
        if live is None:
            raise place.missing()
        return {**live, "apiVersion": place.resource.api_version}

    def _put(self, request: web.Request, place: Place, sent: Any) -> Manifest:
        options = _options(request)
        if place.subresource != "scale":
            return self.writer.replace(place, sent, options)
        wanted = {"spec": (sent or {}).get("spec") or {}}
        return self._scale(request, place, partial(patches.merge_patch, patch=wanted))

    def _patch(self, request: web.Request, place: Place, sent: Any) -> web.Response:
        content_type = request.content_type
        if content_type == patches.APPLY_PATCH and place.subresource != "scale":
            stored, created = self.writer.apply(place, sent, _options(request))
            return _json(stored, 201 if created else 200)
        changes: Mapping[str, Callable[[Manifest], Manifest]] = {
            patches.JSON_PATCH: partial(patches.json_patch, operations=sent),
            patches.MERGE_PATCH: partial(patches.merge_patch, patch=sent),
            patches.STRATEGIC_PATCH: partial(
                patches.strategic_merge_patch, patch=sent, schema=place.resource.schema
            ),
        }
        is_strategic = content_type == patches.STRATEGIC_PATCH
        if content_type not in changes or (is_strategic and place.resource.custom):
            raise unsupported_media_type()
        change = changes[content_type]
        if place.subresource == "scale":
            return _json(self._scale(request, place, change))
        return _json(self.writer.patch(place, change, _options(request)))

    def _scale(
        self, request: web.Request, place: Place, change: Callable[[Manifest], Manifest]
    ) -> Manifest:
        """Change an object through its Scale; answers with the new Scale."""

        def replicas_changed(live: Manifest) -> Manifest:
            scale = change(scale_of(live, place.resource))
            return with_replicas(live, scale, place.resource)

        changed = self.writer.patch(place, replicas_changed, _options(request))
        return scale_of(changed, place.resource)

    def _delete(self, request: web.Request, place: Place, sent: Manifest) -> web.Response:
        policy = request.query.get("propagationPolicy")
        sent = {**sent, **({"propagationPolicy": policy} if policy else {})}
        dry_run = {"dryRun": "All"} if "All" in (sent.get("dryRun") or ()) else {}
        options = routes.options(
            "DELETE", {**request.query, **dry_run}, _user_agent(request), applies=False
        )
        manifest, gone = self.writer.delete(place, options, sent)
        if not gone or place.resource.kind in _RETURNED_WHOLE:
            return _json(manifest)
        resource, metadata = place.resource, manifest["metadata"]
        details = {"name": place.name, "kind": resource.plural, "uid": metadata["uid"]}
        if resource.group:
            details["group"] = resource.group
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return _json({**status, "details": details})


def _has_subresource(resource: Resource, subresource: str) -> bool:
    served = {"": True, "scale": resource.has_scale, "status": resource.has_status}
    return served.get(subresource, False)


async def _body(request: web.Request) -> Any:
    if "protobuf" in request.content_type or "cbor" in request.content_type:
        raise unknown_body_format()
    return routes.body(await request.read())


def _user_agent(request: web.Request) -> str:
    return request.headers.get("User-Agent", "")


def _options(request: web.Request) -> Options:
    applies = request.content_type == patches.APPLY_PATCH
    return routes.options(request.method, request.query, _user_agent(request), applies=applies)


def _scope(place: Place, query: Mapping[str, str]) -> Scope:
    by_label = label_matcher(query.get("labelSelector", ""))
    by_field = field_matcher(query.get("fieldSelector", ""))
    return Scope(
        place.resource,
        place.namespace,
        lambda manifest: by_label(manifest) and by_field(manifest),
    )


def _list(scope: Scope, storage: Storage) -> Manifest:
    resource = scope.resource
    return {
        "kind": resource.list_kind or f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": str(storage.version)},
        "items": scope.listed(storage),
    }


def _json(document: Any, status: int = 200) -> web.Response:
    if isinstance(document, str):
        return web.Response(status=status, text=document)
    body = json.dumps(document, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, content_type="application/json")
