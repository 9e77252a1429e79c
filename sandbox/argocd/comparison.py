"""An Application compared with Git: what the controller writes into `status` at every refresh."""

from dataclasses import dataclass
from typing import Any, Final

from sandbox.argocd.health import worst
from sandbox.argocd.objects import Cluster, Compared, targets
from sandbox.argocd.repository import Repository, RepositoryError

Manifest = dict[str, Any]

COMPARISON_ERROR: Final = "ComparisonError"


@dataclass(frozen=True)
class Comparison:
    """What a look at Git and the cluster has shown."""

    revisions: tuple[str, ...]
    """One for each source; empty when one of them cannot be resolved."""
    objects: tuple[Compared, ...]
    error: str = ""

    @property
    def synced(self) -> bool:
        """Whether the cluster is what Git says."""
        return not self.error and all(each.synced for each in self.objects)


def sources(application: Manifest) -> list[Manifest]:
    """The sources of an Application, one or many."""
    spec = application["spec"]
    found: list[Manifest] = spec.get("sources") or [spec.get("source") or {}]
    return found


def wanted_revisions(application: Manifest, sync: Manifest) -> list[str]:
    """What an operation (empty: a refresh) wants of every source: a revision or what it follows."""
    asked = sync.get("revisions") or ([sync["revision"]] if sync.get("revision") else [])
    return [
        (asked[index] if index < len(asked) else "") or source.get("targetRevision") or "HEAD"
        for index, source in enumerate(sources(application))
    ]


def compare(
    application: Manifest, revisions: list[str], repository: Repository, cluster: Cluster
) -> Comparison:
    """Compare with those revisions; what Git cannot give is an error of the comparison. Raises
    what the cluster's adapter raises."""
    name = application["metadata"]["name"]
    destination = (application["spec"].get("destination") or {}).get("namespace") or "default"
    resolved: list[str] = []
    manifests: list[Manifest] = []
    try:
        for index, source in enumerate(sources(application)):
            url = str(source.get("repoURL"))
            resolved.append(repository.resolve(revisions[index], url))
            if source.get("path"):
                recurse = bool((source.get("directory") or {}).get("recurse"))
                manifests += repository.manifests(resolved[-1], source["path"], recurse=recurse)
    except RepositoryError as error:
        where = f"source {len(resolved) or 1} of {len(sources(application))}"
        said = f"failed to generate manifest for {where}: rpc error: code = Unknown desc = {error}"
        whole = len(resolved) == len(sources(application))
        return Comparison(
            tuple(resolved) if whole else (), (), f"Failed to load target state: {said}"
        )
    placed = [cluster.placed(name, manifest, destination) for manifest in manifests]
    known = targets((application.get("status") or {}).get("resources") or ())
    return Comparison(tuple(resolved), tuple(cluster.compare(name, placed, known)))


def revision_fields(application: Manifest, revisions: tuple[str, ...]) -> Manifest:
    """`revision` of one source, `revisions` of several."""
    if application["spec"].get("sources"):
        return {"revisions": list(revisions)}
    return {"revision": revisions[0] if revisions else ""}


def status_of(application: Manifest, seen: Comparison, now: str, *, with_health: bool) -> Manifest:
    """`sync`, `health`, `resources` and `conditions` as the controller writes them."""
    spec, before = application["spec"], application.get("status") or {}
    word = "Unknown" if seen.error else "Synced" if seen.synced else "OutOfSync"
    verdicts = [verdict for each in seen.objects if (verdict := each.verdict())]
    health: Manifest = {"status": worst(verdict[0] for verdict in verdicts)}
    if seen.error:
        health = {"status": (before.get("health") or {}).get("status") or "Unknown"}
    was = before.get("health") or {}
    changed = was.get("status") != health["status"]
    health["lastTransitionTime"] = now if changed else was.get("lastTransitionTime") or now
    compared_to = {"destination": spec.get("destination") or {}}
    compared_to |= {key: spec[key] for key in ("source", "sources") if key in spec}
    status: Manifest = {
        "sync": {
            "status": word,
            "comparedTo": compared_to,
            **revision_fields(application, seen.revisions),
        },
        "health": health,
        "conditions": _conditions(before, seen, now),
        "resourceHealthSource": None if with_health else "appTree",
    }
    if not seen.error:
        status["resources"] = [each.row(with_health=with_health) for each in seen.objects]
    return status


def _conditions(before: Manifest, seen: Comparison, now: str) -> list[Manifest]:
    """Others stay; ours is there while the comparison fails, with the time it began."""
    rows: list[Manifest] = before.get("conditions") or []
    kept = [row for row in rows if row["type"] != COMPARISON_ERROR]
    if not seen.error:
        return kept
    ours = [row for row in rows if row["type"] == COMPARISON_ERROR and row["message"] == seen.error]
    new = {"type": COMPARISON_ERROR, "message": seen.error, "lastTransitionTime": now}
    return [*kept, *(ours or [new])]
