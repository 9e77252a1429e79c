"""Reading and writing single objects: from a target to a path, and what an absence means."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from chatbot.adapters.kubernetes.api import Api, Manifest, Query
from chatbot.adapters.kubernetes.discovery import Discovery
from chatbot.domain.change import Target
from chatbot.domain.errors import NotFound, Permanent
from chatbot.ports import Kind

LIST_FROM = 20
"""So many objects of one kind in one namespace are read by listing; fewer one by one."""

PAGE = 500
"""Objects a list answers with at a time."""

NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

_Collection = tuple[str, str, str]


class Objects:
    """The objects of one cluster. Safe from many threads."""

    def __init__(self, api: Api, discovery: Discovery) -> None:
        self.api = api
        self.discovery = discovery

    def kind_of(self, target: Target) -> Kind:
        """Raises `NotFound` when the server does not serve this kind in this version."""
        return self.discovery.kind(target.kind, target.api_version)

    def path(self, target: Target, subresource: str = "") -> str:
        """The object's path on the server."""
        collection = collection_path(self.kind_of(target), target.namespace)
        tail = f"/{subresource}" if subresource else ""
        return f"{collection}/{quote(target.name, safe='')}{tail}"

    def get(self, target: Target) -> Manifest | None:
        """The live object; None when it, its namespace or its kind is not there."""
        try:
            path = self.path(target)
        except NotFound:
            return None
        try:
            return self.api.request_object("GET", path, doing=f"get {target.place}")
        except NotFound:
            # Not about the object: the kind may be gone since we learned of it.
            self.discovery.forget()
            if self._is_served(target):
                raise
            return None

    def _is_served(self, target: Target) -> bool:
        try:
            self.kind_of(target)
        except NotFound:
            return False
        return True

    def get_many(self, targets: Sequence[Target]) -> list[Manifest | None]:
        """`get` for each; many of one collection are read with one list."""
        collections: dict[_Collection, list[Target]] = defaultdict(list)
        for target in targets:
            collections[target.api_version, target.kind, target.namespace].append(target)
        found: dict[Target, Manifest | None] = {}
        few: list[Target] = []
        for same in collections.values():
            if len(same) >= LIST_FROM:
                found.update(self._listed(same))
            else:
                few.extend(same)
        few = list(dict.fromkeys(few))
        found.update(zip(few, self.api.each(self.get, few), strict=True))
        return [found[target] for target in targets]

    def _listed(self, targets: Sequence[Target]) -> dict[Target, Manifest | None]:
        first = targets[0]
        try:
            kind = self.kind_of(first)
        except NotFound:
            return dict.fromkeys(targets)
        items = self.list(kind, first.namespace)
        by_name = {item["metadata"]["name"]: item for item in items}
        return {target: by_name.get(target.name) for target in targets}

    def list(
        self, kind: Kind, namespace: str, *, query: Query | None = None, accept: str = ""
    ) -> list[Manifest]:
        """Every object of a kind in a namespace, page by page, each with its `kind`."""
        path = collection_path(kind, namespace)
        items: list[Manifest] = []
        parameters = {**(query or {}), "limit": str(PAGE)}
        while True:
            page = self.api.request(
                "GET",
                path,
                doing=f"list {kind.plural} in {namespace or 'the cluster'}",
                query=parameters,
                accept=accept or "application/json",
            )
            items += [
                {**item, "apiVersion": kind.api_version, "kind": kind.kind}
                for item in page.get("items") or ()
            ]
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return items
            parameters["continue"] = token

    def merge(self, target: Target, patch: Manifest, query: Query, subresource: str = "") -> Any:
        """Send a JSON merge patch; the answer is the object, or its subresource."""
        return self.api.request(
            "PATCH",
            self.path(target, subresource),
            doing=f"patch {target.place}",
            body=patch,
            content_type="application/merge-patch+json",
            query=query,
        )


def collection_path(kind: Kind, namespace: str) -> str:
    """The path under which the objects of a kind stand; raises `Permanent` without a namespace
    where the kind needs one."""
    root = "/apis" if "/" in kind.api_version else "/api"
    if not kind.namespaced:
        return f"{root}/{kind.api_version}/{kind.plural}"
    if not namespace:
        raise Permanent(
            f"{kind.kind} lives in a namespace and none was named",
            remedy="Name the namespace in the manifest or in the request.",
        )
    return f"{root}/{kind.api_version}/namespaces/{quote(namespace, safe='')}/{kind.plural}"


def target_of(manifest: Mapping[str, Any]) -> Target:
    """What a manifest describes; raises `Permanent` when it lacks its identity."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    name = metadata.get("name")
    if not (api_version and kind and name):
        raise Permanent(
            "a manifest needs apiVersion, kind and metadata.name",
            remedy="Add what is missing; generateName cannot be applied.",
        )
    return Target(
        api_version=str(api_version),
        kind=str(kind),
        namespace=str(metadata.get("namespace") or ""),
        name=str(name),
    )
