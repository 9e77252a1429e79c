"""What kinds a server has: asked once, kept, and asked again when a name is not known."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from chatbot.adapters.kubernetes.api import Api
from chatbot.domain.errors import NotFound, RetryLater
from chatbot.ports import Kind

NEAR_NAMES = 3

_GROUP_ORDER = ("", "apps", "batch", "networking.k8s.io", "autoscaling")
"""Groups that win a name that several have; `extensions` loses it, the rest keep their order."""


@dataclass(frozen=True)
class _Known:
    """A kind with every name that people use for it, in lower case."""

    kind: Kind
    names: frozenset[str]


@dataclass(frozen=True)
class _Versions:
    """A group's versions, the preferred one first."""

    group: str
    versions: tuple[str, ...]


class Discovery:
    """The kinds of one server. Safe from many threads."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = Lock()
        self._groups: tuple[_Versions, ...] = ()
        self._loaded: dict[str, tuple[_Known, ...]] = {}

    def kind(self, name: str, group_version: str = "") -> Kind:
        """See `Cluster.kind`."""
        wanted = name.strip().lower()
        for fresh in (False, True):
            if fresh:
                self.forget()
            if group_version:
                found = _find(wanted, self._load_one(group_version))
            else:
                found = self._search(wanted)
            if found is not None:
                return found
        self._refuse_to_guess(name, group_version)
        raise self._not_found(name, group_version)

    def forget(self) -> None:
        """Ask the server anew from now on."""
        with self._lock:
            self._groups, self._loaded = (), {}

    def _search(self, wanted: str) -> Kind | None:
        """Preferred versions first; a few kinds exist only in another version of their group."""
        groups = self._load_groups()
        resource, _, group_name = wanted.partition(".")
        exact = [group for group in groups if group_name and group.group == group_name]
        name, candidates = (resource, exact) if exact else (wanted, list(groups))
        preferred = [group.versions[0] for group in candidates]
        others = [version for group in candidates for version in group.versions[1:]]
        for versions in (preferred, others):
            found = _find(name, self._load(versions))
            if found is not None:
                return found
        return None

    def _load_groups(self) -> tuple[_Versions, ...]:
        with self._lock:
            if self._groups:
                return self._groups
        answer = self._api.request("GET", "/apis", doing="list its API groups")
        named = [_Versions("", ("v1",))]
        for group in answer.get("groups") or ():
            first = group["preferredVersion"]["groupVersion"]
            rest = (version["groupVersion"] for version in group["versions"])
            named.append(
                _Versions(
                    group["name"], (first, *(version for version in rest if version != first))
                )
            )
        named.sort(key=_rank)
        with self._lock:
            self._groups = tuple(named)
            return self._groups

    def _load(self, versions: Iterable[str]) -> list[_Known]:
        """The kinds of several versions, fetched together where they are not known yet.

        An extension server that is down must not hide the kinds of the others.
        """
        wanted = list(versions)
        with self._lock:
            missing = [version for version in wanted if version not in self._loaded]
        answers = self._api.each(self._try_fetch, missing) if missing else []
        with self._lock:
            for version, known in zip(missing, answers, strict=True):
                if known is not None:
                    self._loaded[version] = known
            return [known for version in wanted for known in self._loaded.get(version, ())]

    def _load_one(self, group_version: str) -> tuple[_Known, ...]:
        """Never goes through the pool: work inside the pool asks for kinds by version."""
        with self._lock:
            known = self._loaded.get(group_version)
        if known is None:
            known = self._fetch(group_version)
            with self._lock:
                self._loaded[group_version] = known
        return known

    def _try_fetch(self, group_version: str) -> tuple[_Known, ...] | None:
        try:
            return self._fetch(group_version)
        except RetryLater:
            return None

    def _fetch(self, group_version: str) -> tuple[_Known, ...]:
        root = "/apis" if "/" in group_version else "/api"
        try:
            answer = self._api.request(
                "GET", f"{root}/{group_version}", doing=f"list the kinds of {group_version}"
            )
        except NotFound:
            return ()
        return _read(group_version, answer.get("resources") or [])

    def _refuse_to_guess(self, name: str, group_version: str) -> None:
        """A kind may be missing only because the extension server that has it is down."""
        with self._lock:
            asked = [version for group in self._groups for version in group.versions]
            silent = [version for version in asked if version not in self._loaded]
        if silent and not group_version:
            raise RetryLater(
                f"the cluster could not say whether it has a kind {name}: "
                f"{', '.join(silent)} did not answer"
            )

    def _not_found(self, name: str, group_version: str) -> NotFound:
        with self._lock:
            loaded = [known for kinds in self._loaded.values() for known in kinds]
        names = {known.kind.kind.lower(): known.kind.kind for known in loaded}
        names |= {alias: known.kind.kind for known in loaded for alias in known.names}
        near = difflib.get_close_matches(name.lower(), names, n=NEAR_NAMES * 2, cutoff=0.6)
        suggestions = list(dict.fromkeys(names[alias] for alias in near))[:NEAR_NAMES]
        where = f" in {group_version}" if group_version else ""
        hint = f"; did you mean {' or '.join(suggestions)}?" if suggestions else ""
        return NotFound(
            f"the cluster has no kind {name}{where}{hint}",
            remedy="Check the kind and its apiVersion, or install its definition first.",
        )


def _read(group_version: str, resources: list[dict[str, Any]]) -> tuple[_Known, ...]:
    scalable = {
        resource["name"].removesuffix("/scale")
        for resource in resources
        if resource["name"].endswith("/scale")
    }
    known = []
    for resource in resources:
        plural = resource["name"]
        if "/" in plural:
            continue
        kind = Kind(
            api_version=group_version,
            kind=resource["kind"],
            plural=plural,
            namespaced=bool(resource["namespaced"]),
            scalable=plural in scalable,
        )
        names = {plural, kind.kind.lower(), resource.get("singularName") or kind.kind.lower()}
        names.update(resource.get("shortNames") or ())
        known.append(_Known(kind, frozenset(names)))
    return tuple(known)


def _find(wanted: str, kinds: Iterable[_Known]) -> Kind | None:
    return next((known.kind for known in kinds if wanted in known.names), None)


def _rank(group: _Versions) -> int:
    if group.group == "extensions":
        return len(_GROUP_ORDER) + 1
    if group.group in _GROUP_ORDER:
        return _GROUP_ORDER.index(group.group)
    return len(_GROUP_ORDER)
