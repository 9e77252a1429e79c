"""What every write goes through: merge, defaults, checks, ownership, generation, storage."""

import base64
import copy
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.apiserver import crds, defaults, managed_fields, ownership, validation
from sandbox.apiserver.conversion import pruned, to_object
from sandbox.apiserver.kinds import CRDS, NAMESPACES, Catalog, Resource
from sandbox.apiserver.ownership import Manager
from sandbox.apiserver.places import (
    Options,
    Place,
    as_typed_patch_error,
    as_version,
    check_place,
    check_preconditions,
    check_version,
    checked_config,
    generation,
    is_freed,
    with_right_half,
    without_server_fields,
)
from sandbox.apiserver.problems import Cause, already_exists, bad_request, invalid, not_found
from sandbox.apiserver.schema import SchemaError
from sandbox.apiserver.storage import Storage

Manifest = dict[str, Any]

_KEPT_BY_SERVER: Final = ("uid", "creationTimestamp", "deletionTimestamp", "generation")
_RANDOM: Final = random.Random()  # noqa: S311 - name suffixes and addresses are no secrets
_SUFFIX_LENGTH: Final = 5


@dataclass
class Writer:
    """All writes to a storage. Raises `Problem` for what cannot be written."""

    storage: Storage
    catalog: Catalog
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    # --- the four verbs -----------------------------------------------------------------------

    def create(self, place: Place, sent: Any, options: Options) -> Manifest:
        """POST."""
        manifest = to_object(sent, place.resource, strict=options.strict)
        metadata = manifest["metadata"] = dict(manifest["metadata"])
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + _random_suffix()
        place = Place(place.resource, place.namespace, metadata.get("name", ""))
        check_place(manifest, place)
        if metadata.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        self._require_namespace(place)
        if self.live(place) is not None:
            raise already_exists(place.resource.plural, place.resource.group, place.name)
        metadata.pop("managedFields", None)
        finished = self._finish(place, None, manifest)
        manager = Manager(options.manager, "Update", place.resource.api_version)
        owners = ownership.update({}, finished, {}, manager, place.resource.schema)
        return self._store(place, None, finished, owners, options)

    def replace(self, place: Place, sent: Any, options: Options) -> Manifest:
        """PUT, on the object or its `status`."""
        live = self._existing(place)
        manifest = to_object(sent, place.resource, strict=options.strict)
        check_place(manifest, place)
        return self._update(place, live, manifest, options)

    def patch(
        self, place: Place, change: Callable[[Manifest], Manifest], options: Options
    ) -> Manifest:
        """PATCH by a function from the live object to the wanted one."""
        live = self._existing(place)
        try:
            wanted = change(as_version(live, place.resource))
        except SchemaError as error:
            raise bad_request(str(error)) from error
        manifest = to_object(wanted, place.resource, strict=options.strict)
        return self._update(place, live, manifest, options)

    def apply(self, place: Place, sent: Any, options: Options) -> tuple[Manifest, bool]:
        """PATCH of the apply type; whether the object was created comes second."""
        if not isinstance(sent, dict):
            raise bad_request("error decoding YAML: it is not an object")
        config = checked_config(sent, place)
        live = self.live(place)
        if live is None:
            self._require_namespace(place)
        else:
            check_version(place, live, config)
        base = as_version(live, place.resource) if live else {}
        entries = base.get("metadata", {}).get("managedFields", [])
        resource = place.resource
        manager = Manager(options.manager, "Apply", resource.api_version, place.subresource)
        with as_typed_patch_error(place):
            outcome = ownership.apply(
                without_server_fields(base),
                config,
                managed_fields.read(entries),
                manager,
                resource.schema,
                force=options.force,
            )
        merged = pruned(outcome.manifest, resource.schema, drops_empty=not resource.custom)
        merged["metadata"] = {**base.get("metadata", {}), **merged["metadata"]}
        finished = self._finish(place, live, merged)
        stored = self._store(place, live, finished, outcome.owners, options)
        return stored, live is None

    def delete(self, place: Place, options: Options, request: Manifest) -> tuple[Manifest, bool]:
        """DELETE; whether the object is gone at once comes second. Dependents go with it unless
        the propagation policy is `Orphan`."""
        live = self._existing(place)
        check_preconditions(place, live, request.get("preconditions") or {})
        if options.dry_run:
            return live, True
        gone = self._remove(place.resource.storage_key, live)
        if gone and request.get("propagationPolicy") != "Orphan":
            self._remove_dependents(live)
        return live if gone else self._existing(place), gone

    def first_namespace(self, name: str) -> Manifest:
        """A namespace that is there from the start."""
        place = Place(NAMESPACES, "", name)
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        return self._finish(place, None, manifest)

    # --- reading ------------------------------------------------------------------------------

    def live(self, place: Place) -> Manifest | None:
        """The stored object, or None."""
        return self.storage.get(place.resource.storage_key, place.namespace, place.name)

    def _existing(self, place: Place) -> Manifest:
        live = self.live(place)
        if live is None:
            raise place.missing()
        return live

    def _require_namespace(self, place: Place) -> None:
        if not place.resource.namespaced:
            return
        namespace = self.storage.get(NAMESPACES.storage_key, "", place.namespace)
        if namespace is None:
            raise not_found("namespaces", "", place.namespace)

    # --- the steps of a write -----------------------------------------------------------------

    def _update(
        self, place: Place, live: Manifest, manifest: Manifest, options: Options
    ) -> Manifest:
        check_version(place, live, manifest)
        resource = place.resource
        base = as_version(live, resource)
        asked = manifest["metadata"].get("managedFields")
        entries = base["metadata"].get("managedFields", []) if asked is None or asked else []
        finished = self._finish(place, live, manifest)
        manager = Manager(options.manager, "Update", resource.api_version, place.subresource)
        before = managed_fields.read(entries)
        owners = ownership.update(base, finished, before, manager, resource.schema)
        return self._store(place, live, finished, owners, options)

    def _finish(self, place: Place, live: Manifest | None, manifest: Manifest) -> Manifest:
        """The object as it will be stored, without resourceVersion and managedFields."""
        resource = place.resource
        finished = with_right_half(place, live, manifest)
        finished["metadata"] = self._metadata(place, live, finished["metadata"])
        if resource.custom:
            finished, causes = self._finish_custom(resource, finished)
        else:
            finished = defaults.with_defaults(resource.kind, finished)
            finished = self._fill_by_kind(resource, live, finished)
            causes = validation.check(resource.kind, finished, live)
        if causes:
            raise invalid(resource.kind, resource.group, place.name, causes)
        finished["metadata"] |= generation(resource, live, finished)
        return finished

    def _finish_custom(
        self, resource: Resource, manifest: Manifest
    ) -> tuple[Manifest, list[Cause]]:
        definition = self.storage.get(CRDS.storage_key, "", f"{resource.plural}.{resource.group}")
        openapi = crds.openapi_of(definition, resource.version) if definition else {}
        filled: Manifest = crds.with_defaults(manifest, openapi)
        causes = list(crds.violations(filled, openapi))
        return filled, causes + validation.check(resource.kind, filled, None)

    def _metadata(self, place: Place, live: Manifest | None, sent: Manifest) -> Manifest:
        metadata = {k: v for k, v in sent.items() if k not in {"managedFields", "selfLink"}}
        metadata["name"] = place.name
        if place.resource.namespaced:
            metadata["namespace"] = place.namespace
        for name in (*_KEPT_BY_SERVER, "resourceVersion"):
            metadata.pop(name, None)
        if live is None:
            return metadata | {"uid": str(uuid.uuid4()), "creationTimestamp": self._stamp()}
        kept = (*_KEPT_BY_SERVER, "resourceVersion")
        return metadata | {k: live["metadata"][k] for k in kept if k in live["metadata"]}

    def _fill_by_kind(
        self, resource: Resource, live: Manifest | None, manifest: Manifest
    ) -> Manifest:
        """What a server decides for an object by itself."""
        kind = resource.kind
        if kind == "Secret" and "stringData" in manifest:
            encoded = {k: _base64(v) for k, v in manifest["stringData"].items()}
            rest = {k: v for k, v in manifest.items() if k != "stringData"}
            return rest | {"data": {**(manifest.get("data") or {}), **encoded}}
        if kind == "Service" and manifest["spec"]["type"] != "ExternalName":
            spec = dict(manifest["spec"])
            if not spec.get("clusterIP"):
                old = (live or {}).get("spec", {}).get("clusterIP")
                spec["clusterIP"] = (
                    old or f"10.0.{_RANDOM.randrange(256)}.{_RANDOM.randrange(1, 255)}"
                )
                spec["clusterIPs"] = [spec["clusterIP"]]
            return manifest | {"spec": spec}
        if kind == CRDS.kind:
            established = (live or {}).get("status", {}).get("conditions")
            stamp = established[0]["lastTransitionTime"] if established else self._stamp()
            return crds.with_status(manifest, stamp)
        return manifest

    def _store(
        self,
        place: Place,
        live: Manifest | None,
        finished: Manifest,
        owners: ownership.Owners,
        options: Options,
    ) -> Manifest:
        previous = (live or {}).get("metadata", {}).get("managedFields", [])
        entries = managed_fields.write(owners, previous, self._stamp())
        result = copy.deepcopy(finished)
        if entries:
            result["metadata"]["managedFields"] = copy.deepcopy(entries)
        if live is not None and result == as_version(live, place.resource):
            return live
        if options.dry_run:
            return result
        key = place.resource.storage_key
        if live is not None and is_freed(live, result):
            self.storage.remove(key, result)
            return result
        stored = self.storage.put(key, result)
        if place.resource is CRDS:
            self.catalog.serve(place.name, crds.resources_of(stored))
        return stored

    # --- deletion -----------------------------------------------------------------------------

    def _remove(self, key: tuple[str, str], live: Manifest) -> bool:
        """Whether the object is gone; one with finalizers is only marked."""
        metadata = live["metadata"]
        if metadata.get("finalizers"):
            if "deletionTimestamp" not in metadata:
                mark = {"deletionTimestamp": self._stamp(), "deletionGracePeriodSeconds": 0}
                self.storage.put(key, {**live, "metadata": {**metadata, **mark}})
            return False
        self.storage.remove(key, live)
        if key == NAMESPACES.storage_key:
            self._remove_where(lambda _, other: _namespace(other) == metadata["name"])
        if key == CRDS.storage_key:
            self.catalog.forget(metadata["name"])
            names = (live["spec"]["group"], live["spec"]["names"]["plural"])
            self._remove_where(lambda other_key, _: other_key == names)
        return True

    def _remove_dependents(self, owner: Manifest) -> None:
        uid = owner["metadata"]["uid"]
        for key, manifest in list(self.storage.everything()):
            references = manifest["metadata"].get("ownerReferences") or ()
            if any(reference.get("uid") == uid for reference in references) and self._remove(
                key, manifest
            ):
                self._remove_dependents(manifest)

    def _remove_where(self, doomed: Callable[[tuple[str, str], Manifest], bool]) -> None:
        for key, manifest in list(self.storage.everything()):
            if doomed(key, manifest):
                self.storage.remove(key, manifest)

    def _stamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def _random_suffix() -> str:
    return "".join(_RANDOM.choices("bcdfghjklmnpqrstvwxz2456789", k=_SUFFIX_LENGTH))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
