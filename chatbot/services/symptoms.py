"""Why workloads do not come up, in their pods' own words. Nothing is written, so that reading is
all it takes where Argo CD does the writing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.domain.change import Change, ObjectAction, Target
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.domain.rollout import judge
from chatbot.ports import Cluster, Clusters


@dataclass(frozen=True)
class Symptoms:
    """Asks the cluster about the objects of a change."""

    environments: Mapping[str, Environment]
    clusters: Clusters

    def of(self, change: Change) -> list[str]:
        """Pod, reason and message for each way in which pods of what the change wrote fail, as
        lines; none when all of it is well. A cluster that does not tell is a line too: what
        follows a failure must not wait for its explanation."""
        plan = change.progress.plan
        objects = plan.objects if plan else ()
        targets = [one.target for one in objects if one.action is not ObjectAction.DELETE]
        environment = self.environments[change.request.environment]
        try:
            return _told(self.clusters(environment.context), targets)
        except (Permanent, RetryLater) as error:
            return [f"Its pods could not be asked: {error}"]


def _told(cluster: Cluster, targets: Sequence[Target]) -> list[str]:
    unwell = [
        target
        for target, live in zip(targets, cluster.get_many(targets), strict=True)
        if live is not None and not judge(live).done
    ]
    lines = [line for target in unwell for line in cluster.failing_pods(target)]
    return list(dict.fromkeys(lines))
