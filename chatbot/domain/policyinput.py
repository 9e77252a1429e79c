"""What a policy sees: the admission review of an object, and the inventory around it.

Both have the layout that Gatekeeper gives them, so that published templates work as they are.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from chatbot.domain.manifest import Manifest
from chatbot.domain.policy import Subject, as_mapping, group_version, text_of

Inventory = dict[str, Any]
"""`cluster/<apiVersion>/<kind>/<name>` and `namespace/<namespace>/<apiVersion>/<kind>/<name>`."""


def review(subject: Subject, namespaces: dict[str, Manifest]) -> dict[str, Any]:
    """`input.review` for an object. `namespaces` are the known Namespace objects by name."""
    manifest = subject.object
    metadata = as_mapping(manifest.get("metadata"))
    group, version = group_version(text_of(manifest.get("apiVersion")))
    made: dict[str, Any] = {
        "kind": {"group": group, "version": version, "kind": text_of(manifest.get("kind"))},
        "operation": subject.operation,
        "userInfo": dict(subject.user),
        "object": manifest,
        "oldObject": subject.old_object,
    }
    for key in ("name", "namespace"):
        if metadata.get(key):
            made[key] = metadata[key]
    around = namespaces.get(text_of(metadata.get("namespace")))
    if around is not None:
        made["_unstable"] = {"namespace": around}
    return made


def inventory(objects: Iterable[Manifest]) -> Inventory:
    """`data.inventory` of these objects; of two with one name the later one counts."""
    made: Inventory = {"cluster": {}, "namespace": {}}
    for manifest in objects:
        metadata = as_mapping(manifest.get("metadata"))
        place = made["cluster"]
        if namespace := text_of(metadata.get("namespace")):
            place = made["namespace"].setdefault(namespace, {})
        for key in (text_of(manifest.get("apiVersion")), text_of(manifest.get("kind"))):
            place = place.setdefault(key, {})
        place[text_of(metadata.get("name"))] = manifest
    return made


def surroundings(subjects: Sequence[Subject], objects: Sequence[Manifest]) -> list[Manifest]:
    """What stands in the inventory: the objects given for it and, when several objects are judged
    together, those as well, since they arrive together. One object alone does not see itself."""
    together = [one.object for one in subjects] if len(subjects) > 1 else []
    return [*objects, *together]


def namespaces(objects: Iterable[Manifest]) -> dict[str, Manifest]:
    """The Namespaces among these objects, by name."""
    return {
        text_of(as_mapping(one.get("metadata")).get("name")): one
        for one in objects
        if one.get("kind") == "Namespace" and one.get("apiVersion") == "v1"
    }


def from_review(document: Any) -> Subject | None:
    """What an AdmissionReview asks about; None when the document is no complete one. A deletion
    is judged by the object that goes, as Gatekeeper does."""
    request = as_mapping(document).get("request")
    if not isinstance(request, dict):
        return None
    new, old = request.get("object"), request.get("oldObject")
    judged = new if isinstance(new, dict) else old
    if not isinstance(judged, dict):
        return None
    return Subject(
        object=judged,
        old_object=old if isinstance(old, dict) else None,
        operation=text_of(request.get("operation")) or "CREATE",
        user=as_mapping(request.get("userInfo")),
    )
