"""Where a write goes and what must hold of it before anything is merged. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.apiserver.kinds import Resource
from sandbox.apiserver.problems import (
    Problem,
    bad_request,
    modified_meanwhile,
    not_found,
    precondition_failed,
)
from sandbox.apiserver.schema import SchemaError

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a write goes."""

    resource: Resource
    namespace: str
    name: str
    subresource: str = ""

    def missing(self) -> Problem:
        """404 for the object here."""
        return not_found(self.resource.plural, self.resource.group, self.name)


@dataclass(frozen=True)
class Options:
    """The query parameters of a write."""

    manager: str
    dry_run: bool = False
    force: bool = False
    strict: bool = False


def as_version(live: Manifest, resource: Resource) -> Manifest:
    """A stored object as the version that was asked for; versions of a kind share their shape."""
    if live["apiVersion"] == resource.api_version:
        return live
    return {**live, "apiVersion": resource.api_version}


def without_server_fields(manifest: Manifest) -> Manifest:
    """A stored object without its `managedFields`; empty stays empty."""
    if not manifest:
        return {}
    metadata = {k: v for k, v in manifest["metadata"].items() if k != "managedFields"}
    return {**manifest, "metadata": metadata}


def checked_config(sent: Manifest, place: Place) -> Manifest:
    """An applied configuration, made to stand at its place."""
    resource = place.resource
    if not sent.get("apiVersion") or not sent.get("kind"):
        raise bad_request("Object 'apiVersion' and 'kind' must be set in an applied configuration")
    if (sent["apiVersion"], sent["kind"]) != (resource.api_version, resource.kind):
        raise bad_request(
            f"Incorrect version specified in apply patch. Specified patch version: "
            f"{sent['apiVersion']}, expected: {resource.api_version}"
        )
    metadata = dict(sent.get("metadata") or {})
    if metadata.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    metadata.pop("managedFields", None)
    metadata.setdefault("name", place.name)
    config = {**sent, "metadata": metadata}
    check_place(config, place)
    if resource.has_status and place.subresource != "status":
        config.pop("status", None)
    return config


def check_place(manifest: Manifest, place: Place) -> None:
    """Raises a 400 `Problem` when an object names another place than the URL."""
    metadata = manifest["metadata"]
    if metadata.get("name", "") != place.name:
        raise bad_request(
            f"the name of the object ({metadata.get('name', '')}) does not match the name on the "
            f"URL ({place.name})"
        )
    if metadata.get("namespace", place.namespace) != place.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def check_version(place: Place, live: Manifest, manifest: Manifest) -> None:
    """Raises a 409 `Problem` when a write names a resourceVersion that is not the latest."""
    version = manifest["metadata"].get("resourceVersion")
    if version and version != live["metadata"]["resourceVersion"]:
        raise modified_meanwhile(place.resource.plural, place.resource.group, place.name)


def check_preconditions(place: Place, live: Manifest, wanted: Manifest) -> None:
    """Raises a 409 `Problem` when a delete means another object or version than the live one."""
    for field_name, word in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        value, record = wanted.get(field_name), live["metadata"][field_name]
        if value and value != record:
            happened = "deleted and then recreated" if word == "UID" else "modified"
            what = (
                f"the {word} in the precondition ({value}) does not match the {word} in record "
                f"({record}). The object might have been {happened}"
            )
            raise precondition_failed(place.resource.kind, place.resource.group, place.name, what)


def with_right_half(place: Place, live: Manifest | None, manifest: Manifest) -> Manifest:
    """The main resource does not write the status, and the status resource nothing else."""
    if place.subresource == "status":
        status = {"status": manifest["status"]} if "status" in manifest else {}
        rest = {k: v for k, v in (live or {}).items() if k != "status"}
        return {**rest, "apiVersion": place.resource.api_version, **status}
    if not place.resource.has_status:
        return dict(manifest)
    rest = {k: v for k, v in manifest.items() if k != "status"}
    if live is None:
        return rest | _first_status(place.resource)
    return rest | ({"status": live["status"]} if "status" in live else {})


def _first_status(resource: Resource) -> Manifest:
    if resource.custom:
        return {}
    phases = {"Pod": "Pending", "Namespace": "Active", "PersistentVolumeClaim": "Pending"}
    phase = phases.get(resource.kind)
    return {"status": {"phase": phase} if phase else {}}


def generation(resource: Resource, live: Manifest | None, manifest: Manifest) -> Manifest:
    """`metadata.generation` after a write, as metadata to add: it counts changes of the spec."""
    if not resource.counts_generations:
        return {}
    if live is None:
        return {"generation": 1}
    ignored = ("metadata", "status", "apiVersion")
    before = {k: v for k, v in live.items() if k not in ignored}
    after = {k: v for k, v in manifest.items() if k not in ignored}
    generation = int(live["metadata"].get("generation", 1))
    return {"generation": generation + (before != after)}


def is_freed(live: Manifest, result: Manifest) -> bool:
    """Whether the write took the last finalizer off an object that waits to be deleted."""
    return bool(live["metadata"].get("deletionTimestamp")) and not result["metadata"].get(
        "finalizers"
    )


@contextmanager
def as_typed_patch_error(place: Place) -> Iterator[None]:
    """A configuration that does not fit its kind is refused the way the server words it."""
    try:
        yield
    except SchemaError as error:
        where = f"{place.namespace}/{place.name}" if place.namespace else place.name
        kind = f"{place.resource.api_version}, Kind={place.resource.kind}"
        message = f"failed to create typed patch object ({where}; {kind}): {error}"
        raise Problem(500, "", message) from error
