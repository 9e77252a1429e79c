"""The review of a pull request's head: what it changes among the objects of its environment, what
the policies of the base branch say to that, and what else can be known before anybody is asked."""

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain import record, review_files, review_rules
from chatbot.domain.change import Change, Operation, Plan, PlannedObject
from chatbot.domain.crds import brought_kinds
from chatbot.domain.diff import plan_digest
from chatbot.domain.environment import Environment
from chatbot.domain.errors import NotFound, Unreadable
from chatbot.domain.kustomization import NAMES
from chatbot.domain.policy import Violation
from chatbot.domain.policyset import PolicySet
from chatbot.domain.review import Author, Finding, Review
from chatbot.domain.review_files import Territory
from chatbot.domain.review_rules import Named, Objects, placed
from chatbot.ports import Clock, Cluster, Clusters, GitHost, Manifest
from chatbot.services.gitstate import Documents, contradicted
from chatbot.services.policy import PolicyRules
from chatbot.services.proposals import edit_of
from chatbot.services.repository import ClusterRepository


@dataclass(frozen=True)
class _Sides:
    """What the environment stands for on the base branch and at the head."""

    before: Objects
    after: Objects
    scopes: Mapping[tuple[str, str], bool | None]
    """By apiVersion and kind: whether it lives in namespaces; None: nobody knows the kind."""
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reviewer:
    """Reviews pull requests."""

    environments: Mapping[str, Environment]
    git: GitHost
    repository: ClusterRepository
    clusters: Clusters
    policies: PolicyRules
    base_head: Callable[[], str]
    """The commit that the cluster follows now, whose policies judge."""
    clock: Clock

    def review(
        self, change: Change, base_sha: str, head_sha: str, authors: tuple[Author, ...]
    ) -> tuple[Plan, Review]:
        """What `head_sha` changes against `base_sha`, where it left the base branch, and what is to
        be said of it. The same commits, rules and request give the same digest. Raises what the
        ports raise; what is wrong with the pull request itself is a finding."""
        environment = self.environments[change.request.environment]
        rules = self.policies.at(self.git, self.base_head())
        sides = self._sides(environment, base_sha, head_sha)
        objects = review_rules.planned(sides.before, sides.after, change.request.targets)
        findings = [
            *sides.findings,
            *self._files(change, environment, base_sha, head_sha),
            *self._reach(environment, sides),
            *self._judged(rules, sides),
        ]
        plan = Plan(
            objects=objects,
            warnings=(*sides.warnings, *_warnings(change, objects, sides)),
            digest=_digest(change, objects, sides.after, head_sha, rules.revision),
        )
        review = Review(
            head_sha=head_sha,
            base_sha=base_sha,
            policy_revision=rules.revision,
            objects=len(sides.after),
            findings=review_rules.sorted_findings(findings),
            authors=authors,
            asked_at=self.clock.now(),
        )
        return plan, review

    def _sides(self, environment: Environment, base_sha: str, head_sha: str) -> _Sides:
        warnings: list[str] = []
        try:
            was = self.repository.rendered(base_sha, environment.path)
        except Unreadable as error:
            was = Documents([], [])
            warnings.append(f"Before this, {environment.path} could not be read: {error}")
        try:
            will_be = self.repository.rendered(head_sha, environment.path)
        except Unreadable as error:
            return _Sides({}, {}, {}, (review_rules.not_rendered(f"{error} {error.remedy}"),))
        cluster = self.clusters(environment.context)
        scopes = _scopes(cluster, [*was.objects, *will_be.objects])
        before, after = (
            [
                placed(
                    one,
                    namespaced=scopes[one["apiVersion"], one["kind"]],
                    default=environment.only_namespace,
                )
                for one in side.objects
            ]
            for side in (was, will_be)
        )
        return _Sides(
            before=review_rules.by_key(before),
            after=review_rules.by_key(after),
            scopes=scopes,
            findings=tuple(
                review_rules.irregular(
                    (before, was.strays), (after, will_be.strays), environment.path
                )
            ),
            warnings=tuple(warnings),
        )

    def _files(
        self, change: Change, environment: Environment, base_sha: str, head_sha: str
    ) -> list[Finding]:
        was, will_be = self._tree(base_sha), self._tree(head_sha)
        changed = review_files.changed(was, will_be)
        territory = Territory(
            home=environment.path,
            others=tuple(
                other.path for name, other in self.environments.items() if name != environment.name
            ),
            record=record.record_path(change),
        )
        outside = review_files.outside(changed, territory)
        if outside:
            trees = [self._kustomizations(tree) for tree in (was, will_be)]
            outside = review_files.foreign(outside, territory, trees)
        no_text = [
            path
            for path in changed
            if path in will_be and path.endswith(review_files.MANIFESTS)
            if not _is_text(self.git.read(will_be[path]))
        ]
        tree = was.keys() | will_be.keys()
        unseen = review_files.unseen(changed, environment.path, tree, no_text)
        return [
            *review_rules.foreign_files(outside, environment.name, environment.path),
            *review_rules.unseen_files(unseen),
        ]

    def _tree(self, commit_sha: str) -> dict[str, str]:
        return {file.path: file.blob_sha for file in self.git.files(commit_sha)}

    def _kustomizations(self, tree: Mapping[str, str]) -> dict[str, str]:
        return {
            path: self.git.read(blob_sha).decode(errors="replace")
            for path, blob_sha in tree.items()
            if posixpath.basename(path) in NAMES
        }

    def _reach(self, environment: Environment, sides: _Sides) -> list[Finding]:
        found = (
            review_rules.out_of_reach(
                target, environment, namespaced=sides.scopes[target.api_version, target.kind]
            )
            for target in review_rules.touched(sides.before, sides.after).values()
        )
        return [finding for finding in found if finding is not None]

    def _judged(self, rules: PolicySet, sides: _Sides) -> list[Finding]:
        before, after = sides.before, sides.after
        around = list(after.values())
        said = self.policies.judge(rules, review_rules.arrivals(before, after), around)
        names = review_rules.untouched(said, before, after)
        findings = review_rules.judged(said, self._said_before(rules, before, names), names)
        departures = review_rules.departures(before, after)
        if departures:
            said = self.policies.judge(rules, departures, around)
            names = {review_rules.named(subject.object) for subject in departures}
            known = self._said_before(rules, before, names)
            findings += review_rules.judged_departures(said, known)
        return findings

    def _said_before(
        self, rules: PolicySet, before: Objects, names: Collection[Named]
    ) -> list[Violation]:
        """What the same policies say of some objects as they are on the base branch."""
        subjects = review_rules.residents(before, names)
        if not subjects:
            return []
        return self.policies.judge(rules, subjects, list(before.values()))


def _scopes(cluster: Cluster, manifests: Sequence[Manifest]) -> dict[tuple[str, str], bool | None]:
    """By apiVersion and kind: the cluster knows best; a kind may come with the change itself."""
    brought = brought_kinds(manifests)
    scopes: dict[tuple[str, str], bool | None] = {}
    for key in {(manifest["apiVersion"], manifest["kind"]) for manifest in manifests}:
        api_version, kind = key
        try:
            scopes[key] = cluster.kind(kind, api_version).namespaced
        except NotFound:
            scopes[key] = brought[key].namespaced if key in brought else None
    return scopes


def _warnings(change: Change, objects: Sequence[PlannedObject], sides: _Sides) -> Iterator[str]:
    """What people should read before they agree."""
    if not sides.after:
        return
    if not objects:
        yield "The pull request changes no object."
    elif change.request.operation is not Operation.ROLLBACK:
        unmet = contradicted(edit_of(change), sides.after)
        if unmet is not None:
            target, field = unmet
            what = f"`{field}` of {target}" if field else str(target)
            yield f"What the pull request says about {what} is not what was asked for."
    yield from review_rules.unasked(objects, change.request.targets)


def _digest(
    change: Change,
    objects: Sequence[PlannedObject],
    after: Objects,
    head_sha: str,
    policy_revision: str,
) -> str:
    request = change.request
    return plan_digest(
        {
            "operation": request.operation.value,
            "environment": request.environment,
            "targets": [target.key for target in request.targets],
            "objects": {one.target.key: after.get(one.target.key) for one in objects},
            "commit": head_sha,
            "policies": policy_revision,
        }
    )


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
