"""Whether Git and the cluster say the same about a change's objects."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain.change import Change, Path, Target
from chatbot.domain.diff import equal, unified_diff
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Forbidden
from chatbot.ports import Cluster, Clusters, Manifest
from chatbot.services.proposals import Proposals
from chatbot.services.repository import ClusterRepository


@dataclass(frozen=True)
class Comparison:
    """Compares."""

    environments: Mapping[str, Environment]
    clusters: Clusters
    repository: ClusterRepository
    proposals: Proposals

    def divergence(self, change: Change) -> str:
        """How Git and the cluster differ in the change's objects, as a diff from live to Git;
        empty when they agree. The server judges: Git's object as it would be applied. It does so
        by a dry run, which in prod only the emergency identity may ask for, after an emergency."""
        environment = self.environments[change.request.environment]
        wanted = self.repository.desired(self.proposals.base_head(), environment.path)
        try:
            return _differences(self.clusters(environment.context), change, wanted)
        except Forbidden:
            if change.path is not Path.EMERGENCY:
                raise
            return _differences(self.clusters(environment.emergency_context), change, wanted)


def _differences(cluster: Cluster, change: Change, wanted: Mapping[str, Manifest]) -> str:
    return "\n".join(
        diff
        for target in change.request.targets
        if (diff := _difference(cluster, target, wanted.get(target.key)))
    )


def _difference(cluster: Cluster, target: Target, wanted: Manifest | None) -> str:
    if wanted is None:
        live = cluster.get(target)
        return unified_diff(live, None) if live else ""
    [answer] = cluster.dry_run_apply([wanted], force=True)
    return "" if equal(answer.live, answer.result) else unified_diff(answer.live, answer.result)
