"""The two sides of a pull request: what an environment stands for where it left the base branch,
and what it will stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from chatbot.domain import review_rules
from chatbot.domain.change import Target
from chatbot.domain.crds import brought_kinds
from chatbot.domain.errors import NotFound, Unreadable
from chatbot.domain.manifest import target_of
from chatbot.domain.review import Finding
from chatbot.domain.review_rules import Objects, placed
from chatbot.ports import Cluster, Kind, Manifest
from chatbot.services.gitstate import Documents
from chatbot.services.repository import ClusterRepository

Kinds = Mapping[tuple[str, str], Kind | None]
"""By apiVersion and kind; None: nobody knows it."""


@dataclass(frozen=True)
class Sides:
    """Rendered objects on both sides, each in the namespace that it gets."""

    before: Objects
    after: Objects
    kinds: Kinds
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()

    def namespaced(self, target: Target) -> bool | None:
        """Whether an object's kind lives in namespaces; None when nobody knows the kind."""
        return _scope(self.kinds, target)


def sides(
    repository: ClusterRepository,
    cluster: Cluster,
    folder: str,
    base_sha: str,
    head_sha: str,
    *,
    default_namespace: str,
) -> Sides:
    """Both sides of a folder. A head that cannot be rendered is a finding, and has no objects;
    after a base that could not be, everything is new."""
    warnings: list[str] = []
    try:
        was = repository.rendered(base_sha, folder)
    except Unreadable as error:
        was = Documents([], [])
        warnings.append(f"Before this, {folder} could not be read: {error}")
    try:
        will_be = repository.rendered(head_sha, folder)
    except Unreadable as error:
        return Sides({}, {}, {}, (review_rules.not_rendered(f"{error} {error.remedy}"),))
    kinds = _kinds(cluster, [*was.objects, *will_be.objects])
    before, after = (
        [
            placed(one, namespaced=_scope(kinds, target_of(one)), default=default_namespace)
            for one in side.objects
        ]
        for side in (was, will_be)
    )
    findings = review_rules.irregular((before, was.strays), (after, will_be.strays), folder)
    return Sides(
        before=review_rules.by_key(before),
        after=review_rules.by_key(after),
        kinds=kinds,
        findings=tuple(findings),
        warnings=tuple(warnings),
    )


def _scope(kinds: Kinds, target: Target) -> bool | None:
    kind = kinds[target.api_version, target.kind]
    return kind.namespaced if kind is not None else None


def _kinds(cluster: Cluster, manifests: Sequence[Manifest]) -> Kinds:
    """The cluster knows best; a kind may also come with the change itself."""
    brought = brought_kinds(manifests)
    kinds: dict[tuple[str, str], Kind | None] = {}
    for key in {(manifest["apiVersion"], manifest["kind"]) for manifest in manifests}:
        api_version, kind = key
        try:
            kinds[key] = cluster.kind(kind, api_version)
        except NotFound:
            kinds[key] = Kind(**asdict(brought[key])) if key in brought else None
    return kinds
