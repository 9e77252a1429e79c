"""What an object must become to undo a change without undoing what others did since.

A snapshot says how the object was; the live object says how it is; `managedFields` says who
owns which field. Every field that differs goes back to the snapshot, except where another
field manager alone

- owns the live field: it was set after us, by somebody else;
- owned the field that is gone: only its owner could take it away;
- owns something in a part that the snapshot lacks.

Fields that nobody owns were set by the server's defaults and go back with the rest, so that
the server can derive them anew. Lists that the server merges by key (containers, ports) are
walked item by item; other lists are one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.domain.diff import CHANGE_ANNOTATION, SCALED_BY_ANNOTATION
from chatbot.domain.fields import ABSENT, at, keys, put
from chatbot.domain.managed import (
    FIELD_MANAGER,
    descend,
    item_steps,
    own_whole,
    scaled_by,
    take,
    trees,
)

Manifest = dict[str, Any]

_UNTOUCHED_METADATA = (CHANGE_ANNOTATION, SCALED_BY_ANNOTATION)


@dataclass(frozen=True)
class _Owners:
    """Who owns what at one path: for the live object and for the snapshot, the trees of our
    entries and of everybody else's."""

    live_ours: tuple[Mapping[str, Any], ...]
    live_others: tuple[Mapping[str, Any], ...]
    snapshot_ours: tuple[Mapping[str, Any], ...]
    snapshot_others: tuple[Mapping[str, Any], ...]

    def at(self, step: str) -> "_Owners":
        """The owners one step further down."""
        return _Owners(
            descend(self.live_ours, step),
            descend(self.live_others, step),
            descend(self.snapshot_ours, step),
            descend(self.snapshot_others, step),
        )

    @property
    def only_others_live(self) -> bool:
        return bool(self.live_others) and not self.live_ours

    @property
    def only_others_before(self) -> bool:
        return bool(self.snapshot_others) and not self.snapshot_ours

    def item_steps(self) -> list[str]:
        """The steps into a list's items (`k:{…}`, `v:…`), of the live object first."""
        return item_steps(
            *self.live_ours,
            *self.live_others,
            *self.snapshot_ours,
            *self.snapshot_others,
        )


def undo(live: Manifest, snapshot: Manifest, *, manager: str = FIELD_MANAGER) -> Manifest:
    """The live object with our part of it brought back to the snapshot.

    Of the metadata only labels and annotations take part, and `status` stays as it is. Equal to
    `live` when there is nothing to undo.
    """
    owners = _Owners(
        *trees(live, manager),
        *trees(snapshot, manager),
    )
    result = dict(live)
    for key in keys(live, snapshot):
        if key in ("apiVersion", "kind", "status", "metadata"):
            continue
        put(result, key, _merge(at(snapshot, key), at(live, key), owners.at(f"f:{key}")))
    result["metadata"] = _metadata(live, snapshot, owners.at("f:metadata"))
    if _scaled_since(live, snapshot) and isinstance(live.get("spec"), dict):
        result["spec"] = dict(result["spec"])
        put(result["spec"], "replicas", at(snapshot.get("spec") or {}, "replicas"))
    return result


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> Manifest:
    """The JSON merge patch (RFC 7396) that turns `before` into `after`; empty when equal."""
    patch: Manifest = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            inner = merge_patch(old, value)
            if inner:
                patch[key] = inner
        elif key not in before or old != value:
            patch[key] = value
    return patch


def _metadata(live: Manifest, snapshot: Manifest, owners: _Owners) -> Manifest:
    now, before = dict(live.get("metadata") or {}), snapshot.get("metadata") or {}
    for key in ("labels", "annotations"):
        merged = _merge(at(before, key), at(now, key), owners.at(f"f:{key}"))
        kept = {
            name: value
            for name, value in (now.get(key) or {}).items()
            if name in _UNTOUCHED_METADATA
        }
        if kept:
            base = merged if isinstance(merged, dict) else {}
            ours = {name: value for name, value in base.items() if name not in _UNTOUCHED_METADATA}
            merged = {**ours, **kept}
        put(now, key, merged)
    return now


def _scaled_since(live: Manifest, snapshot: Manifest) -> bool:
    """Whether we set the number of replicas after the snapshot: servers before 1.22 do not
    record who wrote through the scale subresource, so an annotation does."""
    now = scaled_by(live)
    return now is not None and now != scaled_by(snapshot)


def _merge(before: Any, now: Any, owners: _Owners) -> Any:
    if before == now:
        return now
    if now is ABSENT:
        return ABSENT if owners.only_others_before else before
    if before is ABSENT:
        return _without_ours(now, owners)
    if isinstance(before, dict) and isinstance(now, dict):
        return _merge_maps(before, now, owners)
    steps = owners.item_steps()
    if isinstance(before, list) and isinstance(now, list) and steps:
        return _merge_items(before, now, steps, owners)
    return now if owners.only_others_live else before


def _without_ours(now: Any, owners: _Owners) -> Any:
    """A part that the snapshot lacks: what others put there, or agree to, stays."""
    if not owners.live_others:
        return ABSENT
    if owners.live_ours and isinstance(now, dict):
        return _merge_maps({}, now, owners)
    steps = owners.item_steps()
    if owners.live_ours and isinstance(now, list) and steps:
        return _merge_items([], now, steps, owners)
    return now


def _merge_maps(before: Manifest, now: Manifest, owners: _Owners) -> Manifest:
    result = dict(now)
    for key in keys(now, before):
        put(result, key, _merge(at(before, key), at(now, key), owners.at(f"f:{key}")))
    return result


def _merge_items(before: list[Any], now: list[Any], steps: list[str], owners: _Owners) -> list[Any]:
    """Items that the server tells apart by key, in the snapshot's order, later ones after."""
    matched: list[tuple[Any, Any, _Owners]] = []
    rest_before, rest_now = list(before), list(now)
    for step in steps:
        old, new = take(rest_before, step), take(rest_now, step)
        if old is not ABSENT or new is not ABSENT:
            matched.append((old, new, owners.at(step)))
    # Items without an owner were put there by the server: they go with the snapshot.
    results = [(old, _merge_item(old, new, tree)) for old, new, tree in matched]
    results += [(item, item) for item in rest_before]
    kept = [(old, item) for old, item in results if item is not ABSENT]
    kept.sort(key=lambda pair: before.index(pair[0]) if pair[0] in before else len(before))
    return [item for _, item in kept]


def _merge_item(before: Any, now: Any, owners: _Owners) -> Any:
    added_by_us = own_whole(owners.live_ours) and not own_whole(owners.live_others)
    if before is ABSENT and added_by_us:
        return ABSENT  # it goes, whatever others set inside it
    return _merge(before, now, owners)
