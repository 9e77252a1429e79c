"""Looks up what an emergency goes past, at the moment when its plan is made. Nothing here may stop
it or hold it up: what does not answer is said to be unknown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from chatbot.domain import bypass
from chatbot.domain.argocd_windows import blocking
from chatbot.domain.change import Change, Path
from chatbot.domain.environment import Environment
from chatbot.domain.errors import RedlightError
from chatbot.domain.lifecycle import HOLDING, State
from chatbot.domain.policy import Subject
from chatbot.domain.policyset import PolicySet
from chatbot.ports import Clock, Clusters, Deployers, GitHost, Store
from chatbot.services.freezes import Freezes
from chatbot.services.operations import foretell
from chatbot.services.policy import PolicyRules
from chatbot.services.quickly import within

PATIENCE: Final = timedelta(seconds=3)
"""For GitHub, which may be what is down."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Bypasses:
    """Makes the list of the second light."""

    environments: Mapping[str, Environment]
    store: Store
    clock: Clock
    freezes: Freezes
    deployers: Deployers
    git: GitHost
    policies: PolicyRules
    base_head: Callable[[], str]
    """The commit that the cluster follows now, whose policies judge."""
    clusters: Clusters

    def of(self, change: Change) -> tuple[str, ...]:
        """A plain sentence for each thing: policy's denials first, its warnings last, and what goes
        without saying before them."""
        policy = list(self._policy(change))
        environment = self.environments[change.request.environment]
        held = self.store.in_states({State.HELD}, environment.name)
        return (
            *(line for line in policy if not bypass.is_warning(line)),
            *bypass.freezes(self.freezes.in_force(environment.name)),
            *bypass.held(environment.name, held),
            *bypass.in_hand(self._others(change)),
            *self._sync_windows(environment),
            *bypass.review(environment),
            *(line for line in policy if bypass.is_warning(line)),
        )

    def _policy(self, change: Change) -> Iterator[str]:
        rules, why = self._rules()
        if why:
            yield bypass.not_looked_up(why)
        try:
            subjects = self._subjects(change)
            around = [subject.object for subject in subjects]
            yield from bypass.judged(self.policies.judge(rules, subjects, around))
        except RedlightError as error:
            log.warning("bypass.unjudged", because=str(error))
            yield bypass.not_judged(str(error))

    def _subjects(self, change: Change) -> list[Subject]:
        """The objects as they would be, beside what is live."""
        cluster = self.clusters(self.environments[change.request.environment].context)
        return [
            Subject(
                object=one.result,
                old_object=one.live,
                operation="UPDATE" if one.live else "CREATE",
            )
            for one in foretell(cluster, change)
            if one.result is not None
        ]

    def _rules(self) -> tuple[PolicySet, str]:
        """The base branch's rules if GitHub answers quickly, else those that ship and why."""
        try:
            return within(PATIENCE, lambda: self.policies.at(self.git, self.base_head())), ""
        except RedlightError as error:
            log.warning("bypass.policies_unknown", because=str(error))
            return self.policies.shipped, str(error)

    def _sync_windows(self, environment: Environment) -> Iterator[str]:
        argocd = environment.argocd
        if argocd is None or environment.request_path is not Path.GITOPS:
            return
        deployer = self.deployers(environment.context)
        now = self.clock.now()
        for name in argocd.names:
            try:
                application = deployer.application(name, argocd.namespace)
                windows = deployer.windows(application) or ()
                yield from bypass.sync_window(name, blocking(windows, application, now))
            except RedlightError as error:
                yield from bypass.sync_window(name, [f"could not be looked up: {error}"])

    def _others(self, change: Change) -> list[Change]:
        """Changes that have some of the objects; those that only wait for them have not."""
        ours = {target.key for target in change.request.targets}
        numbers = self.store.in_states(HOLDING, change.request.environment)
        others = [self.store.change(number) for number in numbers if number != change.number]
        return [
            one
            for one in others
            if ours & {target.key for target in one.request.targets}
            and not (one.progress.waiting and one.progress.waiting.behind)
        ]
