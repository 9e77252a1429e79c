"""What a pull request does to the objects of its environment, and which of the complaints about
them are this change's to answer for. Pure: rendered objects in, findings out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from chatbot.domain.change import ObjectAction, PlannedObject, Target
from chatbot.domain.diff import normalise, unified_diff
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.environment import Environment
from chatbot.domain.events import canonical_json
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.mrkdwn import shorten
from chatbot.domain.policy import MAX_MESSAGE, Subject, Violation, as_mapping, text_of
from chatbot.domain.review import Finding, Review

Objects = Mapping[str, Manifest]
"""Rendered objects by `Target.key`, each with its namespace."""
Named = tuple[str, str, str]
"""Kind, namespace and name, as a violation names its object."""

FILES: Final = "files"
RENDERING: Final = "rendering"
REACH: Final = "reach"
"""Redlight's own checks, where a finding names its policy."""

BEFORE: Final = "it was there before this change"
MAX_FINDINGS: Final = 200
"""Of one review: it is kept with the change, and in its audit events."""
_LONGEST_PLACE: Final = 300
_SHOWN: Final = 5
_ORDER: Final = tuple(Enforcement)


def placed(manifest: Manifest, *, namespaced: bool | None, default: str) -> Manifest:
    """The object where Argo CD puts it: one of a cluster-scoped kind in no namespace, whatever it
    says, one that names none in the Application's. None: nobody knows the kind."""
    own = text_of(manifest["metadata"].get("namespace"))
    namespace = {True: own or default, False: "", None: own}[namespaced]
    if namespace == own:
        return manifest
    moved = deepcopy(manifest)
    moved["metadata"].pop("namespace", None)
    if namespace:
        moved["metadata"]["namespace"] = namespace
    return moved


def by_key(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    """By `Target.key`; of two the last counts, as for Argo CD."""
    return {target_of(manifest).key: manifest for manifest in manifests}


def touched(before: Objects, after: Objects) -> dict[str, Target]:
    """The objects that are not the same on both sides, by key, in a stable order."""
    differing = [
        target_of(after.get(key) or before[key])
        for key in before.keys() | after.keys()
        if canonical_json(before.get(key)) != canonical_json(after.get(key))
    ]
    differing.sort(key=lambda target: (target.namespace, target.kind, target.name, target.group))
    return {target.key: target for target in differing}


def planned(before: Objects, after: Objects, named: Sequence[Target]) -> tuple[PlannedObject, ...]:
    """Each object that differs in more than bookkeeping, those that the request names first."""
    first = [target.key for target in named]
    found = []
    for key, target in touched(before, after).items():
        old, new = before.get(key), after.get(key)
        if old is not None and new is not None and _reads_alike(old, new):
            continue
        action = ObjectAction.CHANGE
        if old is None or new is None:
            action = ObjectAction.CREATE if old is None else ObjectAction.DELETE
        diff = unified_diff(old, new)
        found.append(PlannedObject(target=target, action=action, diff=diff, resource_version=""))
    found.sort(key=lambda one: _place_in(first, one.target.key))
    return tuple(found)


def unasked(objects: Iterable[PlannedObject], named: Sequence[Target]) -> list[str]:
    """A sentence for what changes though the request does not name it."""
    known = {target.key for target in named}
    rest = [one for one in objects if one.target.key not in known]
    parts = [
        f"{verb} {listed([one.target.place for one in rest if one.action is action])}"
        for action, verb in _ALSO.items()
        if any(one.action is action for one in rest)
    ]
    if not parts:
        return []
    return [f"The pull request also {', and '.join(parts)}, which the request does not name."]


_ALSO: Final = {
    ObjectAction.CHANGE: "changes",
    ObjectAction.CREATE: "creates",
    ObjectAction.DELETE: "deletes",
}


def out_of_reach(
    target: Target, environment: Environment, *, namespaced: bool | None
) -> Finding | None:
    """Why an object is none of this environment's; None when it is."""
    name = environment.name
    if namespaced is None:
        sentence = (
            f"the cluster has no kind {target.kind} in {target.api_version}, so nobody can tell "
            "where this belongs; install its definition first"
        )
    elif not namespaced:
        if environment.allows_cluster_object(target.kind, target.name):
            return None
        sentence = (
            f"it belongs to the whole cluster, and {name} allows only objects in its namespaces"
        )
    elif not target.namespace:
        sentence = (
            "it names no namespace, and the environment does not say which one it gets; write one "
            "under metadata"
        )
    elif environment.owns_namespace(target.namespace):
        return None
    else:
        sentence = f"the namespace {target.namespace} does not belong to {name}"
    return _deny(REACH, sentence, target.place)


def irregular(
    before: tuple[Sequence[Manifest], Sequence[Any]],
    after: tuple[Sequence[Manifest], Sequence[Any]],
    folder: str,
) -> list[Finding]:
    """What cannot be followed from here to the cluster: an object that is defined twice, and one
    without a name of its own. Each side is its objects and its strays."""
    known = _irregular(before, folder)
    return [
        _deny(RENDERING, sentence, name)
        if known.get((name, sentence)) != content
        else Finding(
            policy=RENDERING,
            object=name,
            message=f"{sentence}; {BEFORE}",
            enforcement=Enforcement.WARN,
        )
        for (name, sentence), content in _irregular(after, folder).items()
    ]


def foreign_files(paths: Sequence[str], environment: str, folder: str) -> list[Finding]:
    """Files that a change to this environment may not touch."""
    if not paths:
        return []
    sentence = (
        f"the pull request also changes {listed(paths)}; a change to {environment} may only touch "
        f"{folder}"
    )
    return [_deny(FILES, sentence)]


def unseen_files(paths: Sequence[str]) -> list[Finding]:
    """Files that become objects in a way that is not rendered here."""
    if not paths:
        return []
    sentence = (
        f"the pull request changes {listed(paths)}, from which Argo CD makes objects that are not "
        "rendered here, so nobody can judge them"
    )
    return [_deny(FILES, sentence)]


def not_rendered(sentence: str) -> Finding:
    """The head stands for nothing that could be judged."""
    return _deny(RENDERING, sentence)


def arrivals(before: Objects, after: Objects) -> list[Subject]:
    """What is there once this is merged, to be judged: new objects as created, all others as
    updated, whether the change touches them or not."""
    return [
        Subject(manifest, before[key], "UPDATE") if key in before else Subject(manifest)
        for key, manifest in after.items()
    ]


def named(manifest: Manifest) -> Named:
    """As a violation names it."""
    target = target_of(manifest)
    return target.kind, target.namespace, target.name


def departures(before: Objects, after: Objects) -> list[Subject]:
    """What goes, to be judged as deleted: by the object that goes, as Gatekeeper does."""
    return [
        Subject(manifest, manifest, "DELETE")
        for key, manifest in before.items()
        if key not in after
    ]


def residents(before: Objects, names: Collection[Named]) -> list[Subject]:
    """Objects as they were before, to ask what was said of them already."""
    return [
        Subject(manifest, manifest, "UPDATE")
        for manifest in before.values()
        if named(manifest) in names
    ]


def untouched(violations: Iterable[Violation], before: Objects, after: Objects) -> set[Named]:
    """The objects among these violations that the change leaves as they are."""
    differing = touched(before, after)
    stirred = {named(side[key]) for key in differing for side in (before, after) if key in side}
    return {_about(one) for one in violations if one.name} - stirred


def judged(
    violations: Iterable[Violation], said_before: Iterable[Violation], names: Collection[Named]
) -> list[Finding]:
    """Violations as findings. What was said in the same words about an object that the change
    leaves as it is, one of `names`, stops nothing: it informs, and says so."""
    known = {_identity(one) for one in said_before}
    return [
        _finding(one, was_there=_about(one) in names and _identity(one) in known)
        for one in violations
    ]


def judged_departures(
    violations: Iterable[Violation], said_before: Iterable[Violation]
) -> list[Finding]:
    """Violations by objects that go. What was held against one while it stood is no reason to keep
    it."""
    known = {_identity(one) for one in said_before}
    return [_finding(one) for one in violations if _identity(one) not in known]


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What stops the change first; otherwise as they came, each once. Of too many, the last says
    how many are left out."""
    found = sorted(dict.fromkeys(findings), key=lambda one: _ORDER.index(one.enforcement))
    kept, rest = found[:MAX_FINDINGS], found[MAX_FINDINGS:]
    if rest:
        sentence = f"{len(rest)} more findings are not listed"
        kept.append(rest[0].model_copy(update={"object": "", "message": sentence}))
    return tuple(kept)


def denied(review: Review) -> bool:
    """Whether anything in it stops the change."""
    return any(finding.enforcement is Enforcement.DENY for finding in review.findings)


def listed(words: Sequence[str]) -> str:
    """`a, b and 3 more`."""
    left = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {left} more" if left > 0 else "")


def _irregular(
    side: tuple[Sequence[Manifest], Sequence[Any]], folder: str
) -> dict[tuple[str, str], list[str]]:
    """Canonical content by object and sentence."""
    objects, strays = side
    copies: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in objects:
        copies[target_of(manifest).key].append(manifest)
    found = {
        (target_of(same[0]).place, f"it is defined {len(same)} times in {folder}; keep one"): [
            canonical_json(manifest) for manifest in same
        ]
        for same in copies.values()
        if len(same) > 1
    }
    for stray in strays:
        kind = text_of(as_mapping(stray).get("kind")).lower() or "a document"
        key = (kind, "it has no name of its own, so nobody can follow what comes of it; name it")
        found.setdefault(key, []).append(canonical_json(stray))
    return {key: sorted(content) for key, content in found.items()}


def _reads_alike(old: Manifest, new: Manifest) -> bool:
    return canonical_json(normalise(old)) == canonical_json(normalise(new))


def _place_in(first: Sequence[str], key: str) -> int:
    return first.index(key) if key in first else len(first)


def _finding(one: Violation, *, was_there: bool = False) -> Finding:
    enforcement, message = one.enforcement, one.message
    if was_there:
        message = f"{message}; {BEFORE}"
        denied = enforcement is Enforcement.DENY
        enforcement = Enforcement.WARN if denied else Enforcement.DRYRUN
    return Finding(policy=one.policy, object=_place(one), message=message, enforcement=enforcement)


def _deny(policy: str, sentence: str, place: str = "") -> Finding:
    return Finding(
        policy=policy,
        object=shorten(place, _LONGEST_PLACE),
        message=shorten(sentence, MAX_MESSAGE),
        enforcement=Enforcement.DENY,
    )


def _place(one: Violation) -> str:
    if not one.name and not one.kind:
        return ""
    target = Target(api_version="", kind=one.kind, namespace=one.namespace, name=one.name)
    return shorten(target.place, _LONGEST_PLACE)


def _about(one: Violation) -> Named:
    return one.kind, one.namespace, one.name


def _identity(one: Violation) -> tuple[str, Named, str]:
    return one.policy, _about(one), one.message
