"""The review of a pull request's head: what it changes among the objects of its environment, what
the policies of the base branch say to that, and what else can be known before anybody is asked."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain import preapproval, promotion, review_rules
from chatbot.domain.argocd import Application
from chatbot.domain.argocd_windows import blocking
from chatbot.domain.change import Change, ObjectAction, Operation, Plan, PlannedObject
from chatbot.domain.diff import plan_digest
from chatbot.domain.environment import Environment
from chatbot.domain.errors import NotFound
from chatbot.domain.policy import Violation
from chatbot.domain.policyset import PolicySet
from chatbot.domain.review import Author, Finding, Review
from chatbot.domain.review_rules import Named, Objects, listed, out_of_reach
from chatbot.ports import Clock, Clusters, Deployers, GitHost
from chatbot.services.changed_files import ChangedFiles
from chatbot.services.gitstate import contradicted
from chatbot.services.policy import PolicyRules
from chatbot.services.preapprovals import Preapprovals
from chatbot.services.promotions import Promotions
from chatbot.services.proposals import edit_of
from chatbot.services.quotas import quota_assessments
from chatbot.services.repository import ClusterRepository
from chatbot.services.sides import Sides, sides


@dataclass(frozen=True)
class Reviewer:
    """Reviews pull requests."""

    environments: Mapping[str, Environment]
    git: GitHost
    repository: ClusterRepository
    clusters: Clusters
    deployers: Deployers
    policies: PolicyRules
    promotions: Promotions
    preapprovals: Preapprovals
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
        cluster = self.clusters(environment.context)
        applications = self._applications(environment)
        rules = self.policies.at(self.git, self.base_head())
        # First, because it lists both commits whole, and what follows then lists nothing anew.
        files = ChangedFiles(self.environments, self.git).findings(change, base_sha, head_sha)
        found = sides(
            self.repository,
            cluster,
            environment.path,
            base_sha,
            head_sha,
            default_namespace=_default_namespace(environment, applications),
        )
        objects = review_rules.planned(found.before, found.after, change.request.targets)
        quotas = quota_assessments(cluster, found)
        changed = [one.target.key for one in objects]
        content = promotion.content_of(found.before, found.after, changed)
        came_by = self.promotions.came_by(change, content)
        findings = [
            *found.findings,
            *files,
            *self._reach(environment, found),
            *self._judged(rules, found),
            *(finding for each in quotas for finding in each.findings),
            *self.promotions.findings(change, content, came_by),
        ]
        warnings = [
            *found.warnings,
            *_warnings(change, objects, found),
            *(warning for each in quotas for warning in each.warnings),
            *self._argo_warnings(environment, applications, objects),
        ]
        review = Review(
            head_sha=head_sha,
            base_sha=base_sha,
            policy_revision=rules.revision,
            objects=len(found.after),
            findings=review_rules.sorted_findings(findings),
            quota=tuple(line for each in quotas for line in each.left),
            authors=authors,
            content=content,
            promoted_by=came_by,
            restores=preapproval.restored_by(found.before, changed),
            rollback_for=environment.rollback_approved_for,
            approved_with=self.preapprovals.of(change, objects, found.after, authors),
            asked_at=self.clock.now(),
        )
        digest = _digest(change, objects, found.after, review)
        plan = Plan(objects=objects, warnings=tuple(warnings), digest=digest)
        return plan, review

    def _applications(self, environment: Environment) -> list[Application]:
        argocd = environment.argocd
        if argocd is None:
            return []
        deployer = self.deployers(environment.context)
        return [deployer.application(name, argocd.namespace) for name in argocd.names]

    def _argo_warnings(
        self,
        environment: Environment,
        applications: Sequence[Application],
        objects: Sequence[PlannedObject],
    ) -> Iterator[str]:
        """What Argo CD would not do, as things are now."""
        argocd = environment.argocd
        if argocd is None:
            return
        deployer = self.deployers(environment.context)
        for application in applications:
            try:
                windows = deployer.windows(application) or ()
            except NotFound as error:
                yield f"{error}. {error.remedy}"
                continue
            for reason in blocking(windows, application, self.clock.now()):
                yield f"Argo CD would not sync {application.name} now: {reason}."
        gone = [one.target.place for one in objects if one.action is ObjectAction.DELETE]
        told = any(not application.auto_sync for application in applications)
        if gone and told and not argocd.prune:
            yield (
                f"Argo CD deletes nothing here, because prune is off: {listed(gone)} will stay in "
                "the cluster until somebody deletes it."
            )

    def _reach(self, environment: Environment, found: Sides) -> list[Finding]:
        return [
            finding
            for target in review_rules.touched(found.before, found.after).values()
            if (finding := out_of_reach(target, environment, namespaced=found.namespaced(target)))
        ]

    def _judged(self, rules: PolicySet, found: Sides) -> list[Finding]:
        before, after = found.before, found.after
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


def _warnings(change: Change, objects: Sequence[PlannedObject], found: Sides) -> Iterator[str]:
    """What people should read before they agree."""
    if not found.after:
        return
    if not objects:
        yield "The pull request changes no object."
    elif change.request.operation is not Operation.ROLLBACK:
        unmet = contradicted(edit_of(change), found.after)
        if unmet is not None:
            target, field = unmet
            what = f"`{field}` of {target}" if field else str(target)
            yield f"What the pull request says about {what} is not what was asked for."
    yield from review_rules.unasked(objects, change.request.targets)


def _default_namespace(environment: Environment, applications: Sequence[Application]) -> str:
    """Where Argo CD puts what names no namespace; empty where the Applications disagree."""
    destinations = {application.destination_namespace for application in applications}
    if not applications or destinations == {""}:
        return environment.only_namespace
    return destinations.pop() if len(destinations) == 1 else ""


def _digest(
    change: Change, objects: Sequence[PlannedObject], after: Objects, review: Review
) -> str:
    request, covering = change.request, review.approved_with
    return plan_digest(
        {
            "operation": request.operation.value,
            "environment": request.environment,
            "targets": [target.key for target in request.targets],
            "objects": {one.target.key: after.get(one.target.key) for one in objects},
            "commit": review.head_sha,
            "policies": review.policy_revision,
            "restores": review.restores,
            "rollback_for": review.rollback_for.total_seconds(),
            "approved_with": covering.change if covering else None,
        }
    )
