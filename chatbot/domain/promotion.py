"""The order in which environments get a change: what counts as the same content, and what is said
of a change that comes to an environment before it has been in the one ahead of it. Pure.

Environments differ on purpose, in size, in addresses, in what is in them. So it is not objects that
are compared but what is done to them: the fields that a change sets, with the values that they get.
What belongs to the place and not to the change is left out: namespaces, the names of Namespaces,
the label `environment`, what the server and Redlight write on objects, and when a restart was asked
for.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from chatbot.domain.diff import normalise
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.events import canonical_json
from chatbot.domain.fields import ABSENT, at, keys
from chatbot.domain.gitedit import RESTARTED_AT
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.review import Finding, Review, Skip
from chatbot.domain.review_rules import Objects
from chatbot.domain.threeway import by_name

POLICY: Final = "promotion"
"""Where a finding names its policy."""

LOOK_AGAIN: Final = timedelta(minutes=1)
"""How soon a change looks whether it has been in the environment ahead by now."""

_LABEL: Final = "environment"
_SOME_TIME: Final = "at some time"
_GONE: Final = None
"""Nulls are left out of objects, so this is no value of theirs."""


def content_of(before: Objects, after: Objects, changed: Iterable[str]) -> str:
    """SHA-256 over what is done to the objects with these keys, as 64 hex digits: equal for two
    changes that do the same in two environments. Empty when nothing is done."""
    done = [_done(before.get(key), after.get(key)) for key in changed]
    if not done:
        return ""
    return sha256("\n".join(sorted(map(canonical_json, done))).encode()).hexdigest()


def unpromoted(source: str, change: str) -> Finding:
    """It has not been in the environment ahead."""
    sentence = (
        f"this has not completed in {source}. Complete the same there first, and this goes on by "
        f"itself; or say why not: /change promote-skip {change} because …"
    )
    return Finding(policy=POLICY, object="", message=sentence, enforcement=Enforcement.DENY)


def ahead(source: str, skip: Skip) -> Finding:
    """It has not, and the requester said why."""
    sentence = f"this has not completed in {source}. The requester says why: {skip.reason}"
    return Finding(policy=POLICY, object="", message=sentence, enforcement=Enforcement.WARN)


def is_missing(review: Review | None) -> bool:
    """Whether the review stops the change because it has not been in the environment ahead."""
    return review is not None and any(
        finding.policy == POLICY and finding.enforcement is Enforcement.DENY
        for finding in review.findings
    )


def _done(old: Manifest | None, new: Manifest | None) -> dict[str, Any]:
    """What is done to one object."""
    target = target_of(new or old or {})
    is_place = (target.group, target.kind) == ("", "Namespace")
    return {
        "kind": f"{target.group}/{target.kind}",
        "name": "" if is_place else target.name,
        "was": old is not None,
        "becomes": _set(*_placeless(old, new)),
    }


def _set(old: Any, new: Any) -> Any:
    """The part of `new` that is not so in `old`, its named items by their names."""
    if new is ABSENT:
        return _GONE
    wanted = _as_map(new)
    if wanted is None:
        return new
    was = _as_map(old) or {}
    differing = (key for key in keys(was, wanted) if at(was, key) != at(wanted, key))
    return {key: _set(at(was, key), at(wanted, key)) for key in differing}


def _as_map(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else by_name(value)


def _placeless(old: Manifest | None, new: Manifest | None) -> tuple[Any, Any]:
    """Both sides without what belongs to the place."""
    before, after = (ABSENT if side is None else _said(side) for side in (old, new))
    was, becomes = _restarted(before).pop(RESTARTED_AT, ""), _restarted(after)
    if becomes.pop(RESTARTED_AT, was) != was:
        becomes[RESTARTED_AT] = _SOME_TIME
    return before, after


def _restarted(said: Any) -> dict[str, Any]:
    """The annotations of the pod template, among which a restart stands."""
    for key in ("spec", "template", "metadata", "annotations"):
        said = said.get(key) if isinstance(said, dict) else None
    return said if isinstance(said, dict) else {}


def _said(manifest: Manifest) -> dict[str, Any]:
    said: dict[str, Any] = _without_namespaces(normalise(manifest))
    said.pop("apiVersion")
    metadata = said["metadata"]
    metadata.pop("name", None)
    if isinstance(labels := metadata.get("labels"), dict):
        labels.pop(_LABEL, None)
    return said


def _without_namespaces(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _without_namespaces(item)
            for key, item in value.items()
            if not (key == "namespace" and isinstance(item, str))
        }
    if isinstance(value, list):
        return [_without_namespaces(item) for item in value]
    return value
