"""Scale and restart: the two changes that touch a few fields of a workload."""

from chatbot.adapters.kubernetes.api import Manifest, writing
from chatbot.adapters.kubernetes.objects import Objects
from chatbot.domain.change import Target
from chatbot.domain.diff import CHANGE_ANNOTATION, SCALED_BY_ANNOTATION
from chatbot.domain.errors import NotFound, Permanent
from chatbot.domain.forecast import scale_conflicts, scaled
from chatbot.domain.gitedit import RESTARTED_AT
from chatbot.ports import DryRun

RESTARTABLE = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("apps.openshift.io", "DeploymentConfig"),
    }
)
"""Kinds whose controller replaces the pods when the pod template changes."""


def dry_run_scale(objects: Objects, target: Target, replicas: int, *, force: bool) -> DryRun:
    """The scale subresource never conflicts, so a conflict is what `managedFields` says: another
    manager that applies `.spec.replicas` would set it back with its next apply."""
    live = _live(objects, target)
    _check_scalable(objects, target)
    conflicts = () if force else scale_conflicts(target, live, replicas)
    if conflicts:
        return DryRun(target, live, None, conflicts)
    answer = _scale(objects, target, replicas, dry=True)
    accepted = (answer.get("spec") or {}).get("replicas", 0)
    # Scale speaks of replicas wherever the kind keeps them; all kinds we know keep them here.
    return DryRun(target, live, scaled(live, accepted))


def scale(objects: Objects, target: Target, replicas: int, *, change: str) -> Manifest:
    """Scale, then say who did: servers before 1.22 do not record it for this subresource."""
    _check_scalable(objects, target)
    _scale(objects, target, replicas, dry=False)
    marks = {CHANGE_ANNOTATION: change, SCALED_BY_ANNOTATION: change}
    result: Manifest = objects.merge(target, {"metadata": {"annotations": marks}}, writing())
    return result


def dry_run_restart(objects: Objects, target: Target, at: str) -> DryRun:
    """What the restart makes of the pod template."""
    live = _live(objects, target)
    _check_restartable(target, live)
    return DryRun(target, live, objects.merge(target, _restart(at), writing(dry_run=True)))


def restart(objects: Objects, target: Target, at: str, *, change: str) -> Manifest:
    """Idempotent: the same `at` again changes nothing."""
    _check_restartable(target, _live(objects, target))
    patch = {"metadata": {"annotations": {CHANGE_ANNOTATION: change}}, **_restart(at)}
    result: Manifest = objects.merge(target, patch, writing())
    return result


def _restart(at: str) -> Manifest:
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at}}}}}


def _scale(objects: Objects, target: Target, replicas: int, *, dry: bool) -> Manifest:
    patch = {"spec": {"replicas": replicas}}
    result: Manifest = objects.merge(target, patch, writing(dry_run=dry), "scale")
    return result


def _live(objects: Objects, target: Target) -> Manifest:
    live = objects.get(target)
    if live is None:
        raise NotFound(f"{target.place} is not there", remedy="Check the name and the namespace.")
    return live


def _check_scalable(objects: Objects, target: Target) -> None:
    if not objects.kind_of(target).scalable:
        raise Permanent(
            f"{target.kind} cannot be scaled: it has no scale subresource",
            remedy="Scale the workload that it belongs to, or apply a manifest.",
        )


def _check_restartable(target: Target, live: Manifest) -> None:
    if (target.group, target.kind) not in RESTARTABLE:
        kinds = ", ".join(sorted(kind for _, kind in RESTARTABLE))
        raise Permanent(f"{target.kind} cannot be restarted", remedy=f"What can: {kinds}.")
    if (live.get("spec") or {}).get("paused"):
        raise Permanent(
            f"{target.place} is paused: a restart would start nothing",
            remedy="Resume it first (`spec.paused: false`).",
        )
