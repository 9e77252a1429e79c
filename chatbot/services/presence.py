"""Whether the object that a form names is there.

Asked while the form is still open, so that a mistyped name is told beside its field. What decides
is the plan, which asks again; so an answer may be a moment old, and those who name the same object
at the same instant share it.
"""

from datetime import timedelta

from chatbot.domain.change import Target
from chatbot.domain.errors import InvalidInput, Permanent
from chatbot.ports import Clock, Cluster, Kind
from chatbot.services.ttl_cache import TtlCache

KEEP = timedelta(seconds=1)

_SHOWN_NAMES = 10


class Presence:
    """Looks for objects. Safe from many threads."""

    def __init__(self, clock: Clock) -> None:
        self._found: TtlCache[tuple[Cluster, Target], None] = TtlCache(clock, KEEP)

    def require(self, target: Target, kind: Kind, cluster: Cluster) -> None:
        """Raises `InvalidInput` for a name that is not there, with the names that are, and
        `RetryLater`. An absence is not remembered."""
        self._found.get((cluster, target), lambda: _require(target, kind, cluster))


def _require(target: Target, kind: Kind, cluster: Cluster) -> None:
    try:
        if cluster.get(target) is not None:
            return
        there = cluster.names(kind, target.namespace)
    except Permanent as error:
        raise InvalidInput({"name": f"{error} {error.remedy}".strip()}) from error
    others = f"; there are {', '.join(sorted(there)[:_SHOWN_NAMES])}" if there else ""
    raise InvalidInput(
        {"name": f"There is no {kind.kind} {target.name} in {target.namespace}{others}."}
    )
