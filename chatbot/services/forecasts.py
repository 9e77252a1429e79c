"""Plans for places where the everyday identity need not be allowed to write: the server's dry run
where it may, our own forecast where it may not even try."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.domain.change import Change, Plan
from chatbot.domain.environment import Environment
from chatbot.domain.errors import Forbidden
from chatbot.ports import Cluster, Clusters
from chatbot.services.operations import foretell
from chatbot.services.previews import ask_server, plan_of, warnings

FORECAST = (
    "This diff is Redlight's own forecast, as before the sign-off it may only look here: what the "
    "cluster would add or refuse does not show."
)


@dataclass(frozen=True)
class Forecasts:
    """Says what would happen, with the everyday identity."""

    environments: Mapping[str, Environment]
    clusters: Clusters

    def preview(self, change: Change) -> Plan:
        """What would happen now. Asked again with nothing changed, its digest is the same. A
        restart's time and what a rollback takes back have to be decided already."""
        cluster = self.clusters(self.environments[change.request.environment].context)
        try:
            return ask_server(cluster, change)
        except Forbidden:
            return _foretold(cluster, change)


def _foretold(cluster: Cluster, change: Change) -> Plan:
    answers = foretell(cluster, change)
    conflicts = [conflict for answer in answers for conflict in answer.conflicts]
    return plan_of(change, answers, conflicts, [FORECAST, *warnings(cluster, change)])
