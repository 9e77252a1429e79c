"""Kinds that a bundle brings itself: its CustomResourceDefinitions, read without trusting them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.domain.manifest import Manifest


@dataclass(frozen=True)
class BroughtKind:
    """A kind that will be there once the bundle is applied."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    scalable: bool


def brought_kinds(manifests: Sequence[Manifest]) -> dict[tuple[str, str], BroughtKind]:
    """By apiVersion and kind. What is malformed is left out: the server says what is wrong."""
    found = {}
    for manifest in manifests:
        if manifest["kind"] != "CustomResourceDefinition":
            continue
        spec = _mapping(manifest.get("spec"))
        names = _mapping(spec.get("names"))
        versions = spec.get("versions")
        for version in map(_mapping, versions if isinstance(versions, list) else ()):
            brought = BroughtKind(
                api_version=f"{spec.get('group')}/{version.get('name')}",
                kind=str(names.get("kind")),
                plural=str(names.get("plural")),
                namespaced=spec.get("scope") == "Namespaced",
                scalable="scale" in _mapping(version.get("subresources")),
            )
            found[brought.api_version, brought.kind] = brought
    return found


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
