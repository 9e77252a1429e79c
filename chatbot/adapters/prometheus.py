"""What Prometheus sees: how steps end, and how many changes are in which state right now."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chatbot.ports import Store


class Metrics:
    """One registry, so that two bots in one process do not share counters."""

    def __init__(self, store: Store) -> None:
        self.registry = CollectorRegistry()
        self._steps = Counter(
            "redlight_steps",
            "Steps of changes, by the state they started from and how they ended",
            ["state", "outcome"],
            registry=self.registry,
        )
        self.registry.register(_LiveChanges(store))

    def step(self, state: str, outcome: str) -> None:
        """Count a step."""
        self._steps.labels(state=str(state), outcome=outcome).inc()


class _LiveChanges(Collector):
    """Counts live rows when Prometheus asks, so that the number cannot drift from the table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Known before the first scrape, so that registering does not read the table."""
        yield self._family()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One sample a state that has changes in it."""
        family = self._family()
        for state, count in self._store.live_counts().items():
            family.add_metric([state.value], count)
        yield family

    @staticmethod
    def _family() -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "redlight_live_changes", "Changes that are not closed, by state", labels=["state"]
        )
