"""What differs between two versions of a Kubernetes object, as a person should see it.

The server writes a lot into objects that nobody asked for; a diff that shows it hides the one
line that matters. And a diff ends up in messages, logs and records, so the payload of a Secret
must not be in it.
"""

import base64
import copy
import hashlib
from collections.abc import Mapping
from difflib import unified_diff as difflib_unified_diff
from typing import Any

import yaml

from chatbot.domain.events import canonical_json

Manifest = dict[str, Any]

CHANGE_ANNOTATION = "redlight.dev/change"
"""Which change wrote an object last."""

SCALED_BY_ANNOTATION = "redlight.dev/scaled-by"
"""Which change set the number of replicas last."""

CONTEXT_LINES = 3

_SERVER_METADATA = (
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "creationTimestamp",
    "selfLink",
)
BOOKKEEPING_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    CHANGE_ANNOTATION,
    SCALED_BY_ANNOTATION,
)
"""What Redlight and others write on objects about who did what; nobody asked for it."""
_UNCHANGED = "*** (unchanged)"
_BEFORE = "*** (before)"
_AFTER = "*** (after)"


def normalise(manifest: Mapping[str, Any]) -> Manifest:
    """A copy without what the server and the bookkeeping add: status, versions, managed fields,
    bookkeeping annotations, nulls, and label or annotation maps that are empty."""
    result: Manifest = _without_nulls(manifest)
    result.pop("status", None)
    metadata = result.get("metadata")
    if isinstance(metadata, dict):
        for key in _SERVER_METADATA:
            metadata.pop(key, None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            for key in BOOKKEEPING_ANNOTATIONS:
                annotations.pop(key, None)
        for key in ("annotations", "labels"):
            if not metadata.get(key, True):
                del metadata[key]
    return result


def equal(live: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> bool:
    """Whether two versions say the same once both are normalised; None is an absent object."""
    if live is None or wanted is None:
        return live is wanted
    return normalise(live) == normalise(wanted)


def unified_diff(live: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> str:
    """The unified diff of both as YAML with sorted keys; empty when they are `equal`.

    None stands for an absent object. Values of a Secret are replaced by marks that tell only
    whether they change.
    """
    before, after = mask(
        normalise(live) if live is not None else None,
        normalise(wanted) if wanted is not None else None,
    )
    lines = difflib_unified_diff(
        _lines(before), _lines(after), "live", "wanted", n=CONTEXT_LINES, lineterm=""
    )
    return "\n".join(lines)


def changed_lines(diff: str) -> list[str]:
    """Only the lines of a unified diff that are added or removed, for the short form."""
    return [line for line in diff.splitlines()[2:] if line.startswith(("+", "-"))]


def mask(
    live: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None
) -> tuple[Manifest | None, Manifest | None]:
    """Copies of two versions of one object in which no value of a Secret can be read."""
    if not (_is_secret(live) or _is_secret(wanted)):
        return _copy(live), _copy(wanted)
    before, after = _copy(live), _copy(wanted)
    old, new = _take_values(before), _take_values(after)
    if before is not None:
        before["data"] = {
            key: _UNCHANGED if after is not None and new.get(key) == value else _BEFORE
            for key, value in old.items()
        }
    if after is not None:
        after["data"] = {
            key: _UNCHANGED if before is not None and old.get(key) == value else _AFTER
            for key, value in new.items()
        }
    return before, after


def plan_digest(parts: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of what a person agrees to, as 64 hex digits.

    `parts` is JSON: operation, environment, targets, objects, commit, policy revision and live
    resourceVersions, whichever the path has.
    """
    return hashlib.sha256(canonical_json(dict(parts)).encode()).hexdigest()


def _is_secret(manifest: Mapping[str, Any] | None) -> bool:
    return (
        manifest is not None
        and manifest.get("kind") == "Secret"
        and manifest.get("apiVersion", "v1") == "v1"
    )


def _take_values(manifest: Manifest | None) -> dict[str, str]:
    """Remove `data` and `stringData` and give their values as one map, all in base64."""
    if manifest is None:
        return {}
    data, plain = manifest.pop("data", None), manifest.pop("stringData", None)
    values = {key: str(value) for key, value in data.items()} if isinstance(data, dict) else {}
    if isinstance(plain, dict):
        for key, value in plain.items():
            values[key] = base64.b64encode(str(value).encode()).decode()
    return values


def _copy(manifest: Mapping[str, Any] | None) -> Manifest | None:
    return None if manifest is None else copy.deepcopy(dict(manifest))


def _without_nulls(value: Any) -> Any:
    """The server treats null as absent, and writes it for some fields (`creationTimestamp`)."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


class _Dumper(yaml.CSafeDumper):
    """YAML that is good to compare: no aliases, long text as a block."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class asks for it
        return True


def _represent_text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _lines(manifest: Manifest | None) -> list[str]:
    if manifest is None:
        return []
    text = yaml.dump(
        manifest, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=1_000_000, indent=2
    )
    return str(text).splitlines()
