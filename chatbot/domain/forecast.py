"""What an object would become, worked out without the server: for places where the everyday
identity may look and not even try.

As close to server-side apply as can be known from outside: maps are merged, lists that the server
merges by key item by item, other lists replaced, and what our own last apply said and this one
does not is gone. What the server would add (defaults, webhooks) or refuse is not known here.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.domain.change import FieldConflict, SnapshotEntry, Target
from chatbot.domain.fields import ABSENT, at, keys, put
from chatbot.domain.gitedit import RESTARTED_AT
from chatbot.domain.managed import (
    APPLY,
    FIELD_MANAGER,
    Tree,
    descend,
    entries,
    find,
    item_steps,
    own_whole,
)
from chatbot.domain.portdefaults import complete_ports
from chatbot.domain.undo import undo

Manifest = dict[str, Any]

REPLICAS = ".spec.replicas"

_MERGE_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "containers": (("name",),),
    "initContainers": (("name",),),
    "ephemeralContainers": (("name",),),
    "env": (("name",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "volumes": (("name",),),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "imagePullSecrets": (("name",),),
    "hostAliases": (("ip",),),
}
"""Lists of the built-in kinds that the server merges, and what tells their items apart; the first
keys that every item has."""

_KEY_DEFAULTS = {"protocol": "TCP"}


def scaled(live: Manifest, replicas: int) -> Manifest:
    """After a scale."""
    return {**live, "spec": {**(live.get("spec") or {}), "replicas": replicas}}


def restarted(live: Manifest, at_time: str) -> Manifest:
    """After a restart: the pod template says when."""
    result = copy.deepcopy(live)
    part = result
    for key in ("spec", "template", "metadata", "annotations"):
        part[key] = part.get(key) or {}
        part = part[key]
    part[RESTARTED_AT] = at_time
    return result


def applied(live: Manifest | None, manifest: Manifest) -> Manifest:
    """After a server-side apply in our name, forced where others own a field."""
    if live is None:
        return copy.deepcopy(manifest)
    ours: list[Tree] = []
    others: list[Tree] = []
    for manager, operation, tree in entries(live):
        mine = manager == FIELD_MANAGER and operation == APPLY
        (ours if mine else others).append(tree)
    owners = _Owners(tuple(ours), tuple(others))
    wanted = complete_ports(manifest)
    merged: Manifest = _Merge(_is_built_in(manifest)).merge(live, wanted, owners, "")
    return merged


def restored(live: Manifest | None, entry: SnapshotEntry) -> Manifest | None:
    """After everything is as the snapshot has it; None when the object goes."""
    if entry.manifest is None:
        return None
    return copy.deepcopy(entry.manifest) if live is None else undo(live, entry.manifest)


def scale_conflicts(target: Target, live: Manifest, replicas: int) -> tuple[FieldConflict, ...]:
    """The managers that apply `.spec.replicas`, and would set it back with their next apply."""
    if (live.get("spec") or {}).get("replicas") == replicas:
        return ()
    return tuple(
        FieldConflict(target=target, field=REPLICAS, manager=manager)
        for manager, operation, tree in entries(live)
        if operation == APPLY
        and manager != FIELD_MANAGER
        and "f:replicas" in (tree.get("f:spec") or {})
    )


def apply_conflicts(
    target: Target, live: Manifest | None, manifest: Manifest
) -> tuple[FieldConflict, ...]:
    """The fields that the manifest sets anew and that another manager owns."""
    found: list[FieldConflict] = []
    for manager, _, tree in entries(live or {}):
        if manager != FIELD_MANAGER:
            fields = _set_anew(live, manifest, (tree,), "")
            found += [FieldConflict(target=target, field=f, manager=manager) for f in fields]
    return tuple(sorted(set(found), key=lambda each: (each.field, each.manager)))


@dataclass(frozen=True)
class _Owners:
    """Field trees at one path: of our own last apply, and of everybody else."""

    ours: tuple[Tree, ...]
    others: tuple[Tree, ...]

    def at(self, step: str) -> "_Owners":
        return _Owners(descend(self.ours, step), descend(self.others, step))


@dataclass(frozen=True)
class _Merge:
    """Merges as the server does, by the kind's own lists where they are known."""

    by_keys: bool

    def merge(self, live: Any, wanted: Any, owners: _Owners, name: str) -> Any:
        if isinstance(live, dict) and isinstance(wanted, dict):
            return self._maps(live, wanted, owners)
        known = _MERGE_KEYS.get(name, ()) if self.by_keys else ()
        if isinstance(live, list) and isinstance(wanted, list):
            for fields in known:
                if _told_apart(live, fields) and _told_apart(wanted, fields):
                    return self._items(live, wanted, owners, fields)
        return copy.deepcopy(wanted)

    def _maps(self, live: Manifest, wanted: Manifest, owners: _Owners) -> Manifest:
        result: Manifest = {}
        for key in keys(live, wanted):
            owned, said = owners.at(f"f:{key}"), at(wanted, key)
            if said is ABSENT:
                put(result, key, _left(live[key], owned))
            elif key in live:
                result[key] = self.merge(live[key], said, owned, key)
            else:
                result[key] = copy.deepcopy(said)
        return result

    def _items(
        self, live: list[Any], wanted: list[Any], owners: _Owners, fields: tuple[str, ...]
    ) -> list[Any]:
        asked = {_key(item, fields): item for item in wanted}
        steps = item_steps(*owners.ours, *owners.others)
        places = {find(live, step): step for step in steps}
        result = []
        for index, item in enumerate(live):
            owned = owners.at(places[index]) if index in places else _Owners((), ())
            said = asked.pop(_key(item, fields), ABSENT)
            kept = _left(item, owned) if said is ABSENT else self.merge(item, said, owned, "")
            if kept is not ABSENT:
                result.append(kept)
        return [*result, *copy.deepcopy(list(asked.values()))]


def _left(value: Any, owners: _Owners) -> Any:
    """What stays of a part that we no longer say anything of: all but what was ours alone."""
    if not owners.ours:
        return copy.deepcopy(value)
    if own_whole(owners.ours) and not owners.others:
        return ABSENT
    if isinstance(value, dict):
        result: Manifest = {}
        for key, item in value.items():
            put(result, key, _left(item, owners.at(f"f:{key}")))
        return result if result or owners.others else ABSENT
    if isinstance(value, list) and (steps := item_steps(*owners.ours)):
        gone = {
            find(value, step)
            for step in steps
            if own_whole(descend(owners.ours, step)) and not descend(owners.others, step)
        }
        return [copy.deepcopy(item) for index, item in enumerate(value) if index not in gone]
    return copy.deepcopy(value)


def _set_anew(live: Any, wanted: Any, tree: Sequence[Tree], path: str) -> list[str]:
    """The paths below which the manifest says something else than what a manager owns."""
    if not tree or live == wanted:
        return []
    if isinstance(wanted, dict) and isinstance(live, dict) and all(tree):
        below = [
            _set_anew(at(live, key), value, descend(tree, f"f:{key}"), f"{path}.{key}")
            for key, value in wanted.items()
        ]
        return [field for fields in below for field in fields]
    if isinstance(wanted, list) and isinstance(live, list) and (steps := item_steps(*tree)):
        found = []
        for step in steps:
            old, new = find(live, step), find(wanted, step)
            if old is not None and new is not None:
                inner = descend(tree, step)
                found += _set_anew(live[old], wanted[new], inner, f"{path}{_brackets(step)}")
        return found
    return [path] if own_whole(tree) and not isinstance(wanted, dict) else []


def _brackets(step: str) -> str:
    """`k:{"name":"web"}` as the server words it: `[name="web"]`."""
    kind, _, text = step.partition(":")
    if kind != "k":
        return f"[={text}]"
    named = json.loads(text).items()
    return "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in named) + "]"


def _told_apart(items: Sequence[Any], fields: tuple[str, ...]) -> bool:
    if not all(isinstance(item, dict) for item in items):
        return False
    found = [_key(item, fields) for item in items]
    return all(None not in key for key in found) and len(set(map(str, found))) == len(found)


def _key(item: Mapping[str, Any], fields: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(field, _KEY_DEFAULTS.get(field)) for field in fields)


def _is_built_in(manifest: Mapping[str, Any]) -> bool:
    """Whether a kind is Kubernetes' or OpenShift's own; another one's lists are its own matter."""
    group, slash, _ = str(manifest.get("apiVersion")).rpartition("/")
    return not slash or "." not in group or group.endswith((".k8s.io", ".openshift.io"))
